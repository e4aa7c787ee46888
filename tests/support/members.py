"""Windows and small models of every kind, for the tests of ensembles."""

import keras
import numpy as np
import pandas as pd

from coincast.datasets.windows import Windows

LAGS, FEATURES = 6, 3


def make_windows(rows, seed, *, classes=0):
    """Return random windows whose targets depend on them: numbers, or classes from 0."""
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(rows, LAGS, FEATURES))
    targets = np.tanh(inputs[:, -1, 0] - inputs[:, 0, 1]) + random.normal(0, 0.1, rows)
    if classes:
        targets = (targets > 0).astype(np.float64)
    days = pd.date_range("2017-01-01", periods=rows, name="date")
    return Windows(inputs, targets, days, days + pd.Timedelta(days=1), tuple("abc"))


def _head(inputs, state, outputs=1):
    activation = "softmax" if outputs > 1 else None
    return keras.Model(inputs, keras.layers.Dense(outputs, activation=activation)(state))


def lstm(lags, features, dropout=0.0):
    inputs = keras.Input((lags, features))
    state = keras.layers.LSTM(5)(inputs)
    return _head(inputs, keras.layers.Dropout(dropout)(state) if dropout else state)


def dropping_lstm(lags, features):
    return lstm(lags, features, dropout=0.4)


def gru(lags, features):
    inputs = keras.Input((lags, features))
    return _head(inputs, keras.layers.GRU(4, dropout=0.2)(inputs))


def cnn_lstm(lags, features):
    """Return a classifier with every kind of padding and running means."""
    state = inputs = keras.Input((lags, features))
    for padding, dilation in (("same", 1), ("causal", 2), ("valid", 1)):
        # Normalisation takes a bias away again: what it would be is rounding, blown up by Adam.
        convolution = keras.layers.Conv1D(
            4, 3, padding=padding, dilation_rate=dilation, use_bias=False
        )
        state = convolution(state)
        state = keras.layers.BatchNormalization()(state)
        state = keras.layers.LeakyReLU()(state)
    state = keras.layers.Conv1D(4, 2, strides=2, padding="same", activation="tanh")(state)
    return _head(inputs, keras.layers.LSTM(4)(state), outputs=2)


def transformer(lags, features):
    inputs = keras.Input((lags, features))
    state = keras.layers.Dense(8, kernel_regularizer=keras.regularizers.L2(1e-3))(inputs)
    state = keras.layers.MultiHeadAttention(2, 4, dropout=0.1)(state, state) + state
    state = keras.layers.LayerNormalization()(state)
    return _head(inputs, keras.layers.GlobalAveragePooling1D()(state))
