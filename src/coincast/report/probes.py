"""Trials in processes of their own, for `doctor.py`.

TensorFlow and JAX reserve a GPU's memory on import and fill the log, and a broken driver can hang
or kill the process. `python -m coincast.report.probes NAME` prints what it finds as its last line.
"""

import importlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from datetime import timedelta
from typing import Any

import numpy as np

from coincast.errors import InputError
from coincast.prices.days import ONE_DAY, today
from coincast.prices.sources import coinmarketcap
from coincast.prices.sources.request import Request

__all__ = ["ENGINES", "probe_engine", "probe_network", "start"]

ENGINES = ("tensorflow", "jax")
MAX_REASON = 160  # letters
LOOK_SECONDS = 0.1  # between two looks whether a probe is still wanted
# Don't reserve the whole GPU: other processes may be using it.
SHARED_GPU = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


def start(
    name: str, *arguments: str, seconds: float = 180, stop: threading.Event | None = None
) -> dict[str, Any]:
    """Run a probe in a process of its own; give what it finds.

    Args:
        name: "tensorflow", "jax" or "network".
        *arguments: for "network", the address to ask.
        seconds: limit, after which the process is killed; a slow disk may take a minute to read
            the files of an engine for the first time.
        stop: set by another thread to have the process killed.

    Returns:
        What the probe gives, or `error`: why it gave nothing, with `timed_out` after the limit.
    """
    command = [sys.executable, "-m", "coincast.report.probes", name, *arguments]
    environment, pipe = os.environ | SHARED_GPU, subprocess.PIPE
    with subprocess.Popen(  # noqa: S603 - our own module
        command, env=environment, stdout=pipe, stderr=pipe, text=True
    ) as process:
        try:
            told, log = _wait(process, seconds, stop or threading.Event())
        except subprocess.TimeoutExpired:
            return {"error": f"no answer in {seconds:.0f} s", "timed_out": True}
        finally:
            process.kill()
    try:
        return dict(json.loads(told.splitlines()[-1]))
    except (IndexError, ValueError):
        reason = (log.strip().splitlines() or [f"exit status {process.returncode}"])[-1]
        return {"error": reason[:MAX_REASON]}


def _wait(
    process: "subprocess.Popen[str]", seconds: float, stop: threading.Event
) -> tuple[str, str]:
    """What a process prints, on both streams, until it ends or nobody waits for it any more."""
    ends = time.monotonic() + seconds
    while True:
        try:
            return process.communicate(timeout=min(LOOK_SECONDS, seconds))
        except subprocess.TimeoutExpired:
            if stop.is_set() or time.monotonic() > ends:
                raise


def probe_engine(name: str) -> dict[str, Any]:
    """Try Keras on TensorFlow or JAX, in this process: XLA, and cuDNN where there is a GPU.

    Returns:
        `gpus`: their names; `failure`: what fails, "" if all works.
    """
    os.environ["KERAS_BACKEND"] = name
    keras = importlib.import_module("keras")
    gpus = [device for device in keras.distribution.list_devices() if not device.startswith("cpu")]
    window = np.zeros((1, 3, 2), dtype=np.float32)
    try:
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile(jit_compile=True)
        model.predict(window, verbose=0)
        if gpus:
            keras.layers.LSTM(4, use_cudnn=True)(window)
    except Exception as error:  # noqa: BLE001 - engines raise whatever they like
        message = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split())  # Keras uses colours
        return {"gpus": gpus, "failure": f"{type(error).__name__}: {message}"[:MAX_REASON]}
    return {"gpus": gpus, "failure": ""}


def probe_network(url: str = "") -> dict[str, Any]:
    """Fetch a week of bitcoin as a scrape would, keeping nothing; give the number of `days`.

    Raises:
        InputError: no answer, or one that cannot be read.
    """
    last = today() - ONE_DAY
    request = Request("bitcoin", last - timedelta(days=6), last, url=url)
    return {"days": len(coinmarketcap.load(request))}


if __name__ == "__main__":
    probe, *given = sys.argv[1:]
    try:
        found = probe_network(*given) if probe == "network" else probe_engine(probe)
    except InputError as error:
        found = {"error": str(error)}
    print(json.dumps(found))  # noqa: T201 - read by the parent
