import keras
import numpy as np
import pytest
from makers import make_prices

from coincast.errors import InputError
from coincast.studies.how_it_works.normalised_windows import normalised_windows
from coincast.studies.how_it_works.numpy_networks import (
    Recurrent,
    TrainingSettings,
    finite_difference_error,
    initial_convolution,
    initial_recurrent,
    train,
)
from coincast.studies.how_it_works.recurrent_cells import CELLS

WINDOWS = normalised_windows(make_prices(20, seed=2), 12)


@pytest.mark.parametrize("kind", CELLS)
def test_initial_recurrent_has_orthogonal_rows_open_forget_gate_and_its_own_draw(kind):
    cell = initial_recurrent(kind, 4, 6, seed=0).cell
    np.testing.assert_allclose(cell.recurrent @ cell.recurrent.T, np.eye(6), atol=1e-12)
    expected = [0.0] * 6 + [1.0] * 6 + [0.0] * 12 if kind == "LSTM" else [0.0] * 6
    assert cell.bias.tolist() == expected
    assert not np.array_equal(cell.kernel, initial_recurrent(kind, 4, 6, seed=1).cell.kernel)


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
    network, right = initial_recurrent("LSTM", 4, 2, seed=1), Recurrent.loss_gradients
    # Central differences in float64 are off by about 1e-10.
    assert finite_difference_error(network, WINDOWS.inputs, WINDOWS.targets) < 1e-8

    def wrong(self, inputs, targets):
        loss, found = right(self, inputs, targets)
        return loss, [found[0], found[1] * 1.01, *found[2:]]

    monkeypatch.setattr(Recurrent, "loss_gradients", wrong)
    assert finite_difference_error(network, WINDOWS.inputs, WINDOWS.targets) > 1e-4


@pytest.mark.parametrize("name", ["epochs", "batch_size", "learning_rate"])
def test_training_settings_refuse_a_value_that_is_not_positive(name):
    with pytest.raises(InputError, match=f"{name} is 0"):
        TrainingSettings(**{"epochs": 1, "batch_size": 1, "learning_rate": 0.1, name: 0})


def test_train_refuses_a_loss_that_is_no_number():
    start, endless = initial_recurrent("RNN", 4, 3, seed=1), np.full(len(WINDOWS), np.inf)
    with np.errstate(invalid="ignore"), pytest.raises(InputError, match=r"learning_rate.* 0\.02"):
        train(start, WINDOWS.inputs, endless, TrainingSettings(1, 16, 0.02))


def test_initial_recurrent_refuses_a_cell_without_units():
    with pytest.raises(InputError, match="units is 0"):
        initial_recurrent("LSTM", 4, 0, seed=1)
