"""Days as every source counts them: whole UTC days that are over."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd

from coincast.errors import PriceError

__all__ = ["FIRST_DAY", "ONE_DAY", "drop_incomplete", "is_possible", "name_spans", "span", "today"]

FIRST_DAY = date(2013, 4, 28)  # CoinMarketCap's own
ONE_DAY = timedelta(days=1)
YEARS = range(1970, 2262)  # a year such as 17 is a damaged cell; pandas counts no further
NAMED_SPANS = 5


def today() -> date:
    """The current UTC day, which is not over yet."""
    return datetime.now(UTC).date()


def is_possible(day: date) -> bool:
    """Whether a table may hold the day: not before 1970, not after 2261."""
    return day.year in YEARS


def span(first: date, last: date) -> list[date]:
    """All days from the first to the last, both included."""
    return [first + ONE_DAY * number for number in range((last - first).days + 1)]


def drop_incomplete(table: pd.DataFrame, place: str, seen_on: date | None = None) -> pd.DataFrame:
    """Rows of the days that were over when the table was published.

    Args:
        table: index of UTC days, in any order.
        place: where the table was read, for error messages.
        seen_on: the day it was published; None for today.

    Raises:
        PriceError: a row lies in the future, or no two rows are a day apart (weekly data, say).
    """
    seen = pd.Timestamp(seen_on or today())
    days = pd.DatetimeIndex(table.index).normalize()
    if (future := days[days > seen]).size:
        raise PriceError(
            f"{place} has a row for {future[0]:%Y-%m-%d}, after the day it was read "
            f"({seen:%Y-%m-%d}); check its dates and this machine's clock"
        )
    gaps = np.diff(days.unique().sort_values()) // np.timedelta64(1, "D")
    if gaps.size > 1 and gaps.min() > 1:
        raise PriceError(
            f"{place} is not daily: its rows are {gaps.min()} days apart or more; "
            "ask for daily rows or a shorter period"
        )
    return table[days < seen]


def name_spans(days: Iterable[date]) -> str:
    """Days as text, in spans; at most five spans are named.

    >>> name_spans([date(2018, 1, 3), date(2018, 1, 1), date(2018, 1, 2), date(2018, 2, 1)])
    '2018-01-01..2018-01-03, 2018-02-01'
    """
    spans: list[list[date]] = []
    for day in sorted(set(days)):
        if spans and day - spans[-1][-1] == ONE_DAY:
            spans[-1][1:] = [day]
        else:
            spans.append([day])
    named = ", ".join("..".join(map(str, each)) for each in spans[:NAMED_SPANS])
    more = len(spans) - NAMED_SPANS
    return f"{named} and {more} more spans" if more > 0 else named
