"""Two processes, each with one device, train the members of one ensemble between them."""

import json
import os
import socket
import subprocess
import sys

import numpy as np

from coincast.paths import ROOT

HOST = ROOT / "tests" / "support" / "host.py"


def start(port, number, count):
    environment = os.environ | {"XLA_FLAGS": "--xla_backend_optimization_level=0"}
    command = [sys.executable, str(HOST), str(port), str(number), str(count)]
    # KERAS_BACKEND is that of this process: jax.
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def result(process):
    output, _ = process.communicate(timeout=120)
    return json.loads(output.splitlines()[-1])


def test_two_hosts_train_what_one_trains():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hosts = [start(port, number, 2) for number in range(2)]
    first, second = map(result, hosts)
    alone = result(start(port, 0, 1))
    assert (first["devices"], alone["devices"]) == (2, 1)
    assert first == second
    np.testing.assert_allclose(first["forecasts"], alone["forecasts"], atol=1e-6)
