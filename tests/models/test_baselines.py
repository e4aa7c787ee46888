from dataclasses import replace

import numpy as np
import pytest
from makers import make_prices
from window_makers import direction_windows, table_of

from coincast.datasets import windows
from coincast.errors import InputError
from coincast.models.baselines import forecast_baselines, forecast_directions


def make_problem(seed=0):
    """Return train and test windows of one coin, the target a known sum of the inputs."""
    rng = np.random.default_rng(seed)
    columns = ("close", "volume", "volatility", "daily_change")
    table = table_of(**{f"bitcoin_{name}": rng.normal(2, 3, 120) for name in columns})
    made = windows.make_windows(table, table["bitcoin_close"], lags=2)
    made = replace(made, targets=made.flat @ rng.normal(size=8) + 0.25)
    return windows.split_share(made, 2 / 3)


def add_noise(train, seed):
    noise = np.random.default_rng(seed).normal(size=len(train))
    return replace(train, targets=train.targets + noise)


def test_forecast_baselines_equal_plain_formulas():
    train, test = make_problem()
    forecasts = forecast_baselines(train, test, "bitcoin")
    assert set(forecasts["no_change"]) == {0.0}
    ordered = sorted(train.targets)
    middle = (ordered[len(train) // 2] + ordered[(len(train) - 1) // 2]) / 2
    np.testing.assert_allclose(forecasts["train_mean"], sum(ordered) / len(train))
    np.testing.assert_allclose(forecasts["train_median"], middle)
    np.testing.assert_array_equal(forecasts["last_change"], test.inputs[:, -1, 3])


def test_linear_regression_equals_the_normal_equations():
    train, test = make_problem(seed=3)
    train = add_noise(train, seed=1)
    design = np.column_stack([np.ones(len(train)), train.flat])
    weights = np.linalg.solve(design.T @ design, design.T @ train.targets)
    expected = np.column_stack([np.ones(len(test)), test.flat]) @ weights
    forecast = forecast_baselines(train, test, "bitcoin")["linear_regression"]
    np.testing.assert_allclose(forecast, expected, atol=1e-9)


def test_regression_without_levels_ignores_close_and_volume():
    train, test = make_problem()
    moved = replace(test, inputs=test.inputs * [1000, 1000, 1, 1])
    before, after = (forecast_baselines(train, part, "bitcoin") for part in (test, moved))
    name = "linear_regression_without_levels"
    np.testing.assert_array_equal(before[name], after[name])
    assert not np.allclose(before["linear_regression"], after["linear_regression"])


def test_ridge_shrinks_towards_the_mean_on_pure_noise():
    train, test = make_problem()
    noise = add_noise(replace(train, targets=np.zeros(len(train))), seed=2)
    forecasts = forecast_baselines(noise, test, "bitcoin")
    assert forecasts["ridge"].std() < 0.5 * forecasts["linear_regression"].std()


def test_forecast_directions_equal_their_definitions():
    prices = make_prices(300, seed=5)
    train, test = windows.split_share(direction_windows(prices, 5), 0.7)
    found = forecast_directions(train, test)
    rose = prices["close"].diff() > 0
    assert found["yesterdays_sign"].tolist() == rose[test.dates].astype(float).tolist()
    assert set(found["majority_class"]) == {float(train.targets.sum() * 2 > len(train))}
    assert set(found["always_up"]) == {1.0}


def test_logistic_regression_finds_a_rule_that_is_there():
    made = direction_windows(make_prices(600, seed=6), 5)
    ruled = replace(made, targets=(made.last("open") > 0.3).astype(float))
    train, test = windows.split_share(ruled, 0.7)
    found = forecast_directions(train, test)
    assert (found["logistic_regression"] == test.targets).mean() > 0.95


@pytest.mark.parametrize(("side", "name"), [(1, "up"), (0, "not up")])
def test_forecast_directions_refuse_train_rows_of_one_class(side, name):
    made = direction_windows(make_prices(60, seed=0), 5)
    single = made.take(made.targets == side)
    with pytest.raises(InputError, match=rf"{len(single)} train rows .*\({name}"):
        forecast_directions(single, made)


def test_forecast_directions_refuse_windows_of_one_row():
    made = direction_windows(make_prices(60, seed=0), 1)
    with pytest.raises(InputError, match="2 rows or more, not 1"):
        forecast_directions(made, made)
