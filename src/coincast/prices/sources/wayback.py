"""CoinMarketCap's pages of 2013 to 2021 as the Internet Archive's Wayback Machine keeps them.

The archive lists the copies of a coin's historical-data address, each with the period in its query.
From what they can show, the fewest copies that cover the asked days are chosen and fetched raw,
newest day first; where one shows less than its address promises, others are tried. Where two copies
show the same day, their prices must agree to the rounding of the pages (a cent; six decimals below
one dollar; six digits). Volume and market capitalisation are not compared: CoinMarketCap revised
them for years, and the newest copy counts.
"""

import hashlib
import re
import urllib.parse
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import pandas as pd

from coincast.errors import InputError, PriceError, shown
from coincast.prices.days import FIRST_DAY, ONE_DAY, drop_incomplete, name_spans, span
from coincast.prices.parsing.untrusted_json import parse_json
from coincast.prices.schema import COLUMNS, OHLC, as_prices
from coincast.prices.sources.historical_page import parse_page
from coincast.prices.sources.request import Request
from coincast.prices.stitch import stitch
from coincast.prices.web.client import Client, OfflineError

__all__ = ["ARCHIVE", "Snapshot", "choose_snapshots", "load", "parse_listing"]

ARCHIVE = "https://web.archive.org"
LAST_DAY = date(2021, 12, 31)  # later copies hold no prices, so the list is final and may be cached
PAGE_SPAN = timedelta(days=30)  # what a page shows without a period in its address
MAX_PAGES = 200


@dataclass(frozen=True)
class Snapshot:
    """A copy of a page: when it was archived, from where, and which days it can show."""

    timestamp: str  # YYYYMMDDhhmmss, UTC
    original: str
    first: date
    last: date


Page = tuple[bytes, pd.DataFrame]  # its checksum and its rows


def load(request: Request) -> pd.DataFrame:
    """The asked days from archived pages; volume and market cap are in USD.

    Raises:
        InputError: the archive gives no list of copies, or no copy shows some days (named).
        OfflineError: copies are not in the cache; the message names their days.
        PriceError: the list is damaged, or two copies contradict each other.
    """
    request.refuse("venue", "wayback")
    base = (request.url or ARCHIVE).rstrip("/")
    client = request.client or Client()
    first, last = request.start or FIRST_DAY, request.end or LAST_DAY
    if first < FIRST_DAY or last > LAST_DAY:
        raise InputError(
            f"{first}..{last} is outside {FIRST_DAY}..{LAST_DAY}, when pages showed prices; choose "
            "start and end within"
        )
    address = _listing_address(base, request)
    listed = client.read(address, partial(parse_listing, coin=request.coin))
    snapshots = [one for one in listed if one.first <= last and one.last >= first]
    if not snapshots:
        raise InputError(
            f"the archive has no page of {request.coin!r} that can show {first}..{last}; "
            "check the coin's slug or use another source"
        )
    wanted = span(
        request.start or min(one.first for one in snapshots),
        request.end or max(one.last for one in snapshots),
    )
    pages, failures = _read_pages(client, base, snapshots, wanted, request.coin)
    try:
        _check_coverage(request, wanted, _days(pages), failures)
    except InputError:  # ask again next time for the copies that show less than they promise
        for snapshot, (_, table) in pages.items():
            if not set(span(snapshot.first, snapshot.last)) <= set(table.index.date):
                client.forget(_copy_address(base, snapshot))
        raise
    newest_first = sorted(pages, key=lambda one: one.timestamp, reverse=True)
    parts = [(f"the copy of {one.timestamp}", pages[one][1]) for one in newest_first]
    prices = stitch(parts, OHLC, rounded=True)
    return as_prices(
        prices[prices.index.isin(pd.DatetimeIndex(wanted))],
        coin=request.coin,
        source="wayback",
        volume_unit="USD",
        sha256=hashlib.sha256(b"".join(pages[one][0] for one in newest_first)).hexdigest(),
    )


def parse_listing(body: bytes, coin: str) -> list[Snapshot]:
    """The copies of a coin's page in a CDX listing, which may hold other addresses too.

    Args:
        body: a JSON list of rows; the first names the columns, among them timestamp and original.
        coin: slug.

    Raises:
        PriceError: it is not such a list.
    """
    rows = parse_json(body, place := "the archive's list of copies")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise PriceError(f"{place} is not a list of rows ({shown(rows)}); check the address")
    header = [str(name) for name in rows[0]] if rows else ["timestamp", "original"]
    if not {"timestamp", "original"} <= set(header):
        raise PriceError(f"{place} lacks timestamp and original ({shown(header)}); try later")
    named = (dict(zip(header, row, strict=False)) for row in rows[1:])
    found = (_snapshot(row, coin) for row in named if row.get("statuscode", "200") == "200")
    return [snapshot for snapshot in found if snapshot]


def choose_snapshots(snapshots: Collection[Snapshot], days: Collection[date]) -> list[Snapshot]:
    """The fewest snapshots that can show the days, as far as any can; newest day first.

    >>> a, b, c = (
    ...     Snapshot(f"201802{day}000000", "", date(2018, 1, first), date(2018, 1, last))
    ...     for day, first, last in ((10, 1, 9), (11, 5, 20), (12, 8, 21))
    ... )
    >>> choose_snapshots([a, b, c], [date(2018, 1, day) for day in range(1, 20)]) == [b, a]
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


def _listing_address(base: str, request: Request) -> str:
    """The address of the archive's list of copies, given by its CDX server."""
    query = {
        "url": f"coinmarketcap.com/currencies/{request.coin}/historical-data",
        "matchType": "prefix",  # the period is part of the address
        "output": "json",
        "from": f"{request.start or FIRST_DAY:%Y%m%d}",
        "to": f"{LAST_DAY:%Y%m%d}",
        "filter": "statuscode:200",
    }
    return f"{base}/cdx/search/cdx?{urllib.parse.urlencode(query)}"


def _snapshot(row: dict[str, object], coin: str) -> Snapshot | None:
    """A row's snapshot; None for another page or a damaged row."""
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
        first = _day(asked["start"]) if "start" in asked else last - PAGE_SPAN
    except (ValueError, OverflowError):  # no day, or the day before the first of all
        return None
    return Snapshot(timestamp, original, max(first, FIRST_DAY), last)


def _day(digits: str) -> date:
    """The day that a text begins with, YYYYMMDD."""
    return date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}")


def _read_pages(
    client: Client, base: str, snapshots: list[Snapshot], wanted: list[date], coin: str
) -> tuple[dict[Snapshot, Page], list[InputError]]:
    """The pages of as few snapshots as cover the wanted days, and why some cannot be read."""
    pages: dict[Snapshot, Page] = {}
    failures: list[InputError] = []
    left = snapshots
    while chosen := choose_snapshots(left, set(wanted) - _days(pages)):
        for snapshot in client.track(chosen, coin):
            url = _copy_address(base, snapshot)
            try:
                pages[snapshot] = client.read(url, partial(_parse, snapshot=snapshot, coin=coin))
            except InputError as error:
                failures.append(error)
        left = [one for one in left if one not in chosen]
        if len(pages) + len(failures) >= MAX_PAGES:
            break
    return pages, failures


def _copy_address(base: str, snapshot: Snapshot) -> str:
    return f"{base}/web/{snapshot.timestamp}id_/{snapshot.original}"


def _days(pages: dict[Snapshot, Page]) -> set[date]:
    return {day for _, table in pages.values() for day in table.index.date}


def _parse(page: bytes, snapshot: Snapshot, coin: str) -> Page:
    """A page's checksum and the days that were over when it was archived."""
    place = f"the copy of {snapshot.timestamp}"
    table = drop_incomplete(parse_page(page, coin), place, _day(snapshot.timestamp))
    return hashlib.sha256(page).digest(), stitch([(place, table.reindex(columns=COLUMNS))])


def _check_coverage(
    request: Request, wanted: list[date], seen: set[date], failures: list[InputError]
) -> None:
    """Accept pages that show every asked day; without start or end, from and to what they show."""
    seen = seen & set(wanted)
    first = request.start or min(seen, default=wanted[0])
    last = request.end or max(seen, default=wanted[-1])
    missing = [day for day in wanted if first <= day <= last and day not in seen]
    if not missing:
        return
    if any(isinstance(error, OfflineError) for error in failures):
        raise OfflineError(
            f"days of {request.coin} are not in the cache: {name_spans(missing)}; "
            "run once without --offline"
        )
    reason = f"; the first that could not be read: {failures[0]}" if failures else ""
    raise InputError(
        f"no copy in the archive shows {request.coin} on {name_spans(missing)}; "
        f"ask for a period without these days, or try again with --refresh{reason}"
    )
