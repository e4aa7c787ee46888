"""Prices -> feature table and target: row by row, so nothing can look ahead."""

from collections.abc import Mapping

import pandas as pd

from coincast.errors import InputError

__all__ = [
    "FEATURES",
    "LEVELS",
    "UNITS",
    "change_to_next",
    "coin_features",
    "daily_change",
    "feature_table",
    "next_change",
    "rises",
]

FEATURES = ["close", "volume", "close_off_high", "volatility", "daily_change"]
UNITS = {
    "close": "USD",
    "volume": "a day",
    "close_off_high": "-1 to 1",
    "volatility": "fraction",
    "daily_change": "fraction",
    "next_change": "fraction",
}
LEVELS = ["close", "volume"]  # they drift away from any train period; the other three do not


def daily_change(prices: pd.DataFrame) -> pd.Series:
    """Return (close - open) / open of each day: a fraction, 0.05 is five per cent up."""
    return ((prices["close"] - prices["open"]) / prices["open"]).rename("daily_change")


def coin_features(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the five features of one coin, one row a day, each from that day alone.

    close (USD), volume (as the source counts it), close_off_high = 2 (high - close) /
    (high - low) - 1 (-1: closed at the high, 1: at the low; 0 on a day without range),
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
    """Return the features of several coins side by side, on the days that all of them have.

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
    holes = table.isna()
    if holes.to_numpy().any():
        column = holes.any().idxmax()
        day = holes[column].idxmax()
        raise InputError(
            f"{column} of {day:%Y-%m-%d} is missing; choose a start after the last such day "
            f"({holes.index[holes.any(axis=1)][-1]:%Y-%m-%d})"
        )
    return table


def next_change(prices: pd.DataFrame) -> pd.Series:
    """Return the target: on row t the daily change of day t + 1; NaN on the last row."""
    return daily_change(prices).shift(-1).rename("next_change")


def change_to_next(prices: pd.DataFrame, days: int) -> pd.Series:
    """Return the target: on row t the change of the close over the `days` that end on day t + 1.

    For a window of `days` rows that is the next close as a change since the window's first row.
    NaN where either close is unknown.

    >>> days = pd.date_range("2018-01-01", periods=4, name="date")
    >>> prices = pd.DataFrame({"close": [4.0, 8.0, 5.0, 2.0]}, index=days)
    >>> change_to_next(prices, days=2).tolist()
    [nan, 0.25, -0.75, nan]
    """
    close = prices["close"]
    return (close.shift(-1) / close.shift(days - 1) - 1).rename("change_to_next")


def rises(prices: pd.DataFrame, horizon_days: int = 1) -> pd.Series:
    """Return the label: on row t 1 if the close of day t + horizon_days is above day t's, else 0.

    An unchanged close is no rise. NaN on the last `horizon_days` rows, where nobody knows yet.

    Raises:
        InputError: a horizon below 1 or past the data, or a close that never moves.

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
            f"the close is {close.iloc[0]:.10g} on each of {len(close)} days: nothing rises or "
            "falls; choose another coin, venue or period"
        )
    later = close.shift(-horizon_days)
    return (later > close).astype("float64").where(later.notna()).rename("rises")
