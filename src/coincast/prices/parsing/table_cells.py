"""What the rows and cells of a CoinMarketCap table say, in the forms of every era."""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import pandas as pd
from lxml.html import HtmlElement

from coincast.errors import PriceError
from coincast.prices.schema import OHLC

__all__ = ["has_digit", "parse_day", "parse_decimal", "parse_rows"]

EARLIEST_YEAR = 1970  # a year such as 17 is a damaged cell
MISSING = {"-", "?", ""}
# Groups of two are Indian; the last has three, or "8504,41" would be read as 850441.
NUMBER = re.compile(
    r"-?(\d{1,30}|[1-9]\d{0,2}(,\d{2,3}){0,9},\d{3})(\.\d{1,30})?([eE][+-]?\d{1,2})?",
    flags=re.ASCII,
)
DATE_FORMATS = ("%b %d, %Y", "%Y-%m-%d")
VALUE = "data-format-value"


def parse_rows(header: Sequence[str], rows: Sequence[HtmlElement]) -> pd.DataFrame:
    """Return the rows below a header as a table, in their order.

    Args:
        header: what each cell of a row is; cells with other names than `schema`'s are ignored.
        rows: `tr` elements. One without any digit that comes before a row of prices (a repeated
            header, a placeholder of React's) is debris and left out.

    Raises:
        PriceError: no row, one of another length, or a cell that holds something else.
    """
    texts = [[_text(cell) for cell in _cells(row)] for row in rows]
    filled = [number for number, row in enumerate(rows) if has_digit(row)]
    after = range(filled[-1] + 1 if filled else 0, len(rows))
    parsed = []
    for number in (*filled, *after):
        if len(texts[number]) != len(header):
            shown = " ".join(texts[number])[:60]
            raise PriceError(
                f"row {number + 1} has {len(texts[number])} cells where the header has "
                f"{len(header)} ({shown!r}); ask for a period that the page covers"
            )
        cells = zip(texts[number], _cells(rows[number]), strict=True)
        parsed.append(_parse_row(dict(zip(header, cells, strict=True))))
    if not parsed:
        raise PriceError("the table has a header but no row; ask for a period that it covers")
    return pd.DataFrame(parsed).set_index("date")


def parse_day(text: str) -> datetime:
    """Return the day that a cell names.

    Raises:
        PriceError: it is no day, or one before 1970.

    >>> parse_day("Jan 13, 2018")
    datetime.datetime(2018, 1, 13, 0, 0)
    """
    for form in DATE_FORMATS:
        try:
            day = datetime.strptime(text, form)  # noqa: DTZ007 - days are UTC by definition
        except ValueError:
            continue
        if day.year >= EARLIEST_YEAR:
            return day
    raise PriceError(f"date {text[:40]!r} is not a day such as 'Jan 13, 2018'; check the page")


def parse_decimal(text: str, name: str) -> Decimal | None:
    """Return the number that a cell shows; None where it shows that there is none.

    Raises:
        PriceError: it is no number; the message calls it by `name`.

    >>> parse_decimal("9,92,65,40,000", "volume"), parse_decimal("-", "volume")
    (Decimal('9926540000'), None)
    """
    if text in MISSING:
        return None
    if not NUMBER.fullmatch(text):
        raise PriceError(
            f"{name} is {text[:40]!r}, not a number; check the page or leave out that day"
        )
    return Decimal(text.replace(",", ""))


def has_digit(row: HtmlElement) -> bool:
    """Tell whether a row, or a cell, shows any number or day."""
    return any(character.isdigit() for character in row.text_content())


def _cells(row: HtmlElement) -> list[HtmlElement]:
    return [cell for cell in row if cell.tag in {"td", "th"}]


def _text(cell: HtmlElement) -> str:
    """Return what a cell shows, blanks of any kind as one."""
    return " ".join((cell.text_content() if len(cell) else cell.text or "").split())


def _parse_row(cells: dict[str, tuple[str, HtmlElement]]) -> dict[str, object]:
    day = parse_day(cells["date"][0])
    wanted = [name for name in (*OHLC, "volume", "market_cap") if name in cells]
    numbers = {name: _parse_number(*cells[name], f"{name} of {day:%Y-%m-%d}") for name in wanted}
    return {"date": day, **numbers}


def _parse_number(shown: str, cell: HtmlElement, name: str) -> float:
    """Return a cell's number: of text and attribute the one with more digits, if they agree."""
    text, attribute = parse_decimal(shown, name), cell.get(VALUE)
    if attribute is None:
        return float("nan") if text is None else float(text)
    value = parse_decimal(attribute.strip(), name)
    if text is None or value is None:
        if text is not value:
            raise PriceError(f"{name} is {shown!r} but {attribute!r} in its attribute")
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
