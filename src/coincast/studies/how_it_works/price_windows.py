"""Windows of open, high, low and close in their own units, and one of them to explain with."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from coincast.datasets.windows import Windows, make_windows
from coincast.errors import InputError
from coincast.prices.schema import OHLC

__all__ = [
    "LABELS",
    "TASKS",
    "Example",
    "baselines",
    "example",
    "first_close",
    "labels",
    "last_close",
    "next_close",
    "price_windows",
    "shuffled",
]

FloatArray = npt.NDArray[np.float64]
LABELS = ("falls", "rises")


def price_windows(prices: pd.DataFrame, days: int) -> Windows:
    """Return windows of open, high, low and close, each column in its own window's units.

    From each column of each window its mean is taken, and what is left is divided by its standard
    deviation (of the window, divisor n). The target is the next day's close in the units of the
    window's closes; the next day has no part in mean and deviation.

    Raises:
        InputError: a window longer than the data, or one with a constant column.
    """
    if not 1 < days < len(prices):
        raise InputError(
            f"window {days} does not fit {len(prices)} days of prices; "
            f"use 2 to {len(prices) - 1}, or a longer period"
        )
    raw = make_windows(prices[OHLC], prices["close"].shift(-1), days)
    means = raw.inputs.mean(axis=1, keepdims=True)  # (windows, 1, columns)
    deviations = raw.inputs.std(axis=1, keepdims=True)
    constant = (raw.inputs == raw.inputs[:, :1]).all(axis=1)  # (windows, columns)
    if constant.any():
        row, column = np.argwhere(constant)[0]
        raise InputError(
            f"{OHLC[column]} is {raw.inputs[row, 0, column]:.10g} on each of the {days} days to "
            f"{raw.dates[row]:%Y-%m-%d}, so it has no scale; use a longer window or another period"
        )
    close = OHLC.index("close")
    targets = (raw.targets - means[:, 0, close]) / deviations[:, 0, close]
    return replace(raw, inputs=(raw.inputs - means) / deviations, targets=targets)


def next_close(windows: Windows) -> FloatArray:
    """Return the next day's close, in window units: (windows,)."""
    return windows.targets


def last_close(windows: Windows) -> FloatArray:
    """Return the close of the window's last day, in window units: (windows,)."""
    return windows.last("close")


def first_close(windows: Windows) -> FloatArray:
    """Return the close of the window's first day, in window units: (windows,)."""
    return windows.inputs[:, 0, windows.features.index("close")]


TASKS = {"next close": next_close, "recall the first close": first_close}


def baselines(fit: Windows, held_out: Windows) -> pd.DataFrame:
    """Return what forecasts without a network lose on each task, as mean squared errors.

    Returns:
        Index `task`; `forecast`: what is forecast, `fit` and `held_out`: its loss on these.
    """
    mean = first_close(fit).mean()
    return pd.DataFrame(
        {
            "forecast": ["the last close repeated", "the mean of the train windows"],
            "fit": _baseline_losses(fit, mean),
            "held_out": _baseline_losses(held_out, mean),
        },
        index=pd.Index(TASKS, name="task"),
    )


def _baseline_losses(windows: Windows, mean: float) -> list[float]:
    errors = (last_close(windows) - next_close(windows), mean - first_close(windows))
    return [float(np.mean(error**2)) for error in errors]


def shuffled(windows: Windows, seed: int) -> Windows:
    """Return the windows in an order drawn from a seed: a batch should not be one season."""
    return windows.take(np.random.default_rng(seed).permutation(len(windows)))


def labels(windows: Windows) -> npt.NDArray[np.int64]:
    """Return 1 where the next close is above the last one, else 0; names are in `LABELS`."""
    return (next_close(windows) > last_close(windows)).astype(np.int64)


@dataclass(frozen=True)
class Example:
    """One real window around a large move.

    Attributes:
        windows: just this window.
        prices: its days, as they were.
        day: the day of the move.
        move: close / close of the day before - 1.
    """

    windows: Windows
    prices: pd.DataFrame
    day: pd.Timestamp
    move: float

    @property
    def sentence(self) -> str:
        """Return in words which window it is."""
        still = int((self.prices["volume"] == 0).sum())
        told = f"; on {still} of its days nobody traded there and prices stand still"
        return (
            f"The window is {self.days[0]:%Y-%m-%d} to {self.days[-1]:%Y-%m-%d}: the largest move "
            f"of a day in the period is {self.move:+.1%}, on {self.day:%Y-%m-%d}"
            f"{told if still else ''}."
        )

    @property
    def inputs(self) -> FloatArray:
        """Return the window as (days, 4)."""
        return self.windows.inputs[0]

    @property
    def days(self) -> pd.DatetimeIndex:
        """Return the days of the window."""
        return pd.DatetimeIndex(self.prices.index)


def example(prices: pd.DataFrame, windows: Windows) -> Example:
    """Return the window with the largest absolute daily move of the period in its middle.

    Where the move lies too near an end of the period, the window nearest to that is taken.
    """
    moves = prices["close"].pct_change()
    day = moves.abs().idxmax()
    length = windows.inputs.shape[1]
    wanted = day + pd.Timedelta(days=length // 2)
    nearest = np.abs(windows.dates - wanted).argmin()
    chosen = windows.take([nearest])
    days = pd.date_range(end=chosen.dates[0], periods=length, name="date")
    return Example(chosen, prices.loc[days], day, float(moves[day]))
