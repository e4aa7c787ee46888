"""Days as every source counts them: UTC, completed, one after the other."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd

from coincast.errors import PriceError

__all__ = ["FIRST_DAY", "ONE_DAY", "drop_incomplete", "name_spans", "span", "today"]

FIRST_DAY = date(2013, 4, 28)  # CoinMarketCap's own
ONE_DAY = timedelta(days=1)
WEEK = 7


def today() -> date:
    """Return the UTC day that is not over yet."""
    return datetime.now(UTC).date()


def span(first: date, last: date) -> list[date]:
    """Return all days from the first to the last, both included."""
    return [first + ONE_DAY * number for number in range((last - first).days + 1)]


def drop_incomplete(
    table: pd.DataFrame, place: str, seen_on: date | None = None, *, daily: bool = True
) -> pd.DataFrame:
    """Return the rows of days that were over when the table was seen.

    Args:
        table: index of UTC days, in any order.
        place: what the table was read from, for the error's text.
        seen_on: the day on which it was published; None for today.
        daily: refuse rows that leave out days regularly.

    Raises:
        PriceError: a row lies in the future, or the rows are thinned, for example weekly.
    """
    seen = pd.Timestamp(seen_on or today())
    days = pd.DatetimeIndex(table.index)
    if (future := days[days.normalize() > seen]).size:
        raise PriceError(
            f"{place} has a row for {future[0]:%Y-%m-%d}, after the day it was read "
            f"({seen:%Y-%m-%d}); check its dates and the clock of this machine"
        )
    if daily:
        _check_spacing(days, place)
    return table[days.normalize() < seen]


def _check_spacing(days: pd.DatetimeIndex, place: str) -> None:
    """Pass a table in which two days are neighbours; single gaps are told at the door."""
    gaps = np.diff(days.normalize().unique().sort_values()) // np.timedelta64(1, "D")
    if gaps.size > 1 and gaps.min() > 1:
        least, most = gaps.min(), gaps.max()
        apart = f"{least}" if least == most else f"{least} to {most}"
        kind = "weekly" if least == most == WEEK else "thinned"
        raise PriceError(
            f"{place} is {kind}: its rows are {apart} days apart; "
            "ask for daily rows or a shorter period"
        )


def name_spans(days: Iterable[date]) -> str:
    """Return days as a text of spans, at most five of them.

    >>> name_spans([date(2018, 1, 3), date(2018, 1, 1), date(2018, 1, 2), date(2018, 2, 1)])
    '2018-01-01..2018-01-03, 2018-02-01'
    """
    spans: list[list[date]] = []
    for day in sorted(set(days)):
        if spans and day - spans[-1][-1] == ONE_DAY:
            spans[-1][1:] = [day]
        else:
            spans.append([day])
    named = ["..".join(map(str, span)) for span in spans[:5]]
    return ", ".join(named) + (
        f" and {len(spans) - 5} more spans" if len(spans) > len(named) else ""
    )
