"""Feature table -> lagged windows, splits and scaling: the only place that counts rows.

A window is named by its last day t: its inputs are the feature rows t - lags + 1 .. t,
its target belongs to day t + horizon_days.
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
    """Lagged windows with their targets, oldest first unless `shuffle` mixed them.

    Attributes:
        inputs: (windows, lags, features), oldest row of each window first.
        targets: (windows,), `targets[i]` belongs to day `target_dates[i]`.
        dates: (windows,), the last day whose features the window holds.
        features: the names of the last axis.
        horizon_days: days from `dates` to `target_dates`.
    """

    inputs: FloatArray
    targets: FloatArray
    dates: pd.DatetimeIndex
    features: tuple[str, ...]
    horizon_days: int = 1

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def target_dates(self) -> pd.DatetimeIndex:
        """Return the days that the targets belong to."""
        return self.dates + pd.Timedelta(days=self.horizon_days)

    @property
    def flat(self) -> FloatArray:
        """Return the inputs as (windows, lags x features), for models without a time axis."""
        return self.inputs.reshape(len(self), -1)

    def take(self, rows: npt.ArrayLike) -> "Windows":
        """Return the windows that a mask or an array of positions selects."""
        chosen = np.asarray(rows)
        return replace(
            self,
            inputs=self.inputs[chosen],
            targets=self.targets[chosen],
            dates=self.dates[chosen],
        )

    def last(self, feature: str) -> FloatArray:
        """Return a feature's value on the last day of each window: (windows,)."""
        return self.inputs[:, -1, self.features.index(feature)]

    def change(self, feature: str, days: int = 1) -> FloatArray:
        """Return a feature's change over the last days of each window: (windows,).

        Raises:
            InputError: the windows do not reach back that many days.
        """
        lags = self.inputs.shape[1]
        if not 1 <= days < lags:
            raise InputError(
                f"a change over {days} days needs windows of {days + 1} rows, not {lags}; "
                "use a longer window"
            )
        values = self.inputs[:, :, self.features.index(feature)]
        return values[:, -1] - values[:, -1 - days]

    def without(self, names: set[str]) -> "Windows":
        """Return the windows without the named features."""
        kept = [i for i, name in enumerate(self.features) if name not in names]
        return replace(
            self,
            inputs=self.inputs[:, :, kept],
            features=tuple(self.features[i] for i in kept),
        )


def make_windows(
    features: pd.DataFrame, target: pd.Series, lags: int, horizon_days: int = 1
) -> Windows:
    """Return every window that has all its rows and a target.

    Args:
        features: one row a day, without gaps.
        target: on row t what is to be predicted of day t + horizon_days; NaN where unknown.
        lags: rows of history in a window, 1 or more.
        horizon_days: days from a window's last row to its target.

    Raises:
        InputError: lags below 1, or so many that no window is complete.

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
    windows = Windows(
        inputs=views.transpose(0, 2, 1).copy(),  # (windows, lags, features)
        targets=targets,
        dates=ends,
        features=tuple(features.columns),
        horizon_days=horizon_days,
    )
    return windows.take(~np.isnan(targets))


def split(
    windows: Windows, train_start: str, test_start: str, *, share_border: bool = False
) -> tuple[Windows, Windows]:
    """Return train windows and test windows, the test after the train.

    Args:
        windows: all windows.
        train_start: train windows end on this day or later; "YYYY-MM-DD".
        test_start: test windows end on this day or later; no train target lies on it or after.
        share_border: split by the windows' own days alone, as the published demos do: then the
            last `horizon_days` train targets lie in the test period (no test target does).

    Raises:
        InputError: a day that is none, or an empty train or test set.
    """
    first, border = parse_date(train_start, "train_start"), parse_date(test_start, "test_start")
    if not first or not border or first >= border:
        raise InputError(
            f"train_start {train_start!r} must be a day before test_start {test_start!r}"
        )
    known = windows.dates if share_border else windows.target_dates
    start, end = pd.Timestamp(first), pd.Timestamp(border)
    train = windows.take((windows.dates >= start) & (known < end))
    test = windows.take(windows.dates >= end)
    for name, part in (("train", train), ("test", test)):
        if not len(part):
            raise InputError(
                f"the {name} set is empty: windows end {windows.dates[0]:%Y-%m-%d}.."
                f"{windows.dates[-1]:%Y-%m-%d}, train_start is {train_start}, test_start "
                f"{test_start}; move the days or shorten lags"
            )
    return train, test


def split_share(
    windows: Windows, share: float, *, share_border: bool = False
) -> tuple[Windows, Windows]:
    """Return the first share of the windows for training and the rest, all later, for the test.

    Args:
        windows: all windows, oldest first.
        share: of the windows, rounded down, that come before the border.
        share_border: keep the last train windows although their targets lie on the days of test
            windows, as the published demos do; else no train target lies on such a day.

    Raises:
        InputError: an empty train or test set.

    >>> days = pd.date_range("2018-01-01", periods=12, name="date")
    >>> table = pd.DataFrame({"x": range(12)}, index=days)
    >>> train, test = split_share(make_windows(table, table["x"].shift(-1), lags=2), 0.8)
    >>> len(train), len(test), train.target_dates[-1] < test.dates[0]
    (7, 2, True)
    """
    border = int(len(windows) * share)
    test = windows.take(np.arange(len(windows)) >= border)
    train = windows.take(np.arange(len(windows)) < border)
    if len(test) and not share_border:
        train = train.take(train.target_dates < test.dates[0])
    if not len(train) or not len(test):
        raise InputError(
            f"{len(windows)} windows cannot be split at {share:.0%} into train and test; "
            "use a longer period or a shorter window"
        )
    return train, test


def shuffle(windows: Windows, seed: int) -> Windows:
    """Return the windows in a random order that the seed decides."""
    return windows.take(np.random.default_rng(seed).permutation(len(windows)))


def split_tail(train: Windows, fraction: float) -> tuple[Windows, Windows]:
    """Return the train windows without their last part, and that part, for validation.

    No target of the first part lies on the days of the second or later.

    Raises:
        InputError: one of the two would be empty.
    """
    border = len(train) - round(len(train) * fraction)
    validation = train.take(np.arange(len(train)) >= border)
    fit = train.take(train.target_dates < validation.dates.min())
    if not len(fit) or not len(validation):
        raise InputError(
            f"{len(train)} train rows cannot spare {fraction:.0%} for validation; "
            "use a longer train period"
        )
    return fit, validation


def period(train: Windows, test: Windows) -> dict[str, str]:
    """Return the first and last day of train and test windows, as "YYYY-MM-DD"."""
    return {
        f"{name}_{end}": f"{day:%Y-%m-%d}"
        for name, part in (("train", train), ("test", test))
        for end, day in (("first", part.dates[0]), ("last", part.dates[-1]))
    }


def draw(windows: Windows, fraction: float, seed: int) -> Windows:
    """Return a random part of the windows, at least one, in their order."""
    count = max(1, round(len(windows) * fraction))
    rows = np.random.default_rng(seed).choice(len(windows), count, replace=False)
    return windows.take(np.sort(rows))


def standardise(train: Windows, *others: Windows) -> tuple[Windows, ...]:
    """Return train and others with each feature at mean 0 and deviation 1 of the train rows.

    The statistics come from the rows of the train windows and from nothing else; a
    feature that is constant there is centred only.
    """
    scaler = StandardScaler().fit(train.inputs.reshape(-1, len(train.features)))
    return tuple(
        replace(part, inputs=(part.inputs - scaler.mean_) / scaler.scale_)
        for part in (train, *others)
    )


def normalise_each(windows: Windows) -> Windows:
    """Return the windows with each feature at mean 0 and deviation 1 of the window's own rows.

    Nothing but the window decides its numbers: not the target's day, not another window. So
    levels are gone, and windows of a quiet and a wild month look alike. A feature that is the
    same on every row of a window (largest = smallest) becomes 0 there, for its deviation is 0
    but for rounding.

    >>> days = pd.date_range("2018-01-01", periods=4, name="date")
    >>> table = pd.DataFrame({"x": [1.0, 3.0, 3.0, 9.0]}, index=days)
    >>> normalise_each(make_windows(table, table["x"].shift(-1), lags=2)).inputs[:, :, 0].tolist()
    [[-1.0, 1.0], [0.0, 0.0]]
    """
    inputs = windows.inputs  # (windows, lags, features)
    centred = inputs - inputs.mean(axis=1, keepdims=True)
    deviation = inputs.std(axis=1, keepdims=True)
    varies = np.ptp(inputs, axis=1, keepdims=True) > 0
    scaled = np.divide(centred, deviation, out=np.zeros_like(inputs), where=varies)
    return replace(windows, inputs=scaled)


def relative_to_first(windows: Windows, names: set[str]) -> Windows:
    """Return the windows with the named features as changes since the window's own first row.

    Rows 4 and 5 of a named feature become 0 and 0.25; the other features stay.

    Raises:
        InputError: a window begins with a 0, of which nothing can be a fraction.
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
