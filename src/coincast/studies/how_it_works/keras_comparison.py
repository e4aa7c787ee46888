"""The recurrent networks in Keras: the same weights, trained alike, and their gates compared."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import keras
import numpy as np
import numpy.typing as npt

from coincast.datasets.windows import Windows
from coincast.models import networks
from coincast.studies.how_it_works.normalised_windows import ExampleWindow
from coincast.studies.how_it_works.recurrent_cells import GATES, GRU, LSTM, read_both_ways
from coincast.studies.how_it_works.recurrent_network import (
    MEAN_DECAY,
    SQUARE_DECAY,
    Network,
    TrainingSettings,
)

__all__ = [
    "agreement",
    "agreement_sentence",
    "gates_sentence",
    "largest_difference",
    "lstm_gates",
    "reading_differences",
    "train_in_keras",
    "training_differences",
]

FloatArray = npt.NDArray[np.float64]
SATURATED = 50.0  # sigmoid and tanh of it are 1 in 64 bits


def largest_difference(ours: npt.ArrayLike, of_keras: npt.ArrayLike) -> float:
    """Largest absolute difference of two arrays of one shape."""
    return float(np.abs(np.asarray(ours) - np.asarray(of_keras)).max())


def train_in_keras(
    network: Network, windows: Windows, settings: TrainingSettings
) -> tuple[keras.Model, list[float]]:
    """A Keras model trained from a network's weights, and its loss in each epoch.

    `fit` trains it as `train` does: mean squared error, the same Adam, the windows in the given
    order. It computes in 64 bits, as NumPy does, so a difference is not a matter of rounding.
    """
    with _float64():
        model = _keras_model(network, windows.inputs.shape[1])
        adam = keras.optimizers.Adam(settings.learning_rate, beta_1=MEAN_DECAY, beta_2=SQUARE_DECAY)
        model.compile(adam, "mse")
        history = model.fit(
            windows.inputs,
            windows.targets,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            shuffle=False,
            verbose=0,
        )
    return model, history.history["loss"]


@contextmanager
def _float64() -> Iterator[None]:
    """Make Keras compute in 64 bits, then restore its settings."""
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        yield
    finally:
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(policy)


def _keras_model(network: Network, days: int) -> keras.Model:
    """The uncompiled Keras model with the same cell, output and weights."""
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


def training_differences(
    network: Network,
    model: keras.Model,
    windows: Windows,
    losses: Sequence[float],
    losses_of_keras: Sequence[float],
) -> dict[str, float]:
    """Largest absolute differences after training in NumPy (`network`) and in Keras (`model`).

    Returns:
        "loss": of any epoch; "weights": of any weight; "output": on these windows, of Keras and of
        ours with Keras's final weights, so that training plays no part in it.
    """
    weights = model.get_weights()
    same = Network(network.kind, weights)
    output = keras.ops.convert_to_numpy(model(windows.inputs))[:, 0]
    pairs = zip(network.weights, weights, strict=True)
    return {
        "loss": largest_difference(losses, losses_of_keras),
        "weights": max(largest_difference(ours, theirs) for ours, theirs in pairs),
        "output": largest_difference(same.predict(windows.inputs), output),
    }


def reading_differences(inputs: FloatArray, units: int, seed: int) -> dict[str, dict[str, float]]:
    """Largest absolute difference of our GRU and bidirectional LSTM to Keras's, by network.

    The networks are those of `gru` and `bidirectional_lstm`, not trained but with every weight
    random: Keras starts biases at zero, which would hide a wrong one.

    Args:
        inputs: (windows, days, features).
        units: width of a cell's state.
        seed: of the weights.
    """
    random, (_, days, features) = np.random.default_rng(seed), inputs.shape
    with _float64():
        models = [
            networks.gru(days, features, units),
            networks.bidirectional_lstm(days, features, units),
        ]
    differences = {}
    for model, name in zip(models, ("GRU", "bidirectional LSTM"), strict=True):
        weights = [random.normal(0, 0.5, weight.shape) for weight in model.get_weights()]
        model.set_weights(weights)
        *cells, dense, bias = weights
        if name == "GRU":
            state = GRU(*cells).forward(inputs).states[-1]
        else:
            state = read_both_ways(LSTM(*cells[:3]), LSTM(*cells[3:]), inputs)
        output = keras.ops.convert_to_numpy(model(inputs))
        differences[name] = {"output": largest_difference(np.tanh(state @ dense + bias), output)}
    return differences


def lstm_gates(
    model: keras.Model, window: FloatArray
) -> tuple[dict[str, FloatArray], dict[str, float]]:
    """An LSTM's gates and states on each day, from our formulas, and how far Keras's are off.

    Args:
        model: as `train_in_keras` gives it for an LSTM.
        window: (days, features).

    Returns:
        "input", "forget", "output", "carry", "state" -> (days, units); and the largest absolute
        difference of each to Keras's own cell.
    """
    done = Network("LSTM", model.get_weights()).cell.forward(window[None])
    ours = {name: done.gates[name][:, 0] for name in ("input", "forget", "output")} | {
        "carry": done.carries[1:, 0],
        "state": done.states[1:, 0],
    }
    of_keras = _gates_of_keras(model.get_layer("cell").cell, window)
    return ours, {name: largest_difference(ours[name], of_keras[name]) for name in ours}


def _gates_of_keras(cell: keras.layers.LSTMCell, window: FloatArray) -> dict[str, FloatArray]:
    """The gates of Keras's LSTM cell, which does not expose them, inferred from its outputs.

    On each day, the forget gate is what one more unit of carry adds to the next carry; the output
    gate is the state that a huge carry leads to; the input gate is the next carry of an empty cell
    whose candidate is fixed at 1.
    """
    fixed = keras.layers.LSTMCell(cell.units, dtype=cell.dtype)
    fixed.build((None, window.shape[1]))
    fixed.set_weights(_candidate_fixed_at_one(cell.get_weights()))
    state = carry = keras.ops.zeros((1, cell.units), dtype=cell.dtype)
    days = []
    for row in window[:, None]:
        now = keras.ops.convert_to_tensor(row, dtype=cell.dtype)
        _, (_, more) = cell(now, [state, carry + 1])
        _, (saturated, _) = cell(now, [state, carry + 1e9])
        _, (_, filled) = fixed(now, [state, keras.ops.zeros_like(carry)])
        _, (state, carry) = cell(now, [state, carry])
        found = {"input": filled, "forget": more - carry, "output": saturated}
        found |= {"carry": carry, "state": state}
        days.append({name: keras.ops.convert_to_numpy(value)[0] for name, value in found.items()})
    return {name: np.array([day[name] for day in days]) for name in days[0]}


def _candidate_fixed_at_one(weights: list[FloatArray]) -> list[FloatArray]:
    """LSTM weights with the candidate's at zero and its bias so large that it is always 1."""
    fixed = []
    for weight, value in zip(weights, (0.0, 0.0, SATURATED), strict=True):
        changed = weight.copy()
        np.split(changed, LSTM.blocks, axis=-1)[GATES.index("candidate")][...] = value
        fixed.append(changed)
    return fixed


def gates_sentence(gates: Mapping[str, FloatArray], example: ExampleWindow) -> str:
    """What the gates did on the day of the move, in words."""
    position = example.days.get_loc(example.day)
    told = []
    for name in ("input", "forget", "output"):
        before, then = gates[name][max(position - 1, 0)], gates[name][position]
        most = (then - before)[np.abs(then - before).argmax()]
        told.append(
            f"{name} gate {before.mean():.2f} to {then.mean():.2f} (one unit by {most:+.2f})"
        )
    return (
        f"The close of {example.day:%Y-%m-%d} moved by {example.move:+.1%}. From the day before "
        f"to that day, mean over the units: {', '.join(told)}."
    )


def agreement(
    differences: Mapping[str, Mapping[str, float]], gradient_check: Mapping[str, float]
) -> dict[str, float]:
    """How closely NumPy and Keras agree: part -> power of ten above all its differences.

    The differences themselves are rounding, which other processors do differently.

    Args:
        differences: part -> what was compared -> largest absolute difference.
        gradient_check: kind -> `finite_difference_error`.

    >>> agreement({"LSTM": {"loss": 2e-16, "output": 3e-15}}, {"RNN": 2e-10})
    {'LSTM': 1e-14, 'gradients of RNN': 1e-09}
    """
    largest = {part: max(found.values()) for part, found in differences.items()}
    largest |= {f"gradients of {kind}": error for kind, error in gradient_check.items()}
    smallest = float(np.finfo(np.float64).eps)  # below it, a difference is chance
    return {
        part: float(f"1e{math.floor(math.log10(max(difference, smallest))) + 1}")
        for part, difference in largest.items()
    }


def agreement_sentence(found: Mapping[str, float]) -> str:
    """How closely NumPy and Keras agree, in words, by what `agreement` gives."""
    told = ", ".join(f"{part} {bound:.0e}" for part, bound in found.items())
    return (
        f"Ours and Keras's differ by less than: {told}. For gradients that is the difference of "
        "back-propagation and finite differences, as a share of the largest."
    )
