"""Where a fit stands, on disk: so that an interrupted one goes on instead of starting anew."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from coincast.files import write_atomically
from coincast.paths import BUILD

__all__ = ["Progress", "checkpoint_folder"]

# What each callback remembers from epoch to epoch; Keras saves none of it with the model.
REMEMBERED = {
    "EarlyStopping": ("best", "best_epoch", "wait", "stopped_epoch", "best_weights"),
    "EpochForecasts": ("classes",),
    "ModelCheckpoint": ("best",),
    "ReduceLROnPlateau": ("best", "wait", "cooldown_counter"),
}


def checkpoint_folder(study: str, parameters: Mapping[str, Any]) -> Path:
    """Return (and make) the folder for what a study's fits leave, one a set of parameters."""
    text = json.dumps(dict(parameters), sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    folder = BUILD / "checkpoints" / f"{study}-{digest[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Progress(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Save everything that the rest of a fit depends on, every few epochs, and restore it.

    Keras's own BackupAndRestore keeps weights, optimizer and epoch. It loses the state of
    dropout, of the other callbacks (when the learning rate was last cut, which epoch was best),
    of NumPy's generator, which shuffles the windows, and the history. Here those are a JSON
    beside the weights, which is renamed into place last; so a kill at any moment leaves a
    state that belongs together.

    On one machine the resumed fit equals the uninterrupted one to the last bit, on JAX and on
    TensorFlow alike (under a set seed TensorFlow shuffles each epoch in the same way, so there
    the order needs no saving).
    """

    def __init__(
        self,
        folder: Path,
        identity: str,
        others: Iterable[keras.callbacks.Callback],
        *,
        every: int = 20,
    ) -> None:
        """Make the callback; it must stand after the others in `fit`'s list.

        Args:
            folder: what the state is written into; nothing else may lie there.
            identity: names data and settings; a state of another identity is not taken up.
            others: the callbacks of the same fit, its History among them.
            every: epochs from one saved state to the next.
        """
        super().__init__()
        self.folder, self.identity, self.every = folder, identity, every
        self.others = list(others)
        self.state: dict[str, Any] = {}

    @property
    def _path(self) -> Path:
        return self.folder / "progress.json"

    def restore(self, model: keras.Model) -> int:
        """Load a saved state into a compiled model; return how many epochs it has behind it."""
        try:
            state = dict(json.loads(self._path.read_text()))
            if state["identity"] != self.identity:
                return 0
            model.optimizer.build(model.trainable_variables)
            model.load_weights(self.folder / state["weights"])
        except (OSError, ValueError, KeyError, TypeError):  # none there, or a damaged one
            return 0
        for variable, value in zip(_generators(model), state["generators"], strict=True):
            variable.assign(np.asarray(value, dtype=variable.dtype))
        self.state = state
        return int(state["epochs"])

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Give the other callbacks, which have just reset themselves, their memory back."""
        if not self.state:
            return
        for callback, memory in zip(self.others, self.state["callbacks"], strict=True):
            for name, value in memory.items():
                arrays = name == "best_weights" and value is not None
                setattr(callback, name, [np.float32(part) for part in value] if arrays else value)
            if isinstance(callback, keras.callbacks.History):
                callback.epoch = list(range(self.state["epochs"]))
                callback.history = self.state["history"]
        kind, keys, *rest = self.state["numpy"]
        np.random.set_state((kind, np.array(keys, dtype=np.uint32), *rest))  # noqa: NPY002 - Keras's

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Save the state after every few epochs."""
        done = epoch + 1
        if done % self.every:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        weights = f"epoch_{done}.weights.h5"
        self.model.save_weights(self.folder / weights)
        kind, keys, *rest = np.random.get_state()  # noqa: NPY002 - the one that Keras draws from
        state = {
            "identity": self.identity,
            "epochs": done,
            "weights": weights,
            "generators": [np.asarray(v).tolist() for v in _generators(self.model)],
            "callbacks": [_memory(callback) for callback in self.others],
            "history": self._history(),
            "numpy": [kind, np.asarray(keys).tolist(), *rest],
        }
        write_atomically(self._path, json.dumps(state))
        for path in self.folder.glob("epoch_*.weights.h5"):
            if path.name != weights:
                path.unlink()

    def _history(self) -> dict[str, list[float]]:
        found = [c.history for c in self.others if isinstance(c, keras.callbacks.History)]
        return dict(found[0]) if found else {}

    def forget(self) -> None:
        """Remove the saved state: the fit has ended, and the next one is to start anew."""
        self._path.unlink(missing_ok=True)
        for path in self.folder.glob("epoch_*.weights.h5"):
            path.unlink()


def _generators(model: keras.Model) -> list[keras.Variable]:
    """Return the states of the model's random generators, which its weights do not include."""
    weights = {id(variable) for variable in model.weights}
    return [v for v in model.variables if id(v) not in weights and "seed" in v.path]


def _memory(callback: keras.callbacks.Callback) -> dict[str, Any]:
    names = REMEMBERED.get(type(callback).__name__, ())
    return {name: _plain(getattr(callback, name)) for name in names}


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON is any of six types
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value
