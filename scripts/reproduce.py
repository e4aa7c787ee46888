"""Re-execute the notebooks with papermill and regenerate every figure and number.

Only what is not up to date is run: the notebook, its parameters, the data, the code that it uses,
the libraries and what it made are compared with the last run. After Ctrl-C the next call goes on.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import environment

if TYPE_CHECKING:
    from coincast.runner.execution import Limits, Task
    from coincast.runner.reproduction import Outcome, Places
    from coincast.runner.sweeps.sweep import Sweep

EXAMPLE = """
examples:
  python3 scripts/reproduce.py
  python3 scripts/reproduce.py --fresh --jobs 2
  python3 scripts/reproduce.py 02_ethereum_lstm -p coin=litecoin -p seed=7 --out /tmp/litecoin
  python3 scripts/reproduce.py 02_ethereum_lstm --sweep coin=ethereum,litecoin --sweep lags=2,4,8
  python3 scripts/reproduce.py --scheduler tcp://127.0.0.1:8786
  python3 scripts/reproduce.py --verify
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    line = environment.command_line(__doc__, EXAMPLE)
    line.add_argument(
        "notebooks", nargs="*", metavar="NOTEBOOK", help="which to run (default: all)"
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
    line.add_argument("--fresh", action="store_true", help="also run what is up to date")
    line.add_argument(
        "--verify",
        action="store_true",
        help="run into build/verify, and say whether the committed figures and numbers come out",
    )
    engines = line.add_mutually_exclusive_group()
    engines.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="notebooks at a time (default: as many as fit cores and memory)",
    )
    engines.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="run on the workers of the Dask cluster whose scheduler is at this address",
    )
    line.add_argument(
        "--timeout",
        type=float,
        default=60.0,
        metavar="MINUTES",
        help="longest that one notebook may take (default: 60)",
    )
    line.add_argument(
        "--memory",
        type=float,
        default=float("inf"),
        metavar="GIB",
        help="most memory that one notebook's processes may take together (default: no limit)",
    )
    return line


def main(arguments: argparse.Namespace) -> int:
    """Check what is asked for, then do it."""
    from coincast.errors import InputError
    from coincast.paths import BUILD, FIGS
    from coincast.records.parameters import parse_assignments
    from coincast.runner.execution import Limits
    from coincast.runner.notebook.tasks import find_notebooks, make_task, split_readable
    from coincast.runner.reproduction import Places, output_folder
    from coincast.runner.sweeps.grid import parse_grid

    for name in ("jobs", "timeout", "memory"):
        number = getattr(arguments, name)
        if number is not None and not number > 0:
            raise InputError(f"--{name} {number} is not above 0; choose a larger number")
    limits = Limits(arguments.timeout * 60, arguments.memory)
    if arguments.verify:
        return verify(arguments, limits)
    notebooks, problems = split_readable(find_notebooks(arguments.notebooks))
    for problem in problems:  # the others are run
        environment.tell(problem)
    if not notebooks:
        return environment.BAD_INPUT
    quick = ["quick=true"] if arguments.quick else []
    parameters = parse_assignments([*arguments.parameters, *quick], notebooks)
    how = {name: getattr(arguments, name) for name in ("fresh", "jobs", "scheduler")}
    out = None if arguments.out is None else output_folder(arguments.out)
    if not arguments.sweeps:
        tasks = [make_task(notebook, parameters[notebook], limits) for notebook in notebooks]
        places = Places.of(out or (BUILD / "quick" if quick else FIGS))
        return carry_out(tasks, places, **how) or (environment.BAD_INPUT if problems else 0)
    if not arguments.notebooks or len(notebooks) != 1:
        raise InputError("--sweep is of one notebook: name it, for example 02_ethereum_lstm")
    if out == FIGS:
        raise InputError(f"--out {out} is for the default study; choose another folder")
    from coincast.runner.sweeps.sweep import Sweep  # imports matplotlib, which takes long

    (notebook,) = notebooks
    grid = parse_grid(arguments.sweeps, notebook, parameters[notebook])
    folder = out or BUILD / "sweeps" / notebook.stem
    return carry_out_sweep(Sweep(notebook, grid, folder, parameters[notebook]), limits, **how)


def carry_out(
    tasks: list[Task],
    places: Places,
    *,
    fresh: bool,
    jobs: int | None,
    scheduler: str | None = None,
) -> int:
    """Run what is not up to date, print what became of it, and return the exit status."""
    from coincast.files import require_writable
    from coincast.paths import FIGS, ROOT
    from coincast.report.readme import update_readme
    from coincast.runner.progress import run_and_report
    from coincast.runner.reproduction import task_states

    with places.locked():
        states = task_states(tasks, places, fresh=fresh)
        if any(state.reason for state in states):
            require_writable(places.out, "the folder for results")
        outcomes = run_and_report(states, places.build / "work", jobs, scheduler, show)
        print(f"\nfigures and numbers: {places.out}\nexecuted notebooks: {places.build}")
        print(f"figures as SVG: {places.build / 'svg'}")
        if places.out == FIGS and not any(outcome.problem for outcome in outcomes):
            print(update_readme(ROOT / "README.md", FIGS))
        if outcomes or not (places.build / "index.html").exists():
            refresh_page(tasks, places)
    return status(outcomes)


def carry_out_sweep(
    sweep: Sweep, limits: Limits, *, fresh: bool, jobs: int | None, scheduler: str | None = None
) -> int:
    """Run what of a sweep is not up to date, write its tables and figure, return the status."""
    from coincast.runner.progress import run_and_report
    from coincast.runner.reproduction import Places
    from coincast.runner.sweeps.sweep import sweep_states, write_sweep

    places = Places.of(sweep.folder)
    with places.locked():
        states = sweep_states(sweep, limits, fresh=fresh)
        outcomes = run_and_report(states, places.build / "work", jobs, scheduler, show)
        files, failed = write_sweep(sweep, outcomes)
    print(f"\n{len(states) - failed} of {len(states)} runs are in the table")
    print(*files, sep="\n")
    if failed < len(states) and not any(file.suffix == ".png" for file in files):
        name = sweep.notebook.stem
        print(f"no figure: {name} records no table of scores as values['evaluation']")
    return status(outcomes) or int(failed > 0)


def verify(arguments: argparse.Namespace, limits: Limits) -> int:
    """Execute the notebooks again and compare with what is committed; return the exit status."""
    from coincast.paths import BUILD, FIGS
    from coincast.report import verification
    from coincast.runner.notebook.tasks import find_notebooks, make_task
    from coincast.runner.progress import run_and_report
    from coincast.runner.reproduction import Places, task_states

    verification.check_options(vars(arguments))
    names = verification.committed_notebooks(arguments.notebooks, FIGS)
    tasks = [make_task(notebook, {}, limits) for notebook in find_notebooks(names)]
    places = Places.of(BUILD / "verify")
    with places.locked():
        for earlier in places.out.glob("*.json"):  # for those who read it, figs/ has the values
            earlier.unlink()
        states = task_states(tasks, places, fresh=True)
        engine = arguments.jobs, arguments.scheduler
        outcomes = run_and_report(states, places.build / "work", *engine, show)
    runs = []
    for one in outcomes:
        result, name = one.result, one.task.notebook
        cost = result.seconds, result.peak_gib
        runs.append(verification.Run(name, result.made, one.problem, *cost))
    found = verification.verify(runs, FIGS)
    verification.save(found, BUILD / "verification.json")
    print("", *found.lines, "", found.sentence, sep="\n")
    refresh_page([], Places())
    return found.exit_status


def status(outcomes: list[Outcome]) -> int:
    """The exit status of a run; it ends here if the user can fix every problem."""
    problems = [outcome for outcome in outcomes if outcome.problem]
    if problems and all(outcome.result.bad_input for outcome in problems):
        environment.fail(problems[0].problem, environment.BAD_INPUT)
    return int(bool(problems))


def show(line: str) -> None:
    """Print one line, unbroken even if several notebooks report at once."""
    print(f"{environment.printable(line)}\n", end="", flush=True)


def refresh_page(tasks: list[Task], places: Places) -> None:
    """Write the page of figures."""
    from coincast.errors import InputError
    from coincast.paths import FIGS
    from coincast.report.page import FRESH, Record, write_page
    from coincast.runner.execution import Limits
    from coincast.runner.notebook.tasks import find_notebooks, make_task, split_readable
    from coincast.runner.reproduction import task_states

    if places.out == FIGS:  # the study's page also shows what was not asked for now
        asked = {task.notebook: task for task in tasks}
        notebooks, _ = split_readable(find_notebooks())
        defaults = [make_task(notebook, {}, Limits()) for notebook in notebooks]
        tasks = [asked.get(task.notebook, task) for task in defaults]
    records = []
    for state in task_states(tasks, places):
        freshness = f"stale: {state.reason}" if state.reason else FRESH
        last = state.last or {"seconds": None, "peak_gib": None, "gpus": []}
        cost = last["seconds"], last["peak_gib"], tuple(last["gpus"])
        records.append(Record(state.task.notebook, freshness, *cost))
    try:
        print(f"page of figures: {write_page(records, figs=places.out, build=places.build)}")
    except InputError as error:  # the figures themselves are in place
        environment.tell(f"no page of figures: {error}")


if __name__ == "__main__":
    environment.run(main, parser().parse_args())
