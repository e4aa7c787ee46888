"""A recurrent network of one cell and one output in NumPy: drawn, asked, trained."""

from collections.abc import Sequence
from dataclasses import dataclass

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

__all__ = ["KEEP_MEAN", "KEEP_SQUARE", "Network", "check_settings", "initial", "train"]

FloatArray = npt.NDArray[np.float64]
# Adam: how much of the running means of gradient and squared gradient is kept at each step (the
# usual 0.9 and 0.999, as near as sums of few powers of 2 come: Keras rounds these two to 32 bits
# even where all else has 64, which would show in a comparison), and what keeps a division finite.
KEEP_MEAN, KEEP_SQUARE, SMALL = 1 - 2**-3, 1 - 2**-10, 1e-7


@dataclass(frozen=True)
class Network:
    """A cell and one linear output on its last state: y = h[days] V + v."""

    cell: RNN | LSTM
    dense: FloatArray  # (units, 1)
    dense_bias: FloatArray  # (1,)

    @classmethod
    def from_weights(cls, kind: str, weights: Sequence[npt.ArrayLike]) -> "Network":
        """Return the network that a Keras model of SimpleRNN or LSTM and Dense(1) is.

        Args:
            kind: "RNN" or "LSTM".
            weights: as `get_weights()` gives them: kernel, recurrent, bias, dense, its bias.

        Raises:
            InputError: shapes that fit no such cell.
        """
        kernel, recurrent, bias, dense, dense_bias = (
            np.asarray(array, dtype=np.float64) for array in weights
        )
        return cls(CELLS[kind](kernel, recurrent, bias), dense, dense_bias)

    @property
    def kind(self) -> str:
        """Return "RNN" or "LSTM"."""
        return type(self.cell).__name__

    @property
    def weights(self) -> list[FloatArray]:
        """Return the weights in the order of `from_weights`, for Keras's `set_weights`."""
        cell = self.cell
        return [cell.kernel, cell.recurrent, cell.bias, self.dense, self.dense_bias]

    def predict(self, inputs: FloatArray) -> FloatArray:
        """Return the output for each window: (windows,)."""
        return self._output(self.cell.forward(inputs))

    def loss(self, inputs: FloatArray, targets: FloatArray) -> float:
        """Return the mean squared error."""
        return float(np.mean((self.predict(inputs) - targets) ** 2))

    def loss_gradients(
        self, inputs: FloatArray, targets: FloatArray
    ) -> tuple[float, list[FloatArray]]:
        """Return the mean squared error and its gradient with respect to each of `weights`."""
        done = self.cell.forward(inputs)
        errors = self._output(done) - targets
        by_output = (2 * errors / len(errors))[:, None]  # (windows, 1)
        back = self.cell.backward(done, by_output @ self.dense.T)
        of_dense = [done.states[-1].T @ by_output, by_output.sum(axis=0)]
        return float(np.mean(errors**2)), [*back.weights, *of_dense]

    def output_gradients(self, inputs: FloatArray) -> Gradients:
        """Return the gradients of each window's own output."""
        done = self.cell.forward(inputs)
        return self.cell.backward(done, np.repeat(self.dense.T, len(inputs), axis=0))

    def _output(self, done: Unrolled) -> FloatArray:
        return (done.states[-1] @ self.dense + self.dense_bias)[:, 0]


def initial(kind: str, features: int, units: int, seed: int) -> Network:
    """Return a network before training, drawn by the rules that Keras has as defaults.

    Kernels uniform (Glorot), recurrent weights orthogonal, biases zero; the forget gate's bias
    is 1, so that it starts mostly open.

    Args:
        kind: "RNN" or "LSTM".
        features: columns of a window.
        units: width of the state.
        seed: another seed draws other weights.

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
    return Network.from_weights(kind, weights)


def _glorot(random: np.random.Generator, rows: int, columns: int) -> FloatArray:
    limit = np.sqrt(6 / (rows + columns))
    return random.uniform(-limit, limit, (rows, columns))


def _orthogonal(random: np.random.Generator, rows: int, columns: int) -> FloatArray:
    """Return (rows, columns) with rows of length 1 at right angles; columns >= rows."""
    basis, triangle = np.linalg.qr(random.normal(size=(columns, rows)))
    return np.asarray((basis * np.sign(np.diag(triangle))).T)


def train(
    network: Network,
    inputs: FloatArray,
    targets: FloatArray,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
) -> tuple[Network, list[float]]:
    """Return the network after training, and its loss in each epoch.

    Gradient descent on the mean squared error with Adam, batch by batch in the order given,
    exactly as Keras's `fit` does without shuffling; so is the loss of an epoch: the mean over
    its windows, each measured just before the step that its batch makes.

    Args:
        network: where to start.
        inputs: (windows, days, features).
        targets: (windows,).
        epochs: passes over the windows.
        batch_size: windows a step.
        learning_rate: length of a step.

    Raises:
        InputError: a count or rate that is not positive, or a loss that is no number.

    Source: Kingma and Ba, 2015, arXiv 1412.6980.
    """
    check_settings(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate)
    adam = _Adam(network.weights, learning_rate)
    losses = []
    for _ in range(epochs):
        summed = 0.0
        for start in range(0, len(targets), batch_size):
            batch = slice(start, start + batch_size)
            loss, gradients = network.loss_gradients(inputs[batch], targets[batch])
            summed += loss * len(targets[batch])
            network = Network.from_weights(network.kind, adam.step(gradients))
        losses.append(summed / len(targets))
    if not np.isfinite(losses).all():
        raise InputError(f"the loss is not a number; use a learning_rate below {learning_rate}")
    return network, losses


def check_settings(**settings: float) -> dict[str, float]:
    """Return the settings of a training if all can be used.

    Raises:
        InputError: one that is not positive.

    >>> check_settings(epochs=2, learning_rate=0.1)
    {'epochs': 2, 'learning_rate': 0.1}
    """
    for name, value in settings.items():
        if not value > 0:
            raise InputError(f"{name} is {value}; it must be above 0")
    return settings


class _Adam:
    """Steps against the gradient, each weight's own length set by its recent gradients."""

    def __init__(self, weights: Sequence[FloatArray], learning_rate: float) -> None:
        self.weights = list(weights)
        self.learning_rate = learning_rate
        self.means = [np.zeros_like(weight) for weight in weights]
        self.squares = [np.zeros_like(weight) for weight in weights]
        self.steps = 0

    def step(self, gradients: Sequence[FloatArray]) -> list[FloatArray]:
        """Return the weights after one step."""
        self.steps += 1
        # The running means start at zero; this undoes how much too small they are at first.
        rate = self.learning_rate * np.sqrt(1 - KEEP_SQUARE**self.steps)
        rate /= 1 - KEEP_MEAN**self.steps
        for index, gradient in enumerate(gradients):
            self.means[index] += (1 - KEEP_MEAN) * (gradient - self.means[index])
            self.squares[index] += (1 - KEEP_SQUARE) * (gradient**2 - self.squares[index])
            change = self.means[index] / (np.sqrt(self.squares[index]) + SMALL)
            self.weights[index] = self.weights[index] - rate * change
        return list(self.weights)
