"""What the runs of a sweep recorded, as one tidy table and as the scores of a figure."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from coincast.runner.sweeps.grid import Run, shown

__all__ = ["failures_csv", "flatten", "results_csv", "scores"]

Values = Mapping[str, Any]
# Baselines that stay in the table: the figure has the constants, which every model must beat.
NOT_DRAWN = {
    "train_median", "persistence", "linear_regression", "linear_regression_without_levels", "ridge",
    "always_up", "yesterdays_sign", "logistic_regression",
}  # fmt: skip


def flatten(value: object, path: str = "") -> Iterator[tuple[str, float]]:
    """Return the numbers in recorded values with their dotted paths, in the recorded order.

    >>> list(flatten({"coin": "eos", "mae": {"zero": 0.05, "n": 9}, "by_seed": [1.5, True]}))
    [('mae.zero', 0.05), ('mae.n', 9), ('by_seed.0', 1.5)]
    """
    if isinstance(value, Mapping | list):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for name, item in items:
            yield from flatten(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value


def results_csv(finished: Mapping[Run, Values], names: Iterable[str]) -> str:
    """Return the tidy table: a row a run and metric, the swept parameters first.

    Args:
        finished: run -> the `values` that it recorded; rows keep this order.
        names: of the swept parameters.
    """
    rows = (
        [*_cells(run), metric, repr(number)]
        for run, values in finished.items()
        for metric, number in flatten(values)
    )
    return _csv([*names, "metric", "value"], rows)


def failures_csv(failed: Mapping[Run, str], names: Iterable[str]) -> str:
    """Return the table's other half: a row a run that failed, with its one-line problem."""
    return _csv([*names, "problem"], ([*_cells(run), problem] for run, problem in failed.items()))


def _cells(run: Run) -> list[str]:
    return [shown(value) for value in run.parameters.values()]


def _csv(header: list[str], rows: Iterable[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def scores(finished: Mapping[Run, Values]) -> pd.DataFrame:
    """Return the recorded test scores of the models and of the constants beside them.

    They are found in `values["evaluation"]`, in any depth: tables whose rows hold a score first
    (`mae`, `accuracy`), then `n` and, where known, `low` and `high` of its interval.

    Returns:
        A row a run and forecast: `run` and `question` (texts; a notebook with one table asks
        one question, ""), `forecast`, `measure` (the score's name), `score`, `low`, `high`,
        `n`. Empty if no run recorded such a table.
    """
    columns = ["run", "question", "forecast", "measure", "score", "low", "high", "n"]
    rows = [
        [_label(run), _question(path, values), forecast, *_score(row)]
        for run, values in finished.items()
        for path, table in _tables(values.get("evaluation"))
        for forecast, row in table.items()
        if forecast not in NOT_DRAWN
    ]
    return pd.DataFrame(rows, columns=columns)


def _label(run: Run) -> str:
    return ", ".join(f"{name} = {shown(value)}" for name, value in run.parameters.items())


def _tables(node: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Values]]:
    """Return the tables of scores at or below a node, with their paths."""
    if not isinstance(node, Mapping):
        return
    table = {name: row for name, row in node.items() if isinstance(row, Mapping) and "n" in row}
    if table:
        yield path, table
        return
    for name, inner in node.items():
        yield from _tables(inner, (*path, name))


def _question(path: tuple[str, ...], values: Values) -> str:
    """Return what a table is about: its name, or the label that the notebook recorded for it."""
    name = ".".join(path)
    return str(values.get("labels", {}).get(name, name))


def _score(row: Mapping[str, float]) -> list[Any]:
    """Return measure, score, low, high and n of one forecast."""
    measure = next(iter(row))
    return [
        measure,
        row[measure],
        *(row.get(name, float("nan")) for name in ("low", "high")),
        row["n"],
    ]
