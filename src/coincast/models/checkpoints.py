"""Saved state of a fit in progress, so that an interrupted fit resumes where it stopped."""

import json
from collections.abc import Iterable, Mapping
from operator import methodcaller
from pathlib import Path
from typing import Any

import keras
import numpy as np

from coincast.files import write_atomically
from coincast.paths import BUILD
from coincast.records.plain_json import json_hash

__all__ = ["Progress", "checkpoint_folder"]

EPOCHS_BETWEEN_SAVES = 20
# What Keras's callbacks and ours carry from epoch to epoch; Keras saves none of it.
CALLBACK_STATE = (
    "best",
    "best_epoch",
    "best_weights",
    "classes",
    "cooldown_counter",
    "epoch",
    "history",
    "stopped_epoch",
    "wait",
)


def checkpoint_folder(study: str, parameters: Mapping[str, Any]) -> Path:
    """Folder for the files of a study's fits, one per set of parameters; it is created."""
    folder = BUILD / "checkpoints" / f"{study}-{json_hash(dict(parameters))[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Progress(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Save and restore everything that the rest of a fit depends on.

    Keras's own BackupAndRestore keeps weights, optimizer and epoch, but neither the state of
    dropout nor of other callbacks, the history, or NumPy's generator, which shuffles the
    windows. With these, a resumed fit equals an uninterrupted one to the last bit on the same
    machine, on JAX and on TensorFlow. (With a set seed TensorFlow shuffles every epoch alike.)
    """

    def __init__(
        self, path: Path, identity: str, others: Iterable[keras.callbacks.Callback]
    ) -> None:
        """Create the callback; it must come after `others` in `fit`'s list.

        Args:
            path: JSON file for the state.
            identity: hash of data and settings; a state with another hash is ignored.
            others: the other callbacks of the same fit, its History among them.
        """
        super().__init__()
        self.path, self.identity = path, identity
        self.others = list(others)
        self.state: dict[str, Any] = {}

    def restore(self, model: keras.Model) -> int:
        """Load a saved state into a compiled model; return the number of epochs done so far."""
        try:
            state = json.loads(self.path.read_text())
            if state["identity"] != self.identity:
                return 0
        except (OSError, ValueError, KeyError, TypeError):  # no state, or a damaged one
            return 0
        for variable, value in zip(_variables(model), state["variables"], strict=True):
            variable.assign(np.asarray(value, dtype=variable.dtype))
        self.state = state
        return int(state["epochs"])

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Restore the other callbacks, which have just reset themselves."""
        if not self.state:
            return
        for callback, saved in zip(self.others, self.state["callbacks"], strict=True):
            for name, value in saved.items():
                arrays = name == "best_weights" and value is not None
                setattr(callback, name, [np.float32(part) for part in value] if arrays else value)
        np.random.set_state(self.state["numpy"])  # noqa: NPY002 - Keras draws from it

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Save the state after every few epochs."""
        done = epoch + 1
        if done % EPOCHS_BETWEEN_SAVES:
            return
        state = {
            "identity": self.identity,
            "epochs": done,
            "variables": [np.asarray(variable) for variable in _variables(self.model)],
            "callbacks": [
                {name: vars(other)[name] for name in CALLBACK_STATE if name in vars(other)}
                for other in self.others
            ],
            "numpy": np.random.get_state(),  # noqa: NPY002 - Keras draws from it
        }
        write_atomically(self.path, json.dumps(state, default=methodcaller("tolist")))

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Delete the saved state, so that the next fit starts from the beginning."""
        self.path.unlink(missing_ok=True)


def _variables(model: keras.Model) -> list[keras.Variable]:
    """All state of a compiled model: weights, random generators, optimizer."""
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]
