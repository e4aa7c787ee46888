"""What decides whether the environment is installed again; installing itself is CI's first step."""

import json
import subprocess
import sys
from pathlib import Path

import environment
import pytest

from coincast.paths import ROOT


@pytest.fixture
def stamp(tmp_path, monkeypatch):
    path = tmp_path / "coincast.json"
    monkeypatch.setattr(environment, "STAMP", path)
    monkeypatch.setattr(environment, "venv_python", lambda: Path(sys.executable))
    return path


@pytest.mark.parametrize("content", [None, "", "{", '{"sha256": '])
def test_installed_is_none_without_a_whole_stamp(stamp, content):
    if content is not None:
        stamp.write_text(content)
    assert environment.installed() is None


def test_installed_returns_what_was_stamped(stamp):
    stamp.write_text(json.dumps({"sha256": "abc"}))
    assert environment.installed() == {"sha256": "abc"}


def test_describe_changes_with_the_pins(tmp_path, monkeypatch):
    before = environment.describe()
    pins = tmp_path / "requirements.txt"
    pins.write_text(environment.PINS.read_text() + "\n")
    monkeypatch.setattr(environment, "PINS", pins)
    monkeypatch.setattr(environment, "has_nvidia_driver", lambda: False)
    assert environment.describe()["sha256"] != before["sha256"]


def test_is_suitable_accepts_this_environment_and_no_other_version(tmp_path, monkeypatch):
    assert environment.is_suitable()
    pins = tmp_path / "requirements.txt"
    pins.write_text("numpy==1.0 \\\n    --hash=sha256:0\n")
    monkeypatch.setattr(environment, "pins", lambda: pins)
    assert not environment.is_suitable()


def test_is_suitable_ignores_pins_of_other_systems(tmp_path, monkeypatch):
    pins = tmp_path / "requirements.txt"
    pins.write_text('pywinpty==1.0 ; sys_platform == "plan9" \\\n    --hash=sha256:0\n')
    monkeypatch.setattr(environment, "pins", lambda: pins)
    assert environment.is_suitable()


def test_gpu_pins_hold_the_same_releases_and_more():
    def releases(path):
        lines = path.read_text().splitlines()
        return {line.split(" \\")[0] for line in lines if "==" in line and line[0] not in "# "}

    plain, gpu = releases(environment.PINS), releases(environment.GPU_PINS)
    assert plain <= gpu
    assert any(line.startswith("nvidia-cudnn") for line in gpu - plain)


def test_pins_satisfy_setup_cfg():
    """Regenerating is a step that one can forget: every name in setup.cfg must be pinned."""
    names = {line.split("==")[0] for line in environment.PINS.read_text().splitlines()}
    config = (ROOT / "setup.cfg").read_text()
    wanted = config.split("install_requires =")[1].split("[options.packages.find]")[0]
    assert {line.split()[0] for line in wanted.splitlines() if line.strip()} <= names


@pytest.mark.command
@pytest.mark.parametrize("script", sorted(path.name for path in (ROOT / "scripts").glob("*.py")))
def test_command_help_has_an_example_and_needs_no_environment(script, tmp_path):
    if script == "environment.py":
        return
    command = [sys.executable, "-S", "-E", str(ROOT / "scripts" / script), "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"python3 scripts/{script}" in done.stdout


@pytest.mark.command
def test_command_refuses_an_unknown_option_at_once(tmp_path):
    command = [sys.executable, "-S", str(ROOT / "scripts" / "reproduce.py"), "--colour"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "unrecognized arguments: --colour" in done.stderr
