"""CoinMarketCap's JSON of today, which its own pages are drawn from and which needs no key.

Asked is version 3.1 of the interface, with daily rows stated; a base address that ends in
`/data-api/v3` asks version 3. The answers of both are understood. Longer spans are silently
thinned to weeks by the server, so a period is fetched in windows of 365 days, newest first, each
sharing a day with the next. The windows lie on a fixed grid: what is complete stays the same in
every run and is fetched once. A server that starts earlier than it is asked to does no harm as
long as the days asked for are there.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial

import pandas as pd

from coincast.errors import InputError, PriceError
from coincast.prices.days import FIRST_DAY, ONE_DAY, drop_incomplete, name_spans, span, today
from coincast.prices.parsing.answers import brief, member, parse_json
from coincast.prices.parsing.quotes import USD, read_quotes
from coincast.prices.schema import as_prices
from coincast.prices.sources.coin_ids import Coin, check_status, find_coin
from coincast.prices.sources.request import Request
from coincast.prices.sources.stitch import Part, stitch
from coincast.prices.web.client import OfflineError

__all__ = ["API", "load", "parse_history", "windows"]

API = "https://api.coinmarketcap.com"
VERSION = "v3.1"
STEP = timedelta(days=364)  # a window has one more day, the first of the next


def load(request: Request) -> pd.DataFrame:
    """Return the completed days asked for; volume and market cap are in USD.

    Raises:
        InputError: an unknown coin, no completed day in the period, or no answer.
        OfflineError: naming all days whose answers are not in the cache.
        PriceError: an answer that is not these days of this coin.
    """
    request.refuse("venue", "coinmarketcap")
    first = max(request.start or FIRST_DAY, FIRST_DAY)
    last = min(request.end or today(), today() - ONE_DAY)
    if first > last:
        raise InputError(
            f"{request.start or FIRST_DAY}..{request.end or last} has no completed day that "
            f"CoinMarketCap knows; it has {FIRST_DAY}..{today() - ONE_DAY}"
        )
    parts, checksum = _read_windows(request, first, last)
    prices = stitch(parts)
    begin, end = prices.index[0].date(), prices.index[-1].date()
    prices = prices.loc[str(first) : str(last)]
    if prices.empty:
        raise InputError(
            f"{request.coin} has no prices in {first}..{last}; CoinMarketCap has {begin}..{end}"
        )
    return as_prices(
        prices, coin=request.coin, source="coinmarketcap", volume_unit="USD", sha256=checksum
    )


def windows(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Return the windows of the grid that hold a period, newest first.

    Args:
        first: no earlier than CoinMarketCap's first day.
        last: no earlier than `first`, no later than yesterday (UTC).

    Returns:
        First and last day of each; the newest ends yesterday at the latest.

    >>> [f"{begin}..{end}" for begin, end in windows(date(2014, 1, 1), date(2015, 1, 1))]
    ['2014-04-27..2015-04-26', '2013-04-28..2014-04-27']
    """
    begin = FIRST_DAY + (last - FIRST_DAY) // STEP * STEP
    while True:
        yield begin, min(begin + STEP, today() - ONE_DAY)
        if begin <= first:
            return
        begin -= STEP


def parse_history(body: bytes, coin: Coin, begin: date, end: date) -> pd.DataFrame:
    """Return the completed days of one answer, checked; no row where it has none at all.

    Args:
        body: the answer as it came, oldest or newest day first.
        coin: whose prices were asked for.
        begin: first day asked for.
        end: last day asked for.

    Raises:
        PriceError: no answer but an error, another coin, another period, thinned rows, a field
            that is missing, or two rows of one day that disagree.
    """
    place = f"the answer for {coin.slug} {begin}..{end}"
    data = _data(parse_json(body, place), coin, place)
    table = drop_incomplete(read_quotes(data.get("quotes"), place), place)
    if table.empty:
        return table
    table = stitch([(place, table)])
    days = table.index.date
    # A neighbour may come along, since servers differ on what the first second belongs to.
    early = days[0] < begin - ONE_DAY and begin not in days
    late = days[-1] > end + ONE_DAY and end not in days
    if early or late:
        raise PriceError(
            f"{place} holds {days[0]}..{days[-1]}: the server ignored the "
            f"{'start' if early else 'end'}; try later or use another source"
        )
    return table.loc[str(begin) : str(end)]


def _read_windows(request: Request, first: date, last: date) -> tuple[list[Part], str]:
    """Return the windows' tables, newest first, until one lies before the coin's first day."""
    server, version = _interface(request)
    coin = find_coin(request, f"{server}/data-api/v3/cryptocurrency")
    parts: list[Part] = []
    missing: list[date] = []
    checksum = hashlib.sha256()
    for begin, end in request.client.track(windows(first, last), request.coin):
        url = _address(f"{server}/data-api/{version}/cryptocurrency", coin, begin, end)
        try:
            body, table = request.client.read(
                url, partial(_parse, coin=coin, begin=begin, end=end), "json", complete=True
            )
        except OfflineError:
            missing += span(max(begin, first), min(end, last))
            continue
        if table.empty:
            if not missing and (fault := _fault_of_no_rows(parts, end)):
                _forget(request, url)
                raise PriceError(
                    f"the answer for {coin.slug} {begin}..{end} has no quotes, {fault}"
                )
            break
        if end == today() - ONE_DAY and end not in table.index.date:
            _forget(request, url)
        parts.append((f"the answer for {begin}..{end}", table))
        checksum.update(body)
    if missing:
        raise OfflineError(
            f"days of {coin.slug} are not in the cache: {name_spans(missing)}; "
            "run once without --offline"
        )
    return parts, checksum.hexdigest()


def _parse(body: bytes, coin: Coin, begin: date, end: date) -> tuple[bytes, pd.DataFrame]:
    return body, parse_history(body, coin, begin, end)


def _forget(request: Request, url: str) -> None:
    """Ask for a window again next time: its last day is published some time after midnight."""
    if request.client.cache:
        with contextlib.suppress(OSError):
            request.client.cache.path(url).unlink(missing_ok=True)


def _fault_of_no_rows(parts: list[Part], end: date) -> str:
    """Return why a window may not be empty; nothing where the coin can have begun after it."""
    if not parts:
        return "and it is the newest; try later, or ask for a period in which the coin was traded"
    if end in parts[-1][1].index.date:
        return f"although the next window has {end}; try later"
    return ""


def _interface(request: Request) -> tuple[str, str]:
    """Return the address of the server and the version to ask for; the address may name it."""
    base = (request.url or API).rstrip("/")
    server, _, version = base.partition("/data-api/")
    if version not in {"", "v3", "v3.1"}:
        raise InputError(f"url {base!r} has no known version; end it with /data-api/v3 or v3.1")
    return server, version or VERSION


def _address(base: str, coin: Coin, begin: date, end: date) -> str:
    """Return the address of a window: from the second before it to its last second."""
    start = (begin - date(1970, 1, 1)) // timedelta(seconds=1) - 1
    stop = (end + ONE_DAY - date(1970, 1, 1)) // timedelta(seconds=1) - 1
    query = f"id={coin.id}&convertId={USD}&timeStart={start}&timeEnd={stop}&interval=1d"
    return f"{base}/historical?{query}"


def _data(answer: object, coin: Coin, place: str) -> dict[str, object]:
    """Return the data of an answer that is no error and about the right coin."""
    check_status(answer, place)
    data = member(answer, "data", dict, place)
    data = data if "quotes" in data or "id" in data else data.get(str(coin.id), data)
    if not isinstance(data, dict) or str(data.get("id")) != str(coin.id):
        found = data.get("id") if isinstance(data, dict) else data
        raise PriceError(
            f"{place} is about the coin with id {brief(found)}, not {coin.id}; "
            "fetch it again or use another source"
        )
    for name, known in (("slug", (coin.slug,)), ("symbol", coin.symbols)):
        if data.get(name) is not None and data[name] not in known:
            raise PriceError(
                f"{place} is about the {name} {brief(data[name])}, not {known[0]!r}; "
                "check the coin's slug or use another source"
            )
    return data
