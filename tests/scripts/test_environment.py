"""What decides whether and how the environment is installed; CI's first step installs it."""

import subprocess
import sys
from pathlib import Path

import environment
import installation
import pytest

from coincast.paths import ROOT

COMMANDS = [path for path in (ROOT / "scripts").glob("*.py") if "EXAMPLE" in path.read_text()]


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


def test_describe_changes_with_the_pins(tmp_path, monkeypatch):
    before = environment.describe()
    pins = tmp_path / "requirements.txt"
    pins.write_text(environment.pins().read_text() + "\n")
    monkeypatch.setattr(environment, "pins", lambda: pins)
    assert environment.describe()["sha256"] != before["sha256"]


def test_is_suitable_asks_for_the_pins_of_this_system(tmp_path, monkeypatch):
    assert environment.is_suitable()
    pins = tmp_path / "requirements.txt"
    pins.write_text('x==1 ; sys_platform == "plan9" \\\n    --hash=sha256:0\nnumpy==1.0\n')
    monkeypatch.setattr(environment, "pins", lambda: pins)
    (unmet,) = environment.unmet_pins()
    assert unmet.startswith("numpy")


LAST_STAGES = ["install coincast itself", "set up its Jupyter kernel"]


@pytest.fixture
def stages(stamp, monkeypatch):
    """Record the stages of an installation instead of running them; those in `failing` fail."""
    ran, failing = [], set()

    def step(name, command):
        ran.append(name.split()[-1] if "requirements" in name else name)
        assert command
        return ran[-1] not in failing

    for name in ("ROOT", "VENV"):
        monkeypatch.setattr(environment, name, stamp.parent)
    monkeypatch.setattr(installation, "LOG", stamp.parent / "build" / "install.log")
    monkeypatch.setattr(installation, "step", step)
    monkeypatch.setattr(installation, "replaces_index", lambda: False)
    return ran, failing


def test_install_uses_uv_and_stamps_at_the_end(stages):
    installation.install({"sha256": "abc"})
    assert stages[0] == ["create .venv", "install uv", "uv", *LAST_STAGES]
    assert environment.installed() == {"sha256": "abc"}


def test_install_falls_back_to_pip_where_uv_fails_or_knows_no_index(stages, stamp, monkeypatch):
    stages[1].add("uv")
    installation.install({})
    stamp.unlink()
    monkeypatch.setattr(installation, "replaces_index", lambda: True)
    installation.install({})
    first, second = ["create .venv", "install uv", "uv"], ["create .venv"]
    last = ["pip", *LAST_STAGES]
    assert stages[0] == [*first, *last, *second, *last]


def test_install_that_fails_is_noticed_and_says_where_the_log_is(stages, capsys):
    stages[1].add("install coincast itself")
    with pytest.raises(SystemExit):
        installation.install({})
    assert environment.installed() is None
    assert str(installation.LOG) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"PIP_EXTRA_INDEX_URL": "https://more.example"}, False),
        ({"PIP_INDEX_URL": "https://own.example"}, True),
        ({"PIP_INDEX_URL": "https://own.example", "UV_INDEX_URL": "https://own.example"}, False),
    ],
)
def test_replaces_index_only_where_uv_would_ask_another_one(monkeypatch, variables, expected):
    monkeypatch.setattr(environment, "venv_python", lambda: Path(sys.executable))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert installation.replaces_index() == expected


def test_step_keeps_the_output_in_the_log_and_prints_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(installation, "LOG", tmp_path / "install.log")
    assert installation.step("first", [sys.executable, "-c", "print('written')"])
    assert not installation.step("second", [sys.executable, "-c", "raise OSError"])
    assert {"written", "OSError"} <= set(installation.LOG.read_text().split())
    first, second = capsys.readouterr().out.splitlines()
    assert "failed" in second
    assert "failed" not in first


def test_bar_shows_the_share_that_uv_or_pip_has_downloaded(tmp_path, monkeypatch):
    pins = tmp_path / "requirements.txt"
    pins.write_text("jax==1\nkeras==2\nnumpy==3\nzict==4\n")
    monkeypatch.setattr(environment, "pins", lambda: pins)
    monkeypatch.setattr(installation, "WIDTH", 4)
    log = "Downloading jax (30.0MiB)\nDownloading numpy (10.0MiB)\n Downloaded jax\n"
    assert installation.bar(log) == "[###.]"
    assert installation.bar("Collecting jax\n  jax-1.whl\nProcessing keras\n") == "[##..]"


def test_gpu_pins_hold_the_same_releases_and_more():
    def releases(path):
        lines = path.read_text().splitlines()
        return {line.split(" \\")[0] for line in lines if "==" in line and line[0] not in "# "}

    plain, gpu = releases(environment.PINS), releases(environment.GPU_PINS)
    assert plain < gpu
    assert any(line.startswith("nvidia-cudnn") for line in gpu - plain)


def test_pins_satisfy_setup_cfg():
    """Pinning again is a step that one can forget: every name in setup.cfg must be pinned."""
    names = {line.split("==")[0] for line in environment.PINS.read_text().splitlines()}
    config = (ROOT / "setup.cfg").read_text()
    wanted = config.split("install_requires =")[1].split("[options.packages.find]")[0]
    assert {line.split()[0] for line in wanted.splitlines() if line.strip()} <= names


@pytest.mark.command
@pytest.mark.parametrize("script", COMMANDS, ids=lambda path: path.stem)
def test_command_help_has_an_example_and_needs_no_environment(script, tmp_path):
    command = [sys.executable, "-S", "-E", str(script), "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"python3 scripts/{script.name}" in done.stdout
