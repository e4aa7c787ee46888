"""The two trainings that are timed, and the timing of one side in a process of its own.

One process has one Keras backend and keeps what it has compiled. So
`python -m coincast.studies.speed.timing SIDE WORKLOAD MEMBERS WINDOWS.npz` prints its seconds as
JSON.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coincast.datasets import features, windows
from coincast.datasets.windows import Windows
from coincast.errors import InputError
from coincast.models.backend import prepare_jax, use_backend
from coincast.numerics import NUMERIC_ENVIRONMENT
from coincast.prices.load import load_common, load_prices

__all__ = ["WORKLOADS", "Run", "Workload", "measure"]

WARM_RUNS = 3
Run = dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """What is trained.

    Attributes:
        build: name of the builder in `coincast.models.networks`.
        epochs: passes over the train windows.
        batch_size: windows per step.
        optimizer: name of a Keras optimizer.
        loss: name of a Keras loss.
        members: how many models are timed against as many calls of `fit`.
        windows: () -> train and validation windows of the bundled prices.
        xla: whether XLA makes `fit` faster; it slows down TensorFlow's convolutions on a processor.
    """

    build: str
    epochs: int
    batch_size: int
    optimizer: str
    loss: str
    members: int
    windows: Callable[[], tuple[Windows, Windows]]
    xla: bool = False


def _ethereum() -> tuple[Windows, Windows]:
    prices = load_common(["bitcoin", "ethereum"], "", "2018-01-13")
    table = features.feature_table(prices)
    every = windows.make_windows(table, features.next_change(prices["ethereum"]), 4)
    train, test = windows.standardise(*windows.split(every, "2017-02-28", "2017-11-15"))
    return train, test


def _bitcoin() -> tuple[Windows, Windows]:
    prices = load_prices("bitcoin", "2014-11-28", "2017-08-23", venue="bitstamp")
    table = prices.filter(["open", "high", "low", "close"])
    every = windows.make_windows(table, features.rises(prices), 30)
    return windows.split_share(windows.normalise_each(every), 0.9)


WORKLOADS = {
    "ethereum": Workload("lstm", 21, 1, "adam", "mean_absolute_error", 26, _ethereum, xla=True),
    # The demo trained for 400 epochs; both sides are timed over 20.
    "bitcoin": Workload(
        "cnn_lstm", 20, 50, "nadam", "sparse_categorical_crossentropy", 24, _bitcoin
    ),
}


def measure(
    side: str,
    workload: str,
    members: int,
    data: tuple[Windows, Windows] | None = None,
    *,
    portable: bool = False,
) -> Run:
    """Time one side in a new process.

    Args:
        side: "fit" (Keras on TensorFlow with its defaults), "fit_tuned" (the same with a whole
            epoch per execution and, where it helps, XLA) or "program".
        workload: "ethereum" (the LSTM) or "bitcoin" (the CNN-LSTM, 20 epochs).
        members: how many models.
        data: train and validation windows; default: the workload's own.
        portable: keep to the notebooks' numeric environment instead of using all that the
            processor has.

    Returns:
        `side`, `study` (the workload), `members`; `seconds` of each fit, or `cold` (initial
        weights and compilation included) and `warm` (each later run) of the program; `val_loss`
        of each model after its last epoch; `peak_gib`.

    Raises:
        InputError: the process died.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "windows.npz"
        train, check = data or WORKLOADS[workload].windows()
        arrays = {"x": train.inputs, "y": train.targets, "u": check.inputs, "v": check.targets}
        np.savez(path, allow_pickle=False, **arrays)
        command = [sys.executable, "-m", "coincast.studies.speed.timing"]
        environment = {k: v for k, v in os.environ.items() if k not in NUMERIC_ENVIRONMENT}
        if portable:
            environment |= NUMERIC_ENVIRONMENT
        done = subprocess.run(  # noqa: S603 - this interpreter and this module
            [*command, side, workload, str(members), str(path)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        found = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise InputError(
            f"timing {side} of {members} {workload} models died; does the machine have enough "
            f"memory? {done.stderr[-500:]}"
        ) from error
    return {"side": side, "study": workload, "members": members} | found


def _time_fits(
    workload: Workload, members: int, arrays: dict[str, Any], *, tuned: bool = False
) -> Run:
    """Fit models one after another, each as a user would: built, compiled, fitted."""
    import keras  # noqa: PLC0415 - after its backend is chosen

    from coincast.models import networks  # noqa: PLC0415

    steps = -(-len(arrays["y"]) // workload.batch_size)
    options = {"jit_compile": workload.xla, "steps_per_execution": steps} if tuned else {}
    seconds, losses = [], []
    for seed in range(members):
        keras.utils.set_random_seed(seed)
        started = time.perf_counter()
        model = getattr(networks, workload.build)(*arrays["x"].shape[1:])
        model.compile(workload.optimizer, workload.loss, **options)
        history = model.fit(
            arrays["x"],
            arrays["y"],
            epochs=workload.epochs,
            batch_size=workload.batch_size,
            validation_data=(arrays["u"], arrays["v"]),
            verbose=0,
        )
        seconds.append(time.perf_counter() - started)
        losses.append(history.history["val_loss"][-1])
    return {"seconds": seconds, "val_loss": losses}


def _time_program(workload: Workload, members: int, arrays: dict[str, Any]) -> Run:
    from coincast.ensemble import Plan, train_members  # noqa: PLC0415 - after Keras's backend
    from coincast.models import networks  # noqa: PLC0415

    train, check = (_windows(arrays, *names) for names in ("xy", "uv"))
    plan = Plan(workload.epochs, workload.batch_size, workload.optimizer, workload.loss)
    build = getattr(networks, workload.build)
    seconds = []
    for _ in range(1 + WARM_RUNS):
        started = time.perf_counter()
        trained = train_members(build, train, check, plan, range(members))
        seconds.append(time.perf_counter() - started)
    losses = trained.history["val_loss"][:, -1].tolist()
    return {"cold": seconds[0], "warm": seconds[1:], "val_loss": losses}


def _windows(arrays: dict[str, Any], inputs: str, targets: str) -> Windows:
    """Return arrays as windows; their days play no part in the timing."""
    days = pd.date_range("2000-01-01", periods=len(arrays[targets]))
    names = tuple(map(str, range(arrays[inputs].shape[-1])))
    return Windows(arrays[inputs], arrays[targets], days, days + pd.Timedelta(days=1), names)


def _main(side: str, name: str, members: str, path: str) -> None:
    """Time what the command line says and print the result."""
    use_backend("jax" if side == "program" else "tensorflow")
    prepare_jax()
    with np.load(path, allow_pickle=False) as stored:
        arrays = dict(stored)
    if side == "program":
        found = _time_program(WORKLOADS[name], int(members), arrays)
    else:
        found = _time_fits(WORKLOADS[name], int(members), arrays, tuned=side == "fit_tuned")
    unit = 2**30 if sys.platform == "darwin" else 2**20  # bytes there, KiB elsewhere
    found["peak_gib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
