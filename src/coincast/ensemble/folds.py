"""Networks in a walk-forward: all folds and seeds in one compiled program, twice."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from coincast.datasets.windows import Windows, standardise
from coincast.ensemble.plan import Build, FloatArray, Plan
from coincast.ensemble.train import Ensemble, train_members

__all__ = ["Parts", "forecast_folds", "scale_fold", "target_unit"]


class Parts(Protocol):
    """Windows of one fold, unscaled; `fit` and `validation` are parts of `train`."""

    @property
    def fit(self) -> Windows: ...  # noqa: D102
    @property
    def validation(self) -> Windows: ...  # noqa: D102
    @property
    def train(self) -> Windows: ...  # noqa: D102
    @property
    def test(self) -> Windows: ...  # noqa: D102


def forecast_folds(
    folds: Sequence[Parts], build: Build, plan: Plan, seeds: Sequence[int], *, classes: bool = False
) -> list[FloatArray]:
    """Forecasts of each fold's test windows by networks trained on earlier days.

    Each member is trained twice: on the fit windows, where its epoch with the least validation
    loss is chosen, and then on fit and validation windows together, up to that epoch.

    Args:
        folds: all with the same numbers of fit, validation and train windows.
        build: (lags, features) -> uncompiled model with one output.
        plan: settings and rules.
        seeds: of each fold's networks.
        classes: the targets are classes, so they are not standardised; else they are, like the
            features, on the rows that are fitted.

    Returns:
        For each fold (seeds, test windows), in the unit of the targets; NaN for members that
        failed in either training.

    Raises:
        InputError: folds of unequal lengths, or as `train_members`.

    Warns:
        MemberWarning: members that failed; the others are trained.
    """
    scaled = [scale_fold(fold.fit, fold.validation, classes=classes) for fold in folds]
    first = _train(scaled, build, plan, seeds)
    losses = np.nan_to_num(first.history["val_loss"], nan=np.inf)  # (members, epochs)
    epochs = 1 + losses.argmin(axis=1)
    most = max(len(fold.test) for fold in folds)
    scaled = [
        scale_fold(fold.train, fold.validation, _pad(fold.test, most), classes=classes)
        for fold in folds
    ]
    second = _train(scaled, build, plan, seeds, epochs.tolist())
    outputs = second.predict([parts[2] for parts in scaled for _ in seeds])  # (members, most)
    outputs[list(first.failures)] = np.nan
    by_fold = outputs.reshape(len(folds), len(seeds), most)
    units = [target_unit(fold.train, classes=classes) for fold in folds]
    return [
        centre + scale * forecast[:, : len(fold.test)]
        for fold, forecast, (centre, scale) in zip(folds, by_fold, units, strict=True)
    ]


def _train(
    scaled: Sequence[Sequence[Windows]],
    build: Build,
    plan: Plan,
    seeds: Sequence[int],
    epochs: Sequence[int] | None = None,
) -> Ensemble:
    train, validation = ([parts[i] for parts in scaled for _ in seeds] for i in (0, 1))
    every = list(seeds) * len(scaled)
    return train_members(build, train, validation, plan, every, stop_after=epochs)


def scale_fold(fitted: Windows, *others: Windows, classes: bool = False) -> list[Windows]:
    """Standardise features, and targets unless they are classes, on the first windows."""
    scaled = standardise(fitted, *others)
    centre, scale = target_unit(fitted, classes=classes)
    return [replace(part, targets=(part.targets - centre) / scale) for part in scaled]


def target_unit(windows: Windows, *, classes: bool = False) -> tuple[float, float]:
    """Mean and standard deviation of the targets (1 for a constant); 0 and 1 for classes."""
    if classes:
        return 0.0, 1.0
    return float(windows.targets.mean()), float(windows.targets.std()) or 1.0


def _pad(windows: Windows, rows: int) -> Windows:
    """Repeat the last window up to a number of rows, so that all folds share one program."""
    return windows.take(np.minimum(np.arange(rows), len(windows) - 1))
