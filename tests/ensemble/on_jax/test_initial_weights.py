"""A member starts from the weights of a model that Keras builds with its seed."""

import random

import keras
import numpy as np
import pytest
from members import FEATURES, LAGS, cnn_lstm, dropping_lstm, gru, lstm, transformer

from coincast.ensemble import Plan, initial
from coincast.models import networks

SEEDS = [3, 11]
K = keras.initializers


def with_assigned_weights(lags, features):
    model = lstm(lags, features)
    model.layers[-1].kernel.assign(model.layers[-1].kernel * 2)
    return model


def embedding(lags, features):
    inputs = keras.Input((lags, features))
    state = keras.layers.Embedding(5, 2)(keras.ops.cast(inputs[:, :, 0] > 0, "int32"))
    return keras.Model(inputs, keras.layers.Bidirectional(keras.layers.LSTM(3))(state))


class Doubled(K.GlorotUniform):
    def __call__(self, shape, dtype=None):
        return 2 * super().__call__(shape, dtype)


def initialised_by(*initialisers):
    """Return a builder of dense layers, one for each initialiser."""

    def build(lags, features):
        state = inputs = keras.Input((lags, features))
        for make in initialisers:
            state = keras.layers.Dense(7, kernel_initializer=make())(state)
        return keras.Model(inputs, state)

    return build


every_initialiser = initialised_by(
    K.GlorotNormal, K.HeNormal, K.HeUniform, K.LecunNormal, K.LecunUniform, K.Orthogonal,
    K.RandomNormal, K.RandomUniform, K.TruncatedNormal, Doubled, lambda: K.HeNormal(seed=3),
)  # fmt: skip


def assert_starts_as_built(build, tolerance=0.0):
    _, _, draw = initial.trace_build(build, (LAGS, FEATURES), Plan(1, 1))
    (trainable, others), _ = draw(SEEDS)
    for position, seed in enumerate(SEEDS):
        keras.utils.set_random_seed(seed)
        model = build(LAGS, FEATURES)
        variables = [*model.trainable_variables, *model.non_trainable_variables]
        for values, variable in zip([*trainable, *others], variables, strict=True):
            np.testing.assert_allclose(values[position], variable.numpy(), tolerance, tolerance)


@pytest.mark.parametrize(
    "build",
    [
        networks.lstm, networks.cnn_lstm, lstm, gru, cnn_lstm, transformer, dropping_lstm,
        embedding, with_assigned_weights,
    ],
)  # fmt: skip
def test_members_start_from_a_traced_builder_as_from_models_built(build, monkeypatch):
    monkeypatch.delattr(initial, "_start_by_building")
    assert_starts_as_built(build)


def test_members_start_from_every_initialiser_as_from_models_built(monkeypatch):
    """XLA multiplies the factors of a normal number in another order when it sees them at once."""
    monkeypatch.delattr(initial, "_start_by_building")
    assert_starts_as_built(every_initialiser, tolerance=2e-6)


def drawing_from_numpy():
    return K.Constant(float(np.random.random()))  # noqa: NPY002 - what the test is about


def drawing_from_python():
    return K.Constant(random.random())  # noqa: S311 - likewise


def drawing_from_a_global_generator():
    return K.Constant(float(keras.random.uniform(())))


@pytest.mark.parametrize(
    "make", [drawing_from_numpy, drawing_from_python, drawing_from_a_global_generator]
)
def test_builder_with_random_numbers_of_its_own_is_called_for_each_member(make):
    assert_starts_as_built(initialised_by(make, K.HeNormal))
