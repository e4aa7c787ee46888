"""A table of one's own in a CSV file: what `scripts/scrape.py` wrote, or another's download.

Columns are known by name, in any order and case:

| whose | header | volume |
|---|---|---|
| ours | `date,open,high,low,close,volume,market_cap` | as its JSON says, else USD |
| Yahoo | `Date,Open,High,Low,Close,Adj Close,Volume` (`Adj Close` is not used) | USD |
| Binance | `open_time,open,high,low,close,volume,...`, ms or us, or its 12 without header | coins |
| Kaggle | `SNo,Name,Symbol,Date,High,Low,Open,Close,Volume,Marketcap` | USD |
| Kaggle | `Date,Open,High,Low,Close,Volume,Market Cap`, numbers with commas, "Nov 07, 2017" | USD |

A file `FILE.csv.json` beside `FILE.csv` tells its origin. Where there is one, coin, checksum, days
and rows must be as it says. Days are UTC; a time of 23:59:59, as Kaggle's tables have, is the day's
end. Today's row, which is not over, is left out.
"""

import csv
import hashlib
import io
import re
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from coincast.errors import InputError, PriceError
from coincast.prices.days import drop_incomplete
from coincast.prices.parsing.answers import brief, parse_json
from coincast.prices.parsing.table_cells import parse_day, parse_decimal
from coincast.prices.schema import COLUMNS, OHLC, as_prices
from coincast.prices.sources.request import Request

__all__ = ["load", "parse_table"]

UNITS = ("USD", "coins")
SPELLINGS = {"open_time": "date", "marketcap": "market_cap"}
COIN_NAMES = ("coin", "slug", "name")
KLINES = [
    "open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume",
    "trades", "taker_buy_volume", "taker_buy_quote_volume", "ignore",
]  # fmt: skip
# Digits of a time since 1970 -> units a second. Seconds would have ten; nobody here uses them.
EPOCHS = {13: 10**3, 16: 10**6}
DAY_AND_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[ T](00:00:00|23:59:59)(\.\d+)?(Z|\+00:00| UTC)?", flags=re.ASCII
)


def load(request: Request) -> pd.DataFrame:
    """Return the table at `request.url`: a path, file://, http:// or https://.

    Raises:
        InputError: no url, or the file cannot be read.
        PriceError: a column is missing or ambiguous, a cell holds something else than it should,
            or the file is another coin's or was changed since its JSON was written.
    """
    request.refuse("venue", "csv")
    if not request.url:
        raise InputError("source 'csv' needs url: the path of the table, which may hold {coin}")
    url = _address(request.fill(request.url))
    body = request.client.read(url, lambda answer: answer, "csv", complete=False)
    try:
        table, unit = parse_table(body, request.coin)
    except PriceError as error:
        raise PriceError(f"{url.rpartition('/')[2]}: {error}") from error
    told = _read_sidecar(url)
    checksum = hashlib.sha256(body).hexdigest()
    _check_sidecar(told, {"coin": request.coin, "sha256": checksum, **_extent(table)})
    return as_prices(
        drop_incomplete(table, "the table"),
        coin=request.coin,
        source="csv",
        volume_unit=told.get("volume_unit", unit),
        sha256=checksum,
    )


def parse_table(body: bytes, coin: str) -> tuple[pd.DataFrame, str]:
    r"""Return the days of a CSV text, in its order, and the unit of its volume.

    Args:
        body: the file's bytes, UTF-8.
        coin: whose prices they must be, where a column says whose they are.

    Raises:
        PriceError: naming the column, or the line and the value at fault.

    >>> table, unit = parse_table(b"Date,Open,High,Low,Close\n2018-01-13,1,3,1,2\n", "bitcoin")
    >>> table.loc["2018-01-13", "close"].item(), unit
    (2.0, 'USD')
    """
    lines = _lines(body)
    names = [_plain(name) for name in lines[0]]
    if re.fullmatch(r"\d{13}|\d{16}", lines[0][0].strip(), flags=re.ASCII):
        lines, names = [KLINES, *lines], KLINES
    places = _columns(names, lines[0])
    rows = [(number, line) for number, line in enumerate(lines[1:], 2) if any(line)]
    for number, line in rows:
        if len(line) != len(names):
            raise PriceError(
                f"line {number} has {len(line)} cells where the header has {len(names)}; mend it"
            )
    if not rows:
        raise PriceError("the table has a header but no row; ask for a period that it covers")
    _check_coin(names, [line for _, line in rows], coin)
    days = [_parse_day(line[places["date"]], f"line {number}") for number, line in rows]
    numbers = {
        name: [
            _parse_number(line[place], f"{name} of {day:%Y-%m-%d}")
            for day, (_, line) in zip(days, rows, strict=True)
        ]
        for name, place in places.items()
        if name in COLUMNS
    }
    table = pd.DataFrame(numbers, index=pd.DatetimeIndex(days, name="date"))
    return table, "coins" if "open_time" in names else "USD"


def _address(url: str) -> str:
    """Return a path as an address; an address as it is."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", url):
        return url
    try:
        return Path(url).expanduser().absolute().as_uri()
    except (ValueError, RuntimeError) as error:
        raise InputError(f"url {url!r} is no path: {error}; check its spelling") from error


def _lines(body: bytes) -> list[list[str]]:
    """Return the cells of a text's lines; the first is not empty."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PriceError(f"the table is no UTF-8 text ({error}); save it as CSV") from error
    if text.lstrip().startswith("<"):
        raise PriceError(f"the table is HTML ({brief(text[:60])}), not CSV; check the address")
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise PriceError(f"the table is no CSV: {error}; mend or download it again") from error
    if not lines or not any(lines[0]):
        raise PriceError("the table has no header; its first line must name the columns")
    return lines


def _plain(name: str) -> str:
    """Return a column's name in our spelling."""
    return "_".join(name.replace("*", "").lower().split())


def _columns(names: list[str], shown: list[str]) -> dict[str, int]:
    """Return where each column stands; refuse what is missing or could be two."""
    ours = [SPELLINGS.get(name, name) for name in names]
    for name in ("date", *COLUMNS):
        if ours.count(name) > 1:
            both = [repr(shown[place]) for place, other in enumerate(ours) if other == name]
            raise PriceError(f"column {name!r} is ambiguous: {' and '.join(both)}; keep one")
    found = ", ".join(shown)[:200]
    for name in ("date", *OHLC):
        if name not in ours:
            raise PriceError(f"column {name!r} is missing (found: {found}); rename the one it is")
    alike = [repr(shown[place]) for place, name in enumerate(ours) if name.startswith("volume")]
    if alike and "volume" not in ours:  # in dollars or in coins? Nobody here can tell
        raise PriceError(
            f"column 'volume' is ambiguous: {' or '.join(alike)}; rename the one it is"
        )
    return {name: ours.index(name) for name in ("date", *COLUMNS) if name in ours}


def _check_coin(names: list[str], lines: list[list[str]], coin: str) -> None:
    """Pass a table whose rows are all of the coin, where a column names it."""
    for name in COIN_NAMES:
        if name not in names:
            continue
        stated = sorted({line[names.index(name)].strip() for line in lines})
        others = [text for text in stated if "-".join(text.lower().split()) != coin]
        if others:
            raise PriceError(
                f"column {name!r} says {brief(others[0])} where the coin is {coin!r}; give that "
                "coin's rows alone, or leave the column out if it is the same coin"
            )


def _parse_day(text: str, place: str) -> datetime:
    """Return the UTC day of a cell: a day, a day with its first or last second, or an epoch."""
    text = " ".join(text.split())
    if text.isascii() and text.isdigit():
        second = EPOCHS.get(len(text))
        if not second:
            raise PriceError(f"{place}: time {text[:40]!r} is neither in ms nor in us since 1970")
        return datetime.fromtimestamp(int(text) / second, UTC).replace(tzinfo=None)
    match = DAY_AND_TIME.fullmatch(text)
    try:
        return parse_day(match[1] if match else text)
    except PriceError as error:
        raise PriceError(f"{place}: {error}") from error


def _parse_number(text: str, name: str) -> float:
    number = parse_decimal("" if text in {"nan", "NaN", "null"} else text.strip(), name)
    return float("nan") if number is None else float(number)


def _extent(table: pd.DataFrame) -> dict[str, object]:
    first, last = table.index.min(), table.index.max()
    return {"first_day": f"{first:%Y-%m-%d}", "last_day": f"{last:%Y-%m-%d}", "rows": len(table)}


def _read_sidecar(url: str) -> dict[str, object]:
    """Return what the JSON beside a file tells; nothing where there is none."""
    parts = urllib.parse.urlsplit(url)
    path = Path(urllib.request.url2pathname(parts.path) + ".json")
    if parts.scheme != "file" or not path.is_file():
        return {}
    try:
        told = parse_json(path.read_bytes(), path.name)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; grant the permission") from error
    if not isinstance(told, dict) or told.get("volume_unit", "USD") not in UNITS:
        raise PriceError(
            f"{path.name} tells no volume_unit out of {', '.join(UNITS)}; scrape again or delete it"
        )
    return told


def _check_sidecar(told: dict[str, object], found: dict[str, object]) -> None:
    """Pass a table that is what its JSON says, as far as that says something."""
    for name, value in found.items():
        if name in told and told[name] != value:
            raise PriceError(
                f"{name} of the table is {value!r} but {brief(told[name])} in the JSON beside it; "
                "the file was changed or replaced: scrape it again, or delete the JSON if the "
                "table is your own"
            )
