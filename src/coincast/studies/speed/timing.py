"""Timing one side in a process of its own.

One process has one Keras backend, and what is compiled stays compiled. So
`python -m coincast.speed SIDE STUDY MEMBERS WINDOWS.npz` prints its seconds as JSON.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coincast.datasets.windows import Windows
from coincast.errors import InputError
from coincast.models.backend import prepare_jax, use_backend
from coincast.studies.speed.studies import STUDIES, Study

__all__ = ["SIDES", "main", "measure"]

SIDES = {"fit": "tensorflow", "fit_tuned": "tensorflow", "program": "jax"}
WARM_RUNS = 3
# The runner keeps notebooks to one thread; what is timed may use what a user would.
THREAD_LIMITS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"
)  # fmt: skip
Run = dict[str, Any]


def measure(
    side: str, study: str, members: int, data: tuple[Windows, Windows] | None = None
) -> Run:
    """Time one side in a new process.

    Args:
        side: "fit" (Keras on TensorFlow, as it comes), "fit_tuned" (the same with a whole epoch
            an execution and, where it helps, XLA) or "program".
        study: "ethereum" (the LSTM) or "bitcoin" (the CNN-LSTM, 20 epochs).
        members: how many models.
        data: train and validation windows; the bundled ones of the study if not given.

    Returns:
        `side`, `study`, `members`; `seconds` of each fit, or `cold` (initial weights and
        compiling counted) and `warm` of each later run of the program; `val_loss` of each model
        after its last epoch; `peak_gib`; for the program `gflop`, the arithmetic in its matrix
        products, and `limit_gflops`, what a large matrix product reaches on this machine a
        second.

    Raises:
        InputError: the process died.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "windows.npz"
        train, check = data or STUDIES[study].windows()
        arrays = {"x": train.inputs, "y": train.targets, "u": check.inputs, "v": check.targets}
        np.savez(path, allow_pickle=False, **arrays)
        command = [sys.executable, "-m", "coincast.studies.speed"]
        done = subprocess.run(  # noqa: S603 - this interpreter and this module
            [*command, side, study, str(members), str(path)],
            env={name: text for name, text in os.environ.items() if name not in THREAD_LIMITS},
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        found = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise InputError(
            f"timing {side} of {members} {study} models died; look at the memory of the machine: "
            f"{done.stderr[-500:]}"
        ) from error
    return {"side": side, "study": study, "members": members} | found


def _time_tuned_fits(study: Study, members: int, arrays: dict[str, Any]) -> Run:
    steps = -(-len(arrays["y"]) // study.batch_size)
    options = {"jit_compile": study.xla, "steps_per_execution": steps}
    return _time_fits(study, members, arrays, options)


def _time_fits(
    study: Study, members: int, arrays: dict[str, Any], options: dict[str, Any] | None = None
) -> Run:
    """Fit models one after another, each as a user would: built, compiled, fitted."""
    import keras  # noqa: PLC0415 - after its backend is chosen

    from coincast.models import networks  # noqa: PLC0415

    seconds, losses = [], []
    for seed in range(members):
        keras.utils.set_random_seed(seed)
        started = time.perf_counter()
        model = getattr(networks, study.build)(*arrays["x"].shape[1:])
        model.compile(study.optimizer, study.loss, **options or {})
        history = model.fit(
            arrays["x"],
            arrays["y"],
            epochs=study.epochs,
            batch_size=study.batch_size,
            validation_data=(arrays["u"], arrays["v"]),
            verbose=0,
        )
        seconds.append(time.perf_counter() - started)
        losses.append(history.history["val_loss"][-1])
    return {"seconds": seconds, "val_loss": losses}


def _time_program(study: Study, members: int, arrays: dict[str, Any]) -> Run:
    from coincast.ensemble import Plan, train_members  # noqa: PLC0415
    from coincast.ensemble.data import gather  # noqa: PLC0415
    from coincast.models import networks  # noqa: PLC0415

    train, check = (_windows(arrays, *names) for names in ("xy", "uv"))
    plan = Plan(study.epochs, study.batch_size, study.optimizer, study.loss)
    build = getattr(networks, study.build)
    seconds = []
    for _ in range(1 + WARM_RUNS):
        started = time.perf_counter()
        trained = train_members(build, train, check, plan, range(members))
        seconds.append(time.perf_counter() - started)
    one = gather({"train": train, "val": check}, 1)
    return {
        "cold": seconds[0],
        "warm": seconds[1:],
        "val_loss": trained.history["val_loss"][:, -1].tolist(),
        "gflop": members * trained.program.operations(one.of(np.arange(1))) / 1e9,
        "limit_gflops": _product(),
    }


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


def _windows(arrays: dict[str, Any], inputs: str, targets: str) -> Windows:
    """Return arrays as windows; on which days they end has no part in the timing."""
    days = pd.date_range("2000-01-01", periods=len(arrays[targets]))
    names = tuple(map(str, range(arrays[inputs].shape[-1])))
    return Windows(arrays[inputs], arrays[targets], days, names)


def main(side: str, name: str, members: str, path: str) -> None:
    """Time what the command line says and print the result."""
    use_backend(SIDES[side])
    prepare_jax()
    timed = {"program": _time_program, "fit": _time_fits, "fit_tuned": _time_tuned_fits}[side]
    with np.load(path, allow_pickle=False) as stored:
        found = timed(STUDIES[name], int(members), dict(stored))
    unit = 2**30 if sys.platform == "darwin" else 2**20  # bytes there, KiB elsewhere
    found["peak_gib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    sys.stdout.write(json.dumps(found) + "\n")
