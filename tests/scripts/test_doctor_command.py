"""`scripts/doctor.py` as a user starts it, here and where the environment is missing or broken."""

import json
import os
import shutil
import signal
import subprocess
import sys

import environment
import psutil
import pytest
from tiny import wait_for

from coincast.paths import ROOT
from coincast.records.gpu import driver_and_names

pytestmark = pytest.mark.command


def start(script, *arguments, **variables):
    command = [sys.executable, str(script), *arguments]
    return subprocess.run(
        command, env=os.environ | variables, capture_output=True, text=True, check=False
    )


def test_doctor_looks_at_everything(scripts, server):
    done = start(scripts / "doctor.py", "--json", "--gpu", "--network", server.url)
    found = {finding["name"]: finding for finding in json.loads(done.stdout)}
    states = {name: finding["state"] for name, finding in found.items()}
    assert list(found)[:4] == ["Python", "packages", "memory", "disk"]
    assert states["packages"] == states["data"] == "ok"
    gpus = driver_and_names()[1]
    expected = "ok" if gpus else "problem"
    for engine in ("tensorflow", "jax"):  # they compile with XLA, or another failure were told
        message = f"runs on {', '.join(f'gpu:{i}' for i in range(len(gpus)))}"
        assert found[engine]["message"] == (message if gpus else "sees no GPU")
        assert states[engine] == states["GPU"] == expected
    assert states["network"] == "problem"  # this server knows no prices
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_doctor_ends_at_once_when_it_is_interrupted(scripts, number, status):
    command = [sys.executable, str(scripts / "doctor.py")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as doctor:
        probes = psutil.Process(doctor.pid)
        wait_for(lambda: len(probes.children()) > 1)
        doctor.send_signal(number)
        _, told = doctor.communicate(timeout=2)
    assert doctor.returncode == status
    assert b"Traceback" not in told


def test_doctor_says_in_one_line_that_the_environment_is_missing_or_broken(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    for name in ("requirements.txt", "setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    script = tmp_path / "scripts" / "doctor.py"
    missing = start(script, PYTHONPATH="")
    assert not (tmp_path / ".venv").exists()  # nothing is installed

    # The stamp says that all is installed, but no package can be imported.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    for name in ("ROOT", "PINS", "GPU_PINS"):
        path = tmp_path / getattr(environment, name).relative_to(ROOT)
        monkeypatch.setattr(environment, name, path)
    (tmp_path / ".venv" / "coincast.json").write_text(json.dumps(environment.describe()))
    broken = start(script, "--json", PYTHONPATH="")

    assert [missing.returncode, broken.returncode] == [1, 1]
    assert missing.stderr + broken.stderr == ""
    assert missing.stdout.startswith("problem  environment: .venv is missing")
    assert missing.stdout.count("\n") == 1
    (finding,) = json.loads(broken.stdout)
    assert "No module named 'coincast'" in finding["message"]
