"""Fetch daily prices of a coin, check them, and write them as one CSV file."""

from __future__ import annotations

import argparse
from pathlib import Path

import environment

EXAMPLE = """
TEMPLATE may hold {coin}, {start} and {end} (days as YYYYMMDD) and may be a saved page.

example:
  python3 scripts/scrape.py ethereum --start 2016-05-01 --end 2018-01-13 \\
      --source html --url 'file:///home/me/pages/{coin}.html' --out ethereum.csv
"""


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    line = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    line.add_argument("coin", metavar="COIN", help="CoinMarketCap slug, for example bitcoin")
    line.add_argument("--start", default="", metavar="YYYY-MM-DD", help="first day")
    line.add_argument("--end", default="", metavar="YYYY-MM-DD", help="last day, inclusive")
    line.add_argument("--source", default="html", help="where from: html (default) or bundled")
    line.add_argument("--url", default="", metavar="TEMPLATE", help="address of the page")
    line.add_argument("--venue", default="", help="exchange, for source bundled")
    line.add_argument("--out", metavar="FILE.csv", help="default: COIN.csv in this folder")
    return line


def main(arguments: argparse.Namespace) -> int:
    """Write the validated prices; on bad input an earlier file stays as it was."""
    from coincast.files import write_atomically
    from coincast.prices import load_prices

    prices = load_prices(
        arguments.coin,
        arguments.start,
        arguments.end,
        arguments.source,
        venue=arguments.venue,
        url=arguments.url,
    )
    path = Path(arguments.out or f"{arguments.coin}.csv")
    write_atomically(path, prices.to_csv(date_format="%Y-%m-%d"))
    first, last = prices.index[0], prices.index[-1]
    print(f"{path}: {arguments.coin}, {len(prices)} days, {first:%Y-%m-%d} to {last:%Y-%m-%d}")
    return 0


if __name__ == "__main__":
    environment.run(main, parser().parse_args())
