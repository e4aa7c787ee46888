"""Measure what the project promises, on this machine, now."""

from __future__ import annotations

import argparse
import inspect
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import environment
import scrape

if TYPE_CHECKING:
    import pandas as pd

    from coincast.prices.web.client import Client

EXAMPLE = """
examples:
  python3 scripts/benchmark.py prices
  python3 scripts/benchmark.py training --fits 3
  python3 scripts/benchmark.py prices --coins 2 --years 1 --latency 200
"""
FIRST_YEAR = 2013
UNLIMITED = 10**6  # requests a second; no machine gets there


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    line = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = line.add_subparsers(required=True, metavar="WHAT")
    prices = what.add_parser("prices", help="scraping from a server on this machine")
    for name, default, most, text in (
        ("coins", 5, 20, "how many, 1 to 20"),
        ("years", 5, 10, "of each, a page a year, 1 to 10"),
        ("latency", 50, 1000, "ms from a request to its answer, 1 to 1000"),
    ):
        prices.add_argument(
            f"--{name}", type=int, default=default, choices=range(1, most + 1), metavar="N",
            help=f"{text}; {default} if not told",
        )  # fmt: skip
    prices.set_defaults(measure=measure_prices)
    training = what.add_parser("training", help="many models in one program against `fit`")
    training.add_argument(
        "--fits", type=int, choices=[0, *range(3, 101)], default=0, metavar="N",
        help="time this many calls of fit, 3 or more, and multiply; 0, if not told, times all",
    )  # fmt: skip
    training.add_argument(
        "--members", type=int, choices=range(1, 2001), nargs="+", metavar="N",
        help="numbers of Ethereum LSTMs in one program; seven from 1 to 1000 if not told",
    )  # fmt: skip
    training.add_argument(
        "--record", action="store_true", help="write data/speed.json, which notebook 08 draws"
    )
    training.set_defaults(measure=measure_training)
    return line


def main(arguments: argparse.Namespace) -> int:
    """Measure what was asked for."""
    return int(arguments.measure(arguments))


def measure_prices(arguments: argparse.Namespace) -> int:
    """Scrape years of coins: politely, as fast as possible, and from the cache."""
    from coincast.prices.sources.historical_page import parse_page
    from coincast.prices.web.cache import RawCache
    from coincast.prices.web.client import Client

    polite = inspect.signature(Client).parameters["per_second"].default
    jobs = scrape.parser().get_default("jobs")
    made = {f"coin-{n}": make_prices(arguments.years, n) for n in range(arguments.coins)}
    pages = {
        f"/{coin}/{year}": render(rows).encode()
        for coin, prices in made.items()
        for year, rows in prices.groupby(prices.index.year)
    }
    before = peak_memory()
    latency = arguments.latency / 1000
    print(f"{len(pages)} pages of a year of days, each {arguments.latency} ms after its request")
    print(f"{'':24}{'requests':>9}{'seconds':>9}{'at least':>9}")
    with serve(pages, latency) as (url, asked), tempfile.TemporaryDirectory() as folder:
        for name, per_second, refresh in (
            (f"{polite} requests a second", polite, False),
            ("no limit on requests", UNLIMITED, True),
            ("from the cache", UNLIMITED, False),
        ):
            asked.clear()
            client = Client(RawCache(Path(folder)), refresh=refresh, per_second=per_second)
            started = time.perf_counter()
            found = scrape_years(made, url, client, jobs)
            seconds = time.perf_counter() - started
            if any(not found[coin].equals(made[coin]) for coin in made):
                environment.fail(f"{name}: the prices are not those that were served")
            least = bound(len(asked), per_second, jobs, latency)
            print(f"{name:24}{len(asked):9}{seconds:9.2f}{least:9.2f}", flush=True)
    parsing = [timed(parse_page, page) for page in pages.values()]
    print(f"\nparsing: {1000 * statistics.median(parsing):.0f} ms a year of days (median)")
    print(f"peak memory: {peak_memory():.0f} MiB, {before:.0f} MiB of it before the first request")
    return 0


def bound(requests: int, per_second: int, jobs: int, latency: float) -> float:
    """Return the seconds below which so many requests cannot be answered."""
    if requests == 0:
        return 0.0
    server = -(-requests // jobs) * latency
    politeness = (requests - 1) // per_second + latency
    return max(server, politeness)


def scrape_years(
    made: dict[str, pd.DataFrame], url: str, client: Client, jobs: int
) -> dict[str, pd.DataFrame]:
    """Return the prices of all coins, several coins at a time as in `scrape.py`."""
    import pandas as pd

    from coincast.prices.load import load_prices

    def one(coin: str) -> pd.DataFrame:
        years = sorted(set(made[coin].index.year))
        page = f"{url}/{{coin}}/"
        return pd.concat(
            load_prices(
                coin, f"{year}-01-01", f"{year}-12-31", "html", url=f"{page}{year}", client=client
            )
            for year in client.track(years, coin)
        )

    with ThreadPoolExecutor(jobs) as pool:
        return dict(zip(made, pool.map(one, made), strict=True))


def make_prices(years: int, seed: int) -> pd.DataFrame:
    """Return a seeded random walk over whole years, rounded as a page shows it."""
    import numpy as np
    import pandas as pd

    from coincast.prices.schema import COLUMNS

    random = np.random.default_rng(seed)
    days = pd.date_range(f"{FIRST_YEAR}-01-01", f"{FIRST_YEAR + years - 1}-12-31", name="date")
    opens, closes = 1000 * np.exp(random.normal(0, 0.03, (2, len(days))).cumsum(axis=1))
    high, low = np.maximum(opens, closes) * 1.02, np.minimum(opens, closes) * 0.98
    volume, cap = random.integers(10**6, 10**9, (2, len(days)))
    columns = [opens, high, low, closes, volume, cap]
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)), index=days).astype(float).round(2)


def render(prices: pd.DataFrame) -> str:
    """Return a page that shows prices, newest day first."""
    head = "".join(f"<th>{name.replace('_', ' ')}</th>" for name in ("date", *prices.columns))
    rows = "".join(
        f"<tr><td>{day:%b %d, %Y}</td>{''.join(f'<td>{cell:,.2f}</td>' for cell in cells)}</tr>\n"
        for day, *cells in prices[::-1].itertuples()
    )
    return f"<html><body><table><tr>{head}</tr>\n{rows}</table></body></html>"


@contextmanager
def serve(pages: dict[str, bytes], latency: float) -> Iterator[tuple[str, list[str]]]:
    """Serve pages from this machine; give the address and the list of what was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            time.sleep(latency)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(pages[self.path])))
            self.end_headers()
            self.wfile.write(pages[self.path])

        def log_message(self, *_: object) -> None:
            """Leave the terminal to the measurements."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()


def timed(function: Callable[[bytes], object], argument: bytes) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    function(argument)
    return time.perf_counter() - started


def peak_memory() -> float:
    """Return the most memory that this process has had so far, in MiB; NaN on Windows."""
    try:
        import resource
    except ImportError:
        return float("nan")
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def measure_training(arguments: argparse.Namespace) -> int:
    """Time both sides of both studies, then programs of many sizes."""
    from coincast.studies import speed

    record = speed.collect(arguments.fits, arguments.members or speed.SIZES)
    runs = record["runs"]
    table = speed.timing_table(runs)
    print(f"\n{table.to_string(index=False, float_format='{:.3f}'.format, na_rep='-')}\n")
    for name, study in speed.STUDIES.items():
        found = speed.ratios(runs, name, study.members)
        print(*speed.ratio_sentences(found, f"models of the {name} study", study.members), sep="\n")
    if arguments.record:
        speed.save_record(record)
        print("written: data/speed.json")
    return 0


if __name__ == "__main__":
    environment.run(main, parser().parse_args())
