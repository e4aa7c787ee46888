"""Re-execute the notebooks with papermill and regenerate every figure and number."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import environment

if TYPE_CHECKING:
    from coincast.reproduction import Outcome
    from coincast.tasks import Task

EXAMPLE = """
examples:
  python3 scripts/reproduce.py
  python3 scripts/reproduce.py 02_ethereum_lstm -p coin=litecoin -p seed=7 --out /tmp/litecoin
"""


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    line = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    line.add_argument(
        "notebooks", nargs="*", metavar="NOTEBOOK", help="which to run; all if none is named"
    )
    line.add_argument(
        "-p",
        dest="parameters",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set a notebook parameter; may be repeated",
    )
    line.add_argument("--quick", action="store_true", help="tiny settings, into build/quick")
    line.add_argument("--out", metavar="DIR", help="folder for figures and numbers, not figs/")
    return line


def main(arguments: argparse.Namespace) -> int:
    """Run the notebooks and print what became of them."""
    from coincast.parameters import parse_assignments
    from coincast.paths import BUILD, FIGS, ROOT
    from coincast.readme import update_readme
    from coincast.reproduction import Places, find_notebooks, make_task, reproduce
    from coincast.tasks import Limits

    notebooks = find_notebooks(arguments.notebooks)
    quick = ["quick=true"] if arguments.quick else []
    parameters = parse_assignments([*arguments.parameters, *quick], notebooks)
    default = BUILD / "quick" if arguments.quick else FIGS
    out = Path(arguments.out).resolve() if arguments.out else default
    outcomes = []
    tasks = [make_task(notebook, parameters[notebook], Limits()) for notebook in notebooks]
    for outcome in reproduce(tasks, Places(out=out), started=tell_start):
        outcomes.append(outcome)
        if outcome.result.bad_input:  # it would only be told again by the next notebook
            environment.fail(outcome.problem, environment.BAD_INPUT)
    print_table(outcomes)
    print(f"\nfigures and numbers: {out}\nexecuted notebooks: {BUILD}")
    failed = any(outcome.problem for outcome in outcomes)
    if out == FIGS and not failed:
        print(update_readme(ROOT / "README.md", FIGS))
    return int(failed)


def tell_start(task: Task) -> None:
    """Print that a notebook begins."""
    print(f"{task.name} ...", flush=True)


def print_table(outcomes: list[Outcome]) -> None:
    """Print notebooks, seconds and figures."""
    print(f"\n{'notebook':<22}{'seconds':>8}{'GiB':>6}  figures")
    for outcome in outcomes:
        told = ", ".join(outcome.figures) or f"FAILED: {outcome.problem}"
        result = outcome.result
        print(f"{outcome.notebook:<22}{result.seconds:>8.1f}{result.peak_gib:>6.1f}  {told}")
    print(f"{'together':<22}{sum(outcome.result.seconds for outcome in outcomes):>8.1f}")


if __name__ == "__main__":
    environment.run(main, parser().parse_args())
