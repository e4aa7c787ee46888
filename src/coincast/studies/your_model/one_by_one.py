"""Networks that JAX cannot trace, trained by Keras's own `fit`, one after another."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import keras
import numpy as np

from coincast.datasets.windows import Windows
from coincast.ensemble.folds import Parts, scale_fold, target_unit
from coincast.ensemble.plan import Build, FloatArray, Plan
from coincast.models.training import set_seed
from coincast.studies.your_model.loading import telling

__all__ = ["forecast_one_by_one"]


def forecast_one_by_one(
    folds: Sequence[Parts], build: Build, plan: Plan, seeds: Sequence[int], *, classes: bool = False
) -> list[FloatArray]:
    """As `ensemble.forecast_folds`, on any backend; it prints how long it will take.

    Raises:
        InputError: the model cannot be trained here either.
    """
    trainer = _compiled_or_eager(folds[0], build, plan, seeds[0], classes=classes)
    started, found = time.monotonic(), []
    for number, fold in enumerate(folds, start=1):
        with telling("your model"):
            found.append(np.stack([trainer.forecast(fold, seed) for seed in seeds]))
        minutes = (time.monotonic() - started) / number * (len(folds) - number) / 60
        told = f"fold {number} of {len(folds)}, about {minutes:.1f} minutes left"
        sys.stdout.write(f"one by one on {keras.backend.backend()}: {told}\n")
    return found


@dataclass(frozen=True)
class _Trainer:
    build: Build
    plan: Plan
    classes: bool
    eager: bool  # without compiling: slower, but layers may branch on values

    def forecast(self, fold: Parts, seed: int) -> FloatArray:
        """Forecast of one network: validation rows choose its epoch, then it is fitted again."""
        fit, validation = scale_fold(fold.fit, fold.validation, classes=self.classes)
        losses = self._fit(fit, seed, self.plan.epochs, validation).history.history["val_loss"]
        epochs = 1 + int(np.nan_to_num(losses, nan=np.inf).argmin())
        train, test = scale_fold(fold.train, fold.test, classes=self.classes)
        told = self._fit(train, seed, epochs).predict_on_batch(test.inputs)
        centre, scale = target_unit(fold.train, classes=self.classes)
        return centre + scale * np.asarray(told, dtype=np.float64)[:, 0]

    def _fit(
        self, train: Windows, seed: int, epochs: int, validation: Windows | None = None
    ) -> keras.Model:
        set_seed(seed)
        model = self.build(*train.inputs.shape[1:])
        model.compile(self.plan.make_optimizer(), self.plan.loss, run_eagerly=self.eager)
        shown = validation and (validation.inputs, validation.targets[:, None])
        size = self.plan.batch_size
        model.fit(train.inputs, train.targets[:, None], size, epochs, 0, validation_data=shown)
        return model


def _compiled_or_eager(
    fold: Parts, build: Build, plan: Plan, seed: int, *, classes: bool
) -> _Trainer:
    """The faster of two ways to train that the model bears."""
    compiled = _Trainer(build, plan, classes, eager=False)
    try:
        replace(compiled, plan=replace(plan, epochs=1)).forecast(fold, seed)
    except Exception:  # noqa: BLE001 - whatever a layer of yours does while it is compiled
        return _Trainer(build, plan, classes, eager=True)
    return compiled
