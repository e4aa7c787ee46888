"""One window through the seven steps of a convolutional network, in NumPy and in Keras."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from coincast.datasets.windows import FloatArray
from coincast.prices.schema import OHLC
from coincast.studies.how_it_works import convolution
from coincast.studies.how_it_works.keras_comparison import largest_difference
from coincast.studies.how_it_works.normalised_windows import LABELS

__all__ = ["SevenSteps", "convolution_network", "seven_steps"]


def convolution_network(
    days: int, filters: int, shapes: Sequence[tuple[int, int]], *, dropout: float
) -> keras.Model:
    """The network of the seven steps, uncompiled: (windows, days, 4) -> (windows, 2).

    `shapes` are the width and stride of convolution and pooling; pools don't overlap.

    Raises:
        InputError: a width, stride or rate that does not fit the window.
    """
    (width, stride), (pool, _) = shapes
    # Our own layers say in plain words what does not fit.
    maps = convolution.convolve(np.zeros((days, 1)), np.zeros((width, 1, 1)), np.zeros(1), stride)
    pooled = convolution.max_pool(maps, pool)
    convolution.dropout(pooled, pooled == 0, dropout)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((days, len(OHLC)), name="window"),
            layers.Conv1D(filters, width, strides=stride, name="convolution"),
            layers.ReLU(name="relu"),
            layers.MaxPooling1D(pool, name="pooling"),
            layers.Dropout(dropout, name="dropout"),
            layers.Flatten(name="flatten"),
            layers.Dense(len(LABELS), name="scores"),
            layers.Softmax(name="softmax"),
        ],
        name="seven_steps",
    )


@dataclass(frozen=True)
class SevenSteps:
    """What each of the seven steps makes of one window, computed in NumPy.

    Attributes:
        tables: step -> (days or pieces, channels), in order; the last is softmax: (2,).
        kept: the pooled values that dropout kept: (pieces, filters).
        layers: (width, stride) of convolution and pooling.
        rate: share that dropout drops.
        difference: the largest absolute one to Keras's own layers.
    """

    tables: dict[str, FloatArray]
    kept: npt.NDArray[np.bool_]
    layers: list[tuple[int, int]]
    rate: float
    difference: float

    @property
    def label(self) -> str:
        """The most likely label."""
        return LABELS[int(self.tables["softmax"].argmax())]

    @property
    def strongest(self) -> tuple[int, int]:
        """Piece and filter of the largest pooled value."""
        pooled = self.tables["pooling"]
        piece, kernel = np.unravel_index(pooled.argmax(), pooled.shape)
        return int(piece), int(kernel)

    @property
    def receptive_field(self) -> tuple[int, int]:
        """First and last day (from 0) that the largest pooled value depends on."""
        return convolution.receptive_field(self.strongest[0], self.layers)


def seven_steps(model: keras.Model, window: FloatArray) -> SevenSteps:
    """The seven steps of a window (days, 4), from a `convolution_network`'s weights."""
    convolving, pooling = model.get_layer("convolution"), model.get_layer("pooling")
    stride, pool = convolving.strides[0], pooling.pool_size[0]
    kernel, bias = convolving.get_weights()
    scores, scores_bias = model.get_layer("scores").get_weights()
    of_keras = _layer_outputs(model, window)
    maps = convolution.convolve(window, kernel, bias, stride)
    positive = convolution.relu(maps)
    pooled = convolution.max_pool(positive, pool)
    # Keras draws what to drop; a zero that was zero before counts as kept.
    kept = (of_keras["dropout"] != 0) | (pooled == 0)
    tables = {
        "window": window,
        "convolution": maps,
        "relu": positive,
        "pooling": pooled,
        "dropout": convolution.dropout(pooled, kept, model.get_layer("dropout").rate),
        "softmax": softmax(pooled.ravel() @ scores + scores_bias),
    }
    rate, layers = model.get_layer("dropout").rate, [(len(kernel), stride), (pool, pool)]
    difference = max(largest_difference(tables[name], out) for name, out in of_keras.items())
    return SevenSteps(tables, kept, layers, rate, difference)


def _layer_outputs(model: keras.Model, window: FloatArray) -> dict[str, FloatArray]:
    """Outputs of Keras's layers: dropout as in training, the others as in inference."""
    values = keras.ops.convert_to_tensor(window[None], dtype="float32")
    outputs = {}
    for layer in model.layers:
        if layer.name in {"convolution", "relu", "pooling", "dropout", "softmax"}:
            shown = layer(values, training=layer.name == "dropout")
            outputs[layer.name] = keras.ops.convert_to_numpy(shown)[0]
        values = layer(values, training=False)
    return outputs
