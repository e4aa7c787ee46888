"""One process has one Keras backend, so the tests of ensembles run in one of their own."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from members import lstm, make_windows

from coincast.ensemble import Plan, train_members
from coincast.errors import InputError
from coincast.models.backend import COMPILER_FLAG, COMPILER_OPTIONS
from coincast.numerics import NUMERIC_ENVIRONMENT
from coincast.paths import ROOT

DEVICES = "--xla_force_host_platform_device_count"

# Most of the time goes into compiling, and the tests' models are too small to gain by its best.
FLAGS = f"--xla_backend_optimization_level=0 {COMPILER_FLAG}={','.join(COMPILER_OPTIONS)}"
ON_JAX = {"KERAS_BACKEND": "jax", "XLA_FLAGS": FLAGS}


@pytest.mark.command
def test_ensembles_on_jax():
    command = [sys.executable, "-m", "pytest", "tests/ensemble/on_jax", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | ON_JAX, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def test_train_members_on_another_backend_says_what_to_set():
    assert keras.backend.backend() == "tensorflow"
    windows = make_windows(4, seed=1)
    with pytest.raises(InputError, match="set the environment variable KERAS_BACKEND=jax"):
        train_members(lstm, windows, windows, Plan(1, 2), np.arange(2))


@pytest.mark.command
def test_ensemble_is_the_same_bytes_on_any_number_of_cores_and_devices():
    script = ROOT / "tests" / "support" / "ensemble_digest.py"
    found = set()
    for cores, devices in ((1, 1), (2, 4)):
        flags = f"{NUMERIC_ENVIRONMENT['XLA_FLAGS']} {DEVICES}={devices}"
        done = subprocess.run(
            [sys.executable, str(script), str(cores)],
            env=os.environ | NUMERIC_ENVIRONMENT | {"KERAS_BACKEND": "jax", "XLA_FLAGS": flags},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout.splitlines()[-1])
    assert len(found) == 1
