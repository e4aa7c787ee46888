"""CoinMarketCap's historical table as its pages showed it from 2013 to early 2021.

The table has four forms, told apart only by what they hold: plain cells; cells whose exact value
is in `data-format-value`; headers with asterisks (`Open*`, `Close**`); and pages drawn by React,
with several tables under one header, of which one has rows. Those pages also hold the data that
they were drawn from (`__NEXT_DATA__`), sometimes without any table. Where a page has both, the
data are used, being exact, and each row of the table must agree with them.
"""

import hashlib
import re

import lxml.etree
import lxml.html
import pandas as pd
from bs4.dammit import EncodingDetector
from lxml.html import HtmlElement

from coincast.errors import PriceError, shown
from coincast.prices.days import drop_incomplete, today
from coincast.prices.parsing.quotes import read_next_data
from coincast.prices.parsing.table_cells import column_name, has_digit, parse_rows, row_texts
from coincast.prices.schema import OHLC, as_prices, validate_prices
from coincast.prices.sources.request import Request
from coincast.prices.stitch import Part, stitch
from coincast.prices.web.client import Client

__all__ = ["URL", "load", "parse_page"]

URL = "https://coinmarketcap.com/currencies/{coin}/historical-data/?start={start}&end={end}"
MAX_TABLES, MAX_ROWS, MAX_CELLS = 1000, 20_000, 1000  # of a page, a table, a row
MAX_ATTRIBUTES = 1000  # of an element; libxml2 compares each with all before it
# An element up to the attribute that is too many, as libxml2 reads it. Each match goes on where the
# one before ended and never steps back, so it takes no longer than reading the page.
ATTRIBUTE = r"""[\s/]*+[^\s/>=][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>]*+))?+"""
ELEMENT = re.compile(
    rf"<[a-zA-Z][^\s/>]*+(?:{ATTRIBUTE}){{0,{MAX_ATTRIBUTES}}}+(?P<more>{ATTRIBUTE})?+"
)
HEADER_ROWS = 5  # the header is among a table's first rows
UNSEEN = ("script", "style", "template", lxml.etree.Comment)
ADDRESS = re.compile(r"coinmarketcap\.com/currencies/([a-z0-9-]+)", flags=re.ASCII)


def load(request: Request) -> pd.DataFrame:
    """The table of the page at `request.url`; volume and market cap are in USD.

    Raises:
        InputError: the page cannot be fetched or has not the days asked for, or the address's
            template cannot be filled.
        PriceError: the page has no such table, one that cannot be read, or another coin's.
    """
    request.refuse("venue", "html")

    def parse(page: bytes) -> pd.DataFrame:
        table = drop_incomplete(parse_page(page, request.coin), "the page")
        checksum = hashlib.sha256(page).hexdigest()
        known = {"coin": request.coin, "source": "html", "volume_unit": "USD", "sha256": checksum}
        # Before it is cached: a page with a gap or of another period is fetched again.
        prices = validate_prices(as_prices(table, **known))
        request.cut(prices)
        return prices

    return (request.client or Client()).read(
        request.fill(request.url or URL),
        parse,
        complete=request.end is not None and request.end < today(),
    )


def parse_page(page: bytes | str, coin: str = "") -> pd.DataFrame:
    """The one price table of a page.

    Args:
        page: HTML; the wanted table is the one whose header names date, open, high, low
            and close, in any order and place, and that has rows.
        coin: whose page it must be, where it says whose it is; empty for any.

    Returns:
        Index of days as the page orders them; columns named as in `schema`, float64.

    Raises:
        PriceError: no table or several fit, a cell cannot be read, the table contradicts the data
            inside the page, or the page is cut off or another coin's.
    """
    tree = _tree(page)
    if tree is None:
        raise _no_table(0)
    stated = ADDRESS.search(" ".join(tree.xpath("//link[@rel='canonical']/@href")))
    if coin and stated and stated[1] != coin:
        raise PriceError(
            f"the page is about {shown(stated[1])}, not {coin!r}; check the coin's slug and the "
            "address"
        )
    data = read_next_data(tree)
    tables = tree.xpath("//table")
    if len(tables) > MAX_TABLES:
        raise PriceError(
            f"the page has {len(tables)} tables, more than {MAX_TABLES}; give a page of one coin"
        )
    fitting = [table for table in map(_price_table, tables) if table]
    # React repeats the header in tables of its own, to keep it in sight.
    filled = [(header, rows) for header, rows in fitting if any(map(has_digit, rows))]
    if len(filled) > 1 or not (fitting or data):
        raise _no_table(len(filled))
    if not data:
        return parse_rows(*(filled or fitting)[0])
    if filled:
        _check_agreement(data, parse_rows(*filled[0]))
    return data[1]


def _tree(page: bytes | str) -> HtmlElement | None:
    """A page's elements; None where it has none. lxml cuts off what is nested too deeply."""
    text = page if isinstance(page, str) else _decode(page)
    for tag in ("table", "html"):
        # A page cut between two rows would silently lack its oldest days.
        if f"<{tag}" in text.lower() and f"</{tag}" not in text.lower():
            raise PriceError(f"the page is cut off before its </{tag}>; fetch or save it again")
    if crowded := next((match for match in ELEMENT.finditer(text) if match["more"]), None):
        raise PriceError(
            f"an element of the page ({crowded[0][:40]!r}) has more than {MAX_ATTRIBUTES} "
            "attributes; use another copy"
        )
    # As UTF-8 whatever the page declares: it is text by now. A zero byte would end it.
    content = text.replace("\0", "\ufffd").encode("utf-8", "replace")
    try:
        return lxml.html.document_fromstring(content, lxml.html.HTMLParser(encoding="utf-8"))
    except lxml.etree.ParserError:
        return None


def _decode(page: bytes) -> str:
    """A page's text: UTF-8 unless its first bytes or its head say otherwise."""
    content, marked = EncodingDetector.strip_byte_order_mark(page)
    declared = EncodingDetector.find_declared_encoding(page, is_html=True)
    for encoding in (marked, "utf-8", declared):
        try:
            return content.decode(encoding or "utf-8")
        except (LookupError, UnicodeError):
            continue
    return content.decode(errors="replace")


def _no_table(count: int) -> PriceError:
    found = f"{count} tables" if count else "no table"
    return PriceError(
        f"{found} on the page with Date, Open, High, Low and Close, where there must be one; "
        "pages since 2021 have none: give an older or a saved page by url"
    )


def _price_table(table: HtmlElement) -> tuple[list[str], list[HtmlElement]] | None:
    """The header and the rows below it, of a table of prices; None for another table."""
    lxml.etree.strip_elements(table, *UNSEEN, with_tail=False)
    rows = table.xpath("tr | thead/tr | tbody/tr | tfoot/tr")
    if len(rows) > MAX_ROWS:
        raise PriceError(
            f"a table of the page has {len(rows)} rows, more than {MAX_ROWS}; use another copy"
        )
    for number, row in enumerate(rows[:HEADER_ROWS]):
        if row.find(".//table") is not None:  # a layout table, around others
            continue
        if len(row) > MAX_CELLS:
            raise PriceError(
                f"a row of the page has {len(row)} cells, more than {MAX_CELLS}; use another copy"
            )
        header = [column_name(text) for text in row_texts(row)]
        if {"date", *OHLC} <= set(header):
            if repeated := [name for name in header if name and header.count(name) > 1]:
                raise PriceError(
                    f"two columns are called {shown(repeated[0])}; give a page with one of each"
                )
            return header, rows[number + 1 :]
    return None


def _check_agreement(data: Part, shown: pd.DataFrame) -> None:
    """Accept a page whose table shows nothing but the data inside it, rounded."""
    if (absent := shown.index.difference(data[1].index)).size:
        raise PriceError(
            f"the page's table has {absent[0]:%Y-%m-%d}, which {data[0]} lacks; use another copy"
        )
    stitch([data, ("the page's table", shown.reindex(columns=data[1].columns))], rounded=True)
