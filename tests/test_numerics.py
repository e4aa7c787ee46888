"""The environment variables that keep all libraries to one arithmetic."""

import json
import os
import re
import subprocess
import sys

import pytest

from coincast.numerics import NUMERIC_ENVIRONMENT, write_to_kernel
from coincast.paths import ROOT
from coincast.records.machine import LIBRARIES

SUMS = """
import hashlib, numpy as np
rng = np.random.default_rng(1)
a, b = rng.normal(size=(300, 301)), rng.normal(size=(301, 77))
parts = a @ b, np.exp(a), np.sin(a), a.sum(axis=0), np.linalg.lstsq(a, b[:300], rcond=None)[0]
print(hashlib.sha256(b"".join(np.ascontiguousarray(p).tobytes() for p in parts)).hexdigest())
"""


def digest(environment):
    command = [sys.executable, "-W", "error", "-c", SUMS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_more_threads_of_the_user_change_nothing_under_the_numeric_environment():
    mine = os.environ | NUMERIC_ENVIRONMENT
    theirs = os.environ | {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    assert digest(mine) == digest(theirs | NUMERIC_ENVIRONMENT)


def test_kernel_carries_the_numeric_environment(tmp_path):
    path = tmp_path / "share" / "jupyter" / "kernels" / "python3" / "kernel.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"argv": ["python"], "language": "python"}')
    write_to_kernel(tmp_path)
    assert json.loads(path.read_text()) == {
        "argv": ["python"], "language": "python", "env": NUMERIC_ENVIRONMENT
    }  # fmt: skip


@pytest.mark.parametrize("name", ["requirements.txt", "scripts/requirements-gpu.txt"])
def test_every_python_gets_the_same_release_of_what_computes(name):
    text = (ROOT / name).read_text()
    for library in (*LIBRARIES, "jaxlib", "pillow", "seaborn", "statsmodels"):
        (pin,) = re.findall(rf"^{library}==(.*)\\$", text, flags=re.MULTILINE)
        assert "python" not in pin
