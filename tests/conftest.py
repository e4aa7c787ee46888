"""What all tests share: reproducible properties, a server of their own, commands ready to start."""

import os
import signal
import subprocess
import sys

import pytest
from hypothesis import settings
from server import Server

from coincast.paths import ROOT

# The same examples on every machine and day: a failure in CI is a failure here.
settings.register_profile("coincast", derandomize=True, deadline=None, max_examples=40)
settings.load_profile("coincast")

# A shell's background ignores Ctrl-C, and nohup ignores hang-ups; so would the commands under test.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Tests speak to this machine only, whatever proxy it has.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"


@pytest.fixture
def server():
    """Serve pages from this machine for one test."""
    with Server() as running:
        yield running


@pytest.fixture(scope="session")
def scripts():
    """Return the folder of the commands; `.venv` is brought up to date, which may take words."""
    folder = ROOT / "scripts"
    start = "import environment; environment.activate()"
    subprocess.run([sys.executable, "-c", start], cwd=folder, capture_output=True, check=False)
    return folder
