"""What works here, tried in processes of their own.

TensorFlow and JAX reserve a GPU's memory at first sight, fill the log, and a broken driver can end
the process or hang it. `python -m coincast.probes NAME` prints what it found as the last line.
"""

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np

from coincast.errors import InputError
from coincast.models.backend import use_backend
from coincast.prices.days import ONE_DAY, today
from coincast.prices.sources import coinmarketcap
from coincast.prices.sources.request import Request
from coincast.prices.web.client import Client

__all__ = ["probe_engine", "probe_network", "start"]

LONGEST_REASON = 160
# What trains on the same GPU at the moment keeps its memory.
MODEST = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


def start(name: str, *arguments: str, seconds: float = 20) -> dict[str, Any]:
    """Return what a probe finds in a process of its own.

    Args:
        name: "tensorflow", "jax" or "network".
        *arguments: for the network the address to ask.
        seconds: after these it is ended.

    Returns:
        What the probe returns, or `{"error": why not}`.
    """
    command = [sys.executable, "-m", "coincast.report.probes", name, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            env=os.environ | MODEST,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"no answer in {seconds:.0f} s"}
    try:
        return dict(json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError):
        reason = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        return {"error": reason[:LONGEST_REASON]}


def probe_engine(name: str) -> dict[str, Any]:
    """Return what TensorFlow or JAX can do in this process, which is given to it.

    Returns:
        `gpus`: names; `xla` and `cudnn_lstm`: why these do not work, empty where they do.
    """
    use_backend(name)
    engine = importlib.import_module(name)
    gpus, compile_function = {"tensorflow": _tensorflow, "jax": _jax}[name](engine)
    return {
        "gpus": gpus,
        "xla": _failure(lambda: compile_function(np.ones((2, 2), dtype=np.float32))),
        "cudnn_lstm": _failure(_run_cudnn_lstm),
    }


Compiled = Callable[[Any], object]


def _tensorflow(tensorflow: Any) -> tuple[list[str], Compiled]:  # noqa: ANN401 - it has no types
    devices = tensorflow.config.list_physical_devices("GPU")
    details = tensorflow.config.experimental.get_device_details
    names = [details(device).get("device_name", device.name) for device in devices]
    return names, tensorflow.function(lambda x: x @ x, jit_compile=True)


def _jax(jax: Any) -> tuple[list[str], Compiled]:  # noqa: ANN401 - as above
    names = [device.device_kind for device in jax.devices() if device.platform == "gpu"]
    return names, jax.jit(lambda x: x @ x)


def _run_cudnn_lstm() -> None:
    """Run one LSTM by cuDNN; Keras raises where that is impossible."""
    keras = importlib.import_module("keras")
    keras.layers.LSTM(4, use_cudnn=True)(np.zeros((1, 3, 2), dtype=np.float32))


def _failure(attempt: Callable[[], object]) -> str:
    """Return in a line why something fails, empty where it works."""
    try:
        attempt()
    except Exception as error:  # noqa: BLE001 - engines raise whatever they like
        told = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split())  # Keras prints it bold
        return f"{type(error).__name__}: {told}"[:LONGEST_REASON]
    return ""


def probe_network(url: str = "") -> dict[str, Any]:
    """Ask the live price source for a week of bitcoin, as a scrape would; keep nothing.

    Args:
        url: another server that answers like it.

    Raises:
        InputError: no answer, or none that can be understood.
    """
    last = today() - ONE_DAY
    request = Request(
        "bitcoin", last - timedelta(days=6), last, url=url, client=Client(progress=False)
    )
    return {"days": len(coinmarketcap.load(request))}


if __name__ == "__main__":
    probe, *given = sys.argv[1:]
    try:
        found = probe_network(*given) if probe == "network" else probe_engine(probe)
    except InputError as error:
        found = {"error": str(error)}
    print(json.dumps(found))  # noqa: T201 - what the parent reads
