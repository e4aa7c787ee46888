"""CoinMarketCap's pages of 2013 to 2021 as the Internet Archive's Wayback Machine keeps them.

The archive lists the copies of a coin's historical-data address, with whatever period its query
asked for. From what each can show, the fewest that cover the asked days are chosen and fetched
raw, newest day first; where one shows less than its address promises, others are tried. Where two
copies show one day, their prices must agree to the rounding of the pages (a cent; six decimals
below one dollar; six digits). Volume and market capitalisation are not compared: CoinMarketCap
revised them for years, and the newest copy counts.
"""

import hashlib
import re
import urllib.parse
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import pandas as pd

from coincast.errors import InputError, PriceError
from coincast.prices.days import FIRST_DAY, ONE_DAY, drop_incomplete, name_spans, span
from coincast.prices.parsing.answers import brief, parse_json
from coincast.prices.schema import COLUMNS, OHLC, as_prices
from coincast.prices.sources.historical_page import parse_page
from coincast.prices.sources.request import Request
from coincast.prices.sources.stitch import stitch
from coincast.prices.web.client import OfflineError

__all__ = ["ARCHIVE", "Snapshot", "load", "parse_listing", "plan"]

ARCHIVE = "https://web.archive.org"
LAST_DAY = date(2021, 12, 31)  # later copies hold no prices: the list is closed and may be kept
SHOWN = timedelta(days=30)  # what a page shows that was asked for no period
MOST_PAGES = 200


@dataclass(frozen=True)
class Snapshot:
    """A copy of a page: when it was archived, from where, and which days it can show."""

    timestamp: str  # YYYYMMDDhhmmss, UTC
    original: str
    first: date
    last: date

    @property
    def archived(self) -> date:
        """Return the day on which it was archived."""
        return _day(self.timestamp)


@dataclass
class _Scrape:
    """What a scrape has found so far, and why some of it could not be read."""

    tables: dict[Snapshot, pd.DataFrame]
    checksums: dict[Snapshot, bytes]
    failures: list[InputError]

    def days(self) -> set[date]:
        return {day for table in self.tables.values() for day in table.index.date}


def load(request: Request) -> pd.DataFrame:
    """Return the asked days from archived pages; volume and market cap are in USD.

    Raises:
        InputError: the archive gives no list of copies, or days that no copy shows, by name.
        OfflineError: naming the days whose copies are not in the cache.
        PriceError: the list is damaged, or two copies contradict each other.
    """
    request.refuse("venue", "wayback")
    base = (request.url or ARCHIVE).rstrip("/")
    snapshots = _list_snapshots(request, base)
    if not snapshots:
        raise InputError(
            f"the archive has no page of {request.coin!r} that can show "
            f"{request.start or FIRST_DAY}..{request.end or LAST_DAY}; check the coin's slug or "
            "use another source"
        )
    wanted = _wanted(request, snapshots)
    scrape = _read_snapshots(request, base, snapshots, wanted)
    _check_cover(request, scrape, wanted)
    newest_first = sorted(scrape.tables, key=lambda one: one.timestamp, reverse=True)
    parts = [(f"the copy of {one.timestamp}", scrape.tables[one]) for one in newest_first]
    prices = stitch(parts, OHLC, rounded=True)
    return as_prices(
        prices[prices.index.isin(pd.DatetimeIndex(wanted))],
        coin=request.coin,
        source="wayback",
        volume_unit="USD",
        sha256=hashlib.sha256(b"".join(scrape.checksums[one] for one in newest_first)).hexdigest(),
    )


def parse_listing(body: bytes, coin: str) -> list[Snapshot]:
    """Return the copies of a coin's page that a CDX listing names, whatever else it holds.

    Args:
        body: a JSON list of rows; the first names the columns, among them timestamp and original.
        coin: slug; other addresses are passed over.

    Raises:
        PriceError: it is no such list.
    """
    rows = parse_json(body, place := "the archive's list of copies")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise PriceError(f"{place} is no list of rows ({brief(rows)}); check the address")
    header = [str(name) for name in rows[0]] if rows else ["timestamp", "original"]
    if not {"timestamp", "original"} <= set(header):
        raise PriceError(f"{place} names no timestamp and original ({brief(header)}); try later")
    named = (dict(zip(header, row, strict=False)) for row in rows[1:])
    found = (_snapshot(row, coin) for row in named if row.get("statuscode", "200") == "200")
    return [snapshot for snapshot in found if snapshot]


def plan(snapshots: Collection[Snapshot], days: Collection[date]) -> list[Snapshot]:
    """Return the fewest snapshots that can show the days, as far as any can; newest day first.

    >>> a, b, c = (
    ...     Snapshot(f"201802{day}000000", "", date(2018, 1, first), date(2018, 1, last))
    ...     for day, first, last in ((10, 1, 9), (11, 5, 20), (12, 8, 21))
    ... )
    >>> plan([a, b, c], [date(2018, 1, day) for day in range(1, 20)]) == [b, a]
    True
    """
    left, chosen = sorted(days, reverse=True), []
    while left:
        day, oldest = left[0], left[-1]
        covering = [one for one in snapshots if one.first <= day <= one.last]
        if covering:
            # The one that reaches back furthest; of those that reach far enough, the newest.
            best = min(covering, key=lambda one: (max(one.first, oldest), -int(one.timestamp)))
            chosen.append(best)
            left = [other for other in left if other < best.first]
        else:
            nearest = max((one.last for one in snapshots if one.last < day), default=date.min)
            left = [other for other in left if other <= nearest]
    return chosen


def _list_snapshots(request: Request, base: str) -> list[Snapshot]:
    """Return the copies that can show an asked day, by the archive's CDX server."""
    page = f"coinmarketcap.com/currencies/{request.coin}/historical-data"
    query = {
        "url": page,
        "matchType": "prefix",  # the period was asked for in the address
        "output": "json",
        "from": f"{request.start or FIRST_DAY:%Y%m%d}",
        "to": f"{LAST_DAY:%Y%m%d}",
        "filter": "statuscode:200",
    }
    url = f"{base}/cdx/search/cdx?{urllib.parse.urlencode(query)}"
    snapshots = request.client.read(url, lambda body: parse_listing(body, request.coin), "json")
    first, last = request.start or FIRST_DAY, request.end or LAST_DAY
    return [one for one in snapshots if one.first <= last and one.last >= first]


def _snapshot(row: dict[str, object], coin: str) -> Snapshot | None:
    """Return a row's snapshot; None for another page or a damaged row."""
    timestamp, original = (str(row.get(name)) for name in ("timestamp", "original"))
    address = re.fullmatch(
        rf"https?://(www\.)?coinmarketcap\.com(:80|:443)?/currencies/{coin}/historical-data/?"
        r"(\?[!-~]{0,200})?",
        original := original.partition("#")[0],
        flags=re.ASCII,
    )
    if not address or not re.fullmatch(r"\d{14}", timestamp, flags=re.ASCII):
        return None
    asked = dict(urllib.parse.parse_qsl((address[3] or "?")[1:]))
    try:
        last = min(_day(asked.get("end", timestamp)), _day(timestamp) - ONE_DAY)
        first = _day(asked["start"]) if "start" in asked else last - SHOWN
    except ValueError:
        return None
    return Snapshot(timestamp, original, max(first, FIRST_DAY), last)


def _day(digits: str) -> date:
    """Return the day that a text begins with, YYYYMMDD."""
    return date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}")


def _wanted(request: Request, snapshots: list[Snapshot]) -> list[date]:
    """Return the days to look for: those asked for, or all that the snapshots can show."""
    first = request.start or min(one.first for one in snapshots)
    last = request.end or max(one.last for one in snapshots)
    return span(first, last)


def _read_snapshots(
    request: Request, base: str, snapshots: list[Snapshot], wanted: list[date]
) -> _Scrape:
    """Return the tables of as few snapshots as cover the wanted days."""
    scrape = _Scrape({}, {}, [])
    left, pages = list(snapshots), 0
    while (chosen := plan(left, set(wanted) - scrape.days())) and pages < MOST_PAGES:
        for snapshot in request.client.track(chosen, request.coin):
            try:
                scrape.checksums[snapshot], scrape.tables[snapshot] = request.client.read(
                    f"{base}/web/{snapshot.timestamp}id_/{snapshot.original}",
                    partial(_parse, snapshot=snapshot, coin=request.coin),
                )
            except InputError as error:
                scrape.failures.append(error)
        left = [one for one in left if one not in chosen]
        pages += len(chosen)
    return scrape


def _parse(page: bytes, snapshot: Snapshot, coin: str) -> tuple[bytes, pd.DataFrame]:
    """Return a page's checksum and the days that were over when it was archived."""
    place = f"the copy of {snapshot.timestamp}"
    table = drop_incomplete(parse_page(page, coin), place, snapshot.archived)
    return hashlib.sha256(page).digest(), stitch([(place, table.reindex(columns=COLUMNS))])


def _check_cover(request: Request, scrape: _Scrape, wanted: list[date]) -> None:
    """Pass a scrape that shows every asked day; before the first copy's there may be none."""
    shown = scrape.days() & set(wanted)
    first = request.start or min(shown, default=wanted[0])
    last = request.end or max(shown, default=wanted[-1])
    missing = [day for day in wanted if first <= day <= last and day not in shown]
    if not missing:
        return
    offline = [error for error in scrape.failures if isinstance(error, OfflineError)]
    if offline:
        raise OfflineError(
            f"days of {request.coin} are not in the cache: {name_spans(missing)}; "
            "run once without --offline"
        )
    read = "; the first that could not be read: " if scrape.failures else ""
    raise InputError(
        f"no copy in the archive shows {request.coin} on {name_spans(missing)}; "
        f"ask for a period without these days{read}{''.join(map(str, scrape.failures[:1]))}"
    )
