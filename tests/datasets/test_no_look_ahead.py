"""Changing prices after day t changes nothing at or before t, from features to forecasts."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import make_prices
from window_makers import direction_windows

from coincast.datasets import features, windows
from coincast.models import baselines, networks, training
from coincast.studies import ancestor

DAYS, LAGS = 60, 3
TEST_START = "2018-02-10"


def make_pair(seed=0):
    return {
        coin: make_prices(DAYS, seed=seed + i, start="2018-01-01")
        for i, coin in enumerate(("bitcoin", "ethereum"))
    }


def change_after(prices, day):
    """Return the prices with every later day multiplied and its range widened."""
    factors = {"open": 1.5, "high": 3.0, "low": 1.0, "close": 2.5, "volume": 9.0}
    return {
        coin: pd.concat([table.loc[:day], table.loc[day:].iloc[1:] * pd.Series(factors)])
        for coin, table in prices.items()
    }


def ethereum_windows(prices):
    table = features.feature_table(prices)
    return windows.make_windows(table, features.next_change(prices["ethereum"]), LAGS)


def bitcoin_windows(prices):
    return direction_windows(prices["bitcoin"], lags=5, horizon=2)


def leaky_features(prices):
    """Return windows that hold the next day's features."""
    made = ethereum_windows(prices)
    return replace(made, inputs=np.roll(made.inputs, -1, axis=0)).take(np.arange(len(made) - 1))


def leaky_scaling(prices):
    """Return windows whose own scaling includes the day of the target."""
    longer = direction_windows(prices["bitcoin"], lags=6)
    return replace(longer, dates=longer.dates - pd.Timedelta(days=1), inputs=longer.inputs[:, :5])


def check_windows(make, day, seed):
    prices = make_pair(seed)
    at = prices["bitcoin"].index[day]
    before, after = make(prices), make(change_after(prices, at))
    np.testing.assert_array_equal(
        before.take(before.dates <= at).inputs, after.take(after.dates <= at).inputs
    )
    np.testing.assert_array_equal(
        before.take(before.target_dates <= at).targets, after.take(after.target_dates <= at).targets
    )


@pytest.mark.parametrize("make", [ethereum_windows, bitcoin_windows])
@given(day=st.integers(5, DAYS - 2), seed=st.integers(0, 99))
def test_windows_known_by_a_day_ignore_later_prices(make, day, seed):
    check_windows(make, day, seed)


@pytest.mark.parametrize("make", [leaky_features, leaky_scaling])
def test_a_planted_leak_is_caught(make):
    with pytest.raises(AssertionError):
        check_windows(make, day=30, seed=1)


@given(after_test_days=st.integers(LAGS - 1, 15))
def test_scaler_and_forecasts_ignore_prices_after_the_day_they_are_made(after_test_days):
    prices = make_pair()
    at = pd.Timestamp(TEST_START) + pd.Timedelta(days=after_test_days)
    found = []
    for version in (prices, change_after(prices, at)):
        train, test = windows.split(ethereum_windows(version), "2018-01-05", TEST_START)
        known = test.take(test.dates <= at)
        study = ancestor.coin_data(version, "ethereum", TEST_START, LAGS)
        is_known = study.test.dates <= at
        walks = ancestor.forecast_walks(study, range(2))
        found.append(
            [windows.standardise(train, known)[1].inputs]
            + list(baselines.forecast_baselines(train, known, "ethereum").values())
            + [study.train.inputs, study.train.targets, study.test.inputs[is_known], study.steps]
            + [forecast[..., is_known] for forecast in walks.values()]
        )
    for before, after in zip(*found, strict=True):
        np.testing.assert_array_equal(before, after)


def forecast_with_lstm(prices):
    train, test = windows.split(ethereum_windows(prices), "2018-01-05", TEST_START)
    fit, validation = windows.split_tail(train, 0.2)
    fit, validation, test = windows.standardise(fit, validation, test)
    model, _ = training.train(
        partial(networks.lstm, units=3), fit, validation, epochs=2, batch_size=8, seed=5
    )
    return test.dates, training.predict(model, test)


def test_lstm_forecasts_ignore_prices_after_the_day_they_are_made():
    prices = make_pair()
    at = pd.Timestamp(TEST_START) + pd.Timedelta(days=4)
    dates, before = forecast_with_lstm(prices)
    _, after = forecast_with_lstm(change_after(prices, at))
    np.testing.assert_array_equal(before[dates <= at], after[dates <= at])
    assert not np.array_equal(before[dates > at], after[dates > at])
