"""Changing prices after day t changes nothing at or before t, from features to forecasts."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import make_prices

from coincast.datasets import features, windows
from coincast.models import baselines, networks, training
from coincast.studies import ancestor

DAYS, LAGS = 60, 3
TRAIN_START, TEST_START = "2018-01-05", "2018-02-10"


def make_pair(seed=0):
    """Return prices of two coins on the same sixty days from 2018-01-01."""
    index = pd.date_range("2018-01-01", periods=DAYS, name="date")
    return {
        coin: make_prices(DAYS, seed=seed + i).set_axis(index)
        for i, coin in enumerate(("bitcoin", "ethereum"))
    }


def change_after(prices, day):
    """Return the prices with every later day multiplied and its range widened."""
    changed = {}
    for coin, table in prices.items():
        later = table.index > day
        changed[coin] = table.assign(
            open=table["open"].mask(later, table["open"] * 1.5),
            close=table["close"].mask(later, table["close"] * 2.5),
            high=table["high"].mask(later, table["high"] * 3),
            volume=table["volume"].mask(later, table["volume"] * 9),
        )
    return changed


def split(prices):
    table = features.feature_table(prices)
    made = windows.make_windows(table, features.next_change(prices["ethereum"]), LAGS)
    return windows.split(made, TRAIN_START, TEST_START)


@given(day=st.integers(0, DAYS - 2), seed=st.integers(0, 99))
def test_features_up_to_a_day_ignore_later_prices(day, seed):
    prices = make_pair(seed)
    at = prices["bitcoin"].index[day]
    before = features.feature_table(prices).loc[:at]
    after = features.feature_table(change_after(prices, at)).loc[:at]
    pd.testing.assert_frame_equal(before, after)


@given(day=st.integers(LAGS, DAYS - 2), seed=st.integers(0, 99))
def test_windows_known_by_a_day_ignore_later_prices(day, seed):
    prices = make_pair(seed)
    at = prices["bitcoin"].index[day]
    kept = []
    for version in (prices, change_after(prices, at)):
        table = features.feature_table(version)
        made = windows.make_windows(table, features.next_change(version["ethereum"]), LAGS)
        kept.append((made.take(made.dates <= at), made.take(made.target_dates <= at)))
    np.testing.assert_array_equal(kept[0][0].inputs, kept[1][0].inputs)
    np.testing.assert_array_equal(kept[0][1].targets, kept[1][1].targets)


@given(after_test_days=st.integers(0, 15))
def test_scaler_and_baselines_ignore_prices_after_the_day_they_speak_from(after_test_days):
    prices = make_pair()
    at = pd.Timestamp(TEST_START) + pd.Timedelta(days=after_test_days)
    spoken = []
    for version in (prices, change_after(prices, at)):
        train, test = split(version)
        known = test.take(test.dates <= at)
        _, scaled = windows.standardise(train, known)
        spoken.append((scaled.inputs, baselines.forecast_baselines(train, known, "ethereum")))
    np.testing.assert_array_equal(spoken[0][0], spoken[1][0])
    for name, forecast in spoken[0][1].items():
        np.testing.assert_array_equal(forecast, spoken[1][1][name], err_msg=name)


@given(after_test_days=st.integers(LAGS - 1, 15))
def test_ancestor_ignores_prices_after_the_day_it_speaks_from(after_test_days):
    prices = make_pair()
    at = pd.Timestamp(TEST_START) + pd.Timedelta(days=after_test_days)
    spoken = []
    for version in (prices, change_after(prices, at)):
        study = ancestor.coin_data(version, "ethereum", TEST_START, LAGS)
        known = study.test.dates <= at
        walks = ancestor.forecast_walks(study, range(2))
        spoken.append(
            [study.train.inputs, study.train.targets, study.test.inputs[known], study.steps]
            + [forecast[..., known] for forecast in walks.values()]
        )
    for before, after in zip(*spoken, strict=True):
        np.testing.assert_array_equal(before, after)


def forecast_with_lstm(prices):
    train, test = windows.standardise(*split(prices))
    fit, validation = windows.split_tail(train, 0.2)
    model, _ = training.train(
        partial(networks.lstm, units=3), fit, validation, epochs=2, batch_size=8, seed=5
    )
    return test.dates, training.predict(model, test)


def test_lstm_forecasts_ignore_prices_after_the_day_they_speak_from():
    prices = make_pair()
    at = pd.Timestamp(TEST_START) + pd.Timedelta(days=4)
    dates, before = forecast_with_lstm(prices)
    _, after = forecast_with_lstm(change_after(prices, at))
    np.testing.assert_array_equal(before[dates <= at], after[dates <= at])
    assert not np.array_equal(before[dates > at], after[dates > at])


def test_a_planted_leak_is_caught():
    """The property fails for features that hold the next day, so it can fail."""
    prices = make_pair()
    at = prices["bitcoin"].index[30]
    leaky = [
        features.feature_table(version).shift(-1).loc[:at]
        for version in (prices, change_after(prices, at))
    ]
    with pytest.raises(AssertionError):
        pd.testing.assert_frame_equal(*leaky)
