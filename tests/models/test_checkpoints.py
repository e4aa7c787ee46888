"""An interrupted fit goes on where it was, and ends as if nothing had happened."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

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


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return fit(tmp_path_factory.mktemp("whole") / "fit", interrupt_at(None))


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """Return the folder of a fit that was stopped in epoch 23, with its saved state."""
    folder = tmp_path_factory.mktemp("stopped") / "fit"
    with pytest.raises(Interruption):
        fit(folder, interrupt_at(22))
    return folder


@pytest.fixture
def state(stopped, tmp_path):
    """Return a copy of the state that a stopped fit has saved."""
    return Path(shutil.copytree(stopped, tmp_path / "fit")) / "progress.json"


def comparable(found):
    return {name: found[name] for name in ("history", "classes", "weights")}


def test_resumed_fit_ends_with_the_weights_and_history_of_a_whole_one(stopped, state, whole):
    shutil.copy(stopped.with_suffix(".weights.h5"), state.parents[1])  # the best epoch's, too
    resumed = fit(state.parent, interrupt_at(None))
    assert (whole["ran"], resumed["ran"]) == (EPOCHS, EPOCHS - 20)
    assert comparable(resumed) == comparable(whole)
    assert resumed["left"] == []


@pytest.mark.command  # as slow: JAX needs a process of its own
def test_resumed_fit_equals_a_whole_one_on_jax_after_a_kill(tmp_path):
    folders = [str(tmp_path / "killed"), str(tmp_path / "whole")]
    runs = []
    for arguments in (["22", folders[0]], ["0", *folders]):
        command = [sys.executable, str(SCRIPT), "jax", *arguments]
        runs.append(subprocess.run(command, capture_output=True, text=True, check=False))
    assert runs[0].returncode == -signal.SIGKILL
    lines = [line for line in runs[1].stdout.splitlines() if line.startswith("{")]
    resumed, whole = map(json.loads, lines)
    assert (resumed["ran"], whole["ran"]) == (EPOCHS - 20, EPOCHS)
    assert comparable(resumed) == comparable(whole)


def first_epoch(folder, **settings):
    """Start a fit, stop it in its first epoch, and return which that was."""
    seen = []

    def kill(epoch):
        seen.append(epoch)
        raise Interruption

    with pytest.raises(Interruption):
        fit(folder, kill, **settings)
    return seen[0]


def test_fit_takes_up_its_own_state_and_not_that_of_another_seed(state):
    assert first_epoch(state.parent) == 20
    assert first_epoch(state.parent, seed=4) == 0


def half(path):
    path.write_text(path.read_text()[: path.stat().st_size // 2])


def weights_gone(path):
    path.with_name("epoch_20.weights.h5").unlink()


def weights_cut(path):
    file = path.with_name("epoch_20.weights.h5")
    file.write_bytes(file.read_bytes()[:1000])


@pytest.mark.parametrize("damage", [half, weights_gone, weights_cut])
def test_fit_starts_anew_where_the_state_is_damaged(state, damage):
    damage(state)
    assert first_epoch(state.parent) == 0


def test_checkpoint_folder_differs_between_parameters(monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoints, "BUILD", tmp_path)
    one, other, again = (checkpoints.checkpoint_folder("03", {"seed": s}) for s in (1, 2, 1))
    assert one == again != other
    assert one.is_dir()
