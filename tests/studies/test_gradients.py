import numpy as np
import pytest
from makers import make_prices

from coincast.datasets import windows
from coincast.errors import InputError
from coincast.studies.how_it_works import gradients, price_windows
from coincast.studies.how_it_works.networks_by_hand import Network, initial
from coincast.studies.how_it_works.recurrent_cells import RNN

SETTINGS = {"units": 3, "epochs": 2, "batch_size": 16, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def parts():
    return windows.split_tail(price_windows.price_windows(make_prices(80, seed=2), 6), 0.25)


@pytest.fixture(scope="module")
def measured(parts):
    return gradients.measure(*parts, price_windows.TASKS, seeds=range(4, 7), **SETTINGS)


def select(table, network, task=None):
    """Return the rows of a network, of one task if it is named."""
    rows = table.xs(network, level="network")
    return rows if task is None else rows.xs(task, level="task")


def test_by_lag_of_a_linear_cell_is_a_power_of_its_recurrent_weight():
    """One unit, inputs too small for tanh to bend: d y / d x[k days back] = v w u^k."""
    network = Network(
        RNN(np.array([[2.0]]), np.array([[0.5]]), np.zeros(1)), np.array([[3.0]]), np.zeros(1)
    )
    table = gradients.by_lag(network, np.full((4, 5, 1), 1e-7))
    np.testing.assert_allclose(table["input"], [6 * 0.5**lag for lag in range(5)], rtol=1e-9)
    np.testing.assert_allclose(table["state"], [3 * 0.5**lag for lag in range(5)], rtol=1e-9)


def test_by_lag_equals_moving_the_inputs(parts):
    _, held_out = parts
    network, one = initial("LSTM", 4, 3, seed=1), held_out.inputs[:1].copy()
    slopes = np.empty_like(one)
    for place in np.ndindex(one.shape):
        pair = []
        for change in (1e-5, -1e-5):
            moved = one.copy()
            moved[place] += change
            pair.append(network.predict(moved)[0])
        slopes[place] = (pair[0] - pair[1]) / 2e-5
    expected = np.linalg.norm(slopes[0], axis=1)[::-1]  # lag 0 is the last day
    np.testing.assert_allclose(gradients.by_lag(network, one)["input"], expected, atol=1e-8)


def test_measure_has_every_network_task_seed_and_lag_in_order(measured):
    norms, facts = measured
    assert len(norms) == 2 * 3 * 3 * 6
    tasks = [gradients.UNTRAINED, *price_windows.TASKS]
    assert list(gradients.decay(norms).index) == [(n, t) for n in ("RNN", "LSTM") for t in tasks]
    assert facts["loss"].isna().sum() == 6  # untrained
    assert select(facts, "RNN")["kept"].isna().all()
    assert select(facts, "LSTM")["kept"].between(0, 1).all()
    assert (norms > 0).all(axis=None)


def test_measure_repeats_exactly_and_trains_what_it_measures(parts, measured):
    again, _ = gradients.measure(*parts, price_windows.TASKS, seeds=[5], **SETTINGS)
    norms, facts = measured
    np.testing.assert_array_equal(again, norms.xs(5, level="seed", drop_level=False))
    assert select(facts, "RNN")["loss"].nunique() == 6


def test_decay_is_the_share_of_the_last_day_and_its_root(measured):
    norms, _ = measured
    row = gradients.decay(norms).loc["LSTM", "next close"]
    inputs = select(norms, "LSTM", "next close")["input"]
    ends = sorted(inputs[seed, 5] / inputs[seed, 0] for seed in range(4, 7))
    assert row[["low", "median", "high"]].tolist() == pytest.approx(ends)
    assert row["a_day"] ** 5 == pytest.approx(row["median"])


def test_recorded_leaves_nothing_out_but_what_does_not_exist(measured):
    content = gradients.recorded(*measured)
    assert "loss" not in content["RNN"][gradients.UNTRAINED]["by_seed"]
    assert set(content["LSTM"]["next close"]["by_seed"]) == {"loss", "kept"}
    assert len(content["LSTM"]["next close"]["by_lag"]["input"]) == 6


def test_sentences_hold_the_measured_numbers(parts, measured):
    norms, facts = measured
    table = gradients.decay(norms)
    sentences = gradients.decay_sentences(norms, facts)
    assert f"{table.loc[('RNN', 'untrained'), 'median']:.1e} for the RNN" in sentences[0]
    assert "5 days back" in sentences[2]
    assert "of 3 seeds" in sentences[2]
    baselines = price_windows.baselines(*parts)
    sentence = gradients.loss_sentence(facts, "next close", baselines)
    assert sentence.endswith(f"repeated: {baselines.loc['next close', 'held_out']:.3f}.")


def test_finite_difference_error_sees_a_wrong_gradient(parts, monkeypatch):
    fit, _ = parts
    network, few = initial("LSTM", 4, 2, seed=1), fit.take(np.arange(len(fit)) < 3)
    # Central differences in float64 are off by about 1e-10.
    assert gradients.finite_difference_error(network, few.inputs, few.targets) < 1e-8
    right = Network.loss_gradients

    def wrong(self, inputs, targets):
        loss, found = right(self, inputs, targets)
        return loss, [found[0], found[1] * 1.01, *found[2:]]

    monkeypatch.setattr(Network, "loss_gradients", wrong)
    assert gradients.finite_difference_error(network, few.inputs, few.targets) > 1e-4


def test_measure_refuses_to_measure_nothing(parts):
    with pytest.raises(InputError, match="no seed to measure; set seeds to 1 or more"):
        gradients.measure(*parts, price_windows.TASKS, seeds=range(1, 1), **SETTINGS)
