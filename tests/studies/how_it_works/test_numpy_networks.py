import keras
import numpy as np
import pytest
from makers import make_prices

from coincast.errors import InputError
from coincast.studies.how_it_works.normalised_windows import normalised_windows
from coincast.studies.how_it_works.numpy_networks import (
    TrainingSettings,
    finite_difference_error,
    initial_convolution,
    train,
)
from coincast.studies.how_it_works.recurrent_networks import LSTM, initial_recurrent

WINDOWS = normalised_windows(make_prices(20, seed=2), 12)


def test_convolution_equals_keras_and_finite_differences():
    network = initial_convolution(WINDOWS, 2, [(3, 2), (2, 2)], seed=4)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((12, 4)),
            layers.Conv1D(2, 3, strides=2, activation="relu"),
            layers.MaxPooling1D(2),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    kernel, *rest = network.weights
    model.set_weights([kernel.reshape(3, 4, 2), *rest])
    expected = np.asarray(model(WINDOWS.inputs))[:, 0]
    np.testing.assert_allclose(network.run(WINDOWS.inputs)[0], expected, atol=1e-5)  # 32 bits
    assert finite_difference_error(network, WINDOWS.inputs, WINDOWS.targets) < 1e-7


def test_finite_difference_error_sees_a_wrong_gradient(monkeypatch):
    network, right = initial_recurrent("LSTM", 4, 2, seed=1), LSTM.loss_gradients
    # Central differences in float64 are off by about 1e-10.
    assert finite_difference_error(network, WINDOWS.inputs, WINDOWS.targets) < 1e-8

    def wrong(self, inputs, targets):
        loss, found = right(self, inputs, targets)
        return loss, [found[0], found[1] * 1.01, *found[2:]]

    monkeypatch.setattr(LSTM, "loss_gradients", wrong)
    assert finite_difference_error(network, WINDOWS.inputs, WINDOWS.targets) > 1e-4


@pytest.mark.parametrize("name", ["epochs", "batch_size", "learning_rate"])
def test_training_settings_refuse_a_value_that_is_not_positive(name):
    with pytest.raises(InputError, match=f"{name} is 0"):
        TrainingSettings(**{"epochs": 1, "batch_size": 1, "learning_rate": 0.1, name: 0})


def test_train_refuses_a_loss_that_is_no_number():
    start, endless = initial_recurrent("RNN", 4, 3, seed=1), np.full(len(WINDOWS), np.inf)
    with np.errstate(invalid="ignore"), pytest.raises(InputError, match=r"learning_rate.* 0\.02"):
        train(start, WINDOWS.inputs, endless, TrainingSettings(1, 16, 0.02))
