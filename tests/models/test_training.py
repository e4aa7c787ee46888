from functools import partial

import keras
import numpy as np
import pandas as pd
import pytest

from coincast.datasets import windows
from coincast.errors import InputError
from coincast.models import networks, training
from coincast.records.gpu import driver_and_names


def make_windows(n=64, seed=0):
    rng = np.random.default_rng(seed)
    index = pd.date_range("2018-01-01", periods=n + 3, name="date")
    table = pd.DataFrame(rng.normal(size=(n + 3, 2)), index=index, columns=["a", "b"])
    return windows.make_windows(table, 0.1 * table["a"], lags=3)


@pytest.fixture(scope="module")
def trained():
    made = make_windows()
    build = partial(networks.lstm, units=4)
    return [
        training.train(build, made, made, epochs=3, batch_size=8, seed=seed) for seed in (7, 8, 7)
    ]


def test_lstm_has_the_layers_and_parameters_of_the_demo():
    model = networks.lstm(lags=4, features=10)
    names = [type(layer).__name__ for layer in model.layers]
    assert names == ["InputLayer", "LSTM", "Dropout", "Dense", "Activation"]
    assert model.count_params() == 4 * 12 * (10 + 12 + 1) + 13
    assert not getattr(model, "compiled", False)


def test_lstm_takes_its_widths_from_its_arguments():
    model = networks.lstm(3, 2, units=5, dropout=0.1, activation="linear")
    assert model.get_layer("lstm").units == 5
    assert model.get_layer("dropout").rate == 0.1
    assert model.layers[-1].activation is keras.activations.linear


def test_lstm_forward_pass_equals_the_cell_written_out():
    keras.utils.set_random_seed(1)
    model = networks.lstm(lags=3, features=2, units=4)
    kernel, recurrent, bias, dense, dense_bias = model.get_weights()
    window = np.random.default_rng(0).normal(size=(3, 2))
    state = carry = np.zeros(4)
    for row in window:
        pre = row @ kernel + state @ recurrent + bias
        keep, forget, new, out = np.split(pre, 4)
        carry = carry / (1 + np.exp(-forget)) + np.tanh(new) / (1 + np.exp(-keep))
        state = np.tanh(carry) / (1 + np.exp(-out))
    expected = np.tanh(state @ dense + dense_bias)
    np.testing.assert_allclose(model(window[None])[0], expected, atol=1e-6)


def test_train_tells_how_busy_each_gpu_was(trained):
    """One entry a GPU; none on most machines. Beside the numbers, not among them."""
    (_, history), *_ = trained
    assert len(history.attrs["gpus"]) == len(driver_and_names()[1])
    assert list(history) == ["loss", "val_loss"]


def test_train_repeats_exactly_by_seed_and_differs_between_seeds(trained):
    made = make_windows()
    first, other, again = (training.predict(model, made) for model, _ in trained)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    pd.testing.assert_frame_equal(trained[0][1], trained[2][1])


def test_train_history_has_a_row_an_epoch_and_the_true_validation_error(trained):
    made = make_windows()
    model, history = trained[0]
    assert history.index.tolist() == [1, 2, 3]
    error = np.abs(training.predict(model, made) - made.targets).mean()
    assert history["val_loss"].iloc[-1] == pytest.approx(error, abs=1e-6)


def test_train_keep_best_ends_with_the_epoch_of_least_validation_error():
    made, validation = make_windows(), make_windows(seed=9)
    model, history = training.train(
        partial(networks.lstm, units=4), made, validation, epochs=6, batch_size=4, seed=3,
        keep_best=True,
    )  # fmt: skip
    error = np.abs(training.predict(model, validation) - validation.targets).mean()
    assert len(history) == 6
    assert error == pytest.approx(history["val_loss"].min(), abs=1e-6)


def test_train_writes_tensorboard_logs_where_asked(tmp_path):
    made = make_windows(16)
    training.train(
        partial(networks.lstm, units=2), made, made, epochs=1, batch_size=8, seed=1,
        log_dir=str(tmp_path / "logs"),
    )  # fmt: skip
    assert list(tmp_path.rglob("events.out.tfevents*"))


@pytest.mark.parametrize(("epochs", "batch_size", "name"), [(0, 1, "epochs"), (1, 0, "batch_size")])
def test_train_refuses_counts_below_one(epochs, batch_size, name):
    made = make_windows(16)
    with pytest.raises(InputError, match=f"{name} is 0"):
        training.train(networks.lstm, made, made, epochs=epochs, batch_size=batch_size, seed=1)
