"""CoinMarketCap's current JSON, which its own pages are drawn from and which needs no key.

The server silently thins longer spans to weeks, so a period is fetched in windows of 365 days,
newest first, each sharing a day with the next. The windows lie on a fixed grid: a complete one is
the same in every run and is fetched once. A server that starts earlier than asked does no harm as
long as it has the days asked for.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import pandas as pd

from coincast.errors import InputError, PriceError, did_you_mean, shown
from coincast.prices.days import FIRST_DAY, ONE_DAY, drop_incomplete, name_spans, span, today
from coincast.prices.parsing.quotes import USD, read_quotes
from coincast.prices.parsing.untrusted_json import member, parse_json
from coincast.prices.schema import as_prices
from coincast.prices.sources.request import Request
from coincast.prices.stitch import Part, stitch
from coincast.prices.web.client import Client, OfflineError

__all__ = ["API", "Coin", "load", "parse_history", "parse_listing"]

API = "https://api.coinmarketcap.com"
STEP = timedelta(days=364)  # a window has one more day, the first of the next
PAGE_COINS = 1000  # per page of the listing
MAX_PAGES = 20


@dataclass(frozen=True)
class Coin:
    """A coin as CoinMarketCap knows it. Symbols are shared and change; ids and slugs do not."""

    id: int
    slug: str
    symbols: tuple[str, ...]  # what answers may call it


# These coins need no listing; answers about them are checked like all others.
KNOWN = {
    "bitcoin": Coin(1, "bitcoin", ("BTC",)),
    "litecoin": Coin(2, "litecoin", ("LTC",)),
    "xrp": Coin(52, "xrp", ("XRP",)),
    "dogecoin": Coin(74, "dogecoin", ("DOGE",)),
    "ethereum": Coin(1027, "ethereum", ("ETH",)),
    "eos": Coin(1765, "eos", ("EOS", "A")),  # renamed in 2025
    "bnb": Coin(1839, "bnb", ("BNB",)),
}


def load(request: Request) -> pd.DataFrame:
    """The completed days asked for; volume and market cap are in USD.

    Raises:
        InputError: an unknown coin, a period without a completed day, or no answer.
        OfflineError: answers are not in the cache; the message names all their days.
        PriceError: an answer is not these days of this coin.
    """
    request.refuse("venue", "coinmarketcap")
    first = max(request.start or FIRST_DAY, FIRST_DAY)
    last = min(request.end or today(), today() - ONE_DAY)
    if first > last:
        raise InputError(
            f"{request.start or FIRST_DAY}..{request.end or last} has no completed day that "
            f"CoinMarketCap knows; it has {FIRST_DAY}..{today() - ONE_DAY}"
        )
    client = request.client or Client()
    parts, addresses, checksum = _read_windows(request, client, first, last)
    prices = stitch(parts)
    # Windows that are good in themselves may still lack days; the mended server is asked again.
    wanted = span(first if request.start else prices.index[0].date(), last)
    missing = set(wanted) - set(prices.index.date)
    for url, days in addresses.items():
        if not missing.isdisjoint(days):
            client.forget(url)
    return as_prices(
        prices.loc[str(first) : str(last)],
        coin=request.coin,
        source="coinmarketcap",
        volume_unit="USD",
        sha256=checksum,
    )


def _windows(first: date, last: date) -> Iterator[tuple[date, date]]:
    """First and last day of the windows of the grid that cover a period, newest first.

    >>> [f"{begin}..{end}" for begin, end in _windows(date(2014, 1, 1), date(2015, 1, 1))]
    ['2014-04-27..2015-04-26', '2013-04-28..2014-04-27']
    """
    begin = FIRST_DAY + (last - FIRST_DAY) // STEP * STEP
    while True:
        yield begin, min(begin + STEP, today() - ONE_DAY)
        if begin <= first:
            return
        begin -= STEP


def parse_history(body: bytes, coin: Coin, begin: date, end: date) -> pd.DataFrame:
    """The completed days of one answer, checked; no rows where it has none at all.

    Args:
        body: the answer as it came, oldest or newest day first.
        coin: whose prices were asked for.
        begin: first day asked for.
        end: last day asked for.

    Raises:
        PriceError: the answer is an error or of another coin or period, its rows are thinned, a
            field is missing, or two rows of one day disagree.
    """
    place = f"the answer for {coin.slug} {begin}..{end}"
    data = _data(parse_json(body, place), coin, place)
    table = drop_incomplete(read_quotes(data.get("quotes"), place), place)
    if table.empty:
        return table
    table = stitch([(place, table)])
    days = table.index.date
    # A neighbouring day is fine: servers disagree on what the first second belongs to.
    early = days[0] < begin - ONE_DAY and begin not in days
    late = days[-1] > end + ONE_DAY and end not in days
    if early or late:
        raise PriceError(
            f"{place} holds {days[0]}..{days[-1]}: the server ignored the "
            f"{'start' if early else 'end'}; try later or use another source"
        )
    return table.loc[str(begin) : str(end)]


def parse_listing(body: bytes) -> dict[str, Coin]:
    """The coins on a page of the listing, by slug.

    Raises:
        PriceError: it is an error instead of a page, or two coins have one slug.
    """
    place = "the listing of coins"
    answer = parse_json(body, place)
    _check_status(answer, place)
    entries = member(member(answer, "data", dict, place), "cryptoCurrencyList", list, place)
    coins: dict[str, Coin] = {}
    for entry in entries:
        slug, symbol = (member(entry, name, str, place) for name in ("slug", "symbol"))
        coin = Coin(member(entry, "id", int, place), slug, (symbol,))
        if coins.setdefault(slug, coin) != coin:
            raise PriceError(
                f"{place} has two coins with the slug {shown(slug)} (ids {coins[slug].id} and "
                f"{coin.id}); use another source"
            )
    return coins


def _read_windows(
    request: Request, client: Client, first: date, last: date
) -> tuple[list[Part], dict[str, list[date]], str]:
    """The windows' tables, newest first, until one lies before the coin's first day.

    Beside them the days of each window by its address, and a checksum of the answers.
    """
    server = (request.url or API).rstrip("/")
    coin = _find_coin(request.coin, client, f"{server}/data-api/v3/cryptocurrency")
    parts: list[Part] = []
    missing: list[date] = []
    addresses: dict[str, list[date]] = {}
    checksum = hashlib.sha256()
    for begin, end in client.track(_windows(first, last), request.coin):
        url = _address(server, coin, begin, end)
        addresses[url] = span(begin, end)
        try:
            body, table = client.read(url, partial(_parse, coin=coin, begin=begin, end=end))
        except OfflineError:
            missing += span(max(begin, first), min(end, last))
            continue
        starts_later = bool(parts) and end not in parts[-1][1].index.date
        is_faulty = table.empty and not (missing or starts_later)
        if is_faulty or (end == today() - ONE_DAY and end not in table.index.date):
            client.forget(url)
        if is_faulty:
            raise PriceError(
                f"the answer for {coin.slug} {begin}..{end} has no quotes; try later, or ask for "
                "a period in which the coin was traded"
            )
        if table.empty:
            break
        parts.append((f"the answer for {begin}..{end}", table))
        checksum.update(body)
    if missing:
        raise OfflineError(
            f"days of {coin.slug} are not in the cache: {name_spans(missing)}; "
            "run once without --offline"
        )
    return parts, addresses, checksum.hexdigest()


def _parse(body: bytes, coin: Coin, begin: date, end: date) -> tuple[bytes, pd.DataFrame]:
    return body, parse_history(body, coin, begin, end)


def _address(server: str, coin: Coin, begin: date, end: date) -> str:
    """The address of a window: from the second before it to its last second."""
    start = (begin - date(1970, 1, 1)) // timedelta(seconds=1) - 1
    stop = (end + ONE_DAY - date(1970, 1, 1)) // timedelta(seconds=1) - 1
    query = f"id={coin.id}&convertId={USD}&timeStart={start}&timeEnd={stop}&interval=1d"
    return f"{server}/data-api/v3.1/cryptocurrency/historical?{query}"


def _data(answer: object, coin: Coin, place: str) -> dict[str, object]:
    """The data of an answer that is not an error and about the right coin."""
    _check_status(answer, place)
    data = member(answer, "data", dict, place)
    for name, known in (
        ("id", (coin.id, str(coin.id))),
        ("slug", (coin.slug,)),
        ("symbol", coin.symbols),
    ):
        if (name == "id" or data.get(name) is not None) and data.get(name) not in known:
            raise PriceError(
                f"{place} is about the {name} {shown(data.get(name))}, not {known[0]!r}; "
                "check the coin's slug or use another source"
            )
    return data


def _find_coin(slug: str, client: Client, base: str) -> Coin:
    """The coin with a slug, from the listing at `{base}/listing` unless it is well known."""
    if slug in KNOWN:
        return KNOWN[slug]
    seen: set[str] = set()
    for page in range(MAX_PAGES):
        url = f"{base}/listing?start={page * PAGE_COINS + 1}&limit={PAGE_COINS}"
        coins = client.read(url, parse_listing)
        if slug in coins:
            return coins[slug]
        seen |= coins.keys()
        if len(coins) < PAGE_COINS:
            break
    raise InputError(
        f"coin {slug!r} is not among the {len(seen)} coins that CoinMarketCap lists; "
        f"{did_you_mean(slug, seen)}check its slug, or use --refresh if the coin is new"
    )


def _check_status(answer: object, place: str) -> None:
    """Accept an answer that does not report an error."""
    status = answer.get("status") if isinstance(answer, dict) else None
    if not isinstance(status, dict):
        return  # whoever reads on finds that the answer holds nothing
    code = status.get("error_code", 0)
    if str(code) != "0":
        raise PriceError(
            f"{place} is CoinMarketCap's error {shown(code)}: "
            f"{shown(status.get('error_message'))}; try later or ask for less"
        )
