"""CoinMarketCap's quotes, as its JSON answers and the data inside its pages of 2020 hold them.

A quote is a day: `timeOpen` and the like beside `quote`, which holds the numbers at once, below
"USD" (or its id 2781), or as a list of currencies. Names are in camel or in snake case.
"""

import re
from datetime import date

import pandas as pd

from coincast.errors import PriceError
from coincast.prices.parsing.answers import brief, member
from coincast.prices.schema import COLUMNS, OHLC

__all__ = ["USD", "read_quotes"]

USD = 2781  # CoinMarketCap's id of the currency
CURRENCY = {"USD", str(USD)}
SPELLINGS = {"market_cap": ("marketCap", "market_cap")}
TIMES = ("timeOpen", "time_open", "timeClose", "time_close")
TIME = re.compile(r"(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z", flags=re.ASCII)


def read_quotes(quotes: object, place: str) -> pd.DataFrame:
    """Return the rows of a list of quotes, in its order.

    Args:
        quotes: the list, still unchecked.
        place: where it was found, for the error's text.

    Returns:
        Index of UTC days; `COLUMNS` in USD, float64; volume and cap NaN where unknown.

    Raises:
        PriceError: a day or a price is missing, null, no number, or in another currency.
    """
    listed = member({"quotes": quotes}, "quotes", list, place)
    rows = [_row(quote, f"quote {number} of {place}") for number, quote in enumerate(listed, 1)]
    table = pd.DataFrame(rows, columns=["date", *COLUMNS]).set_index("date").astype("float64")
    table.index = pd.DatetimeIndex(table.index).as_unit("ns")
    return table


def _row(quote: object, place: str) -> list[object]:
    values = _values(quote, place)
    times = [quote[name] for name in TIMES if name in quote] if isinstance(quote, dict) else []
    day = _day([*times, *([values["timestamp"]] if "timestamp" in values else [])], place)
    return [pd.Timestamp(day), *(_number(values, name, f"{place} ({day})") for name in COLUMNS)]


def _values(quote: object, place: str) -> dict[str, object]:
    """Return the numbers of a quote in USD, whichever way they are nested."""
    inner = quote.get("quote") if isinstance(quote, dict) else None
    if isinstance(inner, dict):
        nested = [inner[name] for name in CURRENCY if name in inner]
        inner = nested or [inner]
    if not isinstance(inner, list) or not all(isinstance(values, dict) for values in inner):
        raise PriceError(f"{place} holds no numbers ({brief(quote)}); fetch it again")
    fitting = [values for values in inner if str(values.get("name", USD)) in CURRENCY]
    if len(fitting) != 1:
        names = brief([values.get("name") for values in inner])
        raise PriceError(f"{place} is not in USD (currencies: {names}); ask for convertId={USD}")
    return fitting[0]


def _day(times: list[object], place: str) -> date:
    """Return the one day that all times of a quote lie in."""
    days = set()
    for time in times:
        match = TIME.fullmatch(time) if isinstance(time, str) else None
        try:
            days.add(date.fromisoformat(match[1] if match else ""))
        except ValueError:
            raise PriceError(
                f"{place} has the time {brief(time)}, not one such as '2018-01-13T00:00:00.000Z'; "
                "fetch it again"
            ) from None
    if len(days) != 1:
        raise PriceError(
            f"{place} names {len(days)} days in its times ({', '.join(map(str, sorted(days)))}); "
            "it must be one UTC day: use daily rows"
        )
    return days.pop()


def _number(values: dict[str, object], name: str, place: str) -> float:
    """Return a number; a volume or cap that is not there is unknown, a price must be there."""
    spelling = next((key for key in SPELLINGS.get(name, (name,)) if key in values), None)
    value = values.get(spelling) if spelling else None
    if value is None:
        if name in OHLC:
            fault = "null" if spelling else "missing"
            raise PriceError(f"{name} is {fault} in {place}; leave out that day or fetch it again")
        return float("nan")
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    except OverflowError:
        pass
    raise PriceError(f"{name} is {brief(value)}, not a number, in {place}; fetch it again")
