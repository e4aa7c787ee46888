"""Look-ahead checks for feature functions, windows and scalers of your own.

Each check gives a list of `Leak`, empty where nothing is found. Most compute again on data that
differ only after day t: rows up to day t may not change. Split by date, not by share, in what you
give them, and fix seeds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from coincast.datasets.windows import Windows
from coincast.errors import InputError
from coincast.prices.schema import parse_date

__all__ = ["Leak", "check_closed_days", "check_features", "check_windows", "perturb"]

Prices: TypeAlias = pd.DataFrame | Mapping[str, pd.DataFrame]
FACTORS = {"high": (2.0, 3.0), "low": (0.2, 0.5)}  # a changed high stays above a changed close
ANY_FACTOR = (0.5, 2.0)
DAYS = 24  # days t of each kind
TOLERANCE = 1e-9  # relative to a column's largest value
FRIDAY = 4


@dataclass(frozen=True)
class Leak:
    """One column that knows what it cannot know.

    Attributes:
        check: what found it: "perturb" (values after day t changed), "truncate" (rows after day t
            left out), "known target" or "closed market".
        column: a feature or "target".
        day: the first row that differs.
        size: largest difference, in the column's unit; for "known target" the number of targets
            tested.
    """

    check: str
    column: str
    day: pd.Timestamp
    size: float


def check_features(
    function: Callable[[Prices], pd.DataFrame | pd.Series],
    prices: Prices,
    *,
    since: str = "",
) -> list[Leak]:
    """Columns of a table computed from prices that change when only later prices do.

    Args:
        function: prices -> table of numbers by day; row t may use prices up to day t.
        prices: daily table, or name -> table, as `function` takes it. Every table is changed after
            day t, so give what is joined (searches, other markets) as a table here too.
        since: first day that may not influence earlier rows, "YYYY-MM-DD": where the test begins,
            if `function` scales by the days before it. Empty: no row may use a later one.

    Raises:
        InputError: no row could be compared, or the function gives another table each time.

    >>> days = pd.date_range("2018-01-01", periods=9, name="date")
    >>> prices = pd.DataFrame({"close": np.arange(1.0, 10.0)}, index=days)
    >>> for leak in check_features(lambda p: p["close"].rolling(3, center=True).mean(), prices):
    ...     print(leak.check, leak.column, leak.day.date())
    perturb close 2018-01-02
    truncate close 2018-01-02
    """

    def compute(given: Prices) -> list[pd.DataFrame]:
        return [pd.DataFrame(function(given))]

    return _find_leaks(compute, prices, _days_to_test(prices, since))


def check_windows(
    make: Callable[[Prices], Windows | Sequence[Windows]], prices: Prices, *, since: str = ""
) -> list[Leak]:
    """Features and targets of windows that know later prices, and targets that are known already.

    Args:
        make: prices -> windows, or several (train and test, scaled).
        prices: as in `check_features`.
        since: as in `check_features`; where the test begins, if `make` scales by train windows.

    Returns:
        Inputs that are not settled by the window's day and by the day before the target's, targets
        that are not settled by their day, and "known target" where later prices never change the
        target of a window.

    Raises:
        InputError: as in `check_features`.
    """

    def parts(given: Prices) -> Sequence[Windows]:
        made = make(given)
        return [made] if isinstance(made, Windows) else made

    def compute(given: Prices) -> list[pd.DataFrame]:
        return [table for part in parts(given) for table in (_inputs(part), _targets(part))]

    days, before = _days_to_test(prices, since), parts(prices)
    leaks = _find_leaks(compute, prices, days)
    ahead = []  # targets before and after a change of all prices that come after the window
    for day in days:
        for old, new in zip(before, parts(perturb(prices, day)), strict=True):
            table = _targets(old).assign(after=_targets(new)["target"]).dropna()
            dates = table.index - pd.Timedelta(days=old.horizon_days)
            ahead.append(table[(dates <= day) & (table.index > day)])
    tested = pd.concat(ahead)
    if len(tested) and (tested["target"] == tested["after"]).all():
        leaks.append(Leak("known target", "target", tested.index[0], float(len(tested))))
    return leaks


def _inputs(windows: Windows) -> pd.DataFrame:
    """Inputs, indexed by the day that has to settle them."""
    day_before = windows.target_dates - pd.Timedelta(days=1)
    settled = windows.dates.where(windows.dates < day_before, day_before)
    return pd.DataFrame(windows.flat, settled, np.tile(windows.features, windows.inputs.shape[1]))


def _targets(windows: Windows) -> pd.DataFrame:
    return pd.DataFrame({"target": windows.targets}, windows.target_dates)


def check_closed_days(table: pd.DataFrame) -> list[Leak]:
    """Columns that change on weekends: interpolated, not carried forward.

    Args:
        table: one row per day, of a market that is open from Monday to Friday.
    """
    steps = table.diff().abs()[pd.DatetimeIndex(table.index).day_of_week > FRIDAY]
    moves = steps.where(steps > 0).dropna(axis="columns", how="all")
    return [
        Leak("closed market", str(column), step.first_valid_index(), float(step.max()))
        for column, step in moves.items()
    ]


def _find_leaks(
    compute: Callable[[Prices], Sequence[pd.DataFrame]],
    prices: Prices,
    days: Iterable[pd.Timestamp],
) -> list[Leak]:
    """First day and largest difference of each column that knows data later than the days t.

    `compute` gives tables of numbers, indexed by the day that has to settle a row.
    """
    before = compute(prices)
    if not any((pd.DatetimeIndex(table.index) <= max(days)).any() for table in before):
        raise InputError(f"no row up to {max(days):%Y-%m-%d} to compare; index the result by day")
    found = []
    for day in days:
        after = {"perturb": compute(perturb(prices, day))}
        with suppress(ValueError):  # too few days for this function
            after["truncate"] = compute(_truncate(prices, day))
        for check, tables in after.items():
            found += [(check, *row) for row in _differences(before, tables, day)]
    if found and _differences(before, compute(prices), pd.Timestamp.max):
        raise InputError("the same data give another result each time; fix the seed")
    table = pd.DataFrame(found, columns=["check", "column", "day", "size"])
    first = table.groupby(["check", "column"], sort=False).agg({"day": "min", "size": "max"})
    return [Leak(*row) for row in first.reset_index().itertuples(index=False)]


def _differences(
    before: Sequence[pd.DataFrame], after: Sequence[pd.DataFrame], day: pd.Timestamp
) -> list[tuple[str, pd.Timestamp, float]]:
    """Column, first day and largest difference, of rows up to a day that both tables have."""
    found = []
    for old, new in zip(before, after, strict=True):
        if list(old) != list(new):
            raise InputError(f"with days up to {day:%Y-%m-%d} alone the result has other columns")
        shared = old.index.intersection(new.index)
        rows = shared[shared <= day]
        a, b = (table.loc[rows].to_numpy(dtype=np.float64) for table in (old, new))
        near = TOLERANCE * np.abs(np.nan_to_num(a)).max(axis=0, initial=0.0)
        differs = ~np.isclose(a, b, rtol=TOLERANCE, atol=near, equal_nan=True)  # (rows, columns)
        sizes = np.abs(np.nan_to_num(a) - np.nan_to_num(b))
        found += [
            (str(old.columns[i]), rows[differs[:, i]].min(), float(sizes[differs[:, i], i].max()))
            for i in np.flatnonzero(differs.any(axis=0))
        ]
    return found


def _days_to_test(prices: Prices, since: str) -> pd.DatetimeIndex:
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


def perturb(prices: Prices, day: pd.Timestamp) -> Prices:
    """Prices with all later than a day changed, reproducibly.

    Numbers are multiplied at random, highs up and lows down, so that prices stay valid.
    """
    if isinstance(prices, Mapping):
        return {name: perturb(table, day) for name, table in prices.items()}
    numbers = prices.select_dtypes("number").astype(np.float64)
    low, high = np.array([FACTORS.get(str(name), ANY_FACTOR) for name in numbers]).T
    factors = np.random.default_rng(len(numbers)).uniform(low, high, numbers.shape)
    changed = numbers.where(numbers != 0, numbers.abs().mean(), axis="columns") * factors
    return prices.assign(**changed.where(prices.index.to_series() > day, numbers))


def _truncate(prices: Prices, day: pd.Timestamp) -> Prices:
    if isinstance(prices, Mapping):
        return {name: _truncate(table, day) for name, table in prices.items()}
    return prices.loc[prices.index <= day]
