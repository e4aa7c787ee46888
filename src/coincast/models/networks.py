"""Keras builders of the demos' networks, uncompiled and for any backend."""

from collections.abc import Sequence

import keras

from coincast.errors import InputError

__all__ = ["bidirectional_lstm", "cnn", "cnn_lstm", "gru", "lstm"]


def lstm(
    lags: int,
    features: int,
    units: int = 12,
    dropout: float = 0.35,
    *,
    activation: str = "tanh",
    layers: int = 1,
) -> keras.Model:
    """Network of the Ethereum demo: an LSTM layer, dropout and one output.

    Args:
        lags: rows of a window.
        features: columns of a window.
        units: width of the LSTM.
        dropout: share of the last LSTM's outputs dropped in training.
        activation: of the output; tanh limits it to -1 .. 1, the range of daily changes.
        layers: LSTMs of this width, one after another. The demo's text speaks of three hidden
            layers that are all 12 wide; its notebook has one.

    Returns:
        Uncompiled model, (windows, lags, features) -> (windows, 1).

    Source: J. Hahn's demo of 2018, after D. Sheehan's notebook of 2017. The LSTM has Keras's
    default activations, which cuDNN requires on a GPU.
    """
    inputs = keras.Input((lags, features), name="window")
    state = inputs
    for number in range(1, layers):
        state = keras.layers.LSTM(units, return_sequences=True, name=f"lstm_{number}")(state)
    layer = keras.layers.LSTM(units, name="lstm")
    return _one_output(inputs, layer(state), dropout, activation, name="lstm")


def gru(
    lags: int, features: int, units: int = 12, dropout: float = 0.35, *, activation: str = "tanh"
) -> keras.Model:
    """The network of `lstm` with gated recurrent units, which have one state and fewer weights.

    Arguments and result are those of `lstm`.

    Source: Cho et al., 2014, arXiv 1406.1078. The Bitcoin demo imports the layer and shows no use.
    """
    inputs = keras.Input((lags, features), name="window")
    state = keras.layers.GRU(units, name="gru")(inputs)
    return _one_output(inputs, state, dropout, activation, name="gru")


def bidirectional_lstm(
    lags: int, features: int, units: int = 12, dropout: float = 0.35, *, activation: str = "tanh"
) -> keras.Model:
    """The network of `lstm` with two LSTM layers: one reads the window in order, one in reverse.

    Both end with the whole window read, so neither sees beyond its last row. Arguments and result
    are those of `lstm`; each of the two layers has the width `units`.

    Source: Schuster and Paliwal, 1997, 10.1109/78.650093. The Bitcoin demo imports the layer and
    shows no use.
    """
    inputs = keras.Input((lags, features), name="window")
    layer = keras.layers.Bidirectional(keras.layers.LSTM(units), name="bidirectional_lstm")
    return _one_output(inputs, layer(inputs), dropout, activation, name="bidirectional_lstm")


def _one_output(
    inputs: keras.KerasTensor,
    state: keras.KerasTensor,
    dropout: float,
    activation: str,
    *,
    name: str,
) -> keras.Model:
    state = keras.layers.Dropout(dropout, name="dropout")(state)
    state = keras.layers.Dense(1, name="dense")(state)
    outputs = keras.layers.Activation(activation, name=activation)(state)
    return keras.Model(inputs, outputs, name=name)


def cnn_lstm(
    lags: int,
    features: int,
    *,
    filters: Sequence[int] = (16, 8),
    filter_width: int = 4,
    dropout: float = 0.5,
    pool: int = 1,
    units: int = 16,
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

    Returns:
        Uncompiled model, (windows, lags, features) -> (windows, 2); rows sum to 1.

    Raises:
        InputError: no convolution, a width below 1, or so much pooling that no row is left.

    A reconstruction: the demo's surviving copy lacks its layers. Title and imports give the kinds
    of layers. The convolutions are those of `cnn`, the network that the demo was adapted from. No
    surviving text says where the LSTM stood: its place and its width are our choice.
    """
    widths = {"filter_width": filter_width, "pool": pool, "units": units}
    for name, width in ({"filters": min(filters, default=0)} | widths).items():
        if width < 1:
            raise InputError(f"{name} is {width}; use 1 or more")
    if lags < pool ** len(filters):
        raise InputError(
            f"pool {pool} after each of {len(filters)} convolutions leaves none of {lags} "
            "rows; use a smaller pool or a longer window"
        )
    inputs = state = keras.Input((lags, features), name="window")
    for number, count in enumerate(filters, start=1):
        state = _convolution(state, number, count, filter_width, dropout)
        if pool > 1:
            state = keras.layers.MaxPooling1D(pool, name=f"pooling_{number}")(state)
    state = keras.layers.LSTM(units, name="lstm")(state)
    return keras.Model(inputs, _softmax(state), name="cnn_lstm")


def cnn(lags: int, features: int) -> keras.Model:
    """Network that the Bitcoin demo was adapted from: convolutions and a dense layer, no LSTM.

    The convolutions are those of `cnn_lstm` by default. Their outputs on all days go into a dense
    layer with batch normalisation and leaky ReLU.

    Args:
        lags: rows of a window.
        features: columns of a window.

    Returns:
        Uncompiled model, (windows, lags, features) -> (windows, 2); rows sum to 1.

    Source: A. Honchar, Deep-Trading, multivariate/multivariate.py, 6 June 2017.
    """
    inputs = state = keras.Input((lags, features), name="window")
    for number, filters in enumerate((16, 8), start=1):
        state = _convolution(state, number, filters, width=4, dropout=0.5)
    state = keras.layers.Flatten(name="flatten")(state)
    state = keras.layers.Dense(64, name="hidden")(state)
    state = keras.layers.BatchNormalization(name="normalisation")(state)
    state = keras.layers.LeakyReLU(name="leaky_relu")(state)
    return keras.Model(inputs, _softmax(state), name="cnn")


def _convolution(
    state: keras.KerasTensor, number: int, filters: int, width: int, dropout: float
) -> keras.KerasTensor:
    layers = keras.layers
    state = layers.Conv1D(filters, width, padding="same", name=f"convolution_{number}")(state)
    state = layers.BatchNormalization(name=f"normalisation_{number}")(state)
    state = layers.LeakyReLU(name=f"leaky_relu_{number}")(state)
    return layers.Dropout(dropout, name=f"dropout_{number}")(state)


def _softmax(state: keras.KerasTensor) -> keras.KerasTensor:
    state = keras.layers.Dense(2, name="dense")(state)
    return keras.layers.Activation("softmax", name="softmax")(state)
