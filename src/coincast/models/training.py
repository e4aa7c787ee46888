"""Training one model: the seed, the fit, its history."""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
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
# Steps that TensorFlow runs between two looks at Python: the same sums, in half the time.
STEPS_PER_EXECUTION = 20


@dataclass(frozen=True)
class Recipe:
    """How a model is fitted, beyond counts and seed.

    Attributes:
        optimizer: makes a new optimizer; each fit needs its own.
        loss: as Keras names it.
        metrics: likewise; measured beside the loss on train and validation windows.
        callbacks: Keras callbacks, new ones for each fit.
        progress: folder to save the state of the fit in and to resume it from; None for none.
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
    """Return the Bitcoin demo's recipe: Nadam at .002, cut by a tenth where accuracy stalls.

    Args:
        progress: folder to resume an interrupted fit from.
        *callbacks: more to watch the fit with.
        keep: file (`.weights.h5`) for the weights of the epoch with the least `val_loss`, by
            Keras's ModelCheckpoint as in the demo, whatever the validation rows are.

    The demo's one-hot labels and categorical cross-entropy are the same loss as whole numbers
    and its sparse form.
    """
    plateau = keras.callbacks.ReduceLROnPlateau(
        "val_accuracy", factor=0.9, patience=30, min_lr=1e-6, mode="max"
    )
    watch = [plateau, *callbacks]
    if keep is not None:
        watch.append(
            keras.callbacks.ModelCheckpoint(keep, save_best_only=True, save_weights_only=True)
        )
    nadam = partial(keras.optimizers.Nadam, 0.002)
    loss = "sparse_categorical_crossentropy"
    return Recipe(nadam, loss, ("accuracy",), watch, progress)


class EpochForecasts(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Note after each epoch which class the model gives each window: `classes`, (epochs, n)."""

    def __init__(self, windows: Windows) -> None:
        super().__init__()
        self.windows = windows
        self.classes: list[list[int]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Forecast the windows with the weights of this moment."""
        probabilities = np.asarray(self.model.predict_on_batch(self.windows.inputs))
        self.classes.append(probabilities.argmax(axis=1).tolist())

    def after(self, epoch: int) -> FloatArray:
        """Return the forecast after an epoch, counted from 1: (n,)."""
        return np.array(self.classes[epoch - 1], dtype=np.float64)


def set_seed(seed: int) -> None:
    """Seed Python, NumPy and Keras, and ask TensorFlow for operations that repeat exactly.

    Keras keeps count of what it has drawn and named, so without this a second model in one
    process would depend on the first.
    """
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow  # noqa: PLC0415, ICN001 - only where it is the backend

        tensorflow.config.experimental.enable_op_determinism()


def device() -> str:
    """Return what Keras trains on: the name of the GPU, or the kind of processor."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow  # noqa: PLC0415, ICN001 - only where it is the backend

        for gpu in tensorflow.config.list_physical_devices("GPU"):
            details = tensorflow.config.experimental.get_device_details(gpu)
            return f"GPU {details.get('device_name', gpu.name)}"
    elif keras.backend.backend() == "jax":
        import jax  # noqa: PLC0415 - only where it is the backend

        if jax.default_backend() == "gpu":
            return f"GPU {jax.devices()[0].device_kind}"
    return f"CPU {platform.machine()}, {os.cpu_count()} cores"


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
    """Build a model from a seed and fit it: to the mean absolute error with Adam, or by a recipe.

    Args:
        build: (lags, features) -> uncompiled model.
        train_windows: what the weights are fitted to, scaled.
        validation: what `val_loss` is measured on after each epoch.
        epochs: passes over the train windows.
        batch_size: windows a step.
        seed: decides initial weights, order of the windows and dropout.
        keep_best: end with the weights of the epoch with the lowest `val_loss` instead of the
            last; never do this with a validation set made of test rows.
        log_dir: folder for TensorBoard; empty for none.
        recipe: optimizer, loss, metrics, callbacks, and where an interrupted fit resumes from.

    Returns:
        The fitted model; its history, index `epoch` from 1, with columns `loss`, `val_loss`
        and what metrics and callbacks add. Its `attrs["gpus"]` tells how busy each NVIDIA GPU
        was meanwhile; that is never recorded, since it differs from run to run.

    Raises:
        InputError: a count that is not positive, or a loss that is no number.
    """
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if value < 1:
            raise InputError(f"{name} is {value}; use 1 or more")
    set_seed(seed)
    model = build(*train_windows.inputs.shape[1:])
    # "auto" leaves the choice of cuDNN on a GPU and of XLA to Keras, layer by layer.
    model.compile(
        recipe.optimizer(),
        recipe.loss,
        metrics=list(recipe.metrics),
        steps_per_execution=STEPS_PER_EXECUTION,
        jit_compile="auto",
    )
    callbacks = [*recipe.callbacks, *_callbacks(epochs, log_dir, keep_best=keep_best)]
    history = keras.callbacks.History()
    callbacks.append(history)
    if recipe.progress is not None:
        counts = {"epochs": epochs, "batch_size": batch_size, "seed": seed}
        identity = _identity(model, recipe, callbacks, (train_windows, validation), counts)
        callbacks.append(Progress(recipe.progress, identity, callbacks))
    first = callbacks[-1].restore(model) if recipe.progress is not None else 0
    bar = tqdm(
        total=epochs, initial=first, desc="training", unit="epoch", file=sys.stdout, mininterval=1
    )
    watch = TqdmCallback(verbose=0, epochs=epochs, tqdm_class=lambda **_: bar)
    with watch_gpu() as gpus:
        model.fit(
            train_windows.inputs,
            train_windows.targets,
            initial_epoch=first,
            epochs=epochs,
            batch_size=batch_size,
            validation_data=(validation.inputs, validation.targets),
            callbacks=[watch, *callbacks],
            verbose=0,
        )
    if recipe.progress is not None:
        callbacks[-1].forget()
    table = pd.DataFrame(history.history)
    table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
    table.attrs["gpus"] = [asdict(use) for use in gpus]
    for use in gpus:
        bar.write(str(use))
    if not np.isfinite(table.to_numpy()).all():
        raise InputError("the loss is not a number; look for extreme inputs or shorten the period")
    return model, table


def _callbacks(epochs: int, log_dir: str, *, keep_best: bool) -> list[keras.callbacks.Callback]:
    callbacks: list[keras.callbacks.Callback] = []
    if keep_best:
        callbacks.append(keras.callbacks.EarlyStopping(patience=epochs, restore_best_weights=True))
    if log_dir:
        callbacks.append(keras.callbacks.TensorBoard(Path(log_dir).expanduser()))
    return callbacks


def _identity(
    model: keras.Model,
    recipe: Recipe,
    callbacks: Iterable[keras.callbacks.Callback],
    windows: Iterable[Windows],
    counts: dict[str, int],
) -> str:
    """Return a hash of all that decides a fit: a saved state of any other is not its own."""
    settings = {
        "backend": [keras.backend.backend(), keras.__version__],
        "model": model.get_config(),
        "optimizer": model.optimizer.get_config(),
        "loss": [recipe.loss, *recipe.metrics],
        "callbacks": [
            [type(c).__name__, {k: v for k, v in vars(c).items() if isinstance(v, int | float)}]
            for c in callbacks
        ],
        "counts": counts,
    }
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for part in windows:
        digest.update(part.inputs.tobytes() + part.targets.tobytes())
    return digest.hexdigest()


def predict(model: keras.Model, windows: Windows) -> FloatArray:
    """Return the model's forecast of each target: (windows,)."""
    return np.asarray(model.predict(windows.inputs, verbose=0), dtype=np.float64)[:, 0]


def predict_classes(model: keras.Model, windows: Windows) -> FloatArray:
    """Return the number of the most likely class of each window: (windows,)."""
    probabilities = np.asarray(model.predict(windows.inputs, verbose=0))
    return probabilities.argmax(axis=1).astype(np.float64)


def with_weights(model: keras.Model, path: Path) -> keras.Model:
    """Return a copy of the model with the weights in a `.weights.h5` file; the model stays."""
    copy = keras.models.clone_model(model)
    copy.load_weights(path)
    return copy
