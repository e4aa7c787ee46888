"""Training of one Keras model: seed, fit, history, forecasts."""

import hashlib
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pandas as pd
from tqdm import tqdm
from tqdm.keras import TqdmCallback

from coincast.datasets.windows import Windows
from coincast.errors import InputError
from coincast.models.checkpoints import Progress
from coincast.records.gpu import watch_gpu
from coincast.records.plain_json import json_hash

__all__ = [
    "REGRESSION",
    "EpochForecasts",
    "Recipe",
    "bitcoin_recipe",
    "device",
    "predict",
    "predict_classes",
    "set_seed",
    "train",
    "with_weights",
]

FloatArray = npt.NDArray[np.float64]
STEPS_PER_EXECUTION = 20  # training steps per call of TensorFlow: the same sums, less overhead


@dataclass(frozen=True)
class Recipe:
    """How a model is fitted, apart from epochs, batch size and seed.

    Attributes:
        optimizer: creates a new optimizer for each fit.
        loss: name of a Keras loss.
        metrics: names of Keras metrics, measured on train and validation windows.
        callbacks: Keras callbacks, new ones for each fit.
        progress: file for the state of an unfinished fit, from which it resumes; None for none.
    """

    optimizer: Callable[[], keras.Optimizer]
    loss: str
    metrics: tuple[str, ...] = ()
    callbacks: Sequence[keras.callbacks.Callback] = ()
    progress: Path | None = None


REGRESSION = Recipe(keras.optimizers.Adam, "mae")


def bitcoin_recipe(
    progress: Path, *callbacks: keras.callbacks.Callback, keep: Path | None = None
) -> Recipe:
    """Recipe of the Bitcoin demo: Nadam at 0.002, cut by a tenth where accuracy stalls.

    Args:
        progress: file for the state of an unfinished fit.
        *callbacks: further callbacks.
        keep: file (`.weights.h5`) for the weights of the epoch with the lowest `val_loss`,
            saved by Keras's ModelCheckpoint as in the demo, whatever the validation rows are.

    The demo's categorical cross-entropy of one-hot labels equals the sparse one of class numbers.
    """
    plateau = keras.callbacks.ReduceLROnPlateau(
        "val_accuracy", factor=0.9, patience=30, min_lr=1e-6, mode="max"
    )
    every = [plateau, *callbacks]
    if keep is not None:
        every.append(
            keras.callbacks.ModelCheckpoint(keep, save_best_only=True, save_weights_only=True)
        )
    nadam, loss = partial(keras.optimizers.Nadam, 0.002), "sparse_categorical_crossentropy"
    return Recipe(nadam, loss, ("accuracy",), every, progress)


class EpochForecasts(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Record the class that the model predicts for each window after each epoch.

    Attributes:
        classes: (epochs, windows), class numbers.
    """

    def __init__(self, windows: Windows) -> None:
        super().__init__()
        self.windows = windows
        self.classes: list[list[int]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Predict the windows with the weights at this point."""
        probabilities = np.asarray(self.model.predict_on_batch(self.windows.inputs))
        self.classes.append(probabilities.argmax(axis=1).tolist())

    def after(self, epoch: int) -> FloatArray:
        """Forecast after an epoch, counted from 1: (windows,)."""
        return np.array(self.classes[epoch - 1], dtype=np.float64)


def set_seed(seed: int) -> None:
    """Seed Python, NumPy and Keras, and make TensorFlow deterministic.

    Keras's session is cleared: otherwise the second model of a process would depend on the first.
    """
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow  # noqa: PLC0415, ICN001 - only where it is the backend

        tensorflow.config.experimental.enable_op_determinism()


def device() -> str:
    """Kind of device that Keras trains on: "GPU" or "CPU"."""
    return "GPU" if keras.distribution.list_devices()[0].startswith("gpu") else "CPU"


def train(  # noqa: PLR0913 - each is a choice that a study has to make
    build: Callable[[int, int], keras.Model],
    train_windows: Windows,
    validation: Windows,
    *,
    epochs: int,
    batch_size: int,
    seed: int,
    keep_best: bool = False,
    log_dir: str = "",
    recipe: Recipe = REGRESSION,
) -> tuple[keras.Model, pd.DataFrame]:
    """Build and fit a model from a seed.

    Args:
        build: (lags, features) -> uncompiled model.
        train_windows: windows to fit, scaled.
        validation: windows for `val_loss` after each epoch.
        epochs: passes over the train windows.
        batch_size: windows per step.
        seed: determines initial weights, order of the windows and dropout.
        keep_best: return the weights of the epoch with the lowest `val_loss` instead of the last;
            never with validation windows from the test period.
        log_dir: folder for TensorBoard; empty for none.
        recipe: optimizer, loss, metrics, callbacks, and where an interrupted fit resumes from;
            by default Adam and the mean absolute error.

    Returns:
        The fitted model, and its history: index `epoch` from 1, columns `loss`, `val_loss` and
        those of metrics and callbacks.

    Raises:
        InputError: epochs or batch_size below 1, or a loss that is not finite.
    """
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if value < 1:
            raise InputError(f"{name} is {value}; use 1 or more")
    set_seed(seed)
    model = build(*train_windows.inputs.shape[1:])
    model.compile(
        recipe.optimizer(),
        recipe.loss,
        metrics=list(recipe.metrics),
        steps_per_execution=STEPS_PER_EXECUTION,
        jit_compile="auto",  # lets Keras choose cuDNN on a GPU and XLA layer by layer
    )
    history = keras.callbacks.History()
    callbacks = [*recipe.callbacks, history]
    if keep_best:
        callbacks.append(keras.callbacks.EarlyStopping(patience=epochs, restore_best_weights=True))
    if log_dir:
        callbacks.append(keras.callbacks.TensorBoard(Path(log_dir).expanduser()))
    done = 0
    if recipe.progress is not None:
        counts = (epochs, batch_size, seed)
        identity = _fit_identity(model, callbacks, (train_windows, validation), counts)
        progress = Progress(recipe.progress, identity, callbacks)
        callbacks.append(progress)
        done = progress.restore(model)
    bar = TqdmCallback(
        epochs,
        verbose=0,
        tqdm_class=tqdm,
        initial=done,
        desc="training",
        file=sys.stdout,
        mininterval=1,
    )
    with watch_gpu() as gpus:
        model.fit(
            train_windows.inputs,
            train_windows.targets,
            initial_epoch=done,
            epochs=epochs,
            batch_size=batch_size,
            validation_data=(validation.inputs, validation.targets),
            callbacks=[bar, *callbacks],
            verbose=0,
        )
    for use in gpus:
        tqdm.write(str(use))
    return model, _history_table(history)


def _fit_identity(
    model: keras.Model,
    callbacks: Iterable[keras.callbacks.Callback],
    windows: Iterable[Windows],
    counts: tuple[int, ...],
) -> str:
    """Hash of everything that determines a fit; a saved state belongs to one identity only."""
    settings = [
        keras.backend.backend(),
        keras.__version__,
        model.to_json(),  # with optimizer, loss and metrics
        [(type(callback).__name__, _numbers(callback)) for callback in callbacks],
        counts,
        [hashlib.sha256(w.inputs.tobytes() + w.targets.tobytes()).hexdigest() for w in windows],
    ]
    return json_hash(settings)


def _numbers(callback: keras.callbacks.Callback) -> dict[str, float]:
    return {name: value for name, value in vars(callback).items() if isinstance(value, int | float)}


def _history_table(history: keras.callbacks.History) -> pd.DataFrame:
    table = pd.DataFrame(history.history)
    table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
    if not np.isfinite(table.to_numpy()).all():
        raise InputError(
            "the loss is not a finite number; look for extreme inputs or shorten the period"
        )
    return table


def predict(model: keras.Model, windows: Windows) -> FloatArray:
    """Forecast of each target: (windows,)."""
    return np.asarray(model.predict(windows.inputs, verbose=0), dtype=np.float64)[:, 0]


def predict_classes(model: keras.Model, windows: Windows) -> FloatArray:
    """Most likely class of each window: (windows,)."""
    probabilities = np.asarray(model.predict(windows.inputs, verbose=0))
    return probabilities.argmax(axis=1).astype(np.float64)


def with_weights(model: keras.Model, path: Path) -> keras.Model:
    """Copy of the model with the weights of a `.weights.h5` file."""
    copy = keras.models.clone_model(model)
    copy.load_weights(path)
    return copy
