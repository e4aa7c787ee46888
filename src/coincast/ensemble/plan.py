"""What a single `fit` would be told: settings and rules, the same for every member."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from coincast.errors import InputError

__all__ = ["MONITORS", "Best", "Build", "FloatArray", "Plan", "Plateau", "Stop", "Weights"]

FloatArray = npt.NDArray[np.float64]
Build = Callable[[int, int], keras.Model]
Weights = list[Any]  # arrays, in the order of the model's variables
MONITORS = ("val_loss", "val_accuracy")


@dataclass(frozen=True)
class Plateau:
    """Lower the learning rate when an epoch's figure no longer improves, as Keras's callback.

    Attributes:
        patience: epochs in a row without an improvement before the rate falls.
        factor: what it is multiplied with, between 0 and 1.
        minimum: below which it does not fall.
        monitor: "val_loss" (lower is better) or "val_accuracy" (higher is).
        min_delta: by how much a figure must improve to count.
    """

    patience: int = 10
    factor: float = 0.1
    minimum: float = 0.0
    monitor: str = "val_loss"
    min_delta: float = 1e-4


@dataclass(frozen=True)
class Best:
    """End with the weights of the first epoch with the best figure, not of the last epoch.

    Never monitor rows that are later tested on.
    """

    monitor: str = "val_loss"


@dataclass(frozen=True)
class Stop:
    """Leave a member as it is once its figure has not improved for `patience` epochs."""

    patience: int
    monitor: str = "val_loss"


@dataclass(frozen=True)
class Plan:
    """How every member is trained.

    Attributes:
        epochs: passes over the train windows.
        batch_size: windows a step; a smaller last batch is trained on, as `fit` does.
        optimizer: name of a Keras optimizer, or a configured one (which stays as it is).
        loss: name of a Keras loss, or a loss object.
        accuracy: measure the share of right classes after each epoch; targets are then numbers
            of classes, counted from 0.
        shuffle: another order for each epoch and seed; False keeps the windows' own.
        plateau: rule for the learning rate; None leaves it alone.
        best: rule for the weights to end with; None is the last epoch's.
        stop: rule for early stopping; None trains every epoch.
    """

    epochs: int
    batch_size: int
    optimizer: str | keras.Optimizer = "adam"
    loss: str | keras.Loss = "mean_absolute_error"
    accuracy: bool = False
    shuffle: bool = True
    plateau: Plateau | None = None
    best: Best | None = None
    stop: Stop | None = None

    def __post_init__(self) -> None:
        counts = {"epochs": self.epochs, "batch_size": self.batch_size}
        counts |= {
            f"{name}.patience": rule.patience
            for name in ("plateau", "stop")
            if (rule := getattr(self, name)) is not None
        }
        for name, value in counts.items():
            if value < 1:
                raise InputError(f"{name} is {value}; use 1 or more")
        for rule in (self.plateau, self.best, self.stop):
            if rule is not None and rule.monitor not in self.figures:
                raise InputError(
                    f"monitor {rule.monitor!r} is not measured; use one of "
                    f"{', '.join(self.figures)}, or set accuracy=True"
                )
        if self.plateau is not None and not 0 < self.plateau.factor < 1:
            raise InputError(f"plateau.factor is {self.plateau.factor}; use one between 0 and 1")

    @property
    def figures(self) -> tuple[str, ...]:
        """Return what is measured on the validation windows after each epoch."""
        return MONITORS if self.accuracy else MONITORS[:1]

    def settings(self) -> dict[str, Any]:
        """Return everything that decides the training, as plain types."""
        named = {f.name: getattr(self, f.name) for f in fields(self)}
        optimizer, loss = self.make_optimizer(), keras.losses.get(self.loss)
        return {name: repr(value) for name, value in named.items()} | {
            "optimizer": keras.optimizers.serialize(optimizer),
            "loss": keras.losses.serialize(loss),
        }

    def make_optimizer(self) -> keras.Optimizer:
        """Return a new optimizer, for an optimizer belongs to one model."""
        optimizer = keras.optimizers.get(self.optimizer)
        return type(optimizer).from_config(optimizer.get_config())
