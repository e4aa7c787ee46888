"""Fetch daily prices of coins, check them, and write one CSV file a coin."""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import environment

if TYPE_CHECKING:
    import pandas as pd

    from coincast.prices.web.client import Client

EXAMPLE = """
TEMPLATE may hold {coin}, {start} and {end} (days as YYYYMMDD) and may be a saved page. Beside each
CSV a JSON of the same name tells where its rows come from; `load_prices(..., source="csv")` reads
both. Answers are kept in data/cache: a scrape that was interrupted goes on from there.

examples:
  python3 scripts/scrape.py bitcoin ethereum --source coinmarketcap --start 2017-01-01
  python3 scripts/scrape.py ethereum --start 2016-05-01 --end 2018-01-13 \\
      --source html --url 'file:///home/me/pages/{coin}.html' --out ethereum.csv
"""


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    line = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    line.add_argument("coins", nargs="+", metavar="COIN", help="CoinMarketCap slug: bitcoin")
    line.add_argument("--start", default="", metavar="YYYY-MM-DD", help="first day")
    line.add_argument("--end", default="", metavar="YYYY-MM-DD", help="last day, inclusive")
    line.add_argument("--source", default="html", help="where from; html if not told")
    line.add_argument("--url", default="", metavar="TEMPLATE", help="address to ask instead")
    line.add_argument("--venue", default="", help="exchange, for source bundled")
    line.add_argument("--out", default="{coin}.csv", metavar="FILE", help="may hold {coin}")
    line.add_argument("--cache", metavar="DIR", help="where answers are kept, not data/cache")
    line.add_argument("--refresh", action="store_true", help="ask again for what is in the cache")
    line.add_argument("--offline", action="store_true", help="use the cache alone")
    line.add_argument("--per-second", type=int, default=4, metavar="N", help="requests, at most")
    line.add_argument("--jobs", type=int, default=4, metavar="N", help="coins at a time, at most")
    return line


def main(arguments: argparse.Namespace) -> int:
    """Write the validated prices; on bad input an earlier file stays as it was."""
    from coincast.errors import InputError
    from coincast.prices.web.cache import RawCache, default_folder
    from coincast.prices.web.client import Client

    check(arguments)
    client = Client(
        RawCache(Path(arguments.cache) if arguments.cache else default_folder()),
        refresh=arguments.refresh,
        offline=arguments.offline,
        per_second=arguments.per_second,
    )
    failed = False
    with ThreadPoolExecutor(arguments.jobs) as pool:
        coins = dict.fromkeys(arguments.coins)
        scrapes = [pool.submit(scrape, coin, arguments, client) for coin in coins]
        for coin, done in zip(coins, scrapes, strict=True):
            try:
                print(done.result(), flush=True)
            except InputError as error:
                environment.tell(str(error) if coin in str(error) else f"{coin}: {error}")
                failed = True
            except BaseException:  # interrupted: those that have not begun never will
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return environment.BAD_INPUT if failed else 0


def check(arguments: argparse.Namespace) -> None:
    """Refuse options that cannot work together before anything is fetched."""
    for name in ("per_second", "jobs"):
        if getattr(arguments, name) < 1:
            environment.fail(f"--{name.replace('_', '-')} must be 1 or more", environment.BAD_INPUT)
    if len(set(arguments.coins)) > 1 and "{coin}" not in arguments.out:
        environment.fail(
            f"--out {arguments.out} would be written once a coin; put {{coin}} into it",
            environment.BAD_INPUT,
        )


def scrape(coin: str, arguments: argparse.Namespace, client: Client) -> str:
    """Write one coin's prices and their provenance; return a line that says so."""
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
    path = Path(arguments.out.replace("{coin}", coin))
    text = prices.to_csv(date_format="%Y-%m-%d", lineterminator="\n")
    write_together({path: text, path.with_name(f"{path.name}.json"): provenance(prices, text)})
    first, last = prices.index[0], prices.index[-1]
    return f"{path}: {coin}, {len(prices)} days, {first:%Y-%m-%d} to {last:%Y-%m-%d}"


def provenance(prices: pd.DataFrame, text: str) -> str:
    """Return what is known of a CSV: what its rows are and where they came from."""
    import hashlib
    from datetime import UTC, datetime

    from coincast import __version__

    known = {name: value for name, value in prices.attrs.items() if name != "sha256"}
    told = known | {
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "sha256_of_answers": prices.attrs["sha256"],
        "first_day": f"{prices.index[0]:%Y-%m-%d}",
        "last_day": f"{prices.index[-1]:%Y-%m-%d}",
        "rows": len(prices),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "coincast": __version__,
    }
    return json.dumps(told, indent=2) + "\n"


if __name__ == "__main__":
    environment.run(main, parser().parse_args())
