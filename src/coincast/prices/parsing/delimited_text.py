"""The lines of a CSV text, as spreadsheets of any language write it."""

import csv
import io
import re

from coincast.errors import PriceError, shown

__all__ = ["read_rows"]

Rows = list[tuple[int, list[str]]]

MARKS = {  # the first bytes of a text -> its encoding; the longer ones first
    b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig",
}  # fmt: skip
LINE = 1000  # characters
# A day such as 13.01.2018 is none.
NUMERIC = re.compile(r"(?!\d+\.\d+\.\d{4}$)-?[\d.,]+([eE][+-]?\d+)?", flags=re.ASCII)
# What cannot be read as thousands: 1234,5 and 1.234,56, but not 12,345.
DECIMAL_COMMA = re.compile(
    r"-?(\d{1,3}(\.\d{3})+,\d+|(?![1-9]\d{0,2},\d{3}$)\d+,\d+)([eE].*)?", flags=re.ASCII
)
DECIMAL_POINT = re.compile(
    r"-?(\d{1,3}(,\d{3})+\.\d+|(?![1-9]\d{0,2}\.\d{3}$)\d+\.\d+)([eE].*)?", flags=re.ASCII
)


def read_rows(body: bytes, *, numeric: bool = True) -> tuple[list[str], Rows]:
    """The cells of a table's header, and of the rows below it that are not blank.

    Each row has a number, the header's being 1, and as many cells. Numbers have decimal points.

    Args:
        body: the file's bytes.
        numeric: False for a table of texts, whose cells stay as they are.

    Raises:
        PriceError: the bytes are no text or no table, a row has another length than the header, or
            a decimal comma cannot be told from one between thousands.
    """
    encoding = next((name for mark, name in MARKS.items() if body.startswith(mark)), "utf-8")
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        raise PriceError(
            f"the table is not {encoding.upper()} text ({error}); save it as CSV in UTF-8"
        ) from error
    if "\0" in text[:LINE]:
        raise PriceError(
            f"the table has zero bytes ({text[:20]!r}): it is no text, or UTF-16 without the mark "
            "that says so; save it as CSV in UTF-8"
        )
    if text.lstrip().startswith("<"):
        raise PriceError(f"the table is HTML ({shown(text[:60])}), not CSV; check the address")
    try:
        separator = max(",;\t", key=text.partition("\n")[0].count)
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise PriceError(f"the table is not CSV: {error}; correct or download it again") from error
    if not lines or not any(lines[0]):
        raise PriceError("the table has no header; its first line must name the columns")
    header, *below = lines
    below = below if separator == "," or not numeric else _with_points(below)
    rows = [(number, line) for number, line in enumerate(below, 2) if any(line)]
    for number, line in rows:
        if len(line) != len(header):
            raise PriceError(
                f"row {number} ({shown(','.join(line))}) has {len(line)} cells where the header "
                f"has {len(header)}; correct it, or put texts with commas in quotation marks"
            )
    return header, rows


def _with_points(lines: list[list[str]]) -> list[list[str]]:
    """Lines in which numbers have decimal points, from a table that may use decimal commas.

    Raises:
        PriceError: the table has both, or nothing tells which it has.
    """
    cells = [cell.strip() for line in lines for cell in line if NUMERIC.fullmatch(cell.strip())]
    commas, points = (
        next((cell for cell in cells if pattern.fullmatch(cell)), "")
        for pattern in (DECIMAL_COMMA, DECIMAL_POINT)
    )
    unclear = next((cell for cell in cells if "," in cell or "." in cell), "")
    if commas and points:
        raise PriceError(
            f"the table has a decimal comma in {shown(commas)} but a decimal point in "
            f"{shown(points)}; write all numbers in one way"
        )
    if unclear and not commas and not points:
        raise PriceError(
            f"{shown(unclear)} may be a decimal or a number in thousands, and no other cell of the "
            "table tells; write numbers with a decimal point and without separators of thousands"
        )
    if not commas:
        return lines
    swap = str.maketrans(",.", ".,")
    return [
        [cell.translate(swap) if NUMERIC.fullmatch(cell.strip()) else cell for cell in line]
        for line in lines
    ]
