"""`scripts/benchmark.py` as a user starts it."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.command


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "WHAT"),
        (["speed"], "invalid choice: 'speed'"),
        (["training", "--fits", "2"], "argument --fits: invalid choice: 2"),
    ],
)
def test_benchmark_refuses_what_it_cannot_measure(scripts, arguments, message):
    command = [sys.executable, str(scripts / "benchmark.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
