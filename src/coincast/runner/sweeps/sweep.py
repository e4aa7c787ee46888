"""A sweep from its grid to its table and figure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coincast.figures import sweep_plots
from coincast.files import write_together
from coincast.records.results import picture
from coincast.runner.reproduction import Outcome, Places, Planned, make_task, plan
from coincast.runner.sweeps.grid import Run, runs_of, shown
from coincast.runner.sweeps.table import failures_csv, results_csv, scores
from coincast.runner.tasks import Limits

__all__ = ["Collected", "Sweep", "collect", "plan_sweep", "write_sweep"]

RESULTS, FAILURES, COMPARISON = "results.csv", "failures.csv", "comparison.png"


@dataclass(frozen=True)
class Sweep:
    """One notebook, the grid of parameters that it is run over, and where the results go."""

    notebook: Path
    grid: Mapping[str, list[Any]]  # as `parse_grid` gives it
    folder: Path  # of the table and the figure; each run has a folder in it
    fixed: Mapping[str, Any] = field(default_factory=dict)  # parameters that all runs share

    def places(self, run: Run) -> Places:
        """Return where a run's results go, all into one folder."""
        return Places(self.folder / run.name, self.folder / run.name)


def plan_sweep(sweep: Sweep, limits: Limits | None = None, *, fresh: bool = False) -> list[Planned]:
    """Return a task for each run of a sweep, and whether and why it is to be executed.

    Raises:
        InputError: the parameters of some run cannot be.
    """
    planned = []
    for run in runs_of(sweep.grid):
        parameters = {**sweep.fixed, **run.parameters}
        task = make_task(sweep.notebook, parameters, limits or Limits(), label=run.name)
        planned += plan([task], sweep.places(run), fresh=fresh)
    return planned


@dataclass(frozen=True)
class Collected:
    """What the runs of a sweep came to, in the order of the grid."""

    finished: Mapping[Run, Mapping[str, Any]]  # with the values that they recorded
    problems: Mapping[Run, str]  # of the others, one line each


def collect(sweep: Sweep, outcomes: Iterable[Outcome]) -> Collected:
    """Return what all runs came to.

    Args:
        sweep: what was run.
        outcomes: of the runs that were executed now; the others were up to date.
    """
    failed = {
        outcome.task.name: outcome.result.problem or outcome.problem
        for outcome in outcomes
        if outcome.problem
    }
    finished: dict[Run, Mapping[str, Any]] = {}
    problems: dict[Run, str] = {}
    for run in runs_of(sweep.grid):
        path = sweep.places(run).out / f"{sweep.notebook.stem}.json"
        if run.name in failed:
            problems[run] = failed[run.name]
        elif values := _values(path):
            finished[run] = values
        else:
            problems[run] = f"it recorded no numbers in {path.name}"
    return Collected(finished, problems)


def _values(path: Path) -> Mapping[str, Any] | None:
    """Return the values that a run recorded; None where there are none."""
    try:
        values = json.loads(path.read_text())["values"]
        return values if isinstance(values, dict) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_sweep(sweep: Sweep, found: Collected) -> list[Path]:
    """Write the tables of a sweep, and the figure if there are scores.

    Returns:
        The files: `results.csv`, `failures.csv` and perhaps `comparison.png`. They are the same
        bytes in whatever order, and wherever, the runs were executed.
    """
    table = results_csv(found.finished, sweep.grid)
    contents: dict[str, bytes | str] = {
        RESULTS: table,
        FAILURES: failures_csv(found.problems, sweep.grid),
    }
    if not (drawn := scores(found.finished)).empty:
        figure = sweep_plots.comparison(drawn, _heading(sweep, len(found.problems)))
        digest = hashlib.sha256(table.encode()).hexdigest()
        marks = {"Notebook": sweep.notebook.stem, "Results-SHA256": digest}
        contents[COMPARISON] = picture(figure, marks)
    else:
        (sweep.folder / COMPARISON).unlink(missing_ok=True)  # an older run's
    write_together({sweep.folder / name: content for name, content in contents.items()})
    return [sweep.folder / name for name in contents]


def _heading(sweep: Sweep, failures: int) -> str:
    """Return what was run: the notebook, the parameters that are no default, what failed."""
    fixed = [f"{name} = {shown(value)}" for name, value in sweep.fixed.items()]
    return ", ".join([sweep.notebook.stem, *fixed]) + (f"; {failures} failed" if failures else "")
