"""Features, windows, scalers and forecasts of this repository know nothing of later prices."""

from functools import partial

import numpy as np
import pandas as pd
from makers import make_prices
from window_makers import direction_windows

from coincast.datasets import features, windows
from coincast.datasets.leakage import check_features, check_pipeline, check_windows
from coincast.models import baselines, networks, training
from coincast.studies.ethereum_change import ancestor

DAYS, LAGS = 60, 3
TRAIN_START, TEST_START = "2018-01-05", "2018-02-10"
PRICES = {
    coin: make_prices(DAYS, seed=i, start="2018-01-01")
    for i, coin in enumerate(("bitcoin", "ethereum"))
}


def ethereum_windows(prices):
    table = features.feature_table(prices)
    return windows.make_windows(table, features.next_change(prices["ethereum"]), LAGS)


def ancestor_data(prices):
    return ancestor.coin_data(prices, "ethereum", TEST_START, LAGS)


def test_features_and_windows_know_no_later_prices():
    assert check_features(features.feature_table, PRICES) == []
    assert check_windows(ethereum_windows, PRICES) == []
    assert check_windows(lambda p: direction_windows(p["bitcoin"], 5, horizon=2), PRICES) == []


def test_scaled_windows_know_no_prices_of_the_test():
    def standardised(prices):
        return windows.standardise(
            *windows.split(ethereum_windows(prices), TRAIN_START, TEST_START)
        )

    def relative(prices):
        study = ancestor_data(prices)
        return study.train, study.test

    assert check_windows(standardised, PRICES, since=TEST_START) == []
    assert check_windows(relative, PRICES, since=TEST_START) == []


def test_baselines_and_random_walks_know_no_later_prices():
    def forecasts(prices):
        train, test = windows.split(ethereum_windows(prices), TRAIN_START, TEST_START)
        found = baselines.forecast_baselines(train, test, "ethereum")
        return pd.DataFrame(found, test.dates)

    def walks(prices):
        study = ancestor_data(prices)
        found = ancestor.forecast_walks(study, range(2))
        runs = {
            f"{n} {i}": row
            for n, runs in found.items()
            for i, row in enumerate(np.atleast_2d(runs))
        }
        return pd.DataFrame(runs, study.test.dates)

    assert check_features(forecasts, PRICES, since=TEST_START) == []
    assert check_features(walks, PRICES, since=TEST_START) == []


def test_lstm_forecasts_know_no_later_windows():
    def lstm(made):
        train, test = windows.split(made, TRAIN_START, TEST_START)
        fit, validation = windows.split_tail(train, 0.2)
        fit, validation, test = windows.standardise(fit, validation, test)
        build = partial(networks.lstm, units=3)
        model, _ = training.train(build, fit, validation, epochs=2, batch_size=8, seed=5)
        return pd.Series(training.predict(model, test), test.dates)

    assert check_pipeline(lstm, ethereum_windows(PRICES), days=1) == []
