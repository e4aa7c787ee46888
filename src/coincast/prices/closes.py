"""Bundled closes of assets without open, high, low and volume: Apple, and bitcoin over 15 years."""

import numpy as np
import pandas as pd

from coincast.errors import InputError, PriceError, shown
from coincast.files import sha256
from coincast.paths import CLOSES
from coincast.prices.sources.bundled import read_table

__all__ = ["load_closes"]


def load_closes(asset: str) -> pd.Series:
    """Closes of an asset in USD, validated.

    Args:
        asset: "apple" (adjusted, trading days of 2012 to 2015, so weekends and holidays have no
            row) or "bitcoin" (a reference rate, every day from 2010-07-18 to 2025-04-14).

    Returns:
        Name `close`, index `date`, ascending; `attrs` hold source, asset and the table's sha256.

    Raises:
        InputError: the table cannot be read or lacks the asset.
        PriceError: a close is not positive and finite, or a day is out of order or twice there.

    >>> closes = load_closes("apple")
    >>> len(closes), closes.index[-1]
    (1006, Timestamp('2015-12-31 00:00:00'))
    """
    table = read_table(CLOSES, ["asset", "close"])
    if asset not in (known := sorted(table["asset"].unique())):
        raise InputError(f"there are no closes of {shown(asset)}; use one of {', '.join(known)}")
    close = table.loc[table["asset"] == asset, "close"].astype("float64")
    bad = close.index[~(np.isfinite(close) & (close > 0))]
    if len(bad):
        raise PriceError(f"{asset}: the close of {bad[0]:%Y-%m-%d} is not a positive number")
    if not (close.index.is_monotonic_increasing and close.index.is_unique):
        raise PriceError(f"{asset}: the days of {CLOSES.name} are not ascending and unique")
    close.attrs = {"source": "bundled", "asset": asset, "sha256": sha256(CLOSES)}
    return close
