"""Measure how fast many models train, on this machine, now."""

from __future__ import annotations

import argparse

import environment

EXAMPLE = """
examples:
  python3 scripts/benchmark.py training --fits 3
  python3 scripts/benchmark.py training --record
"""


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    line = environment.command_line(__doc__, EXAMPLE)
    what = line.add_subparsers(required=True, metavar="WHAT")
    training = what.add_parser("training", help="many models in one program against `fit`")
    training.add_argument(
        "--fits", type=int, choices=[0, *range(3, 101)], default=0, metavar="N",
        help="calls of fit to time, 3 or more; their mean is multiplied. Default: 0, all of them",
    )  # fmt: skip
    training.add_argument(
        "--members", type=int, choices=range(1, 2001), nargs="+", metavar="N",
        help="numbers of Ethereum LSTMs in one program. Default: seven from 1 to 1000",
    )  # fmt: skip
    training.add_argument(
        "--record", action="store_true", help="write data/speed.json, which notebook 08 draws"
    )
    return line


def main(arguments: argparse.Namespace) -> int:
    """Time both sides of both workloads, then programs of many sizes."""
    from coincast.studies.speed import measurement, reading
    from coincast.studies.speed.timing import WORKLOADS

    found = measurement.collect(arguments.fits, arguments.members or measurement.SIZES)
    table = reading.timing_table(found["runs"])
    print(f"\n{table.to_string(index=False, float_format='{:.3f}'.format, na_rep='-')}\n")
    for name, workload in WORKLOADS.items():
        what = f"models of the {name} study"
        full, portable = (
            reading.ratios(found[kind], name, workload.members)
            for kind in ("runs", "portable_runs")
        )
        print(*reading.ratio_sentences(full, what, workload.members), sep="\n")
        print(reading.portable_sentence(portable, what, workload.members))
    if arguments.record:
        measurement.save(found)
        print("written: data/speed.json")
    return 0


if __name__ == "__main__":
    environment.run(main, parser().parse_args())
