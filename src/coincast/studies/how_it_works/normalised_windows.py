"""Windows of daily prices, each normalised by itself, and the one that notebook 04 explains."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from coincast.datasets.windows import FloatArray, Windows, make_windows, normalise_each
from coincast.errors import InputError
from coincast.prices.schema import OHLC

__all__ = [
    "LABELS",
    "RECALL",
    "ExampleWindow",
    "baselines",
    "example_window",
    "labels",
    "normalised_windows",
    "tasks",
]

LABELS = ("falls", "rises")
CLOSE = OHLC.index("close")
RECALL = "recall the first close"


def normalised_windows(prices: pd.DataFrame, days: int) -> Windows:
    """Windows of open, high, low and close, each column in its own window's units.

    A column's unit is its standard deviation over the window (divisor n), measured from its mean.
    The target is the next day's close in the units of the window's closes; the next day counts
    towards neither mean nor deviation.

    Raises:
        InputError: a window that does not fit the data, or that has a constant column.
    """
    raw = make_windows(prices[OHLC], prices["close"].shift(-1), days)
    constant = np.ptp(raw.inputs, axis=1) == 0  # (windows, columns)
    if constant.any():
        row, column = np.argwhere(constant)[0]
        raise InputError(
            f"{OHLC[column]} is {raw.inputs[row, 0, column]:.10g} on each of the {days} days to "
            f"{raw.dates[row]:%Y-%m-%d}, so it has no scale; use a longer window or another period"
        )
    means, deviations = raw.inputs.mean(axis=1), raw.inputs.std(axis=1)  # (windows, columns)
    targets = (raw.targets - means[:, CLOSE]) / deviations[:, CLOSE]
    return replace(normalise_each(raw), targets=targets)


def tasks(windows: Windows) -> dict[str, FloatArray]:
    """Targets of what the recurrent networks learn, in window units: task -> (windows,)."""
    return {"next close": windows.targets, RECALL: windows.inputs[:, 0, CLOSE]}


def baselines(fit: Windows, held_out: Windows) -> pd.DataFrame:
    """Mean squared errors of forecasts without a network.

    Returns:
        Index `task`; `forecast`: its name; `fit` and `held_out`: its loss on these windows.
    """
    mean = tasks(fit)[RECALL].mean()
    losses = {}
    for name, windows in {"fit": fit, "held_out": held_out}.items():
        next_close, first_close = tasks(windows).values()
        errors = (windows.last("close") - next_close, mean - first_close)
        losses[name] = [float(np.mean(error**2)) for error in errors]
    forecasts = ["the last close repeated", "the mean of the train windows"]
    return pd.DataFrame({"forecast": forecasts} | losses, index=pd.Index(tasks(fit), name="task"))


def labels(windows: Windows) -> npt.NDArray[np.int64]:
    """1 where the next close is above the last one, else 0: (windows,), positions in `LABELS`."""
    return (windows.targets > windows.last("close")).astype(np.int64)


@dataclass(frozen=True)
class ExampleWindow:
    """One real window around a large move.

    Attributes:
        inputs: (days, 4), normalised.
        prices: the prices of its days.
        day: the day of the move.
        move: close / close of the day before - 1.
        passed_over: larger moves whose windows have days without trade.
    """

    inputs: FloatArray
    prices: pd.DataFrame
    day: pd.Timestamp
    move: float
    passed_over: int

    @property
    def days(self) -> pd.DatetimeIndex:
        """The days of the window."""
        return pd.DatetimeIndex(self.prices.index)

    @property
    def sentence(self) -> str:
        """Which window it is, in words."""
        days = (self.prices["volume"] == 0).sum()
        still = f"; on {days} of its days nobody traded there and prices stand still"
        passed = (
            f"; larger moves passed over, because their windows have days without any trade, on "
            f"which prices stand still: {self.passed_over}"
        )
        return (
            f"The window is {self.days[0]:%Y-%m-%d} to {self.days[-1]:%Y-%m-%d}, around the "
            f"largest move of a day, {self.move:+.1%} on {self.day:%Y-%m-%d}"
            f"{still if days else ''}{passed if self.passed_over else ''}."
        )


def example_window(prices: pd.DataFrame, windows: Windows) -> ExampleWindow:
    """The window with the largest absolute daily move in its middle, among those traded every day.

    Where prices stand still a filter sees nothing, so windows with days without trade are passed
    over unless there is no other. If a move is too near an end of the period, the nearest window
    is taken.
    """
    length = windows.inputs.shape[1]
    moves = prices["close"].pct_change().dropna()
    examples = []
    for passed_over, day in enumerate(moves.abs().sort_values(ascending=False).index):
        nearest = np.abs(windows.dates - day - pd.Timedelta(days=length // 2)).argmin()
        within = prices.loc[pd.date_range(end=windows.dates[nearest], periods=length, name="date")]
        inputs, move = windows.inputs[nearest], float(moves[day])
        examples.append(ExampleWindow(inputs, within, day, move, passed_over))
        if (within["volume"] != 0).all():
            return examples[-1]
    return examples[0]
