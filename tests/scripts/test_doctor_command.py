"""`scripts/doctor.py` as a user starts it, here and where the environment is missing or broken."""

import json
import os
import shutil
import subprocess
import sys
import time

import environment
import pytest

from coincast.paths import ROOT
from coincast.records.gpu import driver_and_names

pytestmark = pytest.mark.command


def start(script, *arguments, **variables):
    command = [sys.executable, str(script), *arguments]
    return subprocess.run(
        command, env=os.environ | variables, capture_output=True, text=True, check=False
    )


def test_doctor_looks_at_everything_in_half_a_minute(scripts, server):
    started = time.monotonic()
    done = start(scripts / "doctor.py", "--json", "--gpu", "--network", server.url)
    assert time.monotonic() - started < 30
    found = {finding["name"]: finding["state"] for finding in json.loads(done.stdout)}
    assert list(found)[:4] == ["Python", "packages", "Keras backend", "memory"]
    assert found["packages"] == found["data"] == found["kernel"] == "ok"
    gpus = driver_and_names()[1]
    expected = "ok" if gpus else "problem"
    assert (found["GPU"], found["tensorflow"], found["jax"]) == (expected, expected, expected)
    assert found["network"] == "problem"  # this server has nothing to tell
    assert (done.returncode, done.stderr) == (1, "")


def copy_scripts(folder):
    """Return the command in a checkout without an environment."""
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    for name in ("requirements.txt", "setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder / "scripts" / "doctor.py"


def test_doctor_installs_nothing_where_there_is_no_environment(tmp_path):
    done = start(copy_scripts(tmp_path), PYTHONPATH="")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("problem  environment: .venv is missing, half installed or")
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_doctor_says_in_one_line_that_the_environment_is_broken(tmp_path, monkeypatch, arguments):
    """The stamp says that all is installed, but no package can be imported."""
    script = copy_scripts(tmp_path)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    for name in ("ROOT", "PINS", "GPU_PINS"):
        path = tmp_path / getattr(environment, name).relative_to(ROOT)
        monkeypatch.setattr(environment, name, path)
    (tmp_path / ".venv" / "coincast.json").write_text(json.dumps(environment.describe()))
    done = start(script, *arguments, PYTHONPATH="")
    assert (done.returncode, done.stderr) == (1, "")
    told = "the packages cannot be imported: No module named 'coincast'"
    if arguments:
        (finding,) = json.loads(done.stdout)
        assert (finding["state"], finding["told"]) == ("problem", told)
    else:
        assert done.stdout.startswith(f"problem  environment: {told}; remove .venv and run")
        assert done.stdout.count("\n") == 1
