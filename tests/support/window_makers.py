"""Small tables and windows for the tests of datasets, models and evaluation."""

import numpy as np
import pandas as pd

from coincast.datasets import features, windows
from coincast.prices.schema import OHLC


def table_of(**columns):
    days = len(next(iter(columns.values())))
    return pd.DataFrame(columns, pd.date_range("2018-01-01", periods=days), dtype="float64")


def count_up(days, columns=2):
    """Return a table whose every number is unique: row 3, column c1 holds 31."""
    return table_of(**{f"c{i}": np.arange(days) * 10.0 + i for i in range(columns)})


def counted_windows(days, lags=1, horizon=1):
    """Return windows of `count_up`; the target is c0 of the day that they look ahead to."""
    table = count_up(days)
    return windows.make_windows(table, table["c0"].shift(-horizon), lags, horizon)


def random_windows(rows=60, lags=8, seed=0):
    """Return windows of noise; the target is 1 where column a of the last row is positive."""
    noise = np.random.default_rng(seed).normal(size=(rows + lags - 1, 2))
    table = table_of(a=noise[:, 0], b=noise[:, 1])
    return windows.make_windows(table, (table["a"] > 0).astype(float), lags)


def direction_windows(prices, lags, horizon=1):
    """Return the Bitcoin study's windows: OHLC, each normalised on its own, up or down."""
    made = windows.make_windows(prices[OHLC], features.rises(prices, horizon), lags, horizon)
    return windows.normalise_each(made)
