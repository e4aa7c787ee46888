"""CoinMarketCap's historical table as its pages showed it from 2013 to 2019.

Three forms, told apart by nothing but what they hold: plain cells; cells whose exact
value stands in `data-format-value`; headers with asterisks (`Open*`, `Close**`).
"""

import hashlib
import re
import warnings
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pandas as pd
from bs4 import BeautifulSoup, Tag
from bs4.filter import SoupStrainer

from coincast.errors import InputError, PriceError
from coincast.schema import OHLC, as_prices
from coincast.sources.request import Request

__all__ = ["URL", "load", "parse_page"]

URL = "https://coinmarketcap.com/currencies/{coin}/historical-data/?start={start}&end={end}"
FIRST_DAY = date(2013, 4, 28)  # CoinMarketCap's own
EARLIEST_YEAR = 1970  # a year such as 17 is a damaged cell
MISSING = {"-", "?", ""}
# Groups of two are Indian; the last has three, or "8504,41" would be read as 850441.
NUMBER = re.compile(
    r"-?(\d{1,30}|[1-9]\d{0,2}(,\d{2,3}){0,9},\d{3})(\.\d{1,30})?([eE][+-]?\d{1,2})?",
    flags=re.ASCII,
)
DATE_FORMATS = ("%b %d, %Y", "%Y-%m-%d")
VALUE = "data-format-value"


def load(request: Request) -> pd.DataFrame:
    """Return the table of the page at `request.url`; volume and market cap are in USD.

    Raises:
        InputError: the address cannot be fetched or its template cannot be filled.
        PriceError: the page holds no such table, or one that cannot be read.
    """
    request.refuse("venue", "html")
    url = _fill(request.url or URL, request)
    table, digest = request.client.read(url, _parse, complete=request.is_past)
    return as_prices(table, coin=request.coin, source="html", volume_unit="USD", sha256=digest)


def _parse(page: bytes) -> tuple[pd.DataFrame, str]:
    return parse_page(page), hashlib.sha256(page).hexdigest()


def _fill(template: str, request: Request) -> str:
    """Return the address: {coin}, {start} and {end} filled, days as YYYYMMDD."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    values = {
        "coin": request.coin,
        "start": f"{request.start or FIRST_DAY:%Y%m%d}",
        "end": f"{request.end or yesterday:%Y%m%d}",
    }
    names = re.findall(r"{(.*?)}", template)
    if unknown := [name for name in names if name not in values]:
        raise InputError(
            f"url {template!r} holds {{{unknown[0]}}}; only {{coin}}, {{start}}, {{end}} are filled"
        )
    return re.sub(r"{(.*?)}", lambda match: values[match[1]], template)


def parse_page(page: bytes | str) -> pd.DataFrame:
    """Return the one price table of a page.

    Args:
        page: HTML; the wanted table is the one whose header names date, open, high, low
            and close, in whatever order and place.

    Returns:
        Index of days as the page orders them; columns named as in `schema`, float64.

    Raises:
        PriceError: no table or several fit, or a cell holds something else than it should.
    """
    text = page.decode(errors="replace") if isinstance(page, bytes) else page
    for tag in ("table", "html"):
        # Cut between two rows, a page would silently lack its oldest days.
        if f"<{tag}" in text.lower() and f"</{tag}" not in text.lower():
            raise PriceError(f"the page is cut off before its </{tag}>; fetch or save it again")
    with warnings.catch_warnings():
        # An answer that is an address or XML is no page; that it has no table says so.
        warnings.simplefilter("ignore", UserWarning)
        tables = BeautifulSoup(
            page, "lxml", parse_only=SoupStrainer("table"), multi_valued_attributes=None
        ).find_all("table")
    fitting = [table for table in tables if {"date", *OHLC} <= set(_header(table))]
    if len(fitting) != 1:
        found = f"{len(fitting)} tables" if fitting else "no table"
        raise PriceError(
            f"{found} on the page with Date, Open, High, Low and Close, where it must be one; "
            "pages since 2020 have none: give an older or a saved page by url"
        )
    return _parse_table(fitting[0])


def _header(table: Tag) -> list[str]:
    """Return the column names: lower case, no asterisks, one underscore a blank."""
    row = table.find("tr")
    cells = row.find_all(["th", "td"], recursive=False) if row else []
    return ["_".join(cell.get_text().replace("*", "").lower().split()) for cell in cells]


def _parse_table(table: Tag) -> pd.DataFrame:
    header = _header(table)
    if repeated := [name for name in header if name and header.count(name) > 1]:
        raise PriceError(f"two columns are called {repeated[0]!r}; give a page with one of each")
    rows = []
    for number, row in enumerate(table.find_all("tr")[1:], start=1):
        cells = row.find_all(["td", "th"], recursive=False)
        if len(cells) != len(header):
            raise PriceError(
                f"row {number} has {len(cells)} cells where the header has {len(header)} "
                f"({row.get_text(' ', strip=True)[:60]!r}); ask for a period that the page covers"
            )
        rows.append(_parse_row(dict(zip(header, cells, strict=True))))
    if not rows:
        raise PriceError("the table has a header but no row; ask for a period that it covers")
    return pd.DataFrame(rows).set_index("date")


def _parse_row(cells: dict[str, Tag]) -> dict[str, object]:
    day = _parse_day(cells["date"].get_text(strip=True))
    wanted = [name for name in (*OHLC, "volume", "market_cap") if name in cells]
    numbers = {name: _parse_number(cells[name], f"{name} of {day:%Y-%m-%d}") for name in wanted}
    return {"date": day, **numbers}


def _parse_day(text: str) -> datetime:
    for form in DATE_FORMATS:
        try:
            day = datetime.strptime(text, form)  # noqa: DTZ007 - days are UTC by definition
        except ValueError:
            continue
        if day.year >= EARLIEST_YEAR:
            return day
    raise PriceError(f"date {text[:40]!r} is not a day such as 'Jan 13, 2018'; check the page")


def _parse_number(cell: Tag, name: str) -> float:
    """Return a cell's number: of text and attribute the one with more digits, if they agree."""
    text = _decimal(cell.get_text(strip=True), name)
    if VALUE not in cell.attrs:
        return float("nan") if text is None else float(text)
    value = _decimal(str(cell[VALUE]).strip(), name)
    if text is None or value is None:
        if text is not value:
            raise PriceError(f"{name} is {cell.get_text()!r} but {cell[VALUE]!r} in its attribute")
        return float("nan")
    # Either may be rounded: the text to its decimals, the attribute to six digits.
    tolerance = max(
        Decimal(6).scaleb(int(text.as_tuple().exponent) - 1), abs(text) * Decimal("6e-6")
    )
    if abs(text - value) > tolerance:
        raise PriceError(
            f"{name} is {text} as text but {value} in its attribute; the page is damaged, "
            "use another copy"
        )
    return float(max(value, text, key=lambda number: len(number.normalize().as_tuple().digits)))


def _decimal(text: str, name: str) -> Decimal | None:
    if text in MISSING:
        return None
    if not NUMBER.fullmatch(text):
        raise PriceError(
            f"{name} is {text[:40]!r}, not a number; check the page or leave out that day"
        )
    return Decimal(text.replace(",", ""))
