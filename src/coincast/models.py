"""One builder a model: each returns an uncompiled Keras model, for any backend."""

import keras

__all__ = ["lstm"]


def lstm(
    lags: int, features: int, units: int = 12, dropout: float = 0.35, *, activation: str = "tanh"
) -> keras.Model:
    """Return the network of the Ethereum demo: LSTM, dropout, one output.

    Args:
        lags: rows of a window.
        features: columns of a window.
        units: width of the LSTM's state.
        dropout: share of its outputs set to zero in training.
        activation: of the output; tanh keeps it within -1 .. 1, as daily changes are.

    Returns:
        Uncompiled model, (windows, lags, features) -> (windows, 1).

    Source: J. Hahn's demo of 2018, after D. Sheehan's notebook of 2017. The LSTM keeps
    Keras's own activations, with which cuDNN can run it on a GPU.
    """
    inputs = keras.Input((lags, features), name="window")
    state = keras.layers.LSTM(units, name="lstm")(inputs)
    state = keras.layers.Dropout(dropout, name="dropout")(state)
    state = keras.layers.Dense(1, name="dense")(state)
    outputs = keras.layers.Activation(activation, name=activation)(state)
    return keras.Model(inputs, outputs, name="lstm")
