"""What training many models costs: `fit` one after another against one program, timed here and now.

One process has one Keras backend, and what is compiled stays compiled, so each side is timed in a
process of its own: `python -m coincast.speed SIDE STUDY MEMBERS` prints its seconds as JSON.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from coincast.backend import use_all_cores, use_backend
from coincast.errors import InputError

__all__ = ["SIDES", "STUDIES", "measure"]

SIDES = {"fit": "tensorflow", "fit_on_jax": "jax", "program": "jax"}
WARM_RUNS = 3


@dataclass(frozen=True)
class Study:
    """What is trained: the builder's name, data, and the numbers of a fit."""

    build: str
    epochs: int
    batch_size: int
    optimizer: str
    loss: str
    windows: Callable[[], tuple[Any, Any]]


def _ethereum() -> tuple[Any, Any]:
    from coincast import features, windows  # noqa: PLC0415
    from coincast.prices import load_common  # noqa: PLC0415

    prices = load_common(["bitcoin", "ethereum"], "", "2018-01-13")
    table = features.feature_table(prices)
    every = windows.make_windows(table, features.next_change(prices["ethereum"]), 4)
    return windows.standardise(*windows.split(every, "2017-02-28", "2017-11-15"))  # type: ignore[return-value]


def _bitcoin() -> tuple[Any, Any]:
    from coincast import features, windows  # noqa: PLC0415
    from coincast.prices import load_prices  # noqa: PLC0415

    prices = load_prices("bitcoin", "2014-11-28", "2017-08-23", venue="bitstamp")
    table = prices.filter(["open", "high", "low", "close"])
    every = windows.make_windows(table, features.rises(prices), 30)
    return windows.split_share(windows.normalise_each(every), 0.9)


STUDIES = {
    "ethereum": Study("lstm", 21, 1, "adam", "mean_absolute_error", _ethereum),
    "bitcoin": Study("cnn_lstm", 20, 50, "nadam", "sparse_categorical_crossentropy", _bitcoin),
}


def measure(side: str, study: str, members: int) -> dict[str, Any]:
    """Time one side in a new process.

    Args:
        side: "fit" (TensorFlow), "fit_on_jax", or "program".
        study: "ethereum" (the LSTM) or "bitcoin" (the CNN-LSTM, 20 epochs).
        members: how many models.

    Returns:
        `seconds` of each fit, or `cold` (initial weights and compiling counted) and `warm` of
        each later run of the program; `val_loss` of each member after its last epoch; `peak_gib`;
        for the program `gflops`, the limit of a matrix product on this machine.

    Raises:
        InputError: the process died.
    """
    command = [sys.executable, "-m", "coincast.speed", side, study, str(members)]
    done = subprocess.run(  # noqa: S603 - this interpreter and this module
        command, capture_output=True, text=True, check=False
    )
    try:
        return dict(json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError) as error:
        raise InputError(
            f"timing {side} of {members} {study} models died; look at the memory of the machine: "
            f"{done.stderr[-500:]}"
        ) from error


def _time_fits(study: Study, members: int) -> dict[str, Any]:
    """Fit models one after another, each as a user would: built, compiled, fitted."""
    import keras  # noqa: PLC0415

    from coincast import models  # noqa: PLC0415

    train, check = study.windows()
    seconds, losses = [], []
    for seed in range(members):
        keras.utils.set_random_seed(seed)
        started = time.perf_counter()
        model = getattr(models, study.build)(*train.inputs.shape[1:])
        model.compile(study.optimizer, study.loss)
        history = model.fit(
            train.inputs,
            train.targets,
            epochs=study.epochs,
            batch_size=study.batch_size,
            validation_data=(check.inputs, check.targets),
            verbose=0,
        )
        seconds.append(time.perf_counter() - started)
        losses.append(history.history["val_loss"][-1])
    return {"seconds": seconds, "val_loss": losses}


def _time_program(study: Study, members: int) -> dict[str, Any]:
    from coincast import models  # noqa: PLC0415
    from coincast.ensemble import Plan, train_members  # noqa: PLC0415

    train, check = study.windows()
    plan = Plan(study.epochs, study.batch_size, study.optimizer, study.loss)
    build = getattr(models, study.build)
    seconds = []
    for _ in range(1 + WARM_RUNS):
        started = time.perf_counter()
        trained = train_members(build, train, check, plan, range(members))
        seconds.append(time.perf_counter() - started)
    losses = trained.history["val_loss"][:, -1].tolist()
    return {"cold": seconds[0], "warm": seconds[1:], "val_loss": losses, "gflops": _product()}


def _product(size: int = 2048, runs: int = 5) -> float:
    """Return how many 1e9 operations a second a large matrix product reaches here."""
    import jax  # noqa: PLC0415

    a = jax.numpy.ones((size, size), np.float32)
    product = jax.jit(lambda x: x @ x)
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        product(a).block_until_ready()
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / min(seconds) / 1e9


if __name__ == "__main__":
    chosen, name, count = sys.argv[1:]
    use_backend(SIDES[chosen])
    use_all_cores()
    timed = _time_program if chosen == "program" else _time_fits
    result = timed(STUDIES[name], int(count))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write(json.dumps(result | {"peak_gib": peak}) + "\n")
