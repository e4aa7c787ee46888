import numpy as np
import pandas as pd
import pytest
from makers import make_prices

from coincast.datasets import windows
from coincast.errors import InputError
from coincast.studies.how_it_works import measurements, normalised_windows
from coincast.studies.how_it_works.numpy_networks import (
    TrainingSettings,
    initial_convolution,
    train,
)
from coincast.studies.how_it_works.recurrent_networks import RNN, initial_recurrent

SETTINGS = {"units": 3, "settings": TrainingSettings(2, 16, 0.01)}
TASKS = ["untrained", "next close", "recall the first close"]


@pytest.fixture(scope="module")
def parts():
    made = normalised_windows.normalised_windows(make_prices(80, seed=2), 6)
    return windows.split_tail(made, 0.25)


@pytest.fixture(scope="module")
def measured(parts):
    return measurements.measure(*parts, seeds=range(4, 7), **SETTINGS)


def test_by_lag_of_a_linear_cell_is_a_power_of_its_recurrent_weight():
    """One unit, inputs too small for tanh to bend: d y / d x[k days back] = v w u^k."""
    w, u, v = np.array([[2.0]]), np.array([[0.5]]), np.array([[3.0]])
    network = RNN([w, u, np.zeros(1), v, np.zeros(1)])
    table = measurements.by_lag(network, np.full((4, 5, 1), 1e-7))
    np.testing.assert_allclose(table["input"], [6 * 0.5**lag for lag in range(5)], rtol=1e-9)
    np.testing.assert_allclose(table["state"], [3 * 0.5**lag for lag in range(5)], rtol=1e-9)


def test_measure_has_every_network_task_seed_and_lag_in_order(measured):
    norms, facts = measured
    assert len(norms) == 2 * 3 * 3 * 6
    assert list(measurements.decay(norms).index) == [(n, t) for n in ("RNN", "LSTM") for t in TASKS]
    assert facts["loss"].isna().sum() == 6  # untrained
    assert facts["kept"].xs("RNN").isna().all()
    assert facts["kept"].xs("LSTM").between(0, 1).all()


def test_measure_repeats_exactly_and_trains_what_it_measures(parts, measured):
    again, _ = measurements.measure(*parts, seeds=[5], **SETTINGS)
    norms, facts = measured
    np.testing.assert_array_equal(again, norms.xs(5, level="seed", drop_level=False))
    assert facts["loss"].xs("RNN").nunique() == 6


def test_decay_is_the_share_of_the_last_day_and_its_root(measured):
    norms, _ = measured
    row = measurements.decay(norms).loc["LSTM", "next close"]
    inputs = norms["input"].xs("LSTM").xs("next close", level="task")
    ends = sorted(inputs[seed, 5] / inputs[seed, 0] for seed in range(4, 7))
    assert row[["low", "median", "high"]].tolist() == pytest.approx(ends)
    assert row["a_day"] ** 5 == pytest.approx(row["median"])


def test_recorded_leaves_nothing_out_but_what_does_not_exist(measured):
    content = measurements.recorded(*measured)
    assert "loss" not in content["RNN"]["untrained"]["by_seed"]
    assert set(content["LSTM"]["next close"]["by_seed"]) == {"loss", "kept"}
    assert len(content["LSTM"]["next close"]["by_lag"]["input"]) == 6


def test_reach_table_holds_the_measured_numbers(parts, measured):
    norms, facts = measured
    baselines = normalised_windows.baselines(*parts)
    lines = measurements.reach_table(norms, facts, baselines).splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:]]
    assert [row[:2] for row in rows[:2]] == [["RNN", "(untrained)"], ["RNN", "next close"]]
    assert rows[0][4:] == ["", ""]
    reach = measurements.decay(norms).loc[("LSTM", "next close"), "median"]
    loss = facts["loss"].xs("LSTM").xs("next close").median()
    baseline = baselines.loc["next close", "held_out"]
    assert rows[4][2].startswith(f"{reach:.1e} (")
    assert rows[4][4].startswith(f"{loss:.3f} (")
    assert rows[4][5] == f"{baseline:.3f} (the last close repeated)"


def test_measure_refuses_to_measure_nothing(parts):
    with pytest.raises(InputError, match="seeds"):
        measurements.measure(*parts, seeds=range(1, 1), **SETTINGS)


def test_factors_multiply_to_the_gradient_over_the_window(parts):
    """Another road: the gradient of the first day's state, from back-propagation."""
    inputs, network = parts[1].inputs[:1], initial_recurrent("RNN", 4, 3, seed=2)
    table = measurements.factors([network], inputs)
    state = measurements.by_lag(network, inputs)["state"]
    assert table.loc[1.0, "window"] == pytest.approx(state[5] / state[0])
    np.testing.assert_allclose(table["weights"], table.index)  # orthogonal, scaled
    np.testing.assert_allclose(table["window_without_tanh"], [0.5**5, 1, 2**5])
    assert (table["derivatives"] < 1).all()


def test_order_losses_permute_the_days_of_train_and_held_out_windows_alike(parts):
    fit, held_out = parts
    starts = {
        "CNN": {s: initial_convolution(fit, 2, [(3, 2), (2, 2)], s) for s in (4, 5)},
        "LSTM": {s: initial_recurrent("LSTM", 4, 3, s) for s in (4, 5)},
    }
    losses = measurements.order_losses(fit, held_out, starts, SETTINGS["settings"])
    assert len(losses) == 2 * 2 * 2
    assert (losses["permuted"] != losses["in_order"]).all()
    days = np.random.default_rng(5).permutation(6)
    trained, _ = train(starts["LSTM"][5], fit.inputs[:, days], fit.targets, SETTINGS["settings"])
    expected = trained.loss(held_out.inputs[:, days], held_out.targets)
    assert losses.loc[("next close", "LSTM", 5), "permuted"] == pytest.approx(expected)


def test_order_verdict_names_what_costs_every_seed_something():
    names = ["task", "network", "seed"]
    cases = pd.MultiIndex.from_product([["next close"], ["CNN", "LSTM"], [1, 2]], names=names)
    losses = pd.DataFrame({"in_order": 1.0, "permuted": [0.9, 1.1, 1.1, 1.2]}, index=cases)
    assert "in: LSTM (next close). In no" in measurements.order_verdict(losses)
    assert "in: no case." in measurements.order_verdict(losses.assign(permuted=1.0))


def test_longer_training_is_the_training_with_more_epochs(parts):
    longer = TrainingSettings(10, 16, 0.01)
    _, facts = measurements.measure(*parts, units=3, seeds=[4, 5], settings=longer)
    starts = {seed: initial_recurrent("RNN", 4, 3, seed) for seed in (4, 5)}
    losses = measurements.longer_training(*parts, starts, SETTINGS["settings"])
    expected = facts["loss"].xs("RNN").xs(normalised_windows.RECALL)
    np.testing.assert_allclose(losses, expected)
