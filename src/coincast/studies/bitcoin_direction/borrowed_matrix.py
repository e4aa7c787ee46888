"""Whose the confusion matrix in the Bitcoin demo is: the labels of Apple and of bitcoin, counted.

The matrix stands below the demo's code as a comment. The same comment, digit for digit, stands in
the code that the demo was adapted from, which reads Apple's prices of 2012 to 2015.

Source: A. Honchar, Deep-Trading, multivariate/multivariate.py, commit b604942 of 6 June 2017.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from coincast.datasets.features import rises
from coincast.datasets.windows import make_windows, split_share

__all__ = ["MATRIX", "RIGHT", "ROWS", "label_counts", "sentences"]

MATRIX = ((37, 12), (23, 26))  # days; true up and true down, each as forecast up and down
ROWS, UPS, RIGHT = int(np.sum(MATRIX)), sum(MATRIX[0]), int(np.trace(MATRIX))
SHARE = 0.9  # of the windows, for training
FIRST_MONTH = "2017-06"  # no bitcoin test set of the demo ends before the code behind it


def label_counts(prices: Mapping[str, pd.DataFrame], window: int) -> pd.DataFrame:
    """Test rows and ups of each asset, with the printed label of two days and that of one.

    Args:
        prices: asset -> table with `close`, one row per day or per trading day.
        window: rows in a window.

    Returns:
        Index `asset`, `days_ahead`. Columns: `test_rows`, `ups`: of the last tenth of the windows;
        `last_day` of their labels; `fewest_ups`: the fewest of any stretch as long as the
        matrix's whose last window ends in June 2017 or later, None where there is none.
    """
    rows = {}
    for asset, table in prices.items():
        for days in (2, 1):
            labels = rises(table, days)
            _, test = split_share(make_windows(table[["close"]], labels, window, days), SHARE)
            stretches = labels.rolling(ROWS).sum().loc[FIRST_MONTH:].dropna()
            rows[asset, days] = {
                "test_rows": len(test),
                "ups": int(test.targets.sum()),
                "last_day": f"{test.target_dates[-1]:%Y-%m-%d}",
                "fewest_ups": int(stretches.min()) if len(stretches) else None,
            }
    index = pd.MultiIndex.from_tuples(rows, names=["asset", "days_ahead"])
    return pd.DataFrame(list(rows.values()), index, dtype=object)  # None stays None


def sentences(counts: pd.DataFrame) -> list[str]:
    """One sentence per asset, from `label_counts`, on whether the matrix can be its own."""
    found = []
    for asset, table in counts.groupby(level="asset", sort=False):
        two, one = table.to_dict("records")
        told = (
            f"{asset.capitalize()}: {two['ups']} of {two['test_rows']} test rows are up by the "
            f"label of two days, {one['ups']} of {one['test_rows']} by that of one day."
        )
        if two["fewest_ups"] is not None:
            told += (
                f" No {ROWS} rows in a row that end between June 2017 and {two['last_day']} have "
                f"fewer than {two['fewest_ups']} ups by the one "
                f"or {one['fewest_ups']} by the other."
            )
        own = (ROWS, UPS) in [(row["test_rows"], row["ups"]) for row in (two, one)]
        verdict = "these are its rows" if own else "these are not its rows"
        found.append(f"{told} The matrix has {UPS} of {ROWS}: {verdict}.")
    worth = (
        f"{RIGHT} of {ROWS} right is {RIGHT / ROWS:.3f}, and a constant is right {UPS} of {ROWS} "
        "times on such rows. The demo itself reports no accuracy on bitcoin."
    )
    return [*found, worth]
