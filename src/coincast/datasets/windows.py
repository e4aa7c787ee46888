"""Lagged windows of a feature table, their splits and their scaling.

A window is named by its last day t. Its inputs are the feature rows t - lags + 1 .. t, its target
belongs to the row horizon_days later: with coins, that many days; with shares, trading days.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.preprocessing import StandardScaler

from coincast.errors import InputError
from coincast.prices.schema import parse_date

__all__ = [
    "Windows",
    "draw",
    "fit_scaler",
    "make_windows",
    "normalise_each",
    "period",
    "relative_to_first",
    "shuffle",
    "split",
    "split_share",
    "split_tail",
    "standardise",
]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Windows:
    """Lagged windows with their targets, oldest first until shuffled.

    Attributes:
        inputs: (windows, lags, features), oldest row of each window first.
        targets: (windows,), `targets[i]` belongs to day `target_dates[i]`.
        dates: (windows,), the last day of each window's features.
        target_dates: (windows,), the days that the targets belong to.
        features: names along the last axis.
        horizon_days: rows of the feature table from `dates` to `target_dates`.
    """

    inputs: FloatArray
    targets: FloatArray
    dates: pd.DatetimeIndex
    target_dates: pd.DatetimeIndex
    features: tuple[str, ...]
    horizon_days: int = 1

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def flat(self) -> FloatArray:
        """Inputs as (windows, lags x features), for models without a time axis."""
        return self.inputs.reshape(len(self), -1)

    def take(self, rows: npt.ArrayLike) -> "Windows":
        """Windows selected by a mask or by an array of positions."""
        chosen = np.asarray(rows)
        return replace(
            self,
            inputs=self.inputs[chosen],
            targets=self.targets[chosen],
            dates=self.dates[chosen],
            target_dates=self.target_dates[chosen],
        )

    def last(self, feature: str) -> FloatArray:
        """Values of a feature on the last day of each window: (windows,)."""
        return self.inputs[:, -1, self.features.index(feature)]

    def without(self, names: set[str]) -> "Windows":
        """Windows without the named features."""
        kept = [i for i, name in enumerate(self.features) if name not in names]
        return replace(
            self,
            inputs=self.inputs[:, :, kept],
            features=tuple(self.features[i] for i in kept),
        )


def make_windows(
    features: pd.DataFrame, target: pd.Series, lags: int, horizon_days: int = 1
) -> Windows:
    """Every window whose target is known.

    Args:
        features: one row per day, or per trading day, without gaps.
        target: row t holds the value to predict for row t + horizon_days; NaN where unknown.
        lags: rows of history in a window, 1 or more.
        horizon_days: rows from a window's last row to its target.

    Raises:
        InputError: lags below 1, or too many for the days of features.

    >>> days = pd.date_range("2018-01-01", periods=4, name="date")
    >>> table = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]}, index=days)
    >>> windows = make_windows(table, table["x"].shift(-1), lags=2)
    >>> windows.inputs[:, :, 0].tolist(), windows.targets.tolist()
    ([[1.0, 2.0], [2.0, 3.0]], [3.0, 4.0])
    """
    if not 1 <= lags < len(features):
        raise InputError(
            f"lags {lags} does not fit {len(features)} days of features; "
            f"use 1 to {len(features) - 1}, or a longer period"
        )
    views = np.lib.stride_tricks.sliding_window_view(features.to_numpy(), lags, axis=0)
    ends = pd.DatetimeIndex(features.index[lags - 1 :])
    targets = target.reindex(ends).to_numpy(dtype=np.float64)
    inputs = views.transpose(0, 2, 1).copy()  # (windows, lags, features)
    ahead = pd.date_range(ends[-1], periods=horizon_days + 1, freq="D")[1:]  # not in the table
    target_dates = pd.DatetimeIndex(features.index).append(ahead)[lags - 1 + horizon_days :]
    names = tuple(features.columns)
    windows = Windows(inputs, targets, ends, target_dates, names, horizon_days)
    return windows.take(~np.isnan(targets))


def split(
    windows: Windows, train_start: str, test_start: str, *, share_border: bool = False
) -> tuple[Windows, Windows]:
    """Train windows and the test windows after them, by date.

    Args:
        windows: all windows.
        train_start: first day that a train window may end on; "YYYY-MM-DD".
        test_start: likewise for test windows; no train target belongs to this day or a later one.
        share_border: let the last `horizon_days` train targets belong to test days, as the
            published demos do.

    Raises:
        InputError: an invalid date, or an empty train or test set.
    """
    first, border = parse_date(train_start, "train_start"), parse_date(test_start, "test_start")
    if not first or not border or first >= border:
        raise InputError(
            f"train_start {train_start!r} must be a day before test_start {test_start!r}"
        )
    dates, start, end = windows.dates, pd.Timestamp(first), pd.Timestamp(border)
    train, test = windows.take((dates >= start) & (dates < end)), windows.take(dates >= end)
    choice = f"train_start {train_start} and test_start {test_start}"
    return _separate(windows, train, test, choice, share_border=share_border)


def split_share(
    windows: Windows, share: float, *, share_border: bool = False
) -> tuple[Windows, Windows]:
    """The first share of the windows for training and the later ones for the test.

    Args:
        windows: all windows, oldest first.
        share: fraction of the windows before the border, rounded down to whole windows.
        share_border: let the last train targets belong to test days, as the published demos do.

    Raises:
        InputError: an empty train or test set.

    >>> days = pd.date_range("2018-01-01", periods=12, name="date")
    >>> table = pd.DataFrame({"x": range(12)}, index=days)
    >>> train, test = split_share(make_windows(table, table["x"].shift(-1), lags=2), 0.8)
    >>> len(train), len(test), train.target_dates[-1] < test.dates[0]
    (7, 2, True)
    """
    is_test = np.arange(len(windows)) >= int(len(windows) * share)
    train, test = windows.take(~is_test), windows.take(is_test)
    choice = f"a train share of {share:.0%}"
    return _separate(windows, train, test, choice, share_border=share_border)


def split_tail(train: Windows, fraction: float) -> tuple[Windows, Windows]:
    """Train windows without their last fraction, and that fraction for validation.

    Raises:
        InputError: one of the two would be empty.
    """
    is_tail = np.arange(len(train)) >= len(train) - round(len(train) * fraction)
    choice = f"a validation share of {fraction:.0%}"
    return _separate(train, train.take(~is_tail), train.take(is_tail), choice)


def _separate(
    windows: Windows, earlier: Windows, later: Windows, choice: str, *, share_border: bool = False
) -> tuple[Windows, Windows]:
    """Drop earlier windows whose target belongs to a later window's day; refuse empty parts."""
    if not share_border:
        earlier = earlier.take(earlier.target_dates < later.dates.min())
    for name, part in (("later", later), ("earlier", earlier)):
        if not len(part):
            raise InputError(
                f"{choice} leaves no window in the {name} part of {len(windows)} windows, which "
                f"end {windows.dates.min():%Y-%m-%d} to {windows.dates.max():%Y-%m-%d}; "
                "split elsewhere, use a longer period or shorter windows"
            )
    return earlier, later


def period(train: Windows, test: Windows) -> dict[str, str]:
    """First and last day of train and test windows, as "YYYY-MM-DD"."""
    return {
        f"{name}_{end}": f"{day:%Y-%m-%d}"
        for name, part in (("train", train), ("test", test))
        for end, day in (("first", part.dates[0]), ("last", part.dates[-1]))
    }


def shuffle(windows: Windows, seed: int) -> Windows:
    """Windows in a random order, so that a batch does not hold one season."""
    return windows.take(np.random.default_rng(seed).permutation(len(windows)))


def draw(windows: Windows, fraction: float, seed: int) -> Windows:
    """Random sample of the windows, at least one, in their own order."""
    count = max(1, round(len(windows) * fraction))
    rows = np.random.default_rng(seed).choice(len(windows), count, replace=False)
    return windows.take(np.sort(rows))


def fit_scaler(train: Windows) -> StandardScaler:
    """Mean and deviation of each feature over all rows of the train windows."""
    return StandardScaler().fit(train.inputs.reshape(-1, len(train.features)))


def standardise(train: Windows, *others: Windows) -> tuple[Windows, ...]:
    """Train and other windows with each feature scaled to train mean 0 and deviation 1.

    Mean and deviation come from the train windows alone. A feature that is constant there is
    only centred.
    """
    scaler = fit_scaler(train)
    return tuple(
        replace(part, inputs=(part.inputs - scaler.mean_) / scaler.scale_)
        for part in (train, *others)
    )


def normalise_each(windows: Windows) -> Windows:
    """Windows with each feature scaled to mean 0 and deviation 1 over the window's own rows.

    This removes the level of the prices, and how far they moved. A feature that is constant in a
    window becomes 0 there.

    >>> days = pd.date_range("2018-01-01", periods=4, name="date")
    >>> table = pd.DataFrame({"x": [1.0, 3.0, 3.0, 9.0]}, index=days)
    >>> normalise_each(make_windows(table, table["x"].shift(-1), lags=2)).inputs[:, :, 0].tolist()
    [[-1.0, 1.0], [0.0, 0.0]]
    """
    inputs = windows.inputs  # (windows, lags, features)
    centred = inputs - inputs.mean(axis=1, keepdims=True)
    deviation = inputs.std(axis=1, keepdims=True)
    varies = np.ptp(inputs, axis=1, keepdims=True) > 0  # rounding can leave a tiny deviation
    scaled = np.divide(centred, deviation, out=np.zeros_like(inputs), where=varies)
    return replace(windows, inputs=scaled)


def relative_to_first(windows: Windows, names: set[str]) -> Windows:
    """Windows with the named features as fractional changes since the window's first row.

    Values 4 and 5 become 0 and 0.25; the other features stay as they are.

    Raises:
        InputError: a named feature is 0 in the first row of a window.
    """
    named = np.isin(windows.features, list(names))
    first = np.where(named, windows.inputs[:, :1], 1.0)  # (windows, 1, features)
    if not first.all():
        row, _, column = np.argwhere(first == 0)[0]
        raise InputError(
            f"{windows.features[column]} is 0 on the first day of the window that ends "
            f"{windows.dates[row]:%Y-%m-%d}; choose another period or leave the feature out"
        )
    return replace(windows, inputs=windows.inputs / first - named)
