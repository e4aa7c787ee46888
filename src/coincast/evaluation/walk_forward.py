"""Forecasts through time: each model is fitted again and again, on earlier days only.

A model is any function that takes the folds and gives a forecast for each, so that a network can
train all of its folds at once. What it chooses, scales or fits is its own affair, inside the fold.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coincast.datasets.windows import Windows, split_tail, standardise
from coincast.errors import InputError
from coincast.prices.schema import parse_date

__all__ = ["Fold", "Model", "folds", "per_fold", "walk_forward"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fold:
    """The windows of one origin, each part oldest first.

    Attributes:
        number: 0 for the earliest origin.
        fit: the older part of `train`.
        validation: the rest of it, apart from rows whose target would belong to both.
        train: every target belongs to a day before the first test window's last day.
        test: windows that end on the origin or later, before the next origin.
    """

    number: int
    fit: Windows
    validation: Windows
    train: Windows
    test: Windows

    def apply(self, change: Callable[[Windows], Windows]) -> "Fold":
        """The fold with each part changed by a function that uses no other part."""
        parts = (self.fit, self.validation, self.train, self.test)
        return Fold(self.number, *map(change, parts))


# Folds -> for each, (test rows,) or, for a model with seeds, (seeds, test rows).
Model = Callable[[Sequence[Fold]], Sequence[FloatArray]]


def folds(
    windows: Windows,
    *,
    test_start: str,
    refit_days: int,
    train_days: int | None,
    validation_share: float,
) -> list[Fold]:
    """Every fold of a walk-forward; the test rows are those from `test_start` on, each in one fold.

    Args:
        windows: unscaled, in order of time.
        test_start: first day that a test window may end on; "YYYY-MM-DD".
        refit_days: days between origins.
        train_days: windows to train on, the same number at every origin; None for all earlier ones.
        validation_share: last fraction of the train windows.

    Raises:
        InputError: windows out of order, a number out of range, nothing to test, or too few windows
            before `test_start`.
    """
    border, dates = parse_date(test_start, "test_start"), windows.dates
    if not (dates.is_monotonic_increasing and dates.is_unique):
        raise InputError("walk-forward needs windows in order of time; don't shuffle them before")
    for name, days in (("refit_days", refit_days), ("train_days", train_days)):
        if days is not None and days < 1:
            raise InputError(f"{name} is {days}; use 1 or more")
    if not border or not len(windows) or pd.Timestamp(border) > dates[-1]:
        last = f"{dates[-1]:%Y-%m-%d}" if len(windows) else "never"
        raise InputError(f"no window is left to test: test_start {test_start!r}, last one {last}")
    origins = pd.date_range(border, dates[-1], freq=f"{refit_days}D")
    tests = [windows.take((dates >= day) & (dates < day + origins.freq)) for day in origins]
    tests = [test for test in tests if len(test)]
    trains = [_train(windows, test, train_days) for test in tests]
    return [
        Fold(number, *split_tail(train, validation_share), train, test)
        for number, (train, test) in enumerate(zip(trains, tests, strict=True))
    ]


def _train(windows: Windows, test: Windows, train_days: int | None) -> Windows:
    known = np.flatnonzero(windows.target_dates < test.dates[0])
    if not len(known) or (train_days is not None and len(known) < train_days):
        raise InputError(
            f"{len(known)} windows have their target before {test.dates[0]:%Y-%m-%d}, too few for "
            f"train_days {train_days}; move test_start or use a longer period"
        )
    return windows.take(known[-(train_days or len(known)) :])


def per_fold(forecast: Callable[[Windows, Windows], FloatArray], *, scale: bool = False) -> Model:
    """Model from a function of one fold.

    Args:
        forecast: train and test windows -> (test rows,).
        scale: standardise the features on the train windows first.
    """

    def model(every: Sequence[Fold]) -> list[FloatArray]:
        pairs = [(fold.train, fold.test) for fold in every]
        return [forecast(*(standardise(*pair) if scale else pair)) for pair in pairs]

    return model


def walk_forward(coins: Mapping[str, Sequence[Fold]], models: Mapping[str, Model]) -> pd.DataFrame:
    """Forecasts of all models for all test rows.

    Args:
        coins: coin -> its folds.
        models: name -> model; each is called once, with the folds of all coins.

    Returns:
        One row per coin, fold, test day, model and seed: `coin`, `fold`, `date` (of the target),
        `model`, `seed` (position from 0; 0 for a model without), `forecast` (NaN where a network
        could not be trained), `target`.

    Raises:
        InputError: a model gives another number of forecasts than there are folds or test rows.
    """
    every = [(coin, fold) for coin, of_coin in coins.items() for fold in of_coin]
    parts = []
    for name, model in models.items():
        forecasts = model([fold for _, fold in every])
        if len(forecasts) != len(every):
            raise InputError(f"{name} gives {len(forecasts)} forecasts for {len(every)} folds")
        for (coin, fold), forecast in zip(every, forecasts, strict=True):
            parts.append(_rows(fold, coin, name, forecast))
    table = pd.concat(parts, ignore_index=True)
    return table.astype({"coin": "category", "model": "category"})


def _rows(fold: Fold, coin: str, name: str, forecast: FloatArray) -> pd.DataFrame:
    by_seed = np.atleast_2d(forecast)
    if by_seed.shape[1:] != (len(fold.test),):
        raise InputError(
            f"{name} gives forecasts of shape {np.shape(forecast)} for the {len(fold.test)} test "
            f"rows of {coin}'s fold {fold.number}; use (rows,) or (seeds, rows)"
        )
    seeds, rows = by_seed.shape
    return pd.DataFrame(
        {
            "coin": coin,
            "fold": fold.number,
            "date": np.tile(fold.test.target_dates, seeds),
            "model": name,
            "seed": np.repeat(np.arange(seeds), rows),
            "forecast": by_seed.ravel(),
            "target": np.tile(fold.test.targets, seeds),
        }
    )
