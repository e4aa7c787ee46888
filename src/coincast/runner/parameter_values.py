"""Checks of parameter values before anything runs."""

import math
from collections.abc import Mapping
from typing import Any

from coincast.errors import InputError
from coincast.prices.schema import parse_date
from coincast.prices.sources import bundled, find_source
from coincast.prices.sources.request import Request

__all__ = ["check_values"]

SEEDS = range(2**32)  # that NumPy, TensorFlow and JAX all accept


def check_values(parameters: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Refuse a value that would make the notebook fail later.

    A parameter's meaning follows from its name (`source`, `seed`, `start`, `train_start`, `end`)
    or its default: a day, a bundled coin, a positive whole number (a count).

    Args:
        parameters: all of them, of the types that the defaults have.
        defaults: as the parameters cell has them.

    Raises:
        InputError: an impossible day, coin, source, seed or count, or a start after its end.

    >>> check_values({"seed": -1}, {"seed": 1})
    Traceback (most recent call last):
    coincast.errors.InputError: seed -1 is no seed; choose a whole number from 0 to 4294967295
    """
    if "source" in parameters:
        find_source(parameters["source"])
    for name, value in parameters.items():
        default = defaults[name]
        examples = default if isinstance(default, list) else [default]
        for item in value if isinstance(value, list) else [value]:
            _check_item(name, item, examples[0] if examples else "", parameters)
    _check_periods(parameters)


def _check_item(name: str, value: object, example: object, parameters: Mapping[str, Any]) -> None:
    """Refuse one value; `example` is the default, or the first item of a default list."""
    if isinstance(value, str):
        if _is_day(name, example):
            parse_date(value, name)
        elif example in bundled.DEFAULT_VENUES:
            check = bundled.check_coin if parameters.get("source") == "bundled" else Request
            check(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{name} {value} is not finite; choose another, for example {example}")
    elif type(value) is int and name.endswith("seed"):
        if value not in SEEDS:
            raise InputError(
                f"{name} {value} is no seed; choose a whole number from 0 to {SEEDS[-1]}"
            )
    elif type(value) is int and isinstance(example, int) and example > 0 >= value:
        raise InputError(f"{name} {value} is too small; choose 1 or more, for example {example}")


def _is_day(name: str, example: object) -> bool:
    if name in ("start", "end") or name.endswith(("_start", "_end")):
        return True
    try:
        return bool(parse_date(str(example), name))
    except InputError:
        return False


def _check_periods(parameters: Mapping[str, Any]) -> None:
    """Refuse a start that is not before its end: `x_start` before `x_end`, or else `end`."""
    for name, start in parameters.items():
        if name != "start" and not name.endswith("_start"):
            continue
        own = name.removesuffix("start") + "end"
        end = parameters.get(own) or parameters.get("end")
        if start and end and start >= end:
            raise InputError(f"{name} {start} is not before its end {end}; choose an earlier day")
