"""Keras's twins of the cells in NumPy: the same weights, trained and opened side by side."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import keras
import numpy as np
import numpy.typing as npt

from coincast.datasets.windows import Windows
from coincast.studies.how_it_works.compare import largest_difference, only_window
from coincast.studies.how_it_works.networks_by_hand import KEEP_MEAN, KEEP_SQUARE, Network
from coincast.studies.how_it_works.price_windows import Example
from coincast.studies.how_it_works.recurrent_cells import GATES, LSTM

__all__ = [
    "equality_sentence",
    "gates",
    "gates_of_keras",
    "gates_sentence",
    "train_in_keras",
    "twin_differences",
]

FloatArray = npt.NDArray[np.float64]
FARTHEST = 50.0  # sigmoid and tanh of it are 1 to the last digit


def train_in_keras(
    network: Network, windows: Windows, *, epochs: int, batch_size: int, learning_rate: float
) -> tuple[keras.Model, list[float]]:
    """Return Keras's twin of a network after training, and its loss in each epoch.

    The twin starts from the network's weights and is trained by `fit` as `train` does it by
    hand: mean squared error, the same Adam, the windows in the order given. It computes in
    float64, as NumPy does, so that a difference is one of formulas and not of rounding.
    """
    with _float64():
        model = _twin(network, windows.inputs.shape[1])
        adam = keras.optimizers.Adam(learning_rate, beta_1=KEEP_MEAN, beta_2=KEEP_SQUARE)
        model.compile(adam, "mse")
        history = model.fit(
            windows.inputs,
            windows.targets,
            epochs=epochs,
            batch_size=batch_size,
            shuffle=False,
            verbose=0,
        )
    return model, history.history["loss"]


@contextmanager
def _float64() -> Iterator[None]:
    """Let Keras make layers, loss, optimiser and data of 64-bit numbers, and only meanwhile."""
    usual, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        yield
    finally:
        keras.config.set_floatx(usual)
        keras.config.set_dtype_policy(policy)


def _twin(network: Network, days: int) -> keras.Model:
    """Return the Keras model with the same cell, output and weights, uncompiled."""
    layer = {"RNN": keras.layers.SimpleRNN, "LSTM": keras.layers.LSTM}[network.kind]
    model = keras.Sequential(
        [
            keras.Input((days, len(network.cell.kernel)), name="window"),
            layer(network.cell.units, name="cell"),
            keras.layers.Dense(1, name="dense"),
        ],
        name=network.kind.lower(),
    )
    model.set_weights(network.weights)
    return model


def gates(model: keras.Model, window: FloatArray) -> tuple[dict[str, FloatArray], dict[str, float]]:
    """Return an LSTM's gates, carry and state on each day, by hand, and compare with Keras.

    Args:
        model: as `train_in_keras` gives it for an LSTM.
        window: (days, features).

    Returns:
        "input", "forget", "output", "carry", "state" -> (days, units); and the largest absolute
        difference of each to Keras's own cell.
    """
    done = Network.from_weights("LSTM", model.get_weights()).cell.forward(window[None])
    by_hand = {name: done.gates[name][:, 0] for name in ("input", "forget", "output")} | {
        "carry": done.carries[1:, 0],
        "state": done.states[1:, 0],
    }
    of_keras = gates_of_keras(model.get_layer("cell").cell, window)
    return by_hand, {name: largest_difference(by_hand[name], of_keras[name]) for name in by_hand}


def gates_of_keras(cell: keras.layers.LSTMCell, window: FloatArray) -> dict[str, FloatArray]:
    """Return the gates of Keras's LSTM cell, which does not show them, by asking it.

    The cell is run day by day. Its forget gate is what one more unit of carry adds to the next
    carry; its output gate is the state that a huge carry gives; its input gate is the next carry
    of an empty cell whose candidate is pinned to 1.
    """
    pinned = keras.layers.LSTMCell(cell.units, dtype=cell.dtype)
    pinned.build((None, window.shape[1]))
    pinned.set_weights(_pin_candidate(cell.get_weights()))
    state = carry = keras.ops.zeros((1, cell.units), dtype=cell.dtype)
    days = []
    for row in window[:, None]:
        now = keras.ops.convert_to_tensor(row, dtype=cell.dtype)
        _, (_, more) = cell(now, [state, carry + 1])
        _, (wide, _) = cell(now, [state, carry + 1e9])
        _, (_, filled) = pinned(now, [state, keras.ops.zeros_like(carry)])
        _, (state, carry) = cell(now, [state, carry])
        answers = {"input": filled, "forget": more - carry, "output": wide}
        answers |= {"carry": carry, "state": state}
        days.append({name: only_window(answer) for name, answer in answers.items()})
    return {name: np.array([day[name] for day in days]) for name in days[0]}


def _pin_candidate(weights: list[FloatArray]) -> list[FloatArray]:
    """Return LSTM weights with the candidate's at zero and its bias far up: it is always 1."""
    pinned = []
    for weight, value in zip(weights, (0.0, 0.0, FARTHEST), strict=True):
        blocks = np.split(weight, LSTM.blocks, axis=-1)
        candidate = GATES.index("candidate")
        blocks[candidate] = np.full_like(blocks[candidate], value)
        pinned.append(np.concatenate(blocks, axis=-1))
    return pinned


def twin_differences(
    network: Network,
    model: keras.Model,
    windows: Windows,
    losses: Sequence[float],
    losses_of_keras: Sequence[float],
) -> dict[str, float]:
    """Return the largest absolute differences between a network and its twin after training.

    Args:
        network: trained in NumPy.
        model: trained in Keras.
        windows: that both are asked about.
        losses: of each epoch, in NumPy.
        losses_of_keras: the same, in Keras.

    Returns:
        "loss": of any epoch; "weights": of any weight; "output": of the network in NumPy with
        the weights that Keras ended with, so that training has no part in it.
    """
    weights = model.get_weights()
    same = Network.from_weights(network.kind, weights)
    output = keras.ops.convert_to_numpy(model(windows.inputs))[:, 0]
    pairs = zip(network.weights, weights, strict=True)
    return {
        "loss": largest_difference(np.array(losses), np.array(losses_of_keras)),
        "weights": max(largest_difference(ours, theirs) for ours, theirs in pairs),
        "output": largest_difference(same.predict(windows.inputs), output),
    }


def gates_sentence(gates: Mapping[str, FloatArray], example: Example) -> str:
    """Return in words what the gates did on the day of the move."""
    position = example.days.get_loc(example.day)
    told = []
    for name in ("input", "forget", "output"):
        before, then = gates[name][max(position - 1, 0)], gates[name][position]
        most = (then - before)[np.abs(then - before).argmax()]
        told.append(
            f"{name} gate {before.mean():.2f} to {then.mean():.2f} (one unit by {most:+.2f})"
        )
    return (
        f"The close of {example.day:%Y-%m-%d} moved by {example.move:+.1%}, the largest move of "
        f"the period. From the day before to that day, mean over the units: {', '.join(told)}."
    )


def equality_sentence(
    differences: Mapping[str, Mapping[str, float]], gradient_check: Mapping[str, float]
) -> str:
    """Return in words how near the networks by hand are to Keras's."""
    told = ", ".join(f"{part} {max(found.values()):.1e}" for part, found in differences.items())
    checked = " and ".join(f"{kind} {error:.1e}" for kind, error in gradient_check.items())
    return (
        f"Largest difference between ours and Keras's: {told}. Gradients by back-propagation and "
        f"by trying out differ, as a share of the largest, by {checked}."
    )
