from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pandas as pd
import pytest
from window_makers import random_windows

from coincast.errors import InputError
from coincast.models import backend, networks, training

SMALL_LSTM = partial(networks.lstm, units=4)


@pytest.fixture(scope="module")
def trained():
    made = random_windows(64, lags=3)
    return [
        training.train(SMALL_LSTM, made, made, epochs=3, batch_size=8, seed=seed)
        for seed in (7, 8, 7)
    ]


def test_train_repeats_exactly_by_seed_and_differs_between_seeds(trained):
    made = random_windows(64, lags=3)
    first, other, again = (training.predict(model, made) for model, _ in trained)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    pd.testing.assert_frame_equal(trained[0][1], trained[2][1])


def test_train_history_has_one_row_per_epoch_and_the_true_validation_error(trained):
    made = random_windows(64, lags=3)
    model, history = trained[0]
    assert list(history) == ["loss", "val_loss"]
    assert history.index.tolist() == [1, 2, 3]
    error = np.abs(training.predict(model, made) - made.targets).mean()
    assert history["val_loss"].iloc[-1] == pytest.approx(error, abs=1e-6)


def test_train_keep_best_ends_with_the_epoch_of_least_validation_error(tmp_path):
    made, validation = random_windows(64, lags=3), random_windows(64, lags=3, seed=9)
    model, history = training.train(
        SMALL_LSTM, made, validation, epochs=6, batch_size=4, seed=3, keep_best=True,
        log_dir=str(tmp_path / "logs"),
    )  # fmt: skip
    error = np.abs(training.predict(model, validation) - validation.targets).mean()
    assert len(history) == 6
    assert error == pytest.approx(history["val_loss"].min(), abs=1e-6)
    assert list(tmp_path.rglob("events.out.tfevents*"))


def test_train_refuses_a_loss_that_is_not_finite():
    made = random_windows(16)
    made = replace(made, inputs=made.inputs * np.nan)
    with pytest.raises(InputError, match="not a finite number"):
        training.train(SMALL_LSTM, made, made, epochs=1, batch_size=16, seed=1)


@pytest.mark.parametrize(("devices", "name"), [(["gpu:0", "gpu:1"], "GPU"), (["cpu:0"], "CPU")])
def test_device_is_a_kind_and_no_model(monkeypatch, devices, name):
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: devices)
    assert training.device() == name


@pytest.mark.parametrize(("epochs", "batch_size", "name"), [(0, 1, "epochs"), (1, 0, "batch_size")])
def test_train_refuses_counts_below_one(epochs, batch_size, name):
    made = random_windows(16)
    with pytest.raises(InputError, match=f"{name} is 0"):
        training.train(SMALL_LSTM, made, made, epochs=epochs, batch_size=batch_size, seed=1)


@pytest.mark.notebook
def test_bitcoin_recipe_keeps_the_epoch_of_least_loss_and_cuts_the_rate(tmp_path):
    rows, check = random_windows(), random_windows(seed=1)
    noise = np.random.default_rng(0).integers(0, 2, len(check)).astype(float)
    check = replace(check, targets=noise)
    forecasts = training.EpochForecasts(check)
    kept = tmp_path / "kept.weights.h5"
    recipe = training.bitcoin_recipe(tmp_path / "progress.json", forecasts, keep=kept)
    plateau = recipe.callbacks[0]
    assert (plateau.patience, plateau.factor, plateau.min_lr) == (30, 0.9, 1e-6)
    plateau.patience = 5
    model, history = training.train(
        partial(networks.cnn_lstm, filters=[3], units=4), rows, check,
        epochs=25, batch_size=60, seed=2, recipe=recipe,
    )  # fmt: skip
    best = history["val_loss"].idxmin()
    copy = training.with_weights(model, kept)
    assert training.predict_classes(copy, check).tolist() == forecasts.after(best).tolist()
    assert training.predict_classes(model, check).tolist() == forecasts.after(25).tolist()
    accuracy = (forecasts.after(25) == check.targets).mean()
    assert history["val_accuracy"].iloc[-1] == pytest.approx(accuracy, abs=1e-6)
    first, last = history["learning_rate"].iloc[[0, -1]]
    assert 0.002 * 0.9**5 < last < first == pytest.approx(0.002)


def test_use_backend_refuses_a_second_one_in_a_process():
    other = "jax" if keras.config.backend() == "tensorflow" else "tensorflow"
    with pytest.raises(InputError, match=f"Keras already runs on {keras.config.backend()}"):
        backend.use_backend(other)
