"""A member starts from the weights of a model that Keras builds with its seed."""

from functools import partial

import keras
import numpy as np
import pytest
from members import FEATURES, LAGS, cnn_lstm, dropping_lstm, gru, lstm, transformer

from coincast.ensemble import Plan, initialisers, program
from coincast.ensemble.initial import study_build

SEEDS = [3, 11, 7, 20]
K = keras.initializers


def build_with_assigned_weights(lags, features):
    model = lstm(lags, features)
    model.layers[-1].kernel.assign(model.layers[-1].kernel * 2)
    return model


@pytest.mark.parametrize(
    "build", [lstm, gru, cnn_lstm, transformer, dropping_lstm, build_with_assigned_weights]
)
def test_initial_weights_are_those_of_a_model_built_with_the_seed(build):
    made = program.Program(build, (LAGS, FEATURES), Plan(1, 1))
    found = made.join(*made.initial(SEEDS))
    for position, seed in enumerate(SEEDS):
        keras.utils.set_random_seed(seed)
        for values, variable in zip(found, build(LAGS, FEATURES).variables, strict=True):
            np.testing.assert_allclose(values[position], variable.numpy(), atol=5e-7)


KNOWN = [
    K.GlorotNormal, K.GlorotUniform, K.HeNormal, K.HeUniform, K.LecunNormal, K.LecunUniform,
    K.Orthogonal, K.RandomNormal, K.RandomUniform, K.TruncatedNormal,
    partial(K.VarianceScaling, 2.0, "fan_out", "untruncated_normal"),
    partial(K.Orthogonal, 0.5), partial(K.RandomNormal, 1.0, 2.0),
]  # fmt: skip


@pytest.mark.parametrize("shape", [(4, 20), (20, 4), (3, 4, 8)])
@pytest.mark.parametrize("make", KNOWN)
def test_initialisers_draw_what_keras_draws(make, shape):
    seeds = np.array([1, 10**9], np.uint32)
    assert initialisers.is_known(make(seed=1))
    found = initialisers.draw(make(seed=1), shape, seeds)
    assert found.dtype == np.float32
    for seed, values in zip(seeds, found, strict=True):
        np.testing.assert_allclose(values, make(seed=int(seed))(shape), rtol=2e-6, atol=1e-6)


class Doubled(K.GlorotUniform):
    def __call__(self, shape, dtype=None):
        return 2 * super().__call__(shape, dtype)


def build_with_an_initialiser_of_its_own(lags, features):
    inputs = keras.Input((lags, features))
    state = keras.layers.LSTM(3, kernel_initializer=Doubled())(inputs)
    return keras.Model(inputs, keras.layers.Dense(1, kernel_initializer=K.HeNormal(seed=3))(state))


def build_with_numbers_that_keras_knows_nothing_of(lags, features):
    inputs = keras.Input((lags, features))
    bias = K.Constant(float(np.random.random()))  # noqa: NPY002 - what the test is about
    state = keras.layers.Dense(3, bias_initializer=bias)(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, keras.layers.Dense(1)(state))


@pytest.mark.parametrize(
    "build", [build_with_an_initialiser_of_its_own, build_with_numbers_that_keras_knows_nothing_of]
)
def test_initial_weights_of_what_is_not_understood_come_from_models_built(build):
    assert study_build(build, (LAGS, FEATURES), 1).sources is None
    test_initial_weights_are_those_of_a_model_built_with_the_seed(build)
