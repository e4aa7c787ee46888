"""Prices from any source, as one checked table."""

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from coincast.errors import InputError, PriceWarning
from coincast.paths import HOURLY
from coincast.prices.schema import odd_rows, parse_date, validate_prices
from coincast.prices.sources import bundled, find_source
from coincast.prices.sources.request import Request

if TYPE_CHECKING:  # the bundled tables need no web client
    from coincast.prices.web.client import Client

__all__ = ["load_common", "load_hourly", "load_prices", "volume_in_usd"]


def load_prices(
    coin: str,
    start: str = "",
    end: str = "",
    source: str = "bundled",
    *,
    venue: str = "",
    url: str = "",
    client: "Client | None" = None,
) -> pd.DataFrame:
    """Daily prices of a coin, validated.

    Args:
        coin: CoinMarketCap slug, for example "bitcoin".
        start: first day as "YYYY-MM-DD"; empty for the first that the source has.
        end: last day, inclusive; empty for the last that the source has.
        source: "bundled" (the tables in data/), "coinmarketcap" (its current JSON), "html" (one of
            its pages, 2013 to 2021), "wayback" (archived copies of them, stitched) or "csv" (a
            table that `scripts/scrape.py` wrote, or your own).
        venue: for "bundled": coinbase, bitstamp or bitfinex; empty for the coin's default.
        url: for "html": address, with {coin}, {start} and {end} where they belong; for "csv": path
            or address of the table, with {coin}; for "coinmarketcap" and "wayback": address of
            another server with the same interface.
        client: what to fetch with; by default one without a cache.

    Returns:
        Index `date` (UTC days, ascending, no gaps), columns `open high low close volume
        market_cap`; `attrs` hold coin, source, venue, volume_unit and the data's sha256.

    Raises:
        InputError: a parameter cannot be used, or the period is outside the data.
        PriceError: the table cannot be trusted.

    Warns:
        PriceWarning: rows are possible but strange, see `schema.odd_rows`.

    >>> load_prices("ethereum", "2017-11-15", "2018-01-13")["close"].size
    60
    """
    load = find_source(source)
    days = parse_date(start, "start"), parse_date(end, "end")
    request = Request(coin, *days, venue, url, client)
    prices = request.cut(validate_prices(load(request)))
    for sentence in odd_rows(prices):
        warnings.warn(f"{coin} from {source}: {sentence}", PriceWarning, stacklevel=2)
    return prices


def load_common(
    coins: Iterable[str],
    start: str = "",
    end: str = "",
    source: str = "bundled",
    *,
    venue: str = "",
    url: str = "",
) -> dict[str, pd.DataFrame]:
    """Prices of several coins on the same days: coin -> table, as from `load_prices`.

    An empty `start` or `end` means the first or last day that every coin has.

    Raises:
        InputError: as in `load_prices`, or no coin is named, or the coins share no day.

    >>> {coin: len(table) for coin, table in load_common(["bitcoin", "litecoin"]).items()}
    {'bitcoin': 936, 'litecoin': 936}
    """
    tables = {coin: load_prices(coin, start, end, source, venue=venue, url=url) for coin in coins}
    if not tables:
        raise InputError("no coin is named; name at least one, for example 'bitcoin'")
    first = max(table.index[0] for table in tables.values())
    last = min(table.index[-1] for table in tables.values())
    if first > last:
        raise InputError(f"{' and '.join(tables)} have no day in common; choose other coins")
    return {coin: table.loc[first:last] for coin, table in tables.items()}


def load_hourly(coin: str) -> pd.DataFrame:
    """Bundled hourly bars of a coin at Bitfinex, 2017-10-01..2019-09-30.

    Returns:
        Index `date` (tz-naive UTC, start of the hour; hours without trades are absent), columns
        `open high low close volume` (USD, coins).

    Raises:
        InputError: the table does not have the coin.

    >>> load_hourly("bitcoin").index[0]
    Timestamp('2017-10-01 00:00:00')
    """
    return bundled.read_series(HOURLY, Request(coin), "bitfinex")


def volume_in_usd(prices: pd.DataFrame) -> pd.Series:
    """Daily volume in USD; a volume in coins is valued at the day's close."""
    in_coins = prices.attrs["volume_unit"] == "coins"
    return prices["volume"] * prices["close"] if in_coins else prices["volume"]
