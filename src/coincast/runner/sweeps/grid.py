"""A grid of parameters: its points, in which order, under which names."""

import hashlib
import itertools
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coincast.errors import InputError, shown
from coincast.records.parameters import notebook_parameters, parse_assignments

__all__ = ["GridPoint", "as_text", "grid_points", "parse_grid"]

MOST_POINTS = 1000
LONGEST_NAME = 120  # characters of a folder; file systems end at 255
SAFE = re.compile(r"[a-z0-9_=,.+-]+")  # also where file names ignore case
LIST_SEPARATOR = "+"  # between the items of one list, as the comma is between values


@dataclass(frozen=True)
class GridPoint:
    """One combination of the swept parameters."""

    name: str  # of its folder
    parameters: Mapping[str, Any] = field(hash=False)  # the swept ones, in the grid's order


def parse_grid(
    sweeps: Iterable[str], notebook: Path, fixed: Iterable[str] = ()
) -> dict[str, list[Any]]:
    """The values of each swept parameter, in the given order.

    Args:
        sweeps: texts such as "lags=2,4,8". If the parameter is a list, plus signs join its
            items: "filters=16+8,32+16" is two values.
        notebook: its parameters cell decides names and types.
        fixed: names that already have one value for all points.

    Raises:
        InputError: a value that `-p` would refuse, a name given twice or also fixed, an empty
            or a repeated value, or more than 1000 points.
    """
    grid: dict[str, list[Any]] = {}
    for sweep in sweeps:
        name, values = _parse(sweep, notebook)
        if name in grid:
            raise InputError(
                f"--sweep {shown(sweep)}: {name} is swept twice; name its values in one list"
            )
        if name in fixed:
            raise InputError(f"--sweep {shown(sweep)}: {name} has a value already; give it once")
        grid[name] = values
    count = math.prod(map(len, grid.values()))
    if count > MOST_POINTS:
        sizes = " x ".join(str(len(values)) for values in grid.values())
        raise InputError(
            f"the sweep has {sizes} = {count} runs; the most is {MOST_POINTS}: name fewer values"
        )
    return grid


def _parse(sweep: str, notebook: Path) -> tuple[str, list[Any]]:
    """Name and typed values of one sweep."""
    name, equals, text = sweep.partition("=")
    default = notebook_parameters(notebook).get(name)
    if not equals or default is None:
        parse_assignments([sweep], [notebook])  # refuses it, with a hint
    option = f"--sweep {shown(sweep)}"
    values: list[Any] = []
    parts = text.split(",")
    if len(parts) > MOST_POINTS:
        raise InputError(f"{option} has {len(parts)} values; the most is {MOST_POINTS}")
    for part in parts:
        items = part.split(LIST_SEPARATOR) if isinstance(default, list) else [part]
        if "" in items:
            raise InputError(f"{option} has an empty value; write {name}=A,B")
        value = parse_assignments([f"{name}={','.join(items)}"], [notebook])[notebook][name]
        if value in values:
            raise InputError(
                f"--sweep {shown(sweep)} has {shown(part)} twice; name each value once"
            )
        values.append(value)
    return name, values


def grid_points(grid: Mapping[str, Iterable[Any]]) -> list[GridPoint]:
    """Every combination, the last parameter changing fastest.

    >>> [point.name for point in grid_points({"coin": ["eos", "dash"], "lags": [2, 4]})]
    ['coin=eos,lags=2', 'coin=eos,lags=4', 'coin=dash,lags=2', 'coin=dash,lags=4']
    """
    combinations = itertools.product(*grid.values())
    points = [dict(zip(grid, values, strict=True)) for values in combinations]
    return [GridPoint(_folder_name(point), point) for point in points]


def _folder_name(point: Mapping[str, Any]) -> str:
    """The parameters as a folder's name, with a hash where they would not be a safe one."""
    text = ",".join(f"{name}={as_text(value)}" for name, value in point.items())
    if SAFE.fullmatch(text) and len(text) <= LONGEST_NAME:
        return text
    readable = re.sub(r"[^A-Za-z0-9_=,.+-]+", "-", text)[:LONGEST_NAME]
    return f"{readable}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def as_text(value: object) -> str:
    """A parameter's value as the command line has it.

    >>> [as_text(value) for value in ([16, 8], True, 0.35, "eos")]
    ['16+8', 'true', '0.35', 'eos']
    """
    if isinstance(value, list):
        return LIST_SEPARATOR.join(map(as_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
