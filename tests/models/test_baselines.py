import numpy as np
import pandas as pd
import pytest

from coincast.datasets import windows
from coincast.models import baselines


def make_problem(seed=0, days=120):
    """Return train and test windows of one coin, the target a known sum of the inputs."""
    rng = np.random.default_rng(seed)
    index = pd.date_range("2018-01-01", periods=days, name="date")
    columns = [f"bitcoin_{name}" for name in ("close", "volume", "volatility", "daily_change")]
    table = pd.DataFrame(rng.normal(2, 3, (days, 4)), index=index, columns=columns)
    weights = rng.normal(size=8)
    made = windows.make_windows(table, table["bitcoin_close"], lags=2)
    targets = made.flat @ weights + 0.25
    made = windows.Windows(made.inputs, targets, made.dates, made.features)
    return made.take(np.arange(len(made)) < 80), made.take(np.arange(len(made)) >= 80)


def test_forecast_constants_come_from_train_targets():
    train, test = make_problem()
    forecasts = baselines.forecast_constants(train, test, "bitcoin")
    assert set(forecasts["zero"]) == {0.0}
    assert forecasts["train_mean"][0] == pytest.approx(sum(train.targets) / len(train))
    middle = sorted(train.targets)[39:41]
    assert forecasts["train_median"][0] == pytest.approx(sum(middle) / 2)


def test_persistence_repeats_the_last_known_change_of_the_coin():
    train, test = make_problem()
    repeated = baselines.forecast_constants(train, test, "bitcoin")["persistence"]
    np.testing.assert_array_equal(repeated, test.inputs[:, -1, 3])


def test_linear_regression_finds_an_exact_linear_rule():
    train, test = make_problem()
    forecast = baselines.forecast_regressions(train, test)["linear_regression"]
    np.testing.assert_allclose(forecast, test.targets, atol=1e-10)


def test_linear_regression_equals_the_normal_equations():
    train, test = make_problem(seed=3)
    noise = np.random.default_rng(1).normal(size=len(train))
    noisy = windows.Windows(train.inputs, train.targets + noise, train.dates, train.features)
    design = np.column_stack([np.ones(len(train)), train.flat])
    weights = np.linalg.solve(design.T @ design, design.T @ noisy.targets)
    expected = np.column_stack([np.ones(len(test)), test.flat]) @ weights
    forecast = baselines.forecast_regressions(noisy, test)["linear_regression"]
    np.testing.assert_allclose(forecast, expected, atol=1e-9)


def test_regression_without_levels_ignores_close_and_volume():
    train, test = make_problem()
    changed = test.inputs.copy()
    changed[:, :, :2] *= 1000
    moved = windows.Windows(changed, test.targets, test.dates, test.features)
    name = "linear_regression_without_levels"
    before, after = (baselines.forecast_regressions(train, part) for part in (test, moved))
    np.testing.assert_array_equal(before[name], after[name])
    assert not np.allclose(before["linear_regression"], after["linear_regression"])


def test_ridge_shrinks_towards_the_mean_on_pure_noise():
    train, test = make_problem()
    noise = np.random.default_rng(2).normal(size=len(train))
    noisy = windows.Windows(train.inputs, noise, train.dates, train.features)
    forecasts = baselines.forecast_regressions(noisy, test)
    assert forecasts["ridge"].std() < 0.5 * forecasts["linear_regression"].std()
