"""Look-ahead checks for feature functions, windows, scalers and pipelines of your own.

Each check gives a list of `Leak`, empty where nothing is found. Most compute again on data that
differ only after day t: rows up to day t may not change. Split by date, not by share, in what you
give them, and fix seeds.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from coincast.datasets.look_ahead import Leak, Prices, days_to_test, find_leaks, perturb
from coincast.datasets.windows import Windows

__all__ = [
    "Leak",
    "check_closed_days",
    "check_features",
    "check_pipeline",
    "check_surviving_skill",
    "check_windows",
]

Make = Callable[[Prices], Windows | Sequence[Windows]]
FloatArray = npt.NDArray[np.float64]
Pipeline = Callable[[Windows], pd.Series]
FRIDAY = 4
FALSE_ALARMS = 0.05  # of `check_surviving_skill`, both of its tests together
ROTATIONS = 199
ROUNDING = 1e-12


def check_features(
    function: Callable[[Prices], pd.DataFrame | pd.Series],
    prices: Prices,
    *,
    since: str = "",
    tolerance: float = 1e-9,
) -> list[Leak]:
    """Columns of a table computed from prices that change when only later prices do.

    Args:
        function: prices -> table of numbers by day; row t may use prices up to day t.
        prices: daily table, or name -> table, as `function` takes it. Every table is changed after
            day t, so give what is joined (searches, other markets) as a table here too.
        since: first day that may not influence earlier rows, "YYYY-MM-DD": where the test begins,
            if `function` scales by the days before it. Empty: no row may use a later one.
        tolerance: relative to a column's largest value.

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

    days = days_to_test(prices, since)
    return find_leaks(compute, prices, compute(prices), days=days, tolerance=tolerance)


def check_windows(
    make: Make, prices: Prices, *, since: str = "", tolerance: float = 1e-9
) -> list[Leak]:
    """Features and targets of windows that know later prices, and targets that are known already.

    Args:
        make: prices -> windows, or several (train and test, scaled).
        prices: as in `check_features`.
        since: as in `check_features`; where the test begins, if `make` scales by train windows.
        tolerance: relative to a column's largest value.

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

    days, before = days_to_test(prices, since), parts(prices)
    leaks = find_leaks(compute, prices, compute(prices), days=days, tolerance=tolerance)
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


def check_closed_days(table: pd.DataFrame, open_days: pd.DatetimeIndex | None = None) -> list[Leak]:
    """Columns that change on days when their market is closed: interpolated, not carried forward.

    Args:
        table: one row per day.
        open_days: days with trading; None for Monday to Friday.
    """
    days = pd.DatetimeIndex(table.index)
    closed = days.day_of_week > FRIDAY if open_days is None else ~days.isin(open_days)
    steps = table.diff().abs()[closed]
    moves = steps.where(steps > 0).dropna(axis="columns", how="all")
    return [
        Leak("closed market", str(column), step.first_valid_index(), float(step.max()))
        for column, step in moves.items()
    ]


def check_pipeline(
    pipeline: Pipeline, windows: Windows, *, days: int = 24, tolerance: float = 1e-6
) -> list[Leak]:
    """Forecasts that change with inputs and targets that come after they are made.

    That shows choices made on test rows (an epoch, a feature, a penalty), scalers fitted on all
    rows, and train targets that reach into the test.

    Args:
        pipeline: windows -> forecasts by window day; splits, scales, chooses and fits.
        windows: all windows, raw.
        days: forecast days after which inputs and targets change; the pipeline runs twice for each.
        tolerance: relative to the largest forecast.

    Raises:
        InputError: as in `check_features`.
    """

    def compute(given: Windows) -> list[pd.DataFrame]:
        return [pipeline(given).to_frame("forecast")]

    before = compute(windows)
    made = pd.DatetimeIndex(before[0].index)
    tested = made[np.unique(np.linspace(0, len(made) - 1, days + 1).astype(int)[:-1])]
    return find_leaks(compute, windows, before, days=tested, tolerance=tolerance)


def check_surviving_skill(pipeline: Pipeline, windows: Windows, *, repeats: int = 10) -> list[Leak]:
    """Skill that a pipeline keeps when targets are shuffled, or shifted, among the windows.

    Either cuts the tie between inputs and targets, so that forecasts may correlate with targets
    only by chance. A circular shift keeps the overlap of targets, which shows train rows too near
    to test rows. Chance is what the same forecasts show beside targets that are rotated further by
    a tenth of the test or more. Both tests together give at most 5 % of false alarms for targets
    that come anew each day; where they persist (a range, overlapping changes), a shift alone can be
    chance, so believe `check_pipeline`.

    Args:
        pipeline: as in `check_pipeline`; it forecasts 100 days or more.
        windows: as in `check_pipeline`.
        repeats: of each kind; the pipeline runs once for each.
    """
    random, rows = np.random.default_rng(0), np.arange(len(windows))
    shifts = random.integers(len(rows) // 8, 3 * len(rows) // 8, repeats)
    orders = {
        "shuffle": [random.permutation(rows) for _ in range(repeats)],
        "shift": [np.roll(rows, shift) for shift in shifts],
    }
    leaks = []
    for check, versions in orders.items():
        runs = [_correlations(pipeline, windows, order) for order in versions]
        found, *by_chance = np.mean(runs, axis=0)
        share = (1 + np.sum(np.array(by_chance) >= found - ROUNDING)) / (1 + len(by_chance))
        if share <= FALSE_ALARMS / len(orders):
            leaks.append(Leak(check, "forecast", windows.dates[0], float(found)))
    return leaks


def _correlations(pipeline: Pipeline, windows: Windows, order: npt.NDArray[np.int64]) -> FloatArray:
    """Correlation of forecasts with targets in another order, then with these rotated."""
    changed = replace(windows, targets=windows.targets[order])
    forecasts = pipeline(changed).sort_index()
    targets = pd.Series(changed.targets, changed.dates).reindex(forecasts.index)
    a, b = (part.to_numpy() - part.mean() for part in (forecasts, targets))
    margin = len(a) // 10
    turns = np.unique(np.linspace(margin, len(a) - margin, ROTATIONS).astype(int))
    rotated = np.stack([np.roll(b, turn) for turn in (0, *turns)])
    scale = np.linalg.norm(a) * np.linalg.norm(b)
    return rotated @ a / scale if scale > ROUNDING else np.zeros(len(rotated))
