"""Networks with one output in NumPy: a convolutional one, and the training of any with Adam."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

import numpy as np

from coincast.datasets.windows import FloatArray, Windows
from coincast.errors import InputError

__all__ = [
    "MEAN_DECAY",
    "SQUARE_DECAY",
    "Backward",
    "Convolution",
    "Network",
    "TrainingSettings",
    "finite_difference_error",
    "glorot",
    "initial_convolution",
    "train",
]

Backward = Callable[[FloatArray], list[FloatArray]]
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


@dataclass(frozen=True)
class Network(ABC):
    """A network with one output for each window, trained on the mean squared error."""

    weights: Sequence[FloatArray]

    @abstractmethod
    def run(self, inputs: FloatArray) -> tuple[FloatArray, Backward]:
        """The outputs (windows,), and what turns their gradient (windows, 1) into the weights'."""

    def loss(self, inputs: FloatArray, targets: FloatArray) -> float:
        """The mean squared error."""
        return float(np.mean((self.run(inputs)[0] - targets) ** 2))

    def loss_gradients(
        self, inputs: FloatArray, targets: FloatArray
    ) -> tuple[float, list[FloatArray]]:
        """The mean squared error and its gradient with respect to each of `weights`."""
        output, backward = self.run(inputs)
        errors = output - targets
        return float(np.mean(errors**2)), backward((2 * errors / len(errors))[:, None])


@dataclass(frozen=True)
class Convolution(Network):
    """A convolution, ReLU, max pooling and one linear output.

    Attributes:
        weights: kernel (width x features, filters), bias (filters,), and of the output
            (pools x filters, 1) and (1,).
        stride: days from one piece to the next.
        pool: pieces pooled into one.
    """

    stride: int
    pool: int

    def run(self, inputs: FloatArray) -> tuple[FloatArray, Backward]:
        """Through the layers and, for the gradients, back."""
        kernel, bias, dense, last = self.weights
        width = len(kernel) // inputs.shape[2]
        views = np.lib.stride_tricks.sliding_window_view(inputs, width, axis=1)
        pieces = views[:, :: self.stride].swapaxes(2, 3).reshape(len(inputs), -1, len(kernel))
        maps = np.maximum(pieces @ kernel + bias, 0)
        used = maps.shape[1] // self.pool * self.pool  # a remainder is dropped, as in Keras
        groups = maps[:, :used].reshape(len(inputs), -1, self.pool, maps.shape[2])
        pooled = groups.max(axis=2)
        flat = pooled.reshape(len(inputs), -1)

        def backward(by_output: FloatArray) -> list[FloatArray]:
            by_pooled = (by_output @ dense.T).reshape(pooled.shape)
            # Only the largest of a pool passes a gradient on, and only if ReLU left it above zero.
            chosen = (groups == pooled[:, :, None]) & (groups > 0)
            by_maps = (chosen * by_pooled[:, :, None]).reshape(len(inputs), used, -1)
            by_kernel = np.tensordot(pieces[:, :used], by_maps, ([0, 1], [0, 1]))
            by_bias = by_maps.sum(axis=(0, 1))
            return [by_kernel, by_bias, flat.T @ by_output, by_output.sum(axis=0)]

        return (flat @ dense + last)[:, 0], backward


def initial_convolution(
    windows: Windows, filters: int, layers: Sequence[tuple[int, int]], seed: int
) -> Convolution:
    """A convolution before training, drawn as Keras draws it (Glorot); biases are zero.

    `layers` are the width and stride of convolution and pooling.
    """
    (_, days, features), ((width, stride), (pool, _)) = windows.inputs.shape, layers
    inputs = ((days - width) // stride + 1) // pool * filters  # of the output
    random = np.random.default_rng(seed)
    # Keras counts a kernel's width towards its inputs and its outputs.
    kernel = glorot(random, width * features, filters, outputs=width * filters)
    weights = [kernel, np.zeros(filters), glorot(random, inputs, 1), np.zeros(1)]
    return Convolution(weights, stride, pool)


def glorot(
    random: np.random.Generator, rows: int, columns: int, outputs: int | None = None
) -> FloatArray:
    """First weights (rows, columns) of so many inputs and outputs, by default columns."""
    limit = np.sqrt(6 / (rows + (outputs or columns)))
    return random.uniform(-limit, limit, (rows, columns))


AnyNetwork = TypeVar("AnyNetwork", bound=Network)


def train(
    network: AnyNetwork, inputs: FloatArray, targets: FloatArray, settings: TrainingSettings
) -> tuple[AnyNetwork, list[float]]:
    """The network after training, and its loss in each epoch.

    Minimises the mean squared error batch by batch in the given order, as Keras's `fit` does
    without shuffling. The loss of an epoch is likewise the mean over its windows, each measured
    just before its batch's step.

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


def finite_difference_error(
    network: Network, inputs: FloatArray, targets: FloatArray, step: float = 1e-5
) -> float:
    """Largest difference of analytic and central-difference gradients, as a share of the largest.

    Each weight is moved by `step` in both directions, one after another.
    """
    _, gradients = network.loss_gradients(inputs, targets)
    moved = replace(network, weights=[weight.copy() for weight in network.weights])
    errors = []
    for weight, gradient in zip(moved.weights, gradients, strict=True):
        slopes = np.empty_like(weight)
        for place in np.ndindex(weight.shape):
            kept = weight[place]
            weight[place] = kept + step
            above = moved.loss(inputs, targets)
            weight[place] = kept - step
            slopes[place] = (above - moved.loss(inputs, targets)) / (2 * step)
            weight[place] = kept
        errors.append(np.abs(slopes - gradient).max())
    return float(max(errors) / max(np.abs(gradient).max() for gradient in gradients))
