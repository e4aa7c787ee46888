"""Names, rows and cells of price tables: CoinMarketCap's pages of every era, and CSV."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

import pandas as pd
from lxml.html import HtmlElement

from coincast.errors import PriceError
from coincast.prices.days import is_possible
from coincast.prices.schema import COLUMNS

__all__ = [
    "column_name", "has_digit", "parse_day", "parse_number", "parse_rows", "row_texts",
]  # fmt: skip

BLOCKS = {"br", "div", "p", "li", "tr", "td"}
MISSING = {"-", "?", ""}
# Groups of two are Indian; the last has three, or "8504,41" would be read as 850441.
NUMBER = re.compile(
    r"-?(\d{1,30}|[1-9]\d{0,2}(,\d{2,3}){0,9},\d{3})(\.\d{1,30})?([eE][+-]?\d{1,2})?",
    flags=re.ASCII,
)
DATE_FORMATS = ("%b %d, %Y", "%Y-%m-%d")
VALUE = "data-format-value"


def column_name(text: str) -> str:
    """A header's text in the spelling of `schema`.

    >>> column_name(" Market  Cap"), column_name("Close**")
    ('market_cap', 'close')
    """
    return "_".join(text.replace("*", "").lower().split())


def parse_rows(header: Sequence[str], rows: Sequence[HtmlElement]) -> pd.DataFrame:
    """The rows below a header as a table, in their order.

    Args:
        header: the name of each cell of a row; cells with names not in `schema` are ignored.
        rows: `tr` elements. A row without any digit that comes before a row of prices (a repeated
            header, one of React's placeholders) is left out.

    Raises:
        PriceError: there are no rows, or one has another length or a cell that cannot be read.
    """
    filled = [number for number, row in enumerate(rows) if has_digit(row)]
    after = range(filled[-1] + 1 if filled else 0, len(rows))
    parsed = []
    for number in (*filled, *after):
        texts = row_texts(rows[number])
        if any(cell.get("rowspan", "1").strip() != "1" for cell in rows[number].iter("td", "th")):
            raise PriceError(
                f"row {number + 1} has a cell that spans several rows (rowspan); use another copy"
            )
        if len(texts) != len(header):
            raise PriceError(
                f"row {number + 1} has {len(texts)} cells where the header has {len(header)} "
                f"({' '.join(texts)[:60]!r}); ask for a period that the page covers"
            )
        cells = zip(texts, _cells(rows[number]), strict=True)
        parsed.append(_parse_row(dict(zip(header, cells, strict=True))))
    if not parsed:
        raise PriceError("the table has a header but no rows; ask for a period that it covers")
    return pd.DataFrame(parsed).set_index("date")


def row_texts(row: HtmlElement) -> list[str]:
    """The texts of a row's cells, blanks of any kind as one space.

    What is not shown is left out, and so are footnotes. Digits of two elements are not joined: a
    style sheet, which is not read, may hide the "9" beside an "11.0".
    """
    texts = ("\0".join(_shown_texts(cell)) for cell in _cells(row))
    apart = (re.sub(r"(?<=\d)\0+(?=\d)", " ", text).replace("\0", "") for text in texts)
    return [" ".join(text.split()) for text in apart]


def has_digit(row: HtmlElement) -> bool:
    """Tell whether a row shows any number or day."""
    return any(character.isdigit() for character in row.text_content())


def parse_day(text: str) -> datetime:
    """The day that a cell names.

    Raises:
        PriceError: it does not name a day, or one before 1970 or after 2261, or has digits that
            are not ASCII.

    >>> parse_day("Jan 13, 2018")
    datetime.datetime(2018, 1, 13, 0, 0)
    """
    for form in DATE_FORMATS if text.isascii() else ():
        try:
            day = datetime.strptime(text, form)  # noqa: DTZ007 - days are UTC by definition
        except ValueError:
            continue
        if is_possible(day):
            return day
    raise PriceError(f"date {text[:40]!r} is not a day such as 'Jan 13, 2018'; check the page")


def parse_number(text: str, name: str) -> float:
    """The number that a cell shows; NaN where it shows that there is none.

    Raises:
        PriceError: it is not a number; the message calls it by `name`.

    >>> parse_number("9,92,65,40,000", "volume"), parse_number("-", "volume")
    (9926540000.0, nan)
    """
    number = _parse_decimal(text, name)
    return float("nan") if number is None else float(number)


def _parse_decimal(text: str, name: str) -> Decimal | None:
    if text in MISSING:
        return None
    if not NUMBER.fullmatch(text):
        raise PriceError(
            f"{name} is {text[:40]!r}, not a number; check the page or leave out that day"
        )
    return Decimal(text.replace(",", ""))


def _shown_texts(element: HtmlElement) -> Iterator[str]:
    """The visible pieces of an element's text; a line that ends is a blank."""
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str) and not _is_left_out(child):
            yield from _shown_texts(child)
        yield " " if child.tag in BLOCKS else ""
        yield child.tail or ""


def _is_left_out(element: HtmlElement) -> bool:
    """Whether an element is hidden or a footnote."""
    style = "".join(element.get("style", "").lower().split())
    return (
        element.tag in {"sup", "sub", "script", "style", "template", "noscript"}
        or "hidden" in element.attrib
        or "display:none" in style
        or "visibility:hidden" in style
    )


def _cells(row: HtmlElement) -> list[HtmlElement]:
    return [cell for cell in row if cell.tag in {"td", "th"}]


def _parse_row(cells: dict[str, tuple[str, HtmlElement]]) -> dict[str, object]:
    day = parse_day(cells["date"][0])
    wanted = [name for name in COLUMNS if name in cells]
    numbers = {name: _finer_number(*cells[name], f"{name} of {day:%Y-%m-%d}") for name in wanted}
    return {"date": day, **numbers}


def _finer_number(shown: str, cell: HtmlElement, name: str) -> float:
    """A cell's number: of text and attribute the one with more digits, if they agree."""
    attribute = cell.get(VALUE)
    if attribute is None:
        return parse_number(shown, name)
    text, value = _parse_decimal(shown, name), _parse_decimal(attribute.strip(), name)
    if text is None and value is None:
        return float("nan")
    # Either may be rounded: the text to its decimals, the attribute to six digits.
    if text is None or value is None or abs(text - value) > _rounding(text):
        raise PriceError(
            f"{name} is {shown!r} as text but {attribute!r} in its attribute; the page is damaged: "
            "use another copy"
        )
    return float(max(value, text, key=lambda number: len(number.normalize().as_tuple().digits)))


def _rounding(text: Decimal) -> Decimal:
    """How far the attribute of a cell may lie from its text."""
    last_digit = Decimal(6).scaleb(int(text.as_tuple().exponent) - 1)
    return max(last_digit, abs(text) * Decimal("6e-6"))
