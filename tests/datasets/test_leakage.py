"""Each planted leak is found and named; clean functions pass."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from makers import make_prices
from window_makers import direction_windows, table_of

from coincast.datasets import features, leakage, windows
from coincast.errors import InputError

DAYS, TEST_START = 60, "2018-02-10"
PRICES = make_prices(DAYS, seed=3, start="2018-01-01")


def found(leaks):
    return {(leak.check, leak.column) for leak in leaks}


def make_gold(how):
    """Return weekdays of gold as a daily table, filled over the weekends."""
    weekdays = pd.bdate_range("2018-01-01", periods=40)
    gold = pd.DataFrame({"gold": np.random.default_rng(1).normal(1300, 9, 40)}, weekdays)
    return getattr(gold.asfreq("D"), how)()


def of_highs(prices, target, horizon=1):
    return windows.make_windows(prices[["high"]], target, 3, horizon)


def with_test_rows_in_the_scaling(prices):
    table = features.coin_features(prices)
    made = windows.make_windows(table, features.next_change(prices), lags=3)
    _, test = windows.split(made, "2018-01-05", TEST_START)
    scaler = windows.fit_scaler(made)
    return replace(test, inputs=(test.inputs - scaler.mean_) / scaler.scale_)


def with_target_day_in_the_scaling(prices):
    longer = direction_windows(prices, lags=6)
    return replace(longer, dates=longer.dates - pd.Timedelta(days=1), inputs=longer.inputs[:, :5])


@pytest.mark.parametrize(
    ("function", "columns"),
    [
        (lambda p: p[["open"]].assign(next_high=p["high"].shift(-1)), {"next_high"}),
        (lambda p: p[["open", "close"]].assign(volume=p["volume"].bfill()), {"volume"}),
        (lambda p: (p["close"] / p["close"].max()).rename("share_of_peak"), {"share_of_peak"}),
        (lambda p: p["close"].rolling(20).mean().bfill().rename("mean"), {"mean"}),
    ],
)
def test_features_that_look_ahead_are_named(function, columns):
    gappy = PRICES.assign(volume=PRICES["volume"].mask(PRICES.index == "2018-02-09"))
    assert {leak.column for leak in leakage.check_features(function, gappy)} == columns


def test_back_fill_across_the_split_is_dated():
    gap = (PRICES.index >= "2018-02-08") & (PRICES.index < TEST_START)
    gappy = PRICES.assign(volume=PRICES["volume"].mask(gap))
    leak = leakage.check_features(pd.DataFrame.bfill, gappy, since=TEST_START)[0]
    assert (leak.check, leak.column, leak.day) == ("perturb", "volume", pd.Timestamp("2018-02-08"))


def test_a_future_dated_join_is_named():
    searches = table_of(searches=np.random.default_rng(0).uniform(0, 100, DAYS))

    def join(tables, days):
        return tables["coin"][["close"]].join(tables["searches"].shift(days, freq="D"))

    tables = {"coin": PRICES, "searches": searches}
    leaks = leakage.check_features(lambda given: join(given, -1), tables)
    assert found(leaks) == {("perturb", "searches"), ("truncate", "searches")}
    assert not leakage.check_features(lambda given: join(given, 1), tables)


def test_gold_interpolated_over_weekends_is_named_and_carried_forward_passes():
    leak = leakage.check_closed_days(make_gold("interpolate"))[0]
    assert (leak.check, leak.column) == ("closed market", "gold")
    assert leak.day == pd.Timestamp("2018-01-06")
    assert not leakage.check_closed_days(make_gold("ffill"))
    weekdays = make_gold("ffill").pipe(lambda gold: gold[gold.index.day_of_week < 5])
    leaks = leakage.check_features(lambda gold: gold.asfreq("D").interpolate(), weekdays)
    assert found(leaks) == {("perturb", "gold")}
    assert not leakage.check_features(lambda gold: gold.asfreq("D").ffill(), weekdays)


@pytest.mark.parametrize(
    ("make", "since", "expected"),
    [
        (with_target_day_in_the_scaling, "", ("perturb", "high")),
        (with_test_rows_in_the_scaling, TEST_START, ("truncate", "volume")),
        (lambda p: of_highs(p, features.daily_change(p), 0), "", ("perturb", "high")),
        (lambda p: of_highs(p, features.daily_change(p)), "", ("known target", "target")),
        (lambda p: of_highs(p, features.rises(p, 2)), "", ("perturb", "target")),
    ],
    ids=["target_day_in_scaling", "scaler_on_all_rows", "same_day_high", "known", "two_days"],
)
def test_windows_that_look_ahead_are_named(make, since, expected):
    assert expected in found(leakage.check_windows(make, PRICES, since=since))


def test_what_cannot_be_compared_is_refused():
    random = np.random.default_rng()
    with pytest.raises(InputError, match="2018"):
        leakage.check_features(lambda p: p.iloc[:0], PRICES)
    with pytest.raises(InputError, match="seed"):
        leakage.check_features(lambda p: p["close"] * random.normal(size=len(p)), PRICES)
    with pytest.raises(InputError, match="columns"):
        leakage.check_features(lambda p: pd.DataFrame({str(len(p)): p["close"]}), PRICES)
