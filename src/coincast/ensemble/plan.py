"""Settings and rules of a training run, the same for every member."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from coincast.errors import InputError

__all__ = ["Build", "FloatArray", "Plan", "Plateau", "Weights"]

FloatArray = npt.NDArray[np.float64]
Build = Callable[[int, int], keras.Model]
Weights = list[Any]  # arrays, in the order of the model's variables


@dataclass(frozen=True)
class Plateau:
    """Lower the learning rate when a metric stops improving, as Keras's `ReduceLROnPlateau`.

    Attributes:
        patience: epochs without an improvement before the rate is lowered.
        factor: the rate is multiplied by this, between 0 and 1.
        minimum: lower bound of the rate.
        monitor: "val_loss" (lower is better) or "val_accuracy" (higher is better).
        min_delta: smallest change that counts as an improvement.
    """

    patience: int = 10
    factor: float = 0.1
    minimum: float = 0.0
    monitor: str = "val_loss"
    min_delta: float = 1e-4


@dataclass(frozen=True)
class Plan:
    """How every member is trained.

    Attributes:
        epochs: passes over the train windows.
        batch_size: windows per step; a smaller last batch is trained on too, as in `fit`.
        optimizer: name of a Keras optimizer, or a configured one, which is copied.
        loss: name of a Keras loss, or a loss object.
        accuracy: measure the accuracy after each epoch; targets are then class numbers from 0.
        plateau: rule for the learning rate, if any.
        keep_best: keep the weights of the epoch with the least `val_loss` (the first, if several
            tie), not of the last; never with validation rows that are later tested on.

    Raises:
        InputError: a number out of range, or a plateau rule for what is not measured.
    """

    epochs: int
    batch_size: int
    optimizer: str | keras.Optimizer = "adam"
    loss: str | keras.Loss = "mean_absolute_error"
    accuracy: bool = False
    plateau: Plateau | None = None
    keep_best: bool = False

    def __post_init__(self) -> None:
        counts, rule = {"epochs": self.epochs, "batch_size": self.batch_size}, self.plateau
        if rule is not None:
            counts["plateau.patience"] = rule.patience
            if not 0 < rule.factor < 1:
                raise InputError(f"plateau.factor is {rule.factor}; use 0 to 1, exclusive")
        for name, value in counts.items():
            if value < 1:
                raise InputError(f"{name} is {value}; use 1 or more")
        monitors = ("val_loss", "val_accuracy") if self.accuracy else ("val_loss",)
        if rule is not None and rule.monitor not in monitors:
            raise InputError(
                f"monitor {rule.monitor!r} is not measured; use {' or '.join(monitors)}, "
                "or set accuracy=True"
            )

    def make_optimizer(self) -> keras.Optimizer:
        """Return a new optimizer: one optimizer can train only one model."""
        optimizer = keras.optimizers.get(self.optimizer)
        return type(optimizer).from_config(optimizer.get_config())
