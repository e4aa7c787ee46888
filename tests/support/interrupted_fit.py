"""A small fit in a process of its own, to be killed: KILL_AT ends it without a word.

`python tests/support/interrupted_fit.py BACKEND KILL_AT FOLDER...` (0: to the end) prints a JSON
each folder: the epochs that ran in this process, the history and the weights' hash.
"""

import hashlib
import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from coincast.models.backend import use_backend

EPOCHS = 26


def make_windows(seed=0):
    from coincast.datasets import windows

    rng = np.random.default_rng(seed)
    index = pd.date_range("2018-01-01", periods=80, name="date")
    table = pd.DataFrame(rng.normal(size=(80, 3)), index=index, columns=list("abc"))
    return windows.make_windows(table, (table["a"] > 0).astype(float), lags=8)


def build(lags, features):
    """Return a small model with all that a fit changes: weights, moving means, dropout's state."""
    import keras

    return keras.Sequential(
        [
            keras.Input((lags, features)),
            keras.layers.Flatten(),
            keras.layers.Dense(8, activation="tanh"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )


def fit(folder, kill, *, seed=3):
    """Fit; call `kill(epoch)` before each epoch. Return what can be compared."""
    import keras

    from coincast.models import training

    rows, check = make_windows(), make_windows(seed=1)
    started = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):  # noqa: ARG002
            started.append(epoch)
            kill(epoch)

    said = training.EpochForecasts(check)
    kept = folder.parent / f"{folder.name}.weights.h5"
    recipe = training.bitcoin_recipe(folder, said, Watch(), keep=kept)
    recipe.callbacks[0].patience = 4
    model, history = training.train(
        build, rows, check, epochs=EPOCHS, batch_size=16, seed=seed, keep_best=True, recipe=recipe
    )
    best = training.with_weights(model, kept)
    weights = b"".join(w.tobytes() for w in [*model.get_weights(), *best.get_weights()])
    return {
        "ran": len(started),
        "history": history.to_dict("list"),
        "classes": said.classes,
        "weights": hashlib.sha256(weights).hexdigest(),
        "left": sorted(path.name for path in folder.glob("*")),
    }


if __name__ == "__main__":
    use_backend(sys.argv[1])
    at = int(sys.argv[2])

    def kill(epoch):
        if at and epoch == at:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in sys.argv[3:]:
        print("\n" + json.dumps(fit(Path(name), kill)))
