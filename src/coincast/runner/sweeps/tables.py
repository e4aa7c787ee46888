"""What the points of a sweep recorded: a tidy table, and the scores of the figure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from coincast.runner.sweeps.grid import GridPoint, as_text

__all__ = ["failures_csv", "flatten", "results_csv", "scores"]

Values = Mapping[str, Any]
# Only in the table: the figure has the constants, which every model must beat.
UNDRAWN_BASELINES = {
    "train_median", "last_change", "linear_regression", "linear_regression_without_levels", "ridge",
    "always_up", "yesterdays_sign", "logistic_regression",
}  # fmt: skip


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
