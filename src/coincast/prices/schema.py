"""What a price table is: names, units, types, and the checks at the door of every source."""

import re
from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd

from coincast.errors import InputError, PriceError

__all__ = ["COLUMNS", "OHLC", "as_prices", "odd_rows", "parse_date", "validate_prices"]

OHLC = ["open", "high", "low", "close"]  # USD
JUMP_LIMIT = 2  # from close to close; no bundled series reaches it
SWAP_ROWS = 10
COLUMNS = [*OHLC, "volume", "market_cap"]  # volume: USD or base coin, told by attrs["volume_unit"]


def parse_date(text: str, name: str) -> date | None:
    """Return the day that "YYYY-MM-DD" names, None for an empty text.

    Raises:
        InputError: the text is no such day; `name` tells the user which parameter it is.

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
        raise InputError(f"{name} {text!r} is not a day; write it as YYYY-MM-DD") from None


def as_prices(table: pd.DataFrame, **attrs: object) -> pd.DataFrame:
    """Return a table in the form that `validate_prices` asks for, oldest day first.

    Args:
        table: index of dates (any resolution, with or without a time zone); columns
            among `COLUMNS`, numbers; a missing `volume` or `market_cap` becomes NaN.
        **attrs: what is known of the table, kept in its `attrs` (coin, source, ...).

    Raises:
        PriceError: a column of prices is missing.
    """
    absent = [name for name in OHLC if name not in table.columns]
    if absent:
        raise PriceError(
            f"column {absent[0]!r} is missing (found: {', '.join(map(str, table.columns))}); "
            "the table needs date, open, high, low and close"
        )
    prices = table.reindex(columns=COLUMNS).astype("float64").sort_index(kind="stable")
    index = pd.DatetimeIndex(prices.index)
    if index.tz is not None:
        index = index.tz_convert("UTC").tz_localize(None)
    prices.index = index.as_unit("ns").rename("date")
    prices.attrs = dict(attrs)
    return prices


def validate_prices(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the same table if it can be trusted.

    Args:
        prices: index `date`, tz-naive UTC days, ascending, unique, without gaps;
            columns `open high low close volume market_cap`, float64, USD (volume in USD or
            in coins). Volume and market cap may be NaN, prices may not.

    Raises:
        PriceError: naming the first row at fault and the remedy.

    >>> days = pd.date_range("2018-01-12", "2018-01-13", name="date")
    >>> day = {"open": 1.0, "high": 3.0, "low": 1.0, "close": 2.0}
    >>> validate_prices(as_prices(pd.DataFrame([day, day], index=days)))["close"].tolist()
    [2.0, 2.0]
    >>> validate_prices(as_prices(pd.DataFrame([day, day], index=days[[0, 0]])))
    Traceback (most recent call last):
    coincast.errors.PriceError: prices: 2018-01-12 appears 2 times; keep one row a day
    """
    for check in (_check_form, _check_days, _check_numbers, _check_order):
        check(prices)
    return prices


def _name(prices: pd.DataFrame) -> str:
    """Return the words an error begins with: which table it is about."""
    return (
        " ".join(
            str(prices.attrs[key]) for key in ("coin", "venue", "source") if prices.attrs.get(key)
        )
        or "prices"
    )


def _fail(prices: pd.DataFrame, message: str) -> None:
    raise PriceError(f"{_name(prices)}: {message}")


def _check_form(prices: pd.DataFrame) -> None:
    if list(prices.columns) != COLUMNS:
        _fail(prices, f"columns are {list(prices.columns)}; they must be {COLUMNS}")
    for name in COLUMNS:
        if prices[name].dtype != np.float64:
            _fail(prices, f"column {name!r} is {prices[name].dtype}; it must be float64")
    if not isinstance(prices.index, pd.DatetimeIndex) or prices.index.tz is not None:
        _fail(prices, f"the index is {prices.index.dtype}; it must be tz-naive UTC days")
    if prices.empty:
        _fail(prices, "there is no row; ask for a period that the source covers")


def _check_days(prices: pd.DataFrame) -> None:
    days = pd.DatetimeIndex(prices.index)
    if days.hasnans:
        _fail(prices, "a row has no date; every row needs its UTC day")
    if (times := days[days != days.normalize()]).size:
        _fail(prices, f"{times[0]} is not a whole day; the table must be daily, in UTC")
    if days.has_duplicates:
        day = days[days.duplicated()][0]
        count = int((days == day).sum())
        _fail(prices, f"{day:%Y-%m-%d} appears {count} times; keep one row a day")
    if not days.is_monotonic_increasing:
        _fail(prices, "days do not ascend; sort the rows, oldest first")
    missing = pd.date_range(days[0], days[-1]).difference(days)
    steps = np.unique(np.diff(days) // np.timedelta64(1, "D"))
    if missing.size and steps.size == 1 and days.size > 2:  # noqa: PLR2004 - two rows have one step
        _fail(
            prices,
            f"every row is {steps[0]} days after the one before: the source thinned them; "
            "ask for a shorter period",
        )
    if missing.size:
        _fail(
            prices,
            f"{missing.size} missing day(s), the first {missing[0]:%Y-%m-%d}; "
            "use a source without gaps or a period that avoids them",
        )


def _first(prices: pd.DataFrame, bad: pd.DataFrame | pd.Series) -> tuple[str, str, float] | None:
    """Return day, column and value of the first bad cell; None where there is none."""
    rows, columns = np.nonzero(np.asarray(bad).reshape(len(prices), -1))
    if not rows.size:
        return None
    day, column = prices.index[rows[0]], bad.columns[columns[0]]
    return f"{day:%Y-%m-%d}", column, prices.loc[day, column]


def _check_numbers(prices: pd.DataFrame) -> None:
    rules: list[tuple[list[str], Callable[[pd.DataFrame], pd.DataFrame], str]] = [
        (OHLC, pd.DataFrame.isna, "prices may not be missing"),
        (COLUMNS, lambda cells: cells.abs() == np.inf, "numbers must be finite"),
        (OHLC, lambda cells: cells <= 0, "prices must be positive"),
        (["volume", "market_cap"], lambda cells: cells < 0, "it may not be negative"),
    ]
    for columns, is_bad, rule in rules:
        if found := _first(prices, is_bad(prices[columns])):
            day, column, value = found
            _fail(prices, f"{column} of {day} is {value:.10g}; {rule}, mend or leave out that day")


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
    """Return a sentence for each thing that is possible but strange in a valid table.

    A close that is more than double or less than half of the one before; a volume (in USD) above
    the market capitalisation on every one of ten days or more, as if the columns were swapped.

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
