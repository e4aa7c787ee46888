"""One table out of several that overlap, where they tell the same."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coincast.errors import PriceError
from coincast.prices.schema import COLUMNS, OHLC

__all__ = ["Part", "stitch"]

Part = tuple[str, pd.DataFrame]  # where it was read, and its rows: index of days, `COLUMNS`
NOISE = 1e-9  # relative; two prints of one number
# What pages show is rounded: prices from one dollar on to cents, below to six decimals, either to
# six digits in an attribute; volumes and caps to whole dollars.
DIGITS, CENTS, DECIMALS, DOLLARS = 6e-6, 0.006, 6e-7, 0.6


def stitch(
    parts: Sequence[Part], columns: Sequence[str] = tuple(COLUMNS), *, rounded: bool = False
) -> pd.DataFrame:
    """Return all days of the parts, oldest first, each of the first part that has it.

    Args:
        parts: the preferred first; a day may come twice in one part, too.
        columns: where two parts may not disagree.
        rounded: numbers may differ as far as a page rounds them.

    Raises:
        PriceError: two rows of one day disagree; the message names day, column and both values.

    >>> days = pd.date_range("2018-01-12", periods=3)
    >>> table = pd.DataFrame({"close": [1.0, 2.0, 3.0]}, index=days).reindex(columns=COLUMNS)
    >>> stitch([("page 2", table[1:]), ("page 1", table[:2])])["close"].tolist()
    [1.0, 2.0, 3.0]
    """
    places = np.repeat([place for place, _ in parts], [len(table) for _, table in parts])
    rows = pd.concat([table for _, table in parts])
    repeated = pd.Series(rows.index.duplicated(), index=rows.index)
    firsts = rows[~repeated].reindex(rows.index)
    for name in columns:
        gaps = (rows[name] - firsts[name]).abs().to_numpy()
        allowed = _tolerance(firsts[name].abs().to_numpy(), name, rounded=rounded)
        if (bad := np.nonzero(gaps > allowed)[0]).size:
            _refuse(rows, places, name, bad[0])
    # The first value that is known: one part may know a volume that another does not.
    return rows.groupby(level=0).first()


def _tolerance(values: np.ndarray, name: str, *, rounded: bool) -> np.ndarray:
    """Return how far another print of each value may lie from it, in USD."""
    if not rounded:
        return values * NOISE
    last_digit = np.where(values >= 1, CENTS, DECIMALS) if name in OHLC else DOLLARS
    return np.maximum(values * DIGITS, last_digit)


def _refuse(rows: pd.DataFrame, places: np.ndarray, name: str, number: int) -> None:
    """Raise the error that names a row and the first one of its day."""
    day = rows.index[number]
    first = int(np.argmax(rows.index == day))
    values = [f"{rows[name].iloc[row]:.15g} in {places[row]}" for row in (first, number)]
    raise PriceError(
        f"{name} of {day:%Y-%m-%d} is {' but '.join(values)}; one of them is wrong or was revised: "
        "fetch both again (--refresh) or leave out that day"
    )
