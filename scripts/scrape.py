"""Fetch daily prices of coins, check them, and write one CSV file per coin."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import stat
import tempfile
import threading
from concurrent.futures import Future, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from coincast.prices.web.client import Client

EXAMPLE = """
TEMPLATE may hold {coin}, {start} and {end} (days as YYYYMMDD) and may be a saved page. Beside each
CSV a JSON of the same name says where its rows come from; `load_prices(..., source="csv")` reads
both. Answers are kept in data/cache: an interrupted scrape continues from there.

examples:
  python3 scripts/scrape.py bitcoin ethereum --source coinmarketcap --start 2017-01-01
  python3 scripts/scrape.py ethereum --start 2016-05-01 --end 2018-01-13 \\
      --source html --url 'file:///home/me/pages/{coin}.html' --out ethereum.csv
"""


def parser() -> argparse.ArgumentParser:
    """The command line's options."""
    line = environment.command_line(__doc__, EXAMPLE)
    line.add_argument("coins", nargs="+", metavar="COIN", help="CoinMarketCap slug: bitcoin")
    line.add_argument("--start", default="", metavar="YYYY-MM-DD", help="first day")
    line.add_argument("--end", default="", metavar="YYYY-MM-DD", help="last day, inclusive")
    line.add_argument("--source", default="html", help="where to fetch from (default: html)")
    line.add_argument("--url", default="", metavar="TEMPLATE", help="another address to fetch from")
    line.add_argument("--venue", default="", help="exchange, for source bundled")
    line.add_argument("--out", default="{coin}.csv", metavar="FILE", help="may hold {coin}")
    line.add_argument("--cache", metavar="DIR", help="keep answers here, not in data/cache")
    line.add_argument("--refresh", action="store_true", help="fetch again what is in the cache")
    line.add_argument("--offline", action="store_true", help="use only the cache")
    line.add_argument(
        "--per-second", type=int, default=4, metavar="N", help="most requests per second"
    )
    line.add_argument("--jobs", type=int, default=4, metavar="N", help="most coins at a time")
    return line


def main(arguments: argparse.Namespace) -> int:
    """Write the validated prices; on bad input an earlier file is left alone."""
    from coincast.errors import InputError
    from coincast.paths import DATA
    from coincast.prices.schema import parse_date
    from coincast.prices.sources.request import Request
    from coincast.prices.web.cache import RawCache
    from coincast.prices.web.client import Client

    if min(arguments.per_second, arguments.jobs) < 1:
        raise InputError("--per-second and --jobs must be 1 or more")
    for coin in arguments.coins:  # before anything is fetched
        Request(coin, parse_date(arguments.start, "start"), parse_date(arguments.end, "end"))
    check_places(arguments)
    client = Client(
        RawCache(Path(arguments.cache or DATA / "cache")),
        refresh=arguments.refresh,
        offline=arguments.offline,
        per_second=arguments.per_second,
    )
    failed, unexpected = False, None
    try:
        for coin, done in start(arguments, client):
            try:
                print(done.result(), flush=True)
            except InputError as error:
                environment.tell(str(error) if coin in str(error) else f"{coin}: {error}")
                failed = True
            except Exception as error:  # noqa: BLE001 - raised when the other coins are told
                unexpected = error
    except BaseException:  # interrupted: end at once, but not in the middle of a file
        client.writing.acquire(timeout=1)
        raise
    if unexpected:
        raise unexpected
    return environment.BAD_INPUT if failed else 0


def places(coin: str, arguments: argparse.Namespace) -> tuple[Path, Path]:
    """Where a coin's prices and their provenance are written."""
    out = arguments.out.replace("{coin}", coin)
    return Path(out), Path(f"{out}.json")


def check_places(arguments: argparse.Namespace) -> None:
    """Refuse what cannot be written, or would be written twice, before anything is fetched."""
    from coincast.errors import InputError

    owners: dict[str, str] = {}
    for coin in dict.fromkeys(arguments.coins):
        for path in places(coin, arguments):
            if reason := refusal(path):
                raise InputError(
                    f"--out {arguments.out!r:.80}: cannot write {str(path)!r:.200}: {reason}; "
                    "name a file, for example '{coin}.csv'"
                )
            if (other := owners.setdefault(os.path.realpath(path), coin)) != coin:
                raise InputError(
                    f"--out {arguments.out!r:.80} is the same file for {other!r} and {coin!r}; put "
                    "{coin} into its last part"
                )


def refusal(path: Path) -> str:
    """Why a file cannot be written; empty if it can."""
    if path.name in {"", ".json", "..", "...json"} or not str(path).isprintable():
        return "it is no name of a file"
    try:
        if path.is_symlink():
            return f"it is a link to {str(path.readlink())!r:.80}"
        if path.exists():
            mode = path.stat().st_mode
            return "" if stat.S_ISREG(mode) else "it is there and no regular file"
        folder = next(parent for parent in path.absolute().parents if parent.exists())
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, ValueError) as error:
        return str(getattr(error, "strerror", error))
    return ""


def start(arguments: argparse.Namespace, client: Client) -> Iterator[tuple[str, Future[str]]]:
    """Scrape in threads that nobody waits for after Ctrl-C; give each coin when it is done."""
    coins = {Future[str](): coin for coin in dict.fromkeys(arguments.coins)}
    waiting = iter(coins.items())

    def work() -> None:
        for future, coin in waiting:
            try:
                future.set_result(scrape(coin, arguments, client))
            except BaseException as error:  # noqa: BLE001 - raised where the coin is told
                future.set_exception(error)

    for _ in range(min(arguments.jobs, len(coins))):
        threading.Thread(target=work, daemon=True).start()
    for future in as_completed(coins):
        yield coins[future], future


def scrape(coin: str, arguments: argparse.Namespace, client: Client) -> str:
    """Write one coin's prices and their provenance; return a line for the user."""
    from coincast.files import write_together
    from coincast.prices.load import load_prices

    prices = load_prices(
        coin,
        arguments.start,
        arguments.end,
        arguments.source,
        venue=arguments.venue,
        url=arguments.url,
        client=client,
    )
    path, sidecar = places(coin, arguments)
    text = prices.to_csv(date_format="%Y-%m-%d", lineterminator="\n")
    with client.writing:
        write_together({path: text, sidecar: provenance(prices, text)})
    first, last = prices.index[0], prices.index[-1]
    return f"{path}: {coin}, {len(prices)} days, {first:%Y-%m-%d} to {last:%Y-%m-%d}"


def provenance(prices: pd.DataFrame, text: str) -> str:
    """The JSON beside a CSV: what its rows are and where they came from."""
    from datetime import UTC, datetime  # not at the top: an old Python starts this command

    from coincast import __version__
    from coincast.prices.sources.csv_table import extent

    known = {
        **prices.attrs,
        **extent(prices),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "sha256_of_answers": prices.attrs["sha256"],
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "coincast": __version__,
    }
    return json.dumps(known, indent=2) + "\n"


if __name__ == "__main__":
    environment.run(main, parser().parse_args())
