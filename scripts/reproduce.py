"""Re-execute the notebooks with papermill and regenerate every figure and number.

Only what is not up to date is run: the notebook, its parameters, the data, the code that it uses,
the libraries and what it made are compared with the last run. Ctrl-C stops; the next call goes on.
"""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import environment

if TYPE_CHECKING:
    from coincast.runner.reproduction import Engine, Outcome, Places, Planned
    from coincast.runner.sweeps import Sweep
    from coincast.runner.tasks import Limits, Task

Number = TypeVar("Number", int, float)
TABLES = 2  # that a sweep writes at least
EXAMPLE = """
examples:
  python3 scripts/reproduce.py
  python3 scripts/reproduce.py --fresh --jobs 2
  python3 scripts/reproduce.py 02_ethereum_lstm -p coin=litecoin -p seed=7 --out /tmp/litecoin
  python3 scripts/reproduce.py 02_ethereum_lstm --sweep coin=ethereum,litecoin --sweep lags=2,4,8
  python3 scripts/reproduce.py --scheduler tcp://127.0.0.1:8786
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
    line.add_argument(
        "--sweep",
        dest="sweeps",
        action="append",
        default=[],
        metavar="NAME=A,B",
        help="run one notebook with every combination of these values (a list's items are joined "
        "by +), into build/sweeps/NOTEBOOK; may be repeated",
    )
    line.add_argument("--quick", action="store_true", help="tiny settings, into build/quick")
    line.add_argument("--out", metavar="DIR", help="folder for figures and numbers, not figs/")
    line.add_argument("--fresh", action="store_true", help="run also what is up to date")
    engines = line.add_mutually_exclusive_group()
    engines.add_argument(
        "--jobs",
        type=positive(int),
        metavar="N",
        help="notebooks at a time; as many as fit cores and memory if not given",
    )
    engines.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="run on the workers of the Dask cluster whose scheduler is at this address",
    )
    line.add_argument(
        "--timeout",
        type=positive(float),
        default=60.0,
        metavar="MINUTES",
        help="longest that one notebook may take (default: 60)",
    )
    line.add_argument(
        "--memory",
        type=positive(float),
        default=float("inf"),
        metavar="GIB",
        help="most memory that one notebook's processes may take together (default: no limit)",
    )
    return line


def positive(kind: type[Number]) -> Callable[[str], Number]:
    """Return a converter of texts to numbers above zero."""

    def convert(text: str) -> Number:
        number = kind(text)
        if not number > 0:
            raise ValueError
        return number

    convert.__name__ = f"positive {kind.__name__}"  # argparse names it in its message
    return convert


def main(arguments: argparse.Namespace) -> int:
    """Check what is asked for, then do it."""
    from coincast.paths import BUILD, FIGS
    from coincast.runner.reproduction import Places
    from coincast.runner.tasks import Limits

    limits = Limits(arguments.timeout * 60, arguments.memory)
    how = {name: getattr(arguments, name) for name in ("fresh", "jobs", "scheduler")}
    if arguments.sweeps:
        return carry_out_sweep(chosen_sweep(arguments), limits, **how)
    tasks = chosen(arguments, limits)
    default = BUILD / "quick" if arguments.quick else FIGS
    places = Places.of(Path(arguments.out).resolve() if arguments.out else default)
    return carry_out(tasks, places, **how)


def carry_out(
    tasks: list[Task],
    places: Places,
    *,
    fresh: bool,
    jobs: int | None,
    scheduler: str | None = None,
) -> int:
    """Run what is not up to date, print what became of it, and return the exit status."""
    from coincast.paths import FIGS
    from coincast.runner.lock import only_run
    from coincast.runner.reproduction import plan

    with only_run(places.build):
        planned = plan(tasks, places, fresh=fresh)
        outcomes = run(planned, places.build / "work", jobs, scheduler)
        print(f"\nfigures and numbers: {places.out}\nexecuted notebooks: {places.build}")
        problems = [outcome for outcome in outcomes if outcome.problem]
        if places.out == FIGS and not problems:
            refresh_readme(places)
        refresh_page(tasks, places, ran=bool(outcomes))
    return status(problems)


def status(problems: list[Outcome]) -> int:
    """Return the exit status of a run that had these problems."""
    if problems and all(outcome.result.bad_input for outcome in problems):
        environment.fail(problems[0].problem, environment.BAD_INPUT)
    return int(bool(problems))


def carry_out_sweep(
    sweep: Sweep, limits: Limits, *, fresh: bool, jobs: int | None, scheduler: str | None = None
) -> int:
    """Run what of a sweep is not up to date, write its table and figure, return the status."""
    from coincast.runner.lock import only_run
    from coincast.runner.reproduction import Places
    from coincast.runner.sweeps import collect, plan_sweep, write_sweep

    build = Places.of(sweep.folder).build
    with only_run(build):
        planned = plan_sweep(sweep, limits, fresh=fresh)
        outcomes = run(planned, build / "work", jobs, scheduler)
        found = collect(sweep, outcomes)
        files = write_sweep(sweep, found)
    print(f"\n{len(found.finished)} of {len(planned)} runs are in the table")
    print("\n".join(map(str, files)))
    if found.finished and len(files) == TABLES:
        print(
            f"no figure: {sweep.notebook.stem} records no table of scores as values['evaluation']"
        )
    problems = [outcome for outcome in outcomes if outcome.problem]
    return status(problems) or int(bool(found.problems))


def chosen_sweep(arguments: argparse.Namespace) -> Sweep:
    """Return the sweep that a command line asks for, every value checked."""
    from coincast.errors import InputError
    from coincast.paths import BUILD, FIGS
    from coincast.records.parameters import parse_assignments
    from coincast.runner.reproduction import find_notebooks
    from coincast.runner.sweeps import Sweep, parse_grid

    if len(set(arguments.notebooks)) != 1:
        raise InputError("--sweep is of one notebook: name it, for example 02_ethereum_lstm")
    (notebook,) = find_notebooks(arguments.notebooks)
    quick = ["quick=true"] if arguments.quick else []
    fixed = parse_assignments([*arguments.parameters, *quick], [notebook])[notebook]
    default = BUILD / "sweeps" / notebook.stem
    folder = Path(arguments.out).resolve() if arguments.out else default
    if FIGS in (folder, *folder.parents):
        raise InputError(f"--out {folder} is for the default study; choose another folder")
    return Sweep(notebook, parse_grid(arguments.sweeps, notebook, fixed), folder, fixed)


def chosen(arguments: argparse.Namespace, limits: Limits) -> list[Task]:
    """Return the tasks that a command line asks for, every value checked."""
    from coincast.records.parameters import parse_assignments
    from coincast.runner.reproduction import find_notebooks, make_task

    notebooks = find_notebooks(arguments.notebooks)
    quick = ["quick=true"] if arguments.quick else []
    parameters = parse_assignments([*arguments.parameters, *quick], notebooks)
    return [make_task(notebook, parameters[notebook], limits) for notebook in notebooks]


def run(
    planned: list[Planned], work: Path, jobs: int | None, scheduler: str | None
) -> list[Outcome]:
    """Run what is planned, telling of each start and end, and print the table."""
    from coincast.runner.reproduction import reproduce

    outcomes: list[Outcome] = []
    started = time.monotonic()
    try:
        for outcome in reproduce(planned, engine(planned, work, jobs, scheduler)):
            outcomes.append(outcome)
            end = f"failed: {outcome.problem}" if outcome.problem else "finished"
            tell(f"{outcome.task.name} {end}, {outcome.result.seconds:.0f} s")
    finally:  # also after Ctrl-C: what is finished stays
        print_table(planned, outcomes)
        print(f"{'together':<22}{time.monotonic() - started:>8.1f}")
    return outcomes


def engine(planned: list[Planned], work: Path, jobs: int | None, scheduler: str | None) -> Engine:
    """Return what executes tasks: this machine, or a cluster."""
    if scheduler is not None:
        from coincast.runner.cluster import run_on_cluster

        return functools.partial(run_on_cluster, address=scheduler)
    from coincast.runner.pool import default_jobs, run_tasks

    why = {entry.task.name: entry.why for entry in planned}
    return functools.partial(
        run_tasks,
        jobs=jobs or default_jobs(sum(map(bool, why.values()))),
        work=work,
        started=lambda task: tell(f"{task.name} started: {why[task.name]}"),
    )


def tell(line: str) -> None:
    """Print one line of progress, whole also when several notebooks tell at once."""
    print(f"{line}\n", end="", flush=True)


def print_table(planned: list[Planned], outcomes: list[Outcome]) -> None:
    """Print what became of every notebook: seconds, peak of memory, figures or problem."""
    ended = {outcome.task.name: outcome for outcome in outcomes}
    width = max([22, *(len(entry.task.name) + 2 for entry in planned)])
    print(f"\n{'notebook':<{width}}{'seconds':>8}{'GiB':>6}  figures")
    for entry in planned:
        name = entry.task.name
        if name in ended:
            result = ended[name].result
            problem = ended[name].problem
            told = f"FAILED: {problem}" if problem else ", ".join(ended[name].figures)
            print(f"{name:<{width}}{result.seconds:>8.1f}{result.peak_gib:>6.1f}  {told}")
        else:
            told = f"not run ({entry.why})" if entry.why else "up to date"
            print(f"{name:<{width}}{'-':>8}{'-':>6}  {told}")


def refresh_page(tasks: list[Task], places: Places, *, ran: bool) -> None:
    """Write the page of figures, unless nothing ran since it was written last."""
    from coincast.errors import InputError
    from coincast.paths import FIGS
    from coincast.runner.reproduction import find_notebooks, make_task, plan
    from coincast.runner.tasks import Limits

    if not ran and (places.build / "index.html").exists():
        return
    from coincast.report.page import FRESH, Record, write_page  # takes long to import, too

    if places.out == FIGS:  # the page of the study shows also what was not asked for now
        asked = {task.notebook: task for task in tasks}
        defaults = [make_task(notebook, {}, Limits()) for notebook in find_notebooks()]
        tasks = [asked.get(task.notebook, task) for task in defaults]
    records = [
        Record(
            entry.task.notebook,
            f"stale: {entry.why}" if entry.why else FRESH,
            entry.seconds,
            entry.peak_gib,
            entry.gpus,
        )
        for entry in plan(tasks, places)
    ]
    try:
        print(f"page of figures: {write_page(records, figs=places.out, build=places.build)}")
    except InputError as error:  # the figures themselves are in place
        environment.tell(f"no page of figures: {error}")


def refresh_readme(places: Places) -> None:
    """Bring the README up to date, unless nothing that it is made of changed since last time."""
    from coincast.files import write_atomically
    from coincast.paths import ROOT
    from coincast.runner.manifests import readme_state

    done = places.build / "manifests" / "README.txt"
    readme = ROOT / "README.md"
    if done.exists() and done.read_text() == readme_state(readme, places.out):
        return
    from coincast.report.readme import (
        update_readme,  # takes longer to import than all the above to run
    )

    print(update_readme(readme, places.out))
    write_atomically(done, readme_state(readme, places.out))


if __name__ == "__main__":
    environment.run(main, parser().parse_args())
