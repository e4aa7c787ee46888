"""Running notebooks with lines of progress, and a table at the end."""

import functools
import time
from collections.abc import Callable
from pathlib import Path

from coincast.records.plain_json import parse_json
from coincast.runner.notebook.tasks import notices
from coincast.runner.pool import default_jobs, run_tasks
from coincast.runner.reproduction import Engine, Outcome, TaskState, reproduce

__all__ = ["cells_done", "run_and_report"]

NAME_WIDTH = 22  # of the table's first column, at least
MOST_NAMED = 5  # files that a notebook left without recording them
Show = Callable[[str], None]


def run_and_report(
    states: list[TaskState], work: Path, jobs: int | None, scheduler: str | None, show: Show
) -> list[Outcome]:
    """Run what is not up to date, and show each start and end and a closing table.

    Args:
        states: of all tasks.
        work: folder to work in.
        jobs: how many at a time; None for as many as fit.
        scheduler: address of a Dask scheduler; None for this machine.
        show: prints a line.

    Raises:
        InputError: the scheduler cannot be used.
    """
    outcomes: list[Outcome] = []
    started = time.monotonic()
    for notice in notices(state.task for state in states):
        show(notice)
    try:
        for outcome in reproduce(states, _engine(states, work, jobs, scheduler, show)):
            outcomes.append(outcome)
            end = f"failed: {outcome.problem}" if outcome.problem else outcome.result.status
            show(f"{outcome.task.name} {end}, {outcome.result.seconds:.0f} s")
            if outcome.result.refused:
                names = ", ".join(map(repr, outcome.result.refused[:MOST_NAMED]))
                show(f"{outcome.task.name} left files that it does not record: {names}")
    finally:  # also after Ctrl-C: what is finished stays
        _show_table(states, outcomes, show)
        show(f"{'together':<{NAME_WIDTH}}{time.monotonic() - started:>8.1f}")
    return outcomes


def cells_done(executed: str) -> tuple[int, int, str]:
    """How far a notebook has come: cells completed, all cells, and what it is doing.

    That is the heading of the section, and the last line that the running cell has printed.

    Args:
        executed: text of the notebook as papermill last saved it.

    Raises:
        ValueError, KeyError, TypeError: it is not whole yet.
    """
    done, heading, cells = 0, "", parse_json(executed)["cells"]
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "markdown":
            first = "".join(cell["source"]).partition("\n")[0]
            heading = first.lstrip("# ") if first.startswith("#") else heading
        elif cell["metadata"]["papermill"]["status"] != "completed":
            lines = "".join("".join(out.get("text", "")) for out in cell["outputs"]).splitlines()
            heading = ": ".join([heading, *lines[-1:]])
            break
        done = number + 1
    return done, len(cells), heading


def _engine(
    states: list[TaskState], work: Path, jobs: int | None, scheduler: str | None, show: Show
) -> Engine:
    """What executes tasks: this machine, or a cluster."""
    if scheduler is not None:
        from coincast.runner.cluster import run_on_cluster  # noqa: PLC0415 - Dask takes long

        return functools.partial(run_on_cluster, address=scheduler)
    reasons = {state.task.name: state.reason for state in states}
    return functools.partial(
        run_tasks,
        jobs=jobs or default_jobs(sum(map(bool, reasons.values()))),
        work=work,
        started=lambda task: show(f"{task.name} started: {reasons[task.name]}"),
    )


def _show_table(states: list[TaskState], outcomes: list[Outcome], show: Show) -> None:
    """Show what became of every notebook: seconds, peak of memory, figures or problem."""
    ended = {outcome.task.name: outcome for outcome in outcomes}
    width = max([NAME_WIDTH, *(len(state.task.name) + 2 for state in states)])
    show("")
    show(f"{'notebook':<{width}}{'seconds':>8}{'GiB':>6}  figures")
    for state in states:
        seconds = gib = "-"
        end = f"not run ({state.reason})" if state.reason else "up to date"
        if outcome := ended.get(state.task.name):
            seconds, gib = f"{outcome.result.seconds:.1f}", f"{outcome.result.peak_gib:.1f}"
            figures = [name for name in outcome.result.made if name.endswith(".png")]
            end = (
                f"FAILED: {outcome.problem}"
                if outcome.problem
                else ", ".join(figures) or outcome.result.status
            )
        show(f"{state.task.name:<{width}}{seconds:>8}{gib:>6}  {end}")
