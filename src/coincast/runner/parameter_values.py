"""Checks of parameter values before anything runs."""

import functools
import math
from collections.abc import Mapping
from typing import Any

from coincast.errors import InputError, redacted, shown
from coincast.files import require_writable
from coincast.paths import NOTEBOOKS
from coincast.prices.load import load_common
from coincast.prices.schema import parse_date
from coincast.prices.sources import bundled, find_source
from coincast.prices.sources.request import Request

__all__ = ["check_values"]

SEEDS = range(2**32)  # that NumPy, TensorFlow and JAX all accept
LONGEST_TEXT = 80  # characters of a name or a day
MOST_WIDE = 4096  # units or filters; the memory of a layer grows with their square
MOST = 1_000_000  # of anything else that is counted


def check_values(parameters: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Refuse a value that would make the notebook fail later.

    A parameter's meaning follows from its name (`source`, `seed`, `start`, `train_start`, `end`,
    `dropout`, `lags`, `log_dir`) or its default: a day, a bundled coin, a positive whole number
    (a count).

    Args:
        parameters: all of them, of the types that the defaults have.
        defaults: as the parameters cell has them.

    Raises:
        InputError: an impossible day, coin, source, seed, count, share or folder; a start after
            its end; a venue or url that does not go with the source; a period that the bundled
            tables do not cover, or that is too short for the lags.

    >>> check_values({"seed": -1}, {"seed": 1})
    Traceback (most recent call last):
    coincast.errors.InputError: seed -1 is no seed; choose a whole number from 0 to 4294967295
    """
    for name, value in parameters.items():
        if not _is_address(name) and any(len(str(item)) > LONGEST_TEXT for item in _items(value)):
            raise InputError(f"{name} {shown(value)} is too long; the most is {LONGEST_TEXT}")
    if "source" in parameters:
        find_source(parameters["source"])
    for name, value in parameters.items():
        default = defaults[name]
        examples = default if isinstance(default, list) else [default]
        for item in _items(value):
            _check_item(name, item, examples[0] if examples else "", parameters)
    _check_periods(parameters)
    _check_source(parameters)
    _check_lags(parameters, defaults)


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_address(name: str) -> bool:
    return name in ("url", "model", "features", "headlines") or name.endswith("_dir")


def _check_item(name: str, value: object, example: object, parameters: Mapping[str, Any]) -> None:
    """Refuse one value; `example` is the default, or the first item of a default list."""
    if isinstance(value, str):
        if name.endswith("_dir") and value:
            require_writable(NOTEBOOKS / value, name)
        elif _is_day(name, example):
            parse_date(value, name)
        elif example in bundled.DEFAULT_VENUES:
            check = bundled.check_coin if parameters.get("source") == "bundled" else Request
            check(value)
    elif isinstance(value, float):
        _check_float(name, value, example)
    elif type(value) is int:
        _check_whole(name, value, example)


def _check_float(name: str, value: float, example: object) -> None:
    if not math.isfinite(value):
        raise InputError(f"{name} {value} is not finite; choose another, for example {example}")
    if name.endswith("dropout") and not 0 <= value < 1:
        raise InputError(f"{name} {value} is no share; choose 0 or more and less than 1")
    if name.endswith("learning_rate") and value <= 0:
        raise InputError(f"{name} {value} is too small; choose more than 0, for example {example}")


def _check_whole(name: str, value: int, example: object) -> None:
    if name.endswith("seed"):
        if value not in SEEDS:
            raise InputError(
                f"{name} {shown(value)} is no seed; choose a whole number from 0 to {SEEDS[-1]}"
            )
    elif isinstance(example, int) and example > 0:
        most = MOST_WIDE if name in ("units", "filters") else MOST
        if not 1 <= value <= most:
            size = "small" if value < 1 else "large"
            raise InputError(
                f"{name} {shown(value)} is too {size}; choose 1 to {most}, for example {example}"
            )


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


def _check_source(parameters: Mapping[str, Any]) -> None:
    """Refuse a venue or url that does not go with the source."""
    source, venue = parameters.get("source", "bundled"), parameters.get("venue", "")
    url = parameters.get("url", "")
    if venue and source != "bundled":
        raise InputError(
            f"venue {shown(venue)} means nothing to source {source!r}; leave it empty: -p venue="
        )
    if url and source == "bundled":
        raise InputError(
            f"url {shown(redacted(url))} means nothing to source 'bundled'; choose another source"
        )
    if source == "csv" and not url:
        raise InputError("source 'csv' needs url: the path of the table, which may hold {coin}")
    Request("any").fill(redacted(url))


def _check_lags(parameters: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Refuse a period that the bundled tables don't cover, or that is too short for the lags."""
    coins = [
        coin
        for name, value in parameters.items()
        if (examples := _items(defaults[name])) and examples[0] in bundled.DEFAULT_VENUES
        for coin in _items(value)
    ]
    start, end = (parameters.get(name, "") for name in ("start", "end"))
    periods = [v for n, v in parameters.items() if n.endswith("_days") and isinstance(v, list)]
    days = [_days(*period) for period in periods if len(period) == len(("first", "last"))]
    if coins and parameters.get("source") == "bundled":
        days.append(_bundled_days(tuple(coins), start, end, parameters.get("venue", "")))
    elif start and end:
        days.append(_days(start, end))
    for name, value in parameters.items():
        counts_days = name in ("lags", "window") or name.endswith("horizon_days")
        if days and counts_days and value >= max(days):
            raise InputError(f"{name} {value} does not fit {max(days)} days of prices; choose less")


def _days(first: str, last: str) -> int:
    """Number of days of a period."""
    start, end = parse_date(first, "first day"), parse_date(last, "last day")
    if not start or not end or start >= end:
        raise InputError(f"{first!r} is not before {last!r}; choose an earlier day")
    return (end - start).days + 1


@functools.cache
def _bundled_days(coins: tuple[str, ...], start: str, end: str, venue: str) -> int:
    """Number of days that coins have in common in the bundled tables."""
    return min(map(len, load_common(coins, start, end, venue=venue).values()))
