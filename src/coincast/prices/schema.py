"""What a price table is: names, units, types, and the checks that every source goes through."""

import re
from collections.abc import Callable
from datetime import date
from typing import NoReturn

import numpy as np
import pandas as pd

from coincast.errors import InputError, PriceError, shown

__all__ = ["COLUMNS", "OHLC", "as_prices", "odd_rows", "parse_date", "validate_prices"]

OHLC = ["open", "high", "low", "close"]  # USD
JUMP_LIMIT = 2  # ratio of two closes in a row
# USD, and units of volume and cap; no coin was ever near. 30 digits are a damaged number.
SMALLEST_PRICE, LARGEST_PRICE, LARGEST_AMOUNT = 1e-18, 1e12, 1e24
SWAP_ROWS = 10  # too many to be coincidence
COLUMNS = [*OHLC, "volume", "market_cap"]  # volume: USD or coins, see attrs["volume_unit"]


def parse_date(text: str, name: str) -> date | None:
    """The day that a "YYYY-MM-DD" text names; None for an empty text.

    Args:
        text: the value of a parameter.
        name: the parameter, for the error message.

    Raises:
        InputError: the text is not such a day.

    >>> parse_date("2018-01-13", "end")
    datetime.date(2018, 1, 13)
    >>> parse_date("13.1.2018", "end")
    Traceback (most recent call last):
    coincast.errors.InputError: end '13.1.2018' is not a day; write it as YYYY-MM-DD
    """
    if text == "":
        return None
    # fromisoformat alone would also take "20180113" and "2018-W02-6".
    written_out = re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, flags=re.ASCII)
    try:
        return date.fromisoformat(text if written_out else "")
    except ValueError:
        raise InputError(f"{name} {shown(text)} is not a day; write it as YYYY-MM-DD") from None


def as_prices(table: pd.DataFrame, **attrs: object) -> pd.DataFrame:
    """A table in the one form that all prices have, oldest day first.

    Args:
        table: index of dates (any resolution, with or without a time zone); columns
            from `COLUMNS`, numbers; a missing `volume` or `market_cap` becomes NaN.
        **attrs: what is known about the table (coin, source, ...), kept in its `attrs`.

    Returns:
        Index `date`, tz-naive; `COLUMNS`, float64: USD, volume in USD or in coins.

    Raises:
        PriceError: a price column is missing, or a day is out of pandas' range.
    """
    absent = [name for name in OHLC if name not in table.columns]
    if absent:
        raise PriceError(
            f"column {absent[0]!r} is missing (found: {list(map(str, table.columns))!r:.200}); "
            "the table needs date, open, high, low and close"
        )
    prices = table.reindex(columns=COLUMNS).astype("float64").sort_index(kind="stable")
    index = pd.DatetimeIndex(prices.index)
    if index.tz is not None:
        index = index.tz_convert("UTC").tz_localize(None)
    try:
        prices.index = index.as_unit("ns").rename("date")
    except pd.errors.OutOfBoundsDatetime as error:
        raise PriceError(f"the table holds an impossible day ({error}); correct it") from error
    prices.attrs = dict(attrs)
    return prices


def validate_prices(prices: pd.DataFrame) -> pd.DataFrame:
    """The same table, if it can be trusted.

    Args:
        prices: as from `as_prices`. Days must be whole, unique and without gaps; prices
            known, finite, positive and of a possible size, with low <= open, close <= high; volume
            and market cap may be NaN but not negative.

    Raises:
        PriceError: the table breaks one of these rules; the message names the first bad row.

    >>> days = pd.date_range("2018-01-12", "2018-01-13", name="date")
    >>> day = {"open": 1.0, "high": 3.0, "low": 1.0, "close": 2.0}
    >>> validate_prices(as_prices(pd.DataFrame([day, day], index=days)))["close"].tolist()
    [2.0, 2.0]
    >>> validate_prices(as_prices(pd.DataFrame([day, day], index=days[[0, 0]])))
    Traceback (most recent call last):
    coincast.errors.PriceError: prices: 2018-01-12 appears 2 times; keep one row per day
    """
    if prices.empty:
        _fail(prices, "there are no rows; ask for a period that the source covers")
    for check in (_check_days, _check_numbers, _check_order):
        check(prices)
    return prices


def _fail(prices: pd.DataFrame, message: str) -> NoReturn:
    known = (prices.attrs.get(key) for key in ("coin", "venue", "source"))
    name = " ".join(str(value) for value in known if value)
    raise PriceError(f"{name or 'prices'}: {message}")


def _check_days(prices: pd.DataFrame) -> None:
    days = pd.DatetimeIndex(prices.index)
    if days.hasnans:
        _fail(prices, "a row has no date; every row needs its UTC day")
    if (times := days[days != days.normalize()]).size:
        _fail(prices, f"{times[0]} is not a whole day; the table must be daily, in UTC")
    if days.has_duplicates:
        day = days[days.duplicated()][0]
        count = int((days == day).sum())
        _fail(prices, f"{day:%Y-%m-%d} appears {count} times; keep one row per day")
    missing = pd.date_range(days[0], days[-1]).difference(days)
    if missing.size:
        _fail(
            prices,
            f"{missing.size} missing day(s), the first {missing[0]:%Y-%m-%d}; "
            "use a source without gaps, a period that avoids them, or scrape again with --refresh",
        )


def _check_numbers(prices: pd.DataFrame) -> None:
    rules: list[tuple[list[str], Callable[[pd.DataFrame], pd.DataFrame], str]] = [
        (OHLC, pd.DataFrame.isna, "prices may not be missing"),
        (COLUMNS, lambda cells: cells.abs() == np.inf, "numbers must be finite"),
        (OHLC, lambda cells: cells <= 0, "prices must be positive"),
        (OHLC, lambda cells: cells < SMALLEST_PRICE, f"no price is below {SMALLEST_PRICE:g}"),
        (OHLC, lambda cells: cells > LARGEST_PRICE, f"no price is above {LARGEST_PRICE:g}"),
        (["volume", "market_cap"], lambda cells: cells < 0, "it may not be negative"),
        (["volume", "market_cap"], lambda cells: cells > LARGEST_AMOUNT, "it is impossibly large"),
    ]
    for columns, is_bad, rule in rules:
        bad = is_bad(prices[columns]).stack(future_stack=True)  # noqa: PD013 - row by row
        if bad.any():
            day, column = bad.idxmax()
            value = f"{column} of {day:%Y-%m-%d} is {prices.loc[day, column]:.10g}"
            _fail(prices, f"{value}; {rule}, correct or leave out that day")


def _check_order(prices: pd.DataFrame) -> None:
    bodies = prices[["open", "close"]]
    for fault, bad in (
        ("high is below low", prices["high"] < prices["low"]),
        ("low is above open or close", prices["low"] > bodies.min(axis=1)),
        ("high is below open or close", prices["high"] < bodies.max(axis=1)),
    ):
        if bad.any():
            day = prices.index[bad][0]
            cells = ", ".join(f"{name} {prices.loc[day, name]:.10g}" for name in OHLC)
            _fail(
                prices, f"{day:%Y-%m-%d}: {fault} ({cells}); check that no two columns are swapped"
            )


def odd_rows(prices: pd.DataFrame) -> list[str]:
    """A sentence for each thing in a valid table that is possible but strange.

    Closes that more than double or halve in a day; a volume (in USD) above the market
    capitalisation on each of ten or more days, as if the columns were swapped.

    >>> days = pd.date_range("2018-01-12", "2018-01-13", name="date")
    >>> rows = [{"open": p, "high": p, "low": p, "close": p} for p in (1.0, 2.5)]
    >>> odd_rows(as_prices(pd.DataFrame(rows, index=days)))
    ['1 close(s) jump by more than a factor of 2: 2018-01-13 (1 to 2.5)']
    """
    odd = []
    closes = prices["close"]
    jumps = closes.index[np.abs(np.log(closes).diff()) > np.log(JUMP_LIMIT)]
    if jumps.size:
        before = closes.shift()
        shown = [f"{day:%Y-%m-%d} ({before[day]:.6g} to {closes[day]:.6g})" for day in jumps[:5]]
        odd.append(
            f"{jumps.size} close(s) jump by more than a factor of {JUMP_LIMIT}: {', '.join(shown)}"
        )
    known = prices.dropna(subset=["volume", "market_cap"])
    above = known["volume"] > known["market_cap"]
    if len(known) >= SWAP_ROWS and above.all() and prices.attrs.get("volume_unit") == "USD":
        odd.append(
            f"volume is above market_cap on all {len(known)} days, the first "
            f"{known.index[0]:%Y-%m-%d}: the two columns may be swapped"
        )
    return odd
