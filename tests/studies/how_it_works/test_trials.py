import keras
import numpy as np
import pytest
from makers import make_prices

from coincast.datasets import windows
from coincast.studies.how_it_works import gradients, normalised_windows, trials
from coincast.studies.how_it_works.recurrent_network import (
    TrainingSettings,
    finite_difference_error,
    train,
)

LAYERS = [(3, 2), (2, 2)]
SETTINGS = TrainingSettings(2, 16, 0.01)
MADE = normalised_windows.normalised_windows(make_prices(80, seed=2), 12)
PARTS = windows.split_tail(MADE, 0.25)


def make_networks(seeds=(4, 5)):
    return trials.first_networks(PARTS[0], seeds, units=3, filters=2, layers=LAYERS)


def test_convolution_equals_keras_and_finite_differences():
    network = make_networks()["CNN"][4]
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
    expected = np.asarray(model(MADE.inputs))[:, 0]
    np.testing.assert_allclose(network.predict(MADE.inputs), expected, atol=1e-5)  # 32 bits
    assert finite_difference_error(network, MADE.inputs[:7], MADE.targets[:7]) < 1e-7


def test_order_losses_permute_the_days_of_train_and_held_out_windows_alike():
    starts = make_networks()
    losses = trials.order_losses(*PARTS, starts, SETTINGS)
    assert len(losses) == 2 * 3 * 2
    linear = losses.xs("linear", level="network")
    np.testing.assert_allclose(linear["permuted"], linear["in_order"], atol=1e-9)
    assert (losses.drop("linear", level="network").diff(axis=1)["permuted"] != 0).all()
    days = np.random.default_rng(5).permutation(12)
    fit, held_out = PARTS
    trained, _ = train(starts["LSTM"][5], fit.inputs[:, days], fit.targets, SETTINGS)
    expected = trained.loss(held_out.inputs[:, days], held_out.targets)
    assert losses.loc[("next close", "LSTM", 5), "permuted"] == pytest.approx(expected)


def test_column_sentence_names_a_network_to_which_columns_matter(monkeypatch):
    starts = make_networks()
    assert "no network (of CNN, LSTM)" in trials.column_sentence(starts, MADE.inputs)
    lstm = type(starts["LSTM"][4])
    monkeypatch.setattr(lstm, "predict", lambda _, inputs: inputs[:, 0, 0])
    assert "change in: LSTM (" in trials.column_sentence(starts, MADE.inputs)


def test_order_sentences_count_the_seeds_that_lose():
    losses = trials.order_losses(*PARTS, make_networks(), SETTINGS)
    losses.loc["next close", "permuted"] = [1.0, 2.0, 3.0, 4.0, 0.5, 0.5]
    losses.loc["next close", "in_order"] = [2.0, 1.0, 1.0, 1.0, 0.5, 0.5]
    baselines = normalised_windows.baselines(*PARTS)
    sentence, _, verdict = trials.order_sentences(losses, baselines, PARTS[1])
    assert "costs every seed something in: LSTM (next close)" in verdict
    assert "CNN (next close)" not in verdict
    assert "CNN 1.500 in order, 1.500 permuted" in sentence
    assert "-1.000 to +1.000, worse in 1 of 2 seeds" in sentence
    assert "LSTM 1.000 in order, 3.500 permuted (change of a seed +2.000 to +3.000" in sentence
    assert "worse in 0 of 2" in sentence


def test_longer_training_is_the_training_with_more_epochs_and_says_so():
    measured = gradients.measure(*PARTS, units=3, seeds=[4, 5], settings=SETTINGS)
    starts = {seed: gradients.initial_network("RNN", 4, 3, seed) for seed in (4, 5)}
    losses = trials.longer_training(*PARTS, starts, SETTINGS, times=1)
    facts = measured[1]
    expected = facts["loss"].xs("RNN").xs(trials.RECALL)
    np.testing.assert_allclose(losses, expected)
    assert trials.longer_training(*PARTS, starts, SETTINGS, times=4).lt(expected).any()
    assert "lower than before in 0 of 2 seeds" in trials.longer_sentence(losses, facts)
    assert "lower than before in 2 of 2 seeds" in trials.longer_sentence(losses - 0.01, facts)
