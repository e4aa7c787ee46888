"""The price tables in `data/`: real, daily, without gaps, and readable without a network."""

import zlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from coincast.errors import InputError, did_you_mean, shown
from coincast.files import sha256
from coincast.paths import DAILY
from coincast.prices.schema import OHLC, as_prices
from coincast.prices.sources.request import Request

__all__ = ["DEFAULT_VENUES", "check_coin", "load", "read_series", "read_table", "row_origins"]

# Coinbase has both coins of the Ethereum study: one venue, one clock.
DEFAULT_VENUES = {
    "bitcoin": "coinbase",
    "ethereum": "coinbase",
    "litecoin": "bitstamp",
    "xrp": "bitfinex",
    "eos": "bitfinex",
}
NUMBERS = [*OHLC, "volume"]
COLUMNS = ("coin", "venue", *NUMBERS)


def load(request: Request) -> pd.DataFrame:
    """A whole bundled series; volume is in coins, market capitalisation unknown.

    Raises:
        InputError: the tables lack the coin or the venue, or a url was given.
    """
    request.refuse("url", "bundled")
    check_coin(request.coin)
    venue = request.venue or DEFAULT_VENUES[request.coin]
    return as_prices(
        read_series(DAILY, request, venue),
        coin=request.coin,
        source="bundled",
        venue=venue,
        volume_unit="coins",
        sha256=sha256(DAILY),
    )


def check_coin(coin: str) -> None:
    """Accept a coin that is in the tables.

    Raises:
        InputError: it is not; the message names those that are.
    """
    if coin not in DEFAULT_VENUES:
        raise InputError(
            f"coin {shown(coin)} is not bundled; {did_you_mean(coin, DEFAULT_VENUES)}"
            f"use one of {', '.join(DEFAULT_VENUES)}, or another source"
        )


def read_series(path: Path, request: Request, venue: str) -> pd.DataFrame:
    """One coin at one venue from a bundled table: index `date`, prices and volume.

    Raises:
        InputError: the table cannot be read, or lacks the coin at that venue.
    """
    table = read_table(path)
    series = table[table["coin"] == request.coin]
    if venue not in set(series["venue"]):
        raise InputError(
            f"{path.name} has no {request.coin} at {shown(venue)}; "
            f"its venues are: {', '.join(sorted(set(series['venue']))) or 'none'}"
        )
    return series.loc[series["venue"] == venue, NUMBERS]


def row_origins() -> pd.DataFrame:
    """How many daily rows of each series have which `source`: original or repaired."""
    counts = read_table(DAILY).groupby(["coin", "venue", "source"]).size()
    return counts.rename("rows").reset_index()


def read_table(path: Path, columns: Sequence[str] = COLUMNS) -> pd.DataFrame:
    """A bundled table, index `date`; a column `known` holds days too.

    Raises:
        InputError: it cannot be read, or lacks one of the columns.
    """
    try:
        table = pd.read_csv(
            path,
            compression="gzip",
            parse_dates=["date", *({"known"} & set(columns))],
            index_col="date",
            dtype=dict.fromkeys(NUMBERS, "float64"),
        )
        if absent := [name for name in columns if name not in table.columns]:
            raise InputError(f"column {absent[0]!r} is missing")
        if not isinstance(table.index, pd.DatetimeIndex):  # pandas leaves such a column as text
            raise InputError("not every date is a day")
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise InputError(
            f"cannot read {path.name}: {' '.join(str(error).split())}; "
            "restore it with `git checkout data` or `python3 scripts/build_data.py`"
        ) from error
    return table
