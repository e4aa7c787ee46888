"""One real window through the seven steps of a convolutional network, by hand beside Keras."""

from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt

from coincast.datasets.windows import Windows
from coincast.errors import InputError
from coincast.prices.schema import OHLC
from coincast.studies.how_it_works import layers_by_hand
from coincast.studies.how_it_works.compare import largest_difference, only_window
from coincast.studies.how_it_works.price_windows import LABELS, Example, labels

__all__ = ["Steps", "convolution_network", "seven_steps", "steps_sentences", "train_convolution"]

FloatArray = npt.NDArray[np.float64]


def convolution_network(
    days: int, *, filters: int, kernel_width: int, stride: int, pool: int, dropout: float
) -> keras.Model:
    """Return the network of the seven steps, uncompiled: (windows, days, 4) -> (windows, 2).

    Args:
        days: rows of a window.
        filters: patterns that are looked for.
        kernel_width: days that a filter is laid on.
        stride: days that it is moved on.
        pool: neighbours that become one.
        dropout: share of values switched off in training.

    Raises:
        InputError: a width, stride or rate that does not fit the window.
    """
    # The layers by hand know what fits; they say so in words.
    maps = layers_by_hand.convolve(
        np.zeros((days, 1)), np.zeros((kernel_width, 1, 1)), np.zeros(1), stride
    )
    pooled = layers_by_hand.max_pool(maps, pool)
    layers_by_hand.dropout(pooled, pooled == 0, dropout)
    if filters < 1:
        raise InputError(f"filters is {filters}; use 1 or more")
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((days, len(OHLC)), name="window"),
            layers.Conv1D(filters, kernel_width, strides=stride, name="convolution"),
            layers.ReLU(name="relu"),
            layers.MaxPooling1D(pool, name="pooling"),
            layers.Dropout(dropout, name="dropout"),
            layers.Flatten(name="flatten"),
            layers.Dense(len(LABELS), name="scores"),
            layers.Softmax(name="softmax"),
        ],
        name="seven_steps",
    )


def train_convolution(
    model: keras.Model, windows: Windows, *, epochs: int, batch_size: int, learning_rate: float
) -> list[float]:
    """Fit the network to the labels of windows with Adam and return its loss in each epoch."""
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy")
    history = model.fit(
        windows.inputs, labels(windows), epochs=epochs, batch_size=batch_size, verbose=0
    )
    return list(history.history["loss"])


@dataclass(frozen=True)
class Steps:
    """The seven steps by hand on one window.

    Attributes:
        tables: step -> (days or pieces, channels), in order; the last is softmax: (2,).
        kept: which pooled values dropout left on: (pieces, filters).
        layers: (width, stride) of convolution and pooling.
        differences: step -> largest absolute difference to Keras's own layer.
    """

    tables: dict[str, FloatArray]
    kept: npt.NDArray[np.bool_]
    layers: list[tuple[int, int]]
    differences: dict[str, float]

    @property
    def label(self) -> str:
        """Return the most likely label."""
        return LABELS[int(self.tables["softmax"].argmax())]

    @property
    def strongest(self) -> tuple[int, int]:
        """Return piece and filter of the largest pooled value."""
        pooled = self.tables["pooling"]
        piece, kernel = np.unravel_index(pooled.argmax(), pooled.shape)
        return int(piece), int(kernel)

    @property
    def receptive_field(self) -> tuple[int, int]:
        """Return the first and last day (from 0) that the largest pooled value sees."""
        return layers_by_hand.receptive_field(self.strongest[0], self.layers)


def seven_steps(model: keras.Model, window: FloatArray) -> Steps:
    """Compute the seven steps by hand from a Keras model's weights, and compare.

    Args:
        model: as `convolution_network` gives it, trained or not.
        window: (days, 4), normalised.
    """
    convolution, pooling = model.get_layer("convolution"), model.get_layer("pooling")
    stride, pool = convolution.strides[0], pooling.pool_size[0]
    rate = model.get_layer("dropout").rate
    of_keras = _layer_outputs(model, window)
    kernel, bias = convolution.get_weights()
    scores, scores_bias = model.get_layer("scores").get_weights()
    maps = layers_by_hand.convolve(window, kernel, bias, stride)
    positive = layers_by_hand.relu(maps)
    pooled = layers_by_hand.max_pool(positive, pool)
    # Which values are dropped is drawn, so it is read off Keras; a zero may be either.
    kept = (of_keras["dropout"] != 0) | (pooled == 0)
    tables = {
        "window": window,
        "convolution": maps,
        "relu": positive,
        "pooling": pooled,
        "dropout": layers_by_hand.dropout(pooled, kept, rate),
        "softmax": layers_by_hand.softmax(pooled.ravel() @ scores + scores_bias),
    }
    differences = {name: largest_difference(tables[name], out) for name, out in of_keras.items()}
    return Steps(tables, kept, [(len(kernel), stride), (pool, pool)], differences)


def _layer_outputs(model: keras.Model, window: FloatArray) -> dict[str, FloatArray]:
    """Return what Keras's layers give: dropout as in training, the others as in use."""
    values = keras.ops.convert_to_tensor(window[None], dtype="float32")
    outputs = {}
    for layer in model.layers:
        if layer.name == "dropout":
            outputs[layer.name] = only_window(layer(values, training=True))
        values = layer(values, training=False)
        if layer.name in {"convolution", "relu", "pooling", "softmax"}:
            outputs[layer.name] = only_window(values)
    return outputs


def steps_sentences(steps: Steps, example: Example) -> list[str]:
    """Return in words what the seven steps made of the window."""
    (width, stride), (pool, _) = steps.layers
    pieces, filters = steps.tables["convolution"].shape
    first, last = steps.receptive_field
    chances = zip(LABELS, steps.tables["softmax"], strict=True)
    told = " and ".join(f"{chance:.2f} that the next close {name}" for name, chance in chances)
    shape = (
        f"A kernel of {width} days at stride {stride} makes {pieces} pieces of "
        f"{len(steps.tables['window'])} days, seen by {filters} filters; pooling by {pool} leaves "
        f"{len(steps.tables['pooling'])} x {filters} values, each of which sees "
        f"{last - first + 1} days. The largest is about {example.days[first]:%Y-%m-%d} to "
        f"{example.days[last]:%Y-%m-%d}."
    )
    dropped = (
        f"In training dropout would have switched off {np.sum(~steps.kept)} of {steps.kept.size} "
        "values this time (of those that were not zero anyway); in use it switches off none."
    )
    label = (
        f"Softmax gives {told}: the label is {steps.label!r}. The next close in fact "
        f"{'rose' if labels(example.windows)[0] else 'fell'}; one window proves nothing."
    )
    return [shape, dropped, label]
