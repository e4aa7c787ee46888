"""An interrupted fit resumes where it stopped and ends like an uninterrupted one."""

import json
import signal
import subprocess
import sys

import pytest
from interrupted_fit import EPOCHS, fit

from coincast.models import checkpoints
from coincast.paths import ROOT

SCRIPT = ROOT / "tests" / "support" / "interrupted_fit.py"


class Interruption(Exception):  # noqa: N818 - stands for Ctrl-C, which would end pytest too
    pass


def interrupt_at(last):
    def kill(epoch):
        if epoch == last:
            raise Interruption

    return kill


@pytest.mark.notebook
def test_resumed_fit_equals_an_uninterrupted_one(tmp_path):
    _, whole = fit(tmp_path / "whole.json", interrupt_at(None))
    path = tmp_path / "stopped.json"
    with pytest.raises(Interruption):
        fit(path, interrupt_at(22))
    with pytest.raises(Interruption):  # another seed starts at 0 and leaves the state alone
        fit(path, interrupt_at(0), seed=4)
    epochs, resumed = fit(path, interrupt_at(None))
    assert epochs == EPOCHS - 20
    assert resumed == whole
    assert not path.exists()


@pytest.mark.notebook
@pytest.mark.command  # as slow: JAX needs a process of its own
def test_resumed_fit_equals_an_uninterrupted_one_on_jax_after_a_kill(tmp_path):
    paths = [str(tmp_path / "killed.json"), str(tmp_path / "whole.json")]
    runs = []
    for arguments in (["22", paths[0]], ["0", *paths]):
        command = [sys.executable, str(SCRIPT), "jax", *arguments]
        runs.append(subprocess.run(command, capture_output=True, text=True, check=False))
    assert runs[0].returncode == -signal.SIGKILL
    lines = [line for line in runs[1].stdout.splitlines() if line.startswith("[")]
    (resumed_epochs, resumed), (whole_epochs, whole) = map(json.loads, lines)
    assert (resumed_epochs, whole_epochs) == (EPOCHS - 20, EPOCHS)
    assert resumed == whole


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"identity": "another"}'])
def test_progress_ignores_a_damaged_or_foreign_state(tmp_path, content):
    path = tmp_path / "progress.json"
    path.write_text(content)
    assert checkpoints.Progress(path, "own", []).restore(None) == 0


def test_checkpoint_folder_differs_between_parameters(monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoints, "BUILD", tmp_path)
    one, other, again = (checkpoints.checkpoint_folder("03", {"seed": s}) for s in (1, 2, 1))
    assert one == again != other
    assert one.is_dir()
