"""CoinMarketCap's quotes, as its JSON answers and the data inside its pages of 2020 hold them.

A quote is a day: `timeOpen` and the like beside `quote`, which holds the numbers directly or below
"USD". Names are in camel or in snake case.
"""

import re
from datetime import date

import pandas as pd
from lxml.html import HtmlElement

from coincast.errors import PriceError, shown
from coincast.prices.days import is_possible
from coincast.prices.parsing.untrusted_json import member, parse_json
from coincast.prices.schema import COLUMNS, OHLC
from coincast.prices.stitch import Part

__all__ = ["USD", "read_next_data", "read_quotes"]

USD = 2781  # CoinMarketCap's id of the currency
SPELLINGS = {"market_cap": ("marketCap", "market_cap")}
TIMES = ("timeOpen", "time_open", "timeClose", "time_close")
TIME = re.compile(r"(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z", flags=re.ASCII)
NEXT_DATA = ("props", "initialState", "cryptocurrency", "ohlcvHistorical")


def read_quotes(quotes: object, place: str) -> pd.DataFrame:
    """The rows of a list of quotes, in its order.

    Args:
        quotes: the list, still unchecked.
        place: where it was found, for error messages.

    Returns:
        Index of UTC days; `COLUMNS` in USD, float64; volume and cap NaN where unknown.

    Raises:
        PriceError: a day or a price is missing, null, not a number, or in another currency.
    """
    listed = member({"quotes": quotes}, "quotes", list, place)
    rows = [_row(quote, f"quote {number} of {place}") for number, quote in enumerate(listed, 1)]
    table = pd.DataFrame(rows, columns=["date", *COLUMNS]).set_index("date").astype("float64")
    table.index = pd.DatetimeIndex(table.index).as_unit("ns")
    return table


def read_next_data(tree: HtmlElement) -> Part | None:
    """The quotes that a page of 2019 to 2021 was drawn from; None where it has none.

    Args:
        tree: the page; its `<script id="__NEXT_DATA__">` holds JSON, not a script.

    Raises:
        PriceError: the data cannot be read or belong to several coins.
    """
    scripts = tree.xpath("//script[@id='__NEXT_DATA__']")
    if not scripts:
        return None
    place = "__NEXT_DATA__ of the page"
    found = parse_json(scripts[0].text or "", place)
    for name in NEXT_DATA:
        found = found.get(name) if isinstance(found, dict) else None
    entries = list(found.values()) if isinstance(found, dict) else []
    filled = [e["quotes"] for e in entries if isinstance(e, dict) and e.get("quotes")]
    if len(filled) > 1:
        raise PriceError(
            f"{place} has quotes of {len(filled)} coins; give a page that shows one of them"
        )
    return (place, read_quotes(filled[0], place)) if filled else None


def _row(quote: object, place: str) -> list[object]:
    values = _values(quote, place)
    times = [quote[name] for name in TIMES if name in quote] if isinstance(quote, dict) else []
    day = _day([*times, *([values["timestamp"]] if "timestamp" in values else [])], place)
    return [pd.Timestamp(day), *(_number(values, name, f"{place} ({day})") for name in COLUMNS)]


def _values(quote: object, place: str) -> dict[str, object]:
    """The numbers of a quote in USD, however they are nested."""
    inner = quote.get("quote") if isinstance(quote, dict) else None
    values = inner.get("USD", inner) if isinstance(inner, dict) else None
    if not isinstance(values, dict):
        raise PriceError(f"{place} holds no numbers ({shown(quote)}); fetch it again")
    currency = values.get("name", USD)
    if str(currency) not in ("USD", str(USD)):
        raise PriceError(f"{place} is in currency {shown(currency)}; ask for convertId={USD}")
    return values


def _day(times: list[object], place: str) -> date:
    """The one day that all times of a quote lie in."""
    days = set()
    for time in times:
        match = TIME.fullmatch(time) if isinstance(time, str) else None
        try:
            days.add(date.fromisoformat(match[1] if match else ""))
        except ValueError:
            raise PriceError(
                f"{place} has the time {shown(time)}; it should look like "
                "'2018-01-13T00:00:00.000Z': fetch it again"
            ) from None
    if len(days) != 1:
        raise PriceError(
            f"{place} names {len(days)} days in its times ({', '.join(map(str, sorted(days)))}); "
            "it must be one UTC day: use daily rows"
        )
    if not is_possible(day := days.pop()):
        raise PriceError(f"{place} is dated {day}, which no price can be; fetch it again")
    return day


def _number(values: dict[str, object], name: str, place: str) -> float:
    """A number of a quote; an absent volume or cap is unknown, an absent price is an error."""
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
    raise PriceError(f"{name} is {shown(value)}, not a number, in {place}; fetch it again")
