"""Keras builders of the demos' networks, uncompiled and for any backend."""

from collections.abc import Sequence

import keras

from coincast.errors import InputError

__all__ = ["bidirectional_lstm", "cnn_lstm", "gru", "lstm"]


def lstm(
    lags: int, features: int, units: int = 12, dropout: float = 0.35, *, activation: str = "tanh"
) -> keras.Model:
    """Network of the Ethereum demo: an LSTM layer, dropout and one output.

    Args:
        lags: rows of a window.
        features: columns of a window.
        units: width of the LSTM.
        dropout: share of its outputs dropped in training.
        activation: of the output; tanh limits it to -1 .. 1, the range of daily changes.

    Returns:
        Uncompiled model, (windows, lags, features) -> (windows, 1).

    Source: J. Hahn's demo of 2018, after D. Sheehan's notebook of 2017. The LSTM has Keras's
    default activations, which cuDNN requires on a GPU.
    """
    layer = keras.layers.LSTM(units, name="lstm")
    return _one_output(layer, (lags, features), dropout, activation)


def gru(
    lags: int, features: int, units: int = 12, dropout: float = 0.35, *, activation: str = "tanh"
) -> keras.Model:
    """The network of `lstm` with gated recurrent units, which have one state and fewer weights.

    Args:
        lags: rows of a window.
        features: columns of a window.
        units: width of the layer.
        dropout: share of its outputs dropped in training.
        activation: of the output.

    Returns:
        Uncompiled model, (windows, lags, features) -> (windows, 1).

    Source: Cho et al., 2014, arXiv 1406.1078. The Bitcoin demo imports the layer and shows no use.
    """
    return _one_output(keras.layers.GRU(units, name="gru"), (lags, features), dropout, activation)


def bidirectional_lstm(
    lags: int, features: int, units: int = 12, dropout: float = 0.35, *, activation: str = "tanh"
) -> keras.Model:
    """The network of `lstm` with two LSTM layers: one reads the window in order, one in reverse.

    Both end with the whole window read, so neither sees beyond its last row.

    Args:
        lags: rows of a window.
        features: columns of a window.
        units: width of each of the two.
        dropout: share of their outputs dropped in training.
        activation: of the output.

    Returns:
        Uncompiled model, (windows, lags, features) -> (windows, 1).

    Source: Schuster and Paliwal, 1997, 10.1109/78.650093. The Bitcoin demo imports the layer and
    shows no use.
    """
    layer = keras.layers.Bidirectional(keras.layers.LSTM(units), name="bidirectional_lstm")
    return _one_output(layer, (lags, features), dropout, activation)


def _one_output(
    layer: keras.Layer, shape: tuple[int, int], dropout: float, activation: str
) -> keras.Model:
    inputs = keras.Input(shape, name="window")
    state = keras.layers.Dropout(dropout, name="dropout")(layer(inputs))
    state = keras.layers.Dense(1, name="dense")(state)
    outputs = keras.layers.Activation(activation, name=activation)(state)
    return keras.Model(inputs, outputs, name=layer.name)


def cnn_lstm(
    lags: int,
    features: int,
    *,
    filters: Sequence[int] = (16, 8),
    filter_width: int = 4,
    dropout: float = 0.5,
    pool: int = 1,
    units: int = 32,
    classes: int = 2,
) -> keras.Model:
    """Network of the Bitcoin demo's kind: convolutions, an LSTM layer, class probabilities.

    Each convolution is followed by batch normalisation, leaky ReLU, dropout and, for `pool` above
    1, max pooling. "Same" padding keeps the number of rows.

    Args:
        lags: rows of a window.
        features: columns of a window.
        filters: number of filters of each convolution.
        filter_width: rows that a filter covers.
        dropout: share of a block's outputs dropped in training.
        pool: rows pooled into one after each convolution; 1 for no pooling.
        units: width of the LSTM.
        classes: width of the softmax.

    Returns:
        Uncompiled model, (windows, lags, features) -> (windows, classes); rows sum to 1.

    Raises:
        InputError: no convolution, a width below 1, or so much pooling that no row is left.

    A reconstruction: the demo's surviving copy lacks its layers. Title and imports give the kinds
    of layers; code of the same family has 16 and 8 filters of width 4 and dropout 0.5. The order
    of the layers and the LSTM's 32 units are our choice.
    """
    widths = {"filters": min(filters, default=0), "filter_width": filter_width, "pool": pool}
    for name, width in (widths | {"units": units, "classes": classes}).items():
        if width < 1:
            raise InputError(f"{name} is {width}; use 1 or more")
    if lags < pool ** len(filters):
        raise InputError(
            f"pool {pool} after each of {len(filters)} convolutions leaves none of {lags} "
            "rows; use a smaller pool or a longer window"
        )
    inputs = state = keras.Input((lags, features), name="window")
    for number, count in enumerate(filters, start=1):
        state = _convolution(state, number, count, filter_width)
        state = keras.layers.Dropout(dropout, name=f"dropout_{number}")(state)
        if pool > 1:
            state = keras.layers.MaxPooling1D(pool, name=f"pooling_{number}")(state)
    state = keras.layers.LSTM(units, name="lstm")(state)
    state = keras.layers.Dense(classes, name="dense")(state)
    outputs = keras.layers.Activation("softmax", name="softmax")(state)
    return keras.Model(inputs, outputs, name="cnn_lstm")


def _convolution(
    state: keras.KerasTensor, number: int, filters: int, width: int
) -> keras.KerasTensor:
    layers = keras.layers
    state = layers.Conv1D(filters, width, padding="same", name=f"convolution_{number}")(state)
    state = layers.BatchNormalization(name=f"normalisation_{number}")(state)
    return layers.LeakyReLU(name=f"leaky_relu_{number}")(state)
