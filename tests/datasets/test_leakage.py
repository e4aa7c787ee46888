"""Each planted leak is found and named; clean functions pass."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from makers import make_prices
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler
from window_makers import direction_windows, table_of

from coincast.datasets import features, leakage, windows
from coincast.errors import InputError
from coincast.models.baselines import forecast_baselines

DAYS, TEST_START = 60, "2018-02-10"
PRICES = make_prices(DAYS, seed=3, start="2018-01-01")


def found(leaks):
    return {(leak.check, leak.column) for leak in leaks}


def make_gold(how):
    """Return weekdays of gold as a daily table, filled over the weekends."""
    weekdays = pd.bdate_range("2018-01-01", periods=40)
    gold = pd.DataFrame({"gold": np.random.default_rng(1).normal(1300, 9, 40)}, weekdays)
    return getattr(gold.asfreq("D"), how)()


def changes(prices, lags=3):
    table = features.coin_features(prices)
    return windows.make_windows(table, features.next_change(prices), lags)


def scaled_by(prices, *, all_rows):
    made = changes(prices)
    train, test = windows.split(made, "2018-01-05", TEST_START)
    if not all_rows:
        return windows.standardise(train, test)
    scaler = StandardScaler().fit(made.inputs.reshape(-1, len(made.features)))
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
    assert str(leak).startswith("perturb: volume of 2018-02-08")


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
    assert (leak.check, leak.column, leak.day) == (
        "closed market",
        "gold",
        pd.Timestamp("20180106"),
    )
    assert not leakage.check_closed_days(make_gold("ffill"))
    weekdays = make_gold("ffill").pipe(lambda gold: gold[gold.index.day_of_week < 5])
    leaks = leakage.check_features(lambda gold: gold.asfreq("D").interpolate(), weekdays)
    assert found(leaks) == {("perturb", "gold")}
    assert not leakage.check_features(lambda gold: gold.asfreq("D").ffill(), weekdays)


def test_closed_days_can_be_holidays():
    table = make_gold("ffill")
    holiday = table.index[2]
    assert leakage.check_closed_days(table, table.index.drop(holiday))[0].day == holiday


@pytest.mark.parametrize(
    ("make", "since", "expected"),
    [
        (with_target_day_in_the_scaling, "", ("perturb", "high")),
        (lambda p: scaled_by(p, all_rows=True), TEST_START, ("truncate", "volume")),
        (
            lambda p: windows.make_windows(p[["high"]], features.daily_change(p), 3, 0),
            "",
            ("perturb", "high"),
        ),
        (
            lambda p: windows.make_windows(p[["high"]], features.daily_change(p), 3),
            "",
            ("known target", "target"),
        ),
        (
            lambda p: windows.make_windows(p[["high"]], features.rises(p, 2), 3),
            "",
            ("perturb", "target"),
        ),
    ],
    ids=["target_day_in_scaling", "scaler_on_all_rows", "same_day_high", "known", "two_days"],
)
def test_windows_that_look_ahead_are_named(make, since, expected):
    assert expected in found(leakage.check_windows(make, PRICES, since=since))


@pytest.mark.parametrize(
    ("make", "since"),
    [
        (changes, ""),
        (lambda p: direction_windows(p, lags=5, horizon=2), ""),
        (lambda p: scaled_by(p, all_rows=False), TEST_START),
    ],
)
def test_clean_windows_pass(make, since):
    assert leakage.check_windows(make, PRICES, since=since) == []


def noise_windows(seed, days=160, horizon=1):
    """Return windows of eight features that know nothing of the target."""
    random = np.random.default_rng(seed)
    table = table_of(**{f"f{i}": random.normal(size=days) for i in range(8)})
    target = pd.Series(random.normal(size=days), table.index)
    return windows.make_windows(table, target, lags=1, horizon_days=horizon)


def halves(made, *, embargo=True, days=80):
    border = made.dates[0] + pd.Timedelta(days=days)
    known = made.target_dates if embargo else made.dates
    return made.take(known < border), made.take(made.dates >= border)


def series(forecast, test):
    return pd.Series(forecast, test.dates)


def ordinary(made):
    train, test = windows.standardise(*halves(made))
    return series(Ridge().fit(train.flat, train.targets).predict(test.flat), test)


def scaler_on_all_rows(made):
    train, test = halves(replace(made, inputs=StandardScaler().fit_transform(made.flat)[:, None]))
    return series(Ridge().fit(train.flat, train.targets).predict(test.flat), test)


def no_embargo(made):
    train, test = halves(made, embargo=False)
    return series(Ridge().fit(train.flat, train.targets).predict(test.flat), test)


def feature_chosen_on_test_rows(made):
    _, test = halves(made)
    best = max(test.flat.T, key=lambda feature: feature @ test.targets)
    return series(best, test)


def penalty_chosen_on_test_rows(made):
    train, test = halves(made)
    fits = [Ridge(alpha).fit(train.flat, train.targets) for alpha in np.logspace(-3, 5, 9)]
    forecasts = [fit.predict(test.flat) for fit in fits]
    return series(min(forecasts, key=lambda f: np.abs(f - test.targets).mean()), test)


def epoch_chosen_on_test_rows(made):
    """Return the best of 30 random walks of weights, as if each step were an epoch."""
    _, test = halves(made)
    weights = np.random.default_rng(0).normal(size=(30, 8)).cumsum(axis=0)
    accuracies = (np.sign(weights @ test.flat.T) == np.sign(test.targets)).mean(axis=1)
    return series(test.flat @ weights[accuracies.argmax()], test)


@pytest.mark.parametrize(
    ("pipeline", "horizon"),
    [
        (scaler_on_all_rows, 1),
        (no_embargo, 5),
        (feature_chosen_on_test_rows, 1),
        (penalty_chosen_on_test_rows, 1),
        (epoch_chosen_on_test_rows, 1),
    ],
)
def test_pipelines_that_use_the_test_rows_are_named(pipeline, horizon):
    leaks = leakage.check_pipeline(pipeline, noise_windows(0, horizon=horizon))
    assert ("perturb", "forecast") in found(leaks)


def test_clean_pipelines_pass():
    assert leakage.check_pipeline(ordinary, noise_windows(0, horizon=5)) == []
    prices = {"bitcoin": PRICES}
    table = features.feature_table(prices)
    made = windows.make_windows(table, features.next_change(PRICES), lags=3)
    for name in ("train_mean", "ridge", "linear_regression", "linear_regression_without_levels"):

        def pipeline(given, name=name):
            train, test = halves(given, days=30)
            return series(forecast_baselines(train, test, "bitcoin")[name], test)

        assert leakage.check_pipeline(pipeline, made, days=3) == []


def test_skill_from_a_choice_on_test_rows_survives_shuffled_and_shifted_targets():
    leaks = leakage.check_surviving_skill(feature_chosen_on_test_rows, noise_windows(1, days=240))
    assert found(leaks) == {("shuffle", "forecast"), ("shift", "forecast")}
    assert all(leak.size > 0.05 for leak in leaks)


def test_a_constant_has_no_skill_that_survives():
    def constant(made):
        train, test = halves(made)
        return series(np.full(len(test), train.targets.mean()), test)

    assert leakage.check_surviving_skill(constant, noise_windows(2)) == []


def test_surviving_skill_is_a_false_alarm_in_at_most_one_of_twenty():
    def slope(made):
        train, test = halves(made)
        return series(test.flat @ (train.targets @ train.flat), test)

    alarms = sum(bool(leakage.check_surviving_skill(slope, noise_windows(s))) for s in range(60))
    assert alarms <= 8  # 5 % of 60 is 3; above 8 has a chance of 1 in 300


def test_what_cannot_be_compared_is_refused():
    random = np.random.default_rng()
    with pytest.raises(InputError, match="2018"):
        leakage.check_features(lambda p: p.iloc[:0], PRICES)
    with pytest.raises(InputError, match="seed"):
        leakage.check_features(lambda p: p["close"] * random.normal(size=len(p)), PRICES)
    with pytest.raises(InputError, match="columns"):
        leakage.check_features(lambda p: pd.DataFrame({str(len(p)): p["close"]}), PRICES)
