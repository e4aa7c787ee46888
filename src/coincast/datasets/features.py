"""Feature tables and targets from prices; each feature uses its own day alone."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from coincast.errors import InputError

__all__ = [
    "LEVELS",
    "UNITS",
    "change_to_next",
    "coin_features",
    "daily_change",
    "feature_table",
    "level_columns",
    "next_change",
    "rises",
]

UNITS = {
    "close": "USD",
    "volume": "a day",
    "close_off_high": "-1 to 1",
    "volatility": "fraction",
    "daily_change": "fraction",
    "next_change": "fraction",
}
LEVELS = ["close", "volume"]  # these drift out of the range of any train period


def daily_change(prices: pd.DataFrame) -> pd.Series:
    """Daily change, (close - open) / open, as a fraction: 0.05 is a rise of 5 %."""
    return ((prices["close"] - prices["open"]) / prices["open"]).rename("daily_change")


def coin_features(prices: pd.DataFrame) -> pd.DataFrame:
    """Five features of one coin, one row per day.

    close (USD), volume (in the source's unit), close_off_high = 2 (high - close) /
    (high - low) - 1 (-1: closed at the high, 1: at the low, 0: high equals low),
    volatility = (high - low) / open, daily_change = (close - open) / open.

    Source: the features of D. Sheehan's notebook of 2017 and J. Hahn's demo of 2018.
    """
    span = prices["high"] - prices["low"]
    position = 2 * (prices["high"] - prices["close"]) / span.where(span > 0) - 1
    return pd.DataFrame(
        {
            "close": prices["close"],
            "volume": prices["volume"],
            "close_off_high": position.fillna(0.0),
            "volatility": span / prices["open"],
            "daily_change": daily_change(prices),
        }
    )


def feature_table(prices: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Features of several coins side by side, on the days that all of them have.

    Args:
        prices: coin -> validated prices.

    Returns:
        Index `date`; columns `{coin}_{feature}`, coins in the given order.

    Raises:
        InputError: the coins share no day, or a volume is missing.

    >>> days = pd.date_range("2018-01-01", "2018-01-02", name="date")
    >>> prices = pd.DataFrame(
    ...     {"open": 8.0, "high": 10.0, "low": 6.0, "close": 9.0, "volume": 1.0}, index=days
    ... )
    >>> feature_table({"bitcoin": prices}).loc["2018-01-02"].tolist()
    [9.0, 1.0, -0.5, 0.5, 0.125]
    """
    parts = [coin_features(table).add_prefix(f"{coin}_") for coin, table in prices.items()]
    table = pd.concat(parts, axis=1, join="inner")
    if table.empty:
        raise InputError(f"{' and '.join(prices)} have no day in common; choose another period")
    gaps = np.argwhere(table.isna().to_numpy())  # (row, column) of each, oldest first
    if len(gaps):
        first, last = table.index[gaps[0, 0]], table.index[gaps[-1, 0]]
        raise InputError(
            f"{table.columns[gaps[0, 1]]} of {first:%Y-%m-%d} is missing; "
            f"start after {last:%Y-%m-%d}, the last day with a gap"
        )
    return table


def level_columns(columns: Iterable[str]) -> set[str]:
    """Those columns of a feature table that are levels: each coin's close and volume."""
    return {name for name in columns if name.split("_", 1)[-1] in LEVELS}


def next_change(prices: pd.DataFrame) -> pd.Series:
    """Target of the LSTM: row t holds the daily change of day t + 1, the last row NaN."""
    return daily_change(prices).shift(-1).rename("next_change")


def change_to_next(prices: pd.DataFrame, days: int) -> pd.Series:
    """Target over a whole window: row t holds close[t + 1] / close[t + 1 - days] - 1.

    For a window of `days` rows that is the next close relative to the window's first close.
    NaN where either close is unknown.

    >>> days = pd.date_range("2018-01-01", periods=4, name="date")
    >>> prices = pd.DataFrame({"close": [4.0, 8.0, 5.0, 2.0]}, index=days)
    >>> change_to_next(prices, days=2).tolist()
    [nan, 0.25, -0.75, nan]
    """
    close = prices["close"]
    return (close.shift(-1) / close.shift(days - 1) - 1).rename("change_to_next")


def rises(prices: pd.DataFrame, horizon_days: int = 1) -> pd.Series:
    """Up-or-down label: row t is 1 if close[t + horizon_days] > close[t], else 0.

    The last `horizon_days` rows are NaN: their outcome is not known yet.

    Raises:
        InputError: a horizon below 1 or longer than the data, or a close that never moves.

    >>> days = pd.date_range("2018-01-01", periods=4, name="date")
    >>> rises(pd.DataFrame({"close": [3.0, 4.0, 2.0, 5.0]}, index=days), horizon_days=2).tolist()
    [0.0, 1.0, nan, nan]
    """
    close = prices["close"]
    if not 1 <= horizon_days < len(close):
        raise InputError(
            f"horizon_days {horizon_days} does not fit {len(close)} days of prices; "
            f"use 1 to {len(close) - 1}, or a longer period"
        )
    if (close == close.iloc[0]).all():
        raise InputError(
            f"the close is {close.iloc[0]:.10g} on each of {len(close)} days, so nothing rises or "
            "falls; choose another coin, venue or period"
        )
    later = close.shift(-horizon_days)
    return (later > close).astype("float64").where(later.notna()).rename("rises")
