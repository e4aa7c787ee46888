import numpy as np
import pandas as pd
import pytest
from makers import make_prices

from coincast.datasets import windows
from coincast.studies.how_it_works import gradients, normalised_windows, trials
from coincast.studies.how_it_works.numpy_networks import (
    TrainingSettings,
    initial_convolution,
    train,
)
from coincast.studies.how_it_works.recurrent_networks import initial_recurrent

SETTINGS = TrainingSettings(2, 16, 0.01)
PARTS = windows.split_tail(normalised_windows.normalised_windows(make_prices(80, seed=2), 12), 0.25)


def test_order_losses_permute_the_days_of_train_and_held_out_windows_alike():
    fit, held_out = PARTS
    starts = {
        "CNN": {s: initial_convolution(fit, 2, [(3, 2), (2, 2)], s) for s in (4, 5)},
        "LSTM": {s: initial_recurrent("LSTM", 4, 3, s) for s in (4, 5)},
    }
    losses = trials.order_losses(fit, held_out, starts, SETTINGS)
    assert len(losses) == 2 * 2 * 2
    assert (losses["permuted"] != losses["in_order"]).all()
    days = np.random.default_rng(5).permutation(12)
    trained, _ = train(starts["LSTM"][5], fit.inputs[:, days], fit.targets, SETTINGS)
    expected = trained.loss(held_out.inputs[:, days], held_out.targets)
    assert losses.loc[("next close", "LSTM", 5), "permuted"] == pytest.approx(expected)


def test_order_verdict_names_what_costs_every_seed_something():
    names = ["task", "network", "seed"]
    cases = pd.MultiIndex.from_product([["next close"], ["CNN", "LSTM"], [1, 2]], names=names)
    losses = pd.DataFrame({"in_order": 1.0, "permuted": [0.9, 1.1, 1.1, 1.2]}, index=cases)
    assert "in: LSTM (next close). In no" in trials.order_verdict(losses)
    assert "in: no case." in trials.order_verdict(losses.assign(permuted=1.0))


def test_longer_training_is_the_training_with_more_epochs():
    longer = TrainingSettings(10, 16, 0.01)
    _, facts = gradients.measure(*PARTS, units=3, seeds=[4, 5], settings=longer)
    starts = {seed: initial_recurrent("RNN", 4, 3, seed) for seed in (4, 5)}
    losses = trials.longer_training(*PARTS, starts, SETTINGS)
    expected = facts["loss"].xs("RNN").xs(normalised_windows.RECALL)
    np.testing.assert_allclose(losses, expected)
