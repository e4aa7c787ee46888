"""Networks that JAX cannot trace, trained by Keras's own `fit`, one after another."""

import sys
import time
from collections.abc import Sequence

import keras
import numpy as np

from coincast.datasets.windows import Windows
from coincast.ensemble.folds import Parts, scale_fold, target_unit
from coincast.ensemble.plan import Build, FloatArray, Plan
from coincast.models.training import set_seed

__all__ = ["forecast_one_by_one"]


def forecast_one_by_one(
    folds: Sequence[Parts], build: Build, plan: Plan, seeds: Sequence[int], *, classes: bool = False
) -> list[FloatArray]:
    """As `ensemble.forecast_folds`, on any backend; it prints how long it will take."""
    started, found = time.monotonic(), []
    for number, fold in enumerate(folds, start=1):
        told = [_forecast(fold, build, plan, seed, classes=classes) for seed in seeds]
        found.append(np.stack(told))
        minutes = (time.monotonic() - started) / number * (len(folds) - number) / 60
        engine = f"one by one on {keras.backend.backend()}"
        rest = f"about {minutes:.1f} minutes left"
        sys.stdout.write(f"{engine}: fold {number} of {len(folds)}, {rest}\n")
    return found


def _forecast(fold: Parts, build: Build, plan: Plan, seed: int, *, classes: bool) -> FloatArray:
    """Forecast of one network: validation rows choose its epoch, then it is fitted again."""
    fit, validation = scale_fold(fold.fit, fold.validation, classes=classes)
    losses = _fit(build, plan, fit, seed, plan.epochs, validation).history.history["val_loss"]
    epochs = 1 + int(np.nan_to_num(losses, nan=np.inf).argmin())
    train, test = scale_fold(fold.train, fold.test, classes=classes)
    told = _fit(build, plan, train, seed, epochs).predict_on_batch(test.inputs)
    centre, scale = target_unit(fold.train, classes=classes)
    return centre + scale * np.asarray(told, dtype=np.float64)[:, 0]


def _fit(
    build: Build,
    plan: Plan,
    train: Windows,
    seed: int,
    epochs: int,
    validation: Windows | None = None,
) -> keras.Model:
    set_seed(seed)
    model = build(*train.inputs.shape[1:])
    # Eagerly, because a layer that JAX cannot trace may branch on values.
    model.compile(plan.make_optimizer(), plan.loss, run_eagerly=True)
    shown = validation and (validation.inputs, validation.targets[:, None])
    targets = train.targets[:, None]
    model.fit(train.inputs, targets, plan.batch_size, epochs, 0, validation_data=shown)
    return model
