"""The network of the Bitcoin study, its fit and its figures."""

from functools import partial

import keras
import numpy as np
import pandas as pd
import pytest

from coincast.datasets import windows
from coincast.errors import InputError
from coincast.figures import direction_plots, network_plots
from coincast.models import backend, networks, training


def make_windows(n=60, seed=0):
    rng = np.random.default_rng(seed)
    index = pd.date_range("2018-01-01", periods=n + 7, name="date")
    table = pd.DataFrame(rng.normal(size=(n + 7, 2)), index=index, columns=["a", "b"])
    return windows.make_windows(table, (table["a"] > 0).astype(float), lags=8)


def test_cnn_lstm_has_the_layers_and_parameters_that_it_names():
    model = networks.cnn_lstm(lags=30, features=4)
    block = ["Conv1D", "BatchNormalization", "LeakyReLU", "Dropout"]
    names = [type(layer).__name__ for layer in model.layers]
    assert names == ["InputLayer", *block, *block, "LSTM", "Dense", "Activation"]
    convolutions = (4 * 4 + 1) * 16 + 4 * 16 + (4 * 16 + 1) * 8 + 4 * 8
    assert model.count_params() == convolutions + 4 * 32 * (8 + 32 + 1) + 33 * 2
    assert not getattr(model, "compiled", False)


def test_cnn_lstm_takes_every_width_from_its_arguments():
    model = networks.cnn_lstm(
        12, 3, filters=[5, 6, 7], filter_width=3, dropout=0.1, pool=2, units=9, classes=4
    )
    assert [model.get_layer(f"convolution_{i}").filters for i in (1, 2, 3)] == [5, 6, 7]
    assert model.get_layer("convolution_3").kernel_size == (3,)
    assert model.get_layer("dropout_2").rate == 0.1
    assert model.get_layer("pooling_3").output.shape == (None, 1, 7)
    assert (model.get_layer("lstm").units, model.output_shape) == (9, (None, 4))


def test_cnn_lstm_gives_probabilities():
    keras.utils.set_random_seed(1)
    model = networks.cnn_lstm(8, 2)
    probabilities = model.predict(make_windows().inputs, verbose=0)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("widths", "message"),
    [
        ({"filters": []}, "filters is 0"),
        ({"filters": [4, 0]}, "filters is 0"),
        ({"filter_width": 0}, "filter_width is 0"),
        ({"units": -1}, "units is -1"),
        ({"pool": 3}, "pool 3 after each of 2 convolutions leaves nothing of 8 rows"),
    ],
)
def test_cnn_lstm_refuses_widths_that_make_no_network(widths, message):
    with pytest.raises(InputError, match=message):
        networks.cnn_lstm(8, 2, **widths)


def rates_by_the_rule(accuracies):
    """Return the learning rate of each epoch: a tenth less after 5 without a better accuracy."""
    rate, best, waited, rates = 0.002, -1.0, 0, []
    for accuracy in accuracies:
        rates.append(rate)
        waited = 0 if accuracy > best + 1e-4 else waited + 1
        best = max(best, accuracy)
        if waited == 5:
            rate, waited = rate * 0.9, 0
    return rates


def test_bitcoin_recipe_keeps_the_epoch_of_least_loss_and_cuts_the_rate(tmp_path):
    rows, check = make_windows(), make_windows(seed=1)
    noise = np.random.default_rng(0).integers(0, 2, len(check)).astype(float)
    check = windows.Windows(check.inputs, noise, check.dates, check.features)
    said = training.EpochForecasts(check)
    kept = tmp_path / "kept.weights.h5"
    recipe = training.bitcoin_recipe(tmp_path / "progress", said, keep=kept)
    plateau = recipe.callbacks[0]
    assert (plateau.patience, plateau.factor, plateau.min_lr) == (30, 0.9, 1e-6)
    plateau.patience = 5
    model, history = training.train(
        partial(networks.cnn_lstm, filters=[3], units=4), rows, check,
        epochs=25, batch_size=60, seed=2, recipe=recipe,
    )  # fmt: skip
    best = history["val_loss"].idxmin()
    copy = training.with_weights(model, kept)
    assert training.predict_classes(copy, check).tolist() == said.after(best).tolist()
    assert training.predict_classes(model, check).tolist() == said.after(25).tolist()
    accuracy = (said.after(25) == check.targets).mean()
    assert history["val_accuracy"].iloc[-1] == pytest.approx(accuracy, abs=1e-6)
    rates = rates_by_the_rule(history["val_accuracy"])
    np.testing.assert_allclose(history["learning_rate"], rates, rtol=1e-5)
    assert rates[-1] < 0.002


def test_use_backend_refuses_a_second_one_in_a_process():
    other = "jax" if keras.config.backend() == "tensorflow" else "tensorflow"
    with pytest.raises(InputError, match=f"Keras already runs on {keras.config.backend()}"):
        backend.use_backend(other)


def test_network_figure_names_every_layer_on_as_many_rows_as_it_needs():
    figure = network_plots.network(networks.cnn_lstm(30, 4))
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts[::2] == [type(layer).__name__ for layer in networks.cnn_lstm(30, 4).layers]
    assert "filters: 16\nwidth: 4\noutput n x 30 x 16\n272 parameters" in texts
    assert figure.axes[0].get_ylim() == (0, 2)


def test_confusion_matrix_figure_shows_shares_of_rows_with_counts():
    counts = pd.DataFrame([[11, 25], [14, 47]], index=["down", "up"], columns=["down", "up"])
    figure = direction_plots.confusion_matrix({"one": counts, "two": counts.T})
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["31%\n11 days", "69%\n25 days", "23%\n14 days", "77%\n47 days"]
    assert [tick.get_text() for tick in figure.axes[1].get_yticklabels()] == [
        "down\n25 days",
        "up\n72 days",
    ]


def test_curves_mark_the_epoch_of_least_validation_loss():
    history = pd.DataFrame(
        {
            "loss": [3, 2, 1],
            "val_loss": [3, 1, 2],
            "accuracy": [0, 0, 1],
            "val_accuracy": [1, 0, 1],
        },
        index=pd.RangeIndex(1, 4, name="epoch"),
    )
    runs = {"as published": (history, "test rows", {"loss": 0.7, "accuracy": 0.6})}
    for draw, height in ((direction_plots.model_loss, 1), (direction_plots.model_accuracy, 0)):
        *_, constant, point = draw(runs).axes[0].lines
        assert point.get_xydata().tolist() == [[2, height]]
        assert constant.get_ydata()[0] in (0.7, 0.6)
