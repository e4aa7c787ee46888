"""A small fit that can be killed part-way, for the tests of resuming.

`python tests/support/interrupted_fit.py BACKEND KILL_AT FILE...` runs one fit per progress file
and prints its result as JSON; the process kills itself at epoch KILL_AT (0: never).
"""

import hashlib
import json
import os
import signal
import sys
from pathlib import Path

from window_makers import random_windows

from coincast.models.backend import use_backend

EPOCHS = 26


def build(lags, features):
    """Build a model with every kind of state: weights, moving means, dropout's generator."""
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


def fit(progress, kill, *, seed=3):
    """Fit, calling `kill(epoch)` before each epoch; return what two fits are compared by."""
    import keras

    from coincast.models import training

    rows, check = random_windows(), random_windows(seed=1)
    started = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):  # noqa: ARG002
            started.append(epoch)
            kill(epoch)

    forecasts = training.EpochForecasts(check)
    kept = progress.with_suffix(".weights.h5")
    recipe = training.bitcoin_recipe(progress, forecasts, Watch(), keep=kept)
    recipe.callbacks[0].patience = 4
    model, history = training.train(
        build, rows, check, epochs=EPOCHS, batch_size=16, seed=seed, keep_best=True, recipe=recipe
    )
    best = training.with_weights(model, kept)
    weights = b"".join(w.tobytes() for w in [*model.get_weights(), *best.get_weights()])
    result = {
        "history": history.to_dict("list"),
        "classes": forecasts.classes,
        "weights": hashlib.sha256(weights).hexdigest(),
    }
    return len(started), result


if __name__ == "__main__":
    use_backend(sys.argv[1])
    at = int(sys.argv[2])

    def kill(epoch):
        if at and epoch == at:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in sys.argv[3:]:
        print("\n" + json.dumps(fit(Path(name), kill)))
