"""The recurrent networks in Keras: the same weights, trained alike, and their gates compared."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import keras
import numpy as np
import numpy.typing as npt

from coincast.datasets.windows import FloatArray, Windows
from coincast.models import networks
from coincast.studies.how_it_works.numpy_networks import (
    MEAN_DECAY,
    SQUARE_DECAY,
    TrainingSettings,
)
from coincast.studies.how_it_works.recurrent_networks import LSTM, Recurrent, gru

__all__ = [
    "agreement",
    "agreement_sentence",
    "largest_difference",
    "lstm_gates",
    "reading_differences",
    "train_in_keras",
    "training_difference",
]


def largest_difference(ours: npt.ArrayLike, of_keras: npt.ArrayLike) -> float:
    """Largest absolute difference of two arrays of one shape."""
    return float(np.abs(np.asarray(ours) - np.asarray(of_keras)).max())


def train_in_keras(
    network: Recurrent, windows: Windows, settings: TrainingSettings
) -> tuple[keras.Model, list[float]]:
    """A Keras model trained from a network's weights, and its loss in each epoch.

    `fit` trains it as `train` does: mean squared error, the same Adam, the windows in the given
    order. It computes in 64 bits, as NumPy does, so a difference is not a matter of rounding.
    """
    layer = keras.layers.LSTM if isinstance(network, LSTM) else keras.layers.SimpleRNN
    units = len(network.recurrent)
    with _float64():
        layers = [layer(units), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input(windows.inputs.shape[1:]), *layers])
        model.set_weights(network.weights)
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


def training_difference(network: Recurrent, model: keras.Model, windows: Windows) -> float:
    """Largest absolute difference after training in NumPy (`network`) and in Keras (`model`).

    Of any weight, and of any output for these windows: Keras's and ours with Keras's final weights,
    so that training plays no part in it.
    """
    weights = model.get_weights()
    ours, _ = replace(network, weights=weights).run(windows.inputs)
    of_keras = keras.ops.convert_to_numpy(model(windows.inputs))[:, 0]
    pairs = [(ours, of_keras), *zip(network.weights, weights, strict=True)]
    return max(largest_difference(*pair) for pair in pairs)


def reading_differences(inputs: FloatArray, units: int, seed: int) -> dict[str, float]:
    """Largest absolute difference of our GRU and bidirectional LSTM to Keras's, by network.

    Not trained but with every weight random: Keras starts biases at zero, which would hide a wrong
    one. A bidirectional LSTM is two cells, of which one reads the days in reverse (Schuster and
    Paliwal, 1997, 10.1109/78.650093).
    """
    random, (_, days, features) = np.random.default_rng(seed), inputs.shape
    builders = {"GRU": networks.gru, "bidirectional LSTM": networks.bidirectional_lstm}
    differences = {}
    for name, build in builders.items():
        with _float64():
            model = build(days, features, units)
        weights = [random.normal(0, 0.5, weight.shape) for weight in model.get_weights()]
        model.set_weights(weights)
        *cells, dense, bias = weights
        if name == "GRU":
            state = gru(cells, inputs)
        else:
            in_order, reverse = LSTM(cells[:3]), LSTM(cells[3:])
            ends = in_order.forward(inputs).states[-1], reverse.forward(inputs[:, ::-1]).states[-1]
            state = np.concatenate(ends, axis=1)
        output = keras.ops.convert_to_numpy(model(inputs))
        differences[name] = largest_difference(np.tanh(state @ dense + bias), output)
    return differences


def lstm_gates(model: keras.Model, window: FloatArray) -> tuple[dict[str, FloatArray], float]:
    """An LSTM's gates and states on each day, from our formulas, and how far Keras's are off.

    Keras does not show its gates, but every day's state is made from all of them, so the states
    are compared.

    Args:
        model: as `train_in_keras` gives it for an LSTM.
        window: (days, features).

    Returns:
        "input", "forget", "output", "carry", "state" -> (days, units); and the largest absolute
        difference of "state" to those of Keras's own layer.
    """
    weights = model.get_weights()
    done = LSTM(weights).forward(window[None])
    gates = {name: done.gates[name][:, 0] for name in ("input", "forget", "output")}
    gates |= {"carry": done.carries[1:, 0], "state": done.states[1:, 0]}
    layer = keras.layers.LSTM(len(weights[1]), return_sequences=True, dtype="float64")
    layer.build((1, *window.shape))
    layer.set_weights(weights[:3])
    states = keras.ops.convert_to_numpy(layer(window[None]))[0]
    return gates, largest_difference(gates["state"], states)


def agreement(differences: Mapping[str, float]) -> dict[str, float]:
    """How closely NumPy and Keras agree: part -> power of ten above its largest difference.

    The differences themselves are rounding, which other processors do differently.

    >>> agreement({"LSTM": 3e-15, "gradients of RNN": 2e-10})
    {'LSTM': 1e-14, 'gradients of RNN': 1e-09}
    """
    smallest = float(np.finfo(np.float64).eps)  # below it, a difference is chance
    return {
        part: float(f"1e{math.floor(math.log10(max(difference, smallest))) + 1}")
        for part, difference in differences.items()
    }


def agreement_sentence(found: Mapping[str, float]) -> str:
    """How closely NumPy and Keras agree, in words, by what `agreement` gives."""
    told = ", ".join(f"{part} {bound:.0e}" for part, bound in found.items())
    return (
        f"Ours and Keras's differ by less than: {told}. For gradients that is the difference of "
        "back-propagation and finite differences, as a share of the largest."
    )
