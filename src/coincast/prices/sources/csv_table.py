"""A table in a CSV file: one that `scripts/scrape.py` wrote, or your own.

Columns are recognised by name, in any order and case; data/README.md lists the known tables.

A file `FILE.csv.json` beside `FILE.csv` tells its origin. Where there is one, the coin, checksum,
days and rows in it must be those of the table. Days are UTC; a time of 23:59:59, as in Kaggle's
tables, is the end of the day. Today's row, which is not over, is left out.
"""

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from coincast.errors import InputError, PriceError, shown
from coincast.files import read_limited
from coincast.prices.days import drop_incomplete, is_possible
from coincast.prices.parsing.delimited_text import read_rows
from coincast.prices.parsing.table_cells import column_name, parse_day, parse_number
from coincast.prices.parsing.untrusted_json import SIZE_LIMIT as JSON_LIMIT
from coincast.prices.parsing.untrusted_json import parse_json
from coincast.prices.schema import COLUMNS, OHLC, as_prices
from coincast.prices.sources.request import Request
from coincast.prices.web.client import Client, is_web, local_path, show

__all__ = ["extent", "load", "parse_table"]

UNITS = ("USD", "coins")
SPELLINGS = {"open_time": "date", "marketcap": "market_cap"}
COIN_NAMES = ("coin", "slug", "name")
BINANCE = [
    "open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume",
    "trades", "taker_buy_volume", "taker_buy_quote_volume", "ignore",
]  # fmt: skip
# Digits of a time since 1970 -> units per second: ms or us. Nobody here uses seconds.
EPOCHS = {13: 10**3, 16: 10**6}
DAY_AND_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(:\d{2})?)(\.\d+)? ?(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?)?",
    flags=re.ASCII,
)
WHOLE_DAYS = {"00:00", "00:00:00", "23:59:59"}


def load(request: Request) -> pd.DataFrame:
    """The table at `request.url`: a path, file://, http:// or https://.

    Raises:
        InputError: there is no url, or the file cannot be read.
        PriceError: a column is missing or ambiguous, a cell cannot be read, or the file is another
            coin's or was changed since its JSON was written.
    """
    request.refuse("venue", "csv")
    if not request.url:
        raise InputError("source 'csv' needs url: the path of the table, which may hold {coin}")
    url = _address(request.fill(request.url))
    client = request.client or Client()
    body = client.read(url, bytes, complete=False)
    try:
        table, unit = parse_table(body, request.coin)
    except PriceError as error:
        raise PriceError(f"{show(url.rpartition('/')[2])}: {error}") from error
    known = {"coin": request.coin, "sha256": hashlib.sha256(body).hexdigest()}
    stated = _read_sidecar(url)
    for name, value in (known | extent(table)).items():
        if stated.get(name, value) != value:
            raise PriceError(
                f"{name} of the table is {value!r} but {shown(stated[name])} in the JSON beside "
                "it; the file was changed or replaced: scrape it again, or delete the JSON if the "
                "table is your own"
            )
    return as_prices(
        drop_incomplete(table, "the table"),
        source="csv",
        volume_unit=stated.get("volume_unit", unit),
        **known,
    )


def extent(table: pd.DataFrame) -> dict[str, object]:
    """First day, last day and number of rows, as the JSON beside a table states them."""
    first, last = table.index.min(), table.index.max()
    return {"first_day": f"{first:%Y-%m-%d}", "last_day": f"{last:%Y-%m-%d}", "rows": len(table)}


def parse_table(body: bytes, coin: str) -> tuple[pd.DataFrame, str]:
    r"""The days of a CSV text, in its order, and the unit of its volume.

    Args:
        body: the file's bytes: UTF-8, or UTF-16 with its mark; cells between commas, semicolons or
            tabs; with semicolons or tabs, numbers may have decimal commas.
        coin: whose prices they must be, where a column says whose they are.

    Raises:
        PriceError: naming the column, or the row and the value at fault.

    >>> table, unit = parse_table(b"Date,Open,High,Low,Close\n2018-01-13,1,3,1,2\n", "bitcoin")
    >>> table.loc["2018-01-13", "close"].item(), unit
    (2.0, 'USD')
    """
    header, rows = read_rows(body)
    opens = re.fullmatch(r"\d{13}|\d{16}", header[0].strip(), flags=re.ASCII)
    if opens and len(header) == len(BINANCE):
        header, rows = BINANCE, [(1, header), *rows]
    names = [column_name(name) for name in header]
    places = _columns(names, header)
    if not rows:
        raise PriceError("the table has a header but no rows; ask for a period that it covers")
    _check_coin(names, [line for _, line in rows], coin)
    days = [_parse_day(line[places["date"]], f"row {number}") for number, line in rows]
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
    """A path as an address; an address as it is."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", url):
        return url
    try:
        return Path(url).expanduser().absolute().as_uri()
    except (ValueError, RuntimeError) as error:
        raise InputError(f"url {show(url)} is not a path: {error}; check its spelling") from error


def _columns(names: list[str], header: list[str]) -> dict[str, int]:
    """Where each column stands; a missing or ambiguous one is refused."""
    ours = [SPELLINGS.get(name, name) for name in names]
    for name in ("date", *COLUMNS):
        if ours.count(name) > 1:
            both = [repr(header[place]) for place, other in enumerate(ours) if other == name]
            raise PriceError(f"column {name!r} is ambiguous: {' and '.join(both):.200}; keep one")
        if name not in ours and name in ("date", *OHLC):
            raise PriceError(
                f"column {name!r} is missing (found: {header!r:.200}); rename the right one"
            )
    alike = [repr(header[place]) for place, name in enumerate(ours) if name.startswith("volume")]
    if alike and "volume" not in ours:  # in dollars or in coins? We cannot tell
        raise PriceError(
            f"column 'volume' is ambiguous: {' or '.join(alike):.200}; rename the right one"
        )
    return {name: ours.index(name) for name in ("date", *COLUMNS) if name in ours}


def _check_coin(names: list[str], lines: list[list[str]], coin: str) -> None:
    """Accept a table whose rows are all of the coin, where a column names it."""
    for name in COIN_NAMES:
        if name not in names:
            continue
        stated = sorted({line[names.index(name)].strip() for line in lines})
        others = [text for text in stated if "-".join(text.lower().split()) != coin]
        if others:
            raise PriceError(
                f"column {name!r} says {shown(others[0])} where the coin is {coin!r}; give only "
                "that coin's rows, or drop the column if it is the same coin"
            )


def _parse_day(text: str, place: str) -> datetime:
    """The UTC day of a cell: a day, a day with its first or last second, or an epoch."""
    text = " ".join(text.split())
    if text.isascii() and text.isdigit():
        per_second = EPOCHS.get(len(text))
        if not per_second:
            raise PriceError(f"{place}: time {text[:40]!r} is neither in ms nor in us since 1970")
        day = datetime.fromtimestamp(int(text) / per_second, UTC).replace(tzinfo=None)
        if not is_possible(day):
            raise PriceError(f"{place}: time {text!r} is after the year 2261; correct it")
        return day
    try:
        return parse_day(_utc_day(text))
    except PriceError as error:
        raise PriceError(f"{place}: {error}") from error


def _utc_day(text: str) -> str:
    """The day of a time stamp that begins or ends a UTC day; another text as it is."""
    match = DAY_AND_TIME.fullmatch(text)
    if not match:
        return text
    zone = match[5] or ""
    if zone[:1] not in {"+", "-"}:
        return match[1] if match[2] in WHOLE_DAYS else text
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return text
    if f"{moment:%H:%M:%S}" not in WHOLE_DAYS:
        raise PriceError(
            f"time {shown(text)} is {moment:%Y-%m-%d %H:%M:%S} in UTC, in the middle of a day; "
            "rows must be whole UTC days: download daily bars in UTC"
        )
    return f"{moment:%Y-%m-%d}"


def _parse_number(text: str, name: str) -> float:
    return parse_number("" if text in {"nan", "NaN", "null"} else text.strip(), name)


def _read_sidecar(url: str) -> dict[str, object]:
    """What the JSON beside a file says; nothing where there is none."""
    path = Path(f"{local_path(url)}.json")
    if is_web(url) or not path.exists():
        return {}
    body = read_limited(path, JSON_LIMIT, "grant the permission or remove it")
    stated = parse_json(body, path.name)
    if not isinstance(stated, dict) or stated.get("volume_unit", "USD") not in UNITS:
        raise PriceError(
            f"{path.name} has no volume_unit out of {', '.join(UNITS)}; scrape again or delete it"
        )
    return stated
