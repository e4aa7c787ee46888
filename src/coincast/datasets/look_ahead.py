"""Compute again on data changed after day t, and find what changed up to day t."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

import numpy as np
import pandas as pd

from coincast.datasets.windows import Windows
from coincast.errors import InputError
from coincast.prices.schema import parse_date

__all__ = ["Leak", "Prices", "days_to_test", "find_leaks", "perturb", "truncate"]

Prices: TypeAlias = pd.DataFrame | Mapping[str, pd.DataFrame]
Source = TypeVar("Source")  # prices or windows
FACTORS = {"high": (2.0, 3.0), "low": (0.2, 0.5)}  # a changed high stays above a changed close
ANY_FACTOR = (0.5, 2.0)
DAYS = 24  # days t of each kind


@dataclass(frozen=True)
class Leak:
    """One column that knows what it cannot know.

    Attributes:
        check: what found it: "perturb" (values after day t changed), "truncate" (rows after day t
            left out), "known target", "closed market", "shuffle" or "shift".
        column: a feature, "target" or "forecast".
        day: the first row that differs.
        size: largest difference, in the column's unit; for "shuffle" and "shift" the mean
            correlation of forecast and target; for "known target" the number of targets tested.
    """

    check: str
    column: str
    day: pd.Timestamp
    size: float

    def __str__(self) -> str:
        return f"{self.check}: {self.column} of {self.day:%Y-%m-%d} ({self.size:.3g})"


def find_leaks(
    compute: Callable[[Source], Sequence[pd.DataFrame]],
    source: Source,
    before: Sequence[pd.DataFrame],
    *,
    days: Iterable[pd.Timestamp],
    tolerance: float,
) -> list[Leak]:
    """First day and largest difference of each column that knows later data.

    Args:
        compute: source -> tables of numbers, indexed by the day that has to settle a row.
        source: prices or windows.
        before: what `compute` gives for them.
        days: days t.
        tolerance: relative to a column's largest value.

    Raises:
        InputError: no row could be compared, or `compute` gives another result each time.
    """
    if not any((pd.DatetimeIndex(table.index) <= max(days)).any() for table in before):
        raise InputError(f"no row up to {max(days):%Y-%m-%d} to compare; index the result by day")
    found = []
    for day in days:
        after = {"perturb": compute(perturb(source, day))}
        with suppress(ValueError):  # too few days for this function
            after["truncate"] = compute(truncate(source, day))
        for check, tables in after.items():
            found += [(check, *row) for row in _differences(before, tables, day, tolerance)]
    if found and _differences(before, compute(source), pd.Timestamp.max, tolerance):
        raise InputError("the same data give another result each time; fix the seed")
    table = pd.DataFrame(found, columns=["check", "column", "day", "size"])
    first = table.groupby(["check", "column"], sort=False).agg({"day": "min", "size": "max"})
    return [Leak(*row) for row in first.reset_index().itertuples(index=False)]


def _differences(
    before: Sequence[pd.DataFrame], after: Sequence[pd.DataFrame], day: pd.Timestamp, tol: float
) -> list[tuple[str, pd.Timestamp, float]]:
    """Column, first day and largest difference, of rows up to a day that both tables have."""
    found = []
    for old, new in zip(before, after, strict=True):
        if list(old) != list(new):
            raise InputError(f"with days up to {day:%Y-%m-%d} alone the result has other columns")
        shared = old.index.intersection(new.index)
        rows = shared[shared <= day]
        a, b = (table.loc[rows].to_numpy(dtype=np.float64) for table in (old, new))
        near = tol * np.abs(np.nan_to_num(a)).max(axis=0, initial=0.0)
        differs = ~np.isclose(a, b, rtol=tol, atol=near, equal_nan=True)  # (rows, columns)
        sizes = np.abs(np.nan_to_num(a) - np.nan_to_num(b))
        found += [
            (str(old.columns[i]), rows[differs[:, i]].min(), float(sizes[differs[:, i], i].max()))
            for i in np.flatnonzero(differs.any(axis=0))
        ]
    return found


def days_to_test(prices: Prices, since: str) -> pd.DatetimeIndex:
    """Days t: the day before `since` or the first, others evenly spread, and ends of gaps.

    The early days are closer together, for what is filled back at the start.
    """
    tables = [prices] if isinstance(prices, pd.DataFrame) else list(prices.values())
    known = (
        pd.concat([table.notna() for table in tables], axis=1, sort=True).asfreq("D").eq(other=True)
    )
    if first := parse_date(since, "since"):
        known = known.loc[pd.Timestamp(first) - pd.Timedelta(days=1) :]
    last = len(known) - 2
    rows = np.r_[np.linspace(0, last, DAYS // 2), np.geomspace(1, last + 1, DAYS // 2) - 1]
    gap_ends = np.flatnonzero((known & ~known.shift(1, fill_value=True)).any(axis=1)) - 1
    some = gap_ends[np.linspace(0, len(gap_ends) - 1, min(DAYS, len(gap_ends))).astype(int)]
    return known.index[np.unique(np.r_[rows, some].astype(int).clip(0))]


def perturb(source: Any, day: pd.Timestamp) -> Any:  # noqa: ANN401 - prices or windows
    """Prices or windows with everything that is known after a day changed, reproducibly.

    Numbers are multiplied at random, highs up and lows down, so that prices stay valid. Targets of
    windows are mirrored in their range, so that 0 becomes 1.
    """
    if isinstance(source, pd.DataFrame):
        numbers = source.select_dtypes("number").astype(np.float64)
        low, high = np.array([FACTORS.get(str(name), ANY_FACTOR) for name in numbers]).T
        factors = np.random.default_rng(len(numbers)).uniform(low, high, numbers.shape)
        changed = numbers.where(numbers != 0, numbers.abs().mean(), axis="columns") * factors
        return source.assign(**changed.where(source.index.to_series() > day, numbers))
    if isinstance(source, Mapping):
        return {name: perturb(table, day) for name, table in source.items()}
    factors = np.random.default_rng(0).uniform(*ANY_FACTOR, source.inputs.shape)
    later = (source.dates > day)[:, None, None]
    mirrored = source.targets.min() + source.targets.max() - source.targets
    return replace(
        source,
        inputs=np.where(later, source.inputs * factors, source.inputs),
        targets=np.where(source.target_dates > day, mirrored, source.targets),
    )


def truncate(source: Any, day: pd.Timestamp) -> Any:  # noqa: ANN401 - prices or windows
    """Prices or windows up to a day."""
    if isinstance(source, Windows):
        return source.take(source.dates <= day)
    if isinstance(source, pd.DataFrame):
        return source.loc[source.index <= day]
    return {name: truncate(table, day) for name, table in source.items()}
