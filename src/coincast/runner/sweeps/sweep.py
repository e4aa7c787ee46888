"""A sweep from its grid to its tables and figure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coincast.figures import sweep_plots
from coincast.files import write_together
from coincast.records import results
from coincast.runner.execution import Limits
from coincast.runner.notebook.tasks import make_task
from coincast.runner.reproduction import Outcome, Places, TaskState, task_states
from coincast.runner.sweeps.grid import GridPoint, as_text, grid_points
from coincast.runner.sweeps.tables import failures_csv, results_csv, scores

__all__ = ["Sweep", "sweep_states", "write_sweep"]


@dataclass(frozen=True)
class Sweep:
    """One notebook, the grid of parameters that it is run over, and where the results go."""

    notebook: Path
    grid: Mapping[str, list[Any]]  # as `parse_grid` gives it
    folder: Path  # of the tables and the figure; each point has a folder in it
    fixed: Mapping[str, Any] = field(default_factory=dict)  # parameters that all points share


def sweep_states(sweep: Sweep, limits: Limits, *, fresh: bool = False) -> list[TaskState]:
    """Whether and why each point of a sweep has to be executed; call it under the lock.

    Raises:
        InputError: the parameters of some point are not possible.
    """
    states = []
    for point in grid_points(sweep.grid):
        parameters = {**sweep.fixed, **point.parameters}
        task = make_task(sweep.notebook, parameters, limits, label=point.name)
        folder = sweep.folder / point.name
        places = Places(folder, folder)
        places.tidy()
        states += task_states([task], places, fresh=fresh)
    return states


def write_sweep(sweep: Sweep, outcomes: Iterable[Outcome]) -> tuple[list[Path], int]:
    """Write the tables of a sweep, and the figure if there are scores.

    Args:
        sweep: what was run.
        outcomes: of the points that were executed now; the others were up to date.

    Returns:
        The files (`results.csv`, `failures.csv`, perhaps `comparison.png` and `.svg`), and how many
        points failed. The bytes don't depend on where and in which order the points were executed.
    """
    finished, problems = _collect(sweep, outcomes)
    table = results_csv(finished, sweep.grid)
    contents: dict[str, bytes | str] = {
        "results.csv": table,
        "failures.csv": failures_csv(problems, sweep.grid),
    }
    if not (drawn := scores(finished)).empty:
        figure = sweep_plots.comparison(drawn, _heading(sweep, len(problems)))
        digest = hashlib.sha256(table.encode()).hexdigest()
        marks = {"Notebook": sweep.notebook.stem, "Results-SHA256": digest}
        contents["comparison.png"] = results.png(figure, marks)
        contents["comparison.svg"] = results.svg(figure, marks)
    else:
        for kind in ("png", "svg"):  # an older run's
            (sweep.folder / f"comparison.{kind}").unlink(missing_ok=True)
    write_together({sweep.folder / name: content for name, content in contents.items()})
    return [sweep.folder / name for name in contents], len(problems)


def _collect(
    sweep: Sweep, outcomes: Iterable[Outcome]
) -> tuple[dict[GridPoint, Mapping[str, Any]], dict[GridPoint, str]]:
    """Recorded values of the points that finished, problems of the others, in the grid's order."""
    name = sweep.notebook.stem
    failed = {
        outcome.task.name: outcome.result.problem or outcome.problem
        for outcome in outcomes
        if outcome.problem
    }
    finished, problems = {}, dict[GridPoint, str]()
    for point in grid_points(sweep.grid):
        recorded = results.load(sweep.folder / point.name).get(name, {})
        if point.name in failed:
            problems[point] = failed[point.name]
        elif values := recorded.get("values"):
            finished[point] = values
        else:
            problems[point] = f"it recorded no numbers in {name}.json"
    return finished, problems


def _heading(sweep: Sweep, failures: int) -> str:
    """What was run: the notebook, the fixed parameters, how many points failed."""
    fixed = [f"{name} = {as_text(value)}" for name, value in sweep.fixed.items()]
    return ", ".join([sweep.notebook.stem, *fixed]) + (f"; {failures} failed" if failures else "")
