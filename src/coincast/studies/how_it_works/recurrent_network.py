"""A recurrent network in NumPy: one cell, one linear output, trained with Adam."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from coincast.errors import InputError
from coincast.studies.how_it_works.recurrent_cells import (
    CELLS,
    GATES,
    LSTM,
    RNN,
    Gradients,
    Unrolled,
)

__all__ = [
    "MEAN_DECAY",
    "SQUARE_DECAY",
    "Network",
    "Trainable",
    "TrainingSettings",
    "finite_difference_error",
    "initial_network",
    "train",
]

FloatArray = npt.NDArray[np.float64]
# Adam's usual 0.9 and 0.999, rounded to sums of few powers of 2: Keras stores these two in 32 bits
# even where everything else has 64, which would show in a comparison.
MEAN_DECAY, SQUARE_DECAY = 1 - 2**-3, 1 - 2**-10
SMALL = 1e-7  # keeps Adam's division finite


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained.

    Attributes:
        epochs: passes over the windows.
        batch_size: windows per step.
        learning_rate: Adam's.

    Raises:
        InputError: a value that is not positive.
    """

    epochs: int
    batch_size: int
    learning_rate: float

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not value > 0:
                raise InputError(f"{name} is {value}; it must be above 0")


class Trainable(Protocol):
    """What `train` needs of a network: a dataclass with weights and their gradients."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def weights(self) -> Sequence[FloatArray]:
        """What training changes."""

    def predict(self, inputs: FloatArray) -> FloatArray:
        """The output for each window: (windows,)."""

    def loss(self, inputs: FloatArray, targets: FloatArray) -> float:
        """The mean squared error."""

    def loss_gradients(
        self, inputs: FloatArray, targets: FloatArray
    ) -> tuple[float, list[FloatArray]]:
        """The mean squared error and its gradient with respect to each of `weights`."""


AnyNetwork = TypeVar("AnyNetwork", bound=Trainable)


@dataclass(frozen=True)
class Network:
    """A cell and one linear output of its last state: y = h[days] V + v.

    Attributes:
        kind: "RNN" or "LSTM".
        weights: kernel, recurrent, bias, V (units, 1) and v (1,): those that `get_weights()` gives
            for a Keras model of SimpleRNN or LSTM and Dense(1), in 64 bits.
    """

    kind: str
    weights: Sequence[FloatArray]

    @property
    def cell(self) -> RNN | LSTM:
        """The recurrent cell."""
        return CELLS[self.kind](*self.weights[:3])

    def predict(self, inputs: FloatArray) -> FloatArray:
        """The output for each window: (windows,)."""
        return self._output(self.cell.forward(inputs))

    def loss(self, inputs: FloatArray, targets: FloatArray) -> float:
        """The mean squared error."""
        return float(np.mean((self.predict(inputs) - targets) ** 2))

    def loss_gradients(
        self, inputs: FloatArray, targets: FloatArray
    ) -> tuple[float, list[FloatArray]]:
        """The mean squared error and its gradient with respect to each of `weights`."""
        cell, dense = self.cell, self.weights[3]
        done = cell.forward(inputs)
        errors = self._output(done) - targets
        by_output = (2 * errors / len(errors))[:, None]  # (windows, 1)
        back = cell.backward(done, by_output @ dense.T)
        of_dense = [done.states[-1].T @ by_output, by_output.sum(axis=0)]
        return float(np.mean(errors**2)), [*back.weights, *of_dense]

    def output_gradients(self, inputs: FloatArray) -> Gradients:
        """The gradients of each window's own output."""
        cell, dense = self.cell, self.weights[3]
        return cell.backward(cell.forward(inputs), np.repeat(dense.T, len(inputs), axis=0))

    def _output(self, done: Unrolled) -> FloatArray:
        dense, bias = self.weights[3:]
        return np.asarray((done.states[-1] @ dense + bias)[:, 0])


def initial_network(kind: str, features: int, units: int, seed: int) -> Network:
    """A network before training, drawn by Keras's default rules.

    Kernels are uniform (Glorot), recurrent weights orthogonal, biases zero; the forget gate's bias
    is 1, so that it starts mostly open.

    Args:
        kind: "RNN" or "LSTM".
        features: columns of a window.
        units: width of the state.
        seed: of the random weights.

    Raises:
        InputError: units below 1.

    Source: Glorot and Bengio, 2010 (kernels); Saxe, McClelland and Ganguli, 2014, arXiv
    1312.6120 (orthogonal); Jozefowicz, Zaremba and Sutskever, 2015 (the forget gate's bias).
    """
    if units < 1:
        raise InputError(f"units is {units}; use 1 or more")
    random = np.random.default_rng(seed)
    blocks = CELLS[kind].blocks
    bias = np.zeros((blocks, units))
    if kind == "LSTM":
        bias[GATES.index("forget")] = 1.0
    weights = [
        _glorot(random, features, blocks * units),
        _orthogonal(random, units, blocks * units),
        bias.ravel(),
        _glorot(random, units, 1),
        np.zeros(1),
    ]
    return Network(kind, weights)


def _glorot(random: np.random.Generator, rows: int, columns: int) -> FloatArray:
    limit = np.sqrt(6 / (rows + columns))
    return random.uniform(-limit, limit, (rows, columns))


def _orthogonal(random: np.random.Generator, rows: int, columns: int) -> FloatArray:
    """(rows, columns) with orthogonal rows of length 1; columns >= rows."""
    basis, triangle = np.linalg.qr(random.normal(size=(columns, rows)))
    return np.asarray((basis * np.sign(np.diag(triangle))).T)


def train(
    network: AnyNetwork, inputs: FloatArray, targets: FloatArray, settings: TrainingSettings
) -> tuple[AnyNetwork, list[float]]:
    """The network after training, and its loss in each epoch.

    Minimises the mean squared error batch by batch in the given order, as Keras's `fit` does
    without shuffling. The loss of an epoch is likewise the mean over its windows, each measured
    just before its batch's step.

    Args:
        network: where to start.
        inputs: (windows, days, features).
        targets: (windows,).
        settings: epochs, batch size and learning rate.

    Raises:
        InputError: the loss is not finite.

    Source: Kingma and Ba, 2015, arXiv 1412.6980.
    """
    means = [np.zeros_like(weight) for weight in network.weights]
    squares = [np.zeros_like(weight) for weight in network.weights]
    losses, steps = [], 0
    for _ in range(settings.epochs):
        summed = 0.0
        for start in range(0, len(targets), settings.batch_size):
            batch = slice(start, start + settings.batch_size)
            loss, gradients = network.loss_gradients(inputs[batch], targets[batch])
            summed += loss * len(targets[batch])
            steps += 1
            # The running means start at zero; this corrects their bias.
            rate = settings.learning_rate * np.sqrt(1 - SQUARE_DECAY**steps)
            rate /= 1 - MEAN_DECAY**steps
            for index, gradient in enumerate(gradients):
                means[index] += (1 - MEAN_DECAY) * (gradient - means[index])
                squares[index] += (1 - SQUARE_DECAY) * (gradient**2 - squares[index])
            parts = zip(network.weights, means, squares, strict=True)
            weights = [w - rate * (mean / (np.sqrt(square) + SMALL)) for w, mean, square in parts]
            network = replace(network, weights=weights)
        losses.append(summed / len(targets))
    if not np.isfinite(losses).all():
        raise InputError(
            f"the loss is not a number; use a learning_rate below {settings.learning_rate}"
        )
    return network, losses


def _flat(arrays: Sequence[FloatArray]) -> FloatArray:
    """All entries of several arrays, in order, as one vector."""
    return np.concatenate([array.ravel() for array in arrays])


def _with_weights(network: Network, flat: FloatArray) -> Network:
    """A network of the same shapes with other weights, given as one vector."""
    ends = np.cumsum([weight.size for weight in network.weights])[:-1]
    parts = zip(np.split(flat, ends), network.weights, strict=True)
    return replace(network, weights=[part.reshape(weight.shape) for part, weight in parts])


def finite_difference_error(
    network: Network, inputs: FloatArray, targets: FloatArray, step: float = 1e-5
) -> float:
    """Largest difference of analytic and central-difference gradients, as a share of the largest.

    Args:
        network: whose weights are moved one by one.
        inputs: (windows, days, features).
        targets: (windows,).
        step: how far each weight is moved in both directions.
    """
    weights = _flat(network.weights)
    gradient = _flat(network.loss_gradients(inputs, targets)[1])

    def loss(flat: FloatArray) -> float:
        return _with_weights(network, flat).loss(inputs, targets)

    moves = step * np.eye(len(weights))
    slopes = [(loss(weights + move) - loss(weights - move)) / (2 * step) for move in moves]
    return float(np.abs(slopes - gradient).max() / np.abs(gradient).max())
