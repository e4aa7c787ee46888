"""A sweep from its grid to its tidy table, its scores and their figure."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from coincast.figures import sweep_plots
from coincast.files import write_together
from coincast.records import results
from coincast.runner.execution import Limits
from coincast.runner.notebook.tasks import make_task
from coincast.runner.reproduction import Outcome, Places, TaskState, task_states
from coincast.runner.sweeps.grid import GridPoint, as_text, grid_points

__all__ = ["Sweep", "failures_csv", "results_csv", "scores", "sweep_states", "write_sweep"]

Values = Mapping[str, Any]
# Only in the table: the figure has the constants, which every model must beat.
UNDRAWN_BASELINES = {
    "train_median", "last_change", "linear_regression", "linear_regression_without_levels", "ridge",
    "always_up", "yesterdays_sign", "logistic_regression",
}  # fmt: skip


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


def flatten(value: object, path: str = "") -> Iterator[tuple[str, float]]:
    """The numbers in recorded values with their dotted paths, in the recorded order.

    >>> list(flatten({"coin": "eos", "mae": {"zero": 0.05, "n": 9}, "by_seed": [1.5, True]}))
    [('mae.zero', 0.05), ('mae.n', 9), ('by_seed.0', 1.5)]
    """
    if isinstance(value, Mapping | list):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for name, item in items:
            yield from flatten(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value


def results_csv(finished: Mapping[GridPoint, Values], names: Iterable[str]) -> str:
    """The tidy table: one row per point and metric, the swept parameters first.

    Args:
        finished: point -> the `values` that it recorded; rows keep this order.
        names: of the swept parameters.
    """
    rows = [
        [*_cells(point), metric, number]
        for point, values in finished.items()
        for metric, number in flatten(values)
    ]
    return _csv(rows, [*names, "metric", "value"])


def failures_csv(failed: Mapping[GridPoint, str], names: Iterable[str]) -> str:
    """One row per point that failed, with its one-line problem."""
    rows = [[*_cells(point), problem] for point, problem in failed.items()]
    return _csv(rows, [*names, "problem"])


def _cells(point: GridPoint) -> list[str]:
    return [as_text(value) for value in point.parameters.values()]


def _csv(rows: list[list[Any]], columns: list[str]) -> str:
    table = pd.DataFrame(rows, columns=columns, dtype=object)
    return table.to_csv(index=False, lineterminator="\n")


def scores(finished: Mapping[GridPoint, Values]) -> pd.DataFrame:
    """The recorded test scores of models and constants.

    They are found in `values["evaluation"]`, at any depth: tables whose rows hold a score first
    (`mae`, `accuracy`), then `n` and, where known, `low` and `high` of its interval.

    Returns:
        One row per point and forecast: `run` and `question` (texts; a notebook with one table
        asks one question, ""), `forecast`, `measure` (the score's name), `score`, `low`, `high`,
        `n`. Empty if no point recorded such a table.
    """
    columns = ["run", "question", "forecast", "measure", "score", "low", "high", "n"]
    rows = []
    for point, values in finished.items():
        parameters = (f"{name} = {as_text(value)}" for name, value in point.parameters.items())
        label = ", ".join(parameters)
        for path, table in _score_tables(values.get("evaluation")):
            question = values.get("labels", {}).get(path, path)
            for forecast, row in table.items():
                if forecast not in UNDRAWN_BASELINES:
                    (measure, score), *_ = row.items()
                    interval = [row.get(end, float("nan")) for end in ("low", "high")]
                    rows.append([label, question, forecast, measure, score, *interval, row["n"]])
    return pd.DataFrame(rows, columns=columns)


def _score_tables(node: object, path: str = "") -> Iterator[tuple[str, Values]]:
    """The tables of scores at or below a node, with their dotted paths."""
    if not isinstance(node, Mapping):
        return
    table = {name: row for name, row in node.items() if isinstance(row, Mapping) and "n" in row}
    if table:
        yield path, table
        return
    for name, inner in node.items():
        yield from _score_tables(inner, f"{path}.{name}" if path else name)
