"""Training one model: the seed, the fit, its history."""

import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import pandas as pd
from tqdm import tqdm
from tqdm.keras import TqdmCallback

from coincast.errors import InputError
from coincast.windows import Windows

__all__ = ["device", "predict", "set_seed", "train"]

# Steps that TensorFlow runs between two looks at Python: the same sums, in half the time.
STEPS_PER_EXECUTION = 20


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
    return f"CPU {platform.machine()}, {os.cpu_count()} cores"


def train(
    build: Callable[[int, int], keras.Model],
    train_windows: Windows,
    validation: Windows,
    *,
    epochs: int,
    batch_size: int,
    seed: int,
    keep_best: bool = False,
    log_dir: str = "",
) -> tuple[keras.Model, pd.DataFrame]:
    """Build a model from a seed and fit it to the mean absolute error with Adam.

    Args:
        build: (lags, features) -> uncompiled model.
        train_windows: what the weights are fitted to, standardised.
        validation: what `val_loss` is measured on after each epoch.
        epochs: passes over the train windows.
        batch_size: windows a step.
        seed: decides initial weights, order of the windows and dropout.
        keep_best: end with the weights of the epoch with the lowest `val_loss` instead of the
            last; never do this with a validation set made of test rows.
        log_dir: folder for TensorBoard; empty for none.

    Returns:
        The fitted model; its history with columns `loss` and `val_loss`, index `epoch` from 1.

    Raises:
        InputError: a count that is not positive, or a loss that is no number.
    """
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if value < 1:
            raise InputError(f"{name} is {value}; use 1 or more")
    set_seed(seed)
    model = build(*train_windows.inputs.shape[1:])
    # "auto" leaves the choice of cuDNN on a GPU and of XLA to Keras, layer by layer.
    model.compile("adam", "mae", steps_per_execution=STEPS_PER_EXECUTION, jit_compile="auto")
    history = model.fit(
        train_windows.inputs,
        train_windows.targets,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(validation.inputs, validation.targets),
        callbacks=_callbacks(epochs, log_dir, keep_best=keep_best),
        verbose=0,
    )
    table = pd.DataFrame(history.history)
    table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
    if not np.isfinite(table.to_numpy()).all():
        raise InputError("the loss is not a number; look for extreme inputs or shorten the period")
    return model, table


def _callbacks(epochs: int, log_dir: str, *, keep_best: bool) -> list[keras.callbacks.Callback]:
    bar = tqdm(total=epochs, desc="training", unit="epoch", file=sys.stdout, mininterval=1)
    callbacks = [TqdmCallback(verbose=0, epochs=epochs, tqdm_class=lambda **_: bar)]
    if keep_best:
        callbacks.append(keras.callbacks.EarlyStopping(patience=epochs, restore_best_weights=True))
    if log_dir:
        callbacks.append(keras.callbacks.TensorBoard(Path(log_dir).expanduser()))
    return callbacks


def predict(model: keras.Model, windows: Windows) -> npt.NDArray[np.float64]:
    """Return the model's forecast of each target: (windows,)."""
    return np.asarray(model.predict(windows.inputs, verbose=0), dtype=np.float64)[:, 0]
