"""One table from several that overlap, where they agree."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coincast.errors import PriceError
from coincast.prices.schema import COLUMNS, OHLC

__all__ = ["Part", "stitch"]

Part = tuple[str, pd.DataFrame]  # where it was read, and its rows: index of days, `COLUMNS`
NOISE = 1e-9  # relative; two prints of one number
# Pages round: prices from one dollar up to cents, below that to six decimals, attributes to six
# digits; volumes and caps to whole dollars.
DIGITS, CENTS, DECIMALS, DOLLARS = 6e-6, 0.006, 6e-7, 0.6


def stitch(
    parts: Sequence[Part], columns: Sequence[str] = tuple(COLUMNS), *, rounded: bool = False
) -> pd.DataFrame:
    """All days of the parts, oldest first; each day from the first part that has it.

    Args:
        parts: in order of preference; a part may also hold a day twice.
        columns: those in which two rows of one day must agree.
        rounded: allow numbers to differ by the rounding of a page.

    Raises:
        PriceError: two rows of one day disagree; the message names day, column and both values.

    >>> days = pd.date_range("2018-01-12", periods=3)
    >>> table = pd.DataFrame({"close": [1.0, 2.0, 3.0]}, index=days).reindex(columns=COLUMNS)
    >>> stitch([("page 2", table[1:]), ("page 1", table[:2])])["close"].tolist()
    [1.0, 2.0, 3.0]
    """
    places = np.repeat([place for place, _ in parts], [len(table) for _, table in parts])
    rows = pd.concat([table for _, table in parts])
    firsts = rows[~rows.index.duplicated()].reindex(rows.index)
    for name in columns:
        gaps = (rows[name] - firsts[name]).abs().to_numpy()
        allowed = _tolerance(firsts[name].abs().to_numpy(), name, rounded=rounded)
        if (bad := np.nonzero(gaps > allowed)[0]).size:
            day = rows.index[bad[0]]
            first = int(np.argmax(rows.index == day))
            one, other = (f"{rows[name].iloc[n]:.15g} in {places[n]}" for n in (first, bad[0]))
            raise PriceError(
                f"{name} of {day:%Y-%m-%d} is {one} but {other}; one of them is wrong or was "
                "revised: fetch both again (--refresh) or leave out that day"
            )
    # `first` skips NaN: one part may have a volume that another lacks.
    return rows.groupby(level=0).first()


def _tolerance(values: np.ndarray, name: str, *, rounded: bool) -> np.ndarray:
    """How far another print of each value may lie from it, in USD."""
    if not rounded:
        return values * NOISE
    last_digit = np.where(values >= 1, CENTS, DECIMALS) if name in OHLC else DOLLARS
    return np.maximum(values * DIGITS, last_digit)
