"""Up or down: labels, windows normalised by themselves, baselines, accuracies."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from makers import make_prices
from statsmodels.stats.proportion import proportion_confint

from coincast.datasets import features, windows
from coincast.errors import InputError
from coincast.evaluation import scoring
from coincast.models import baselines
from coincast.prices.load import load_prices

OHLC = ["open", "high", "low", "close"]


def table_of(**columns):
    days = len(next(iter(columns.values())))
    return pd.DataFrame(columns, pd.date_range("2018-01-01", periods=days), dtype="float64")


def study(prices, window, horizon):
    """Return the windows of the study: OHLC, normalised by themselves, labelled."""
    labels = features.rises(prices, horizon)
    made = windows.make_windows(prices[OHLC], labels, window, horizon)
    return windows.normalise_each(made)


def test_windows_and_labels_equal_a_hand_worked_example_of_six_rows():
    table = table_of(close=[2, 4, 6, 4, 4, 8], flat=[7] * 6)
    made = windows.make_windows(table, features.rises(table, 1), lags=3)
    rows = windows.normalise_each(made).inputs
    third, half = math.sqrt(3 / 2), math.sqrt(1 / 2)
    expected = [[-third, 0, third], [-half, 2 * half, -half], [2 * half, -half, -half]]
    np.testing.assert_allclose(rows[:, :, 0], expected, atol=1e-12)
    assert not rows[:, :, 1].any()
    assert made.targets.tolist() == [0, 0, 1]  # 6 -> 4, 4 -> 4, 4 -> 8
    assert features.rises(table, 2).tolist()[:4] == [1, 0, 0, 1]  # 2 -> 6, 4 -> 4, 6 -> 4, 4 -> 8


@given(days=st.integers(3, 60), horizon=st.integers(1, 5), seed=st.integers(0, 99))
def test_rises_equals_a_loop_over_the_closes(days, horizon, seed):
    assume(horizon < days)
    prices = make_prices(days, seed=seed)
    close = prices["close"].tolist()
    labels = features.rises(prices, horizon).tolist()
    expected = [float(close[t + horizon] > close[t]) for t in range(days - horizon)]
    assert labels[: days - horizon] == expected
    assert all(math.isnan(label) for label in labels[days - horizon :])


@given(
    days=st.integers(8, 40),
    lags=st.integers(2, 6),
    scale=st.floats(1e-4, 1e6),
    move=st.floats(0, 9),
)
def test_normalise_each_forgets_the_level_and_the_unit(days, lags, scale, move):
    table = make_prices(days, seed=days)[OHLC]
    moved = (table + move * 1000) * scale
    for name, own in (("same", table), ("moved", moved)):
        made = windows.normalise_each(windows.make_windows(own, own["close"], lags))
        np.testing.assert_allclose(made.inputs.mean(axis=1), 0, atol=1e-9, err_msg=name)
        np.testing.assert_allclose(made.inputs.std(axis=1), 1, atol=1e-9, err_msg=name)
    first = windows.normalise_each(windows.make_windows(table, table["close"], lags))
    np.testing.assert_allclose(made.inputs, first.inputs, atol=1e-6)


@pytest.mark.parametrize("value", [7.0, 0.1, 1e-7, 63211.98])
def test_normalise_each_gives_zero_for_a_column_that_stands_still(value):
    table = table_of(close=range(20), still=[value] * 20)
    made = windows.normalise_each(windows.make_windows(table, table["close"], lags=7))
    assert not made.inputs[:, :, 1].any()


def change_after(prices, day):
    later = prices.index > day
    return prices.assign(**{name: prices[name].mask(later, prices[name] * 3) for name in OHLC})


@given(day=st.integers(6, 50), horizon=st.integers(1, 3), seed=st.integers(0, 20))
def test_windows_never_see_the_day_of_their_target(day, horizon, seed):
    prices = make_prices(60, seed=seed)
    at = prices.index[day]
    before, after = (study(p, 5, horizon) for p in (prices, change_after(prices, at)))
    np.testing.assert_array_equal(
        before.take(before.dates <= at).inputs, after.take(after.dates <= at).inputs
    )
    np.testing.assert_array_equal(
        before.take(before.target_dates <= at).targets, after.take(after.target_dates <= at).targets
    )


def test_a_planted_leak_is_caught():
    """Statistics that include the target day fail the property above, so it can fail."""
    prices = make_prices(60, seed=1)
    at = prices.index[30]
    leaky = []
    for version in (prices, change_after(prices, at)):
        labels = features.rises(version, 1)
        longer = windows.make_windows(version[OHLC], labels, lags=6)  # 5 rows and the target's
        scaled = windows.normalise_each(longer)
        leaky.append(scaled.take(scaled.dates <= at + pd.Timedelta(days=1)).inputs[:, :5])
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(*leaky)


@pytest.mark.parametrize(("horizon", "always_up"), [(2, 0.629), (1, 0.546)])
def test_bundled_prices_give_the_rows_and_the_balance_of_the_demo(horizon, always_up):
    prices = load_prices("bitcoin", "2014-11-28", "2017-08-23", venue="bitstamp")
    train, test = windows.split_share(study(prices, 30, horizon), 0.9, share_border=horizon == 2)
    assert (len(train), len(test)) == (872, 97)
    assert test.targets.mean() == pytest.approx(always_up, abs=5e-4)
    assert baselines.forecast_directions(train, test)["always_up"].mean() == 1


@given(rows=st.integers(12, 80), share=st.floats(0.3, 0.9), horizon=st.integers(1, 3))
def test_split_share_tests_later_than_it_trains(rows, share, horizon):
    prices = make_prices(rows + horizon + 1, seed=rows)
    made = study(prices, 2, horizon)
    assume(int(len(made) * share) > horizon)
    train, test = windows.split_share(made, share)
    assert train.target_dates.max() < test.dates.min()
    assert test.dates.max() == made.dates.max()
    published, same_test = windows.split_share(made, share, share_border=True)
    assert len(published) == int(len(made) * share) == len(made) - len(same_test)
    assert len(published) - len(train) == horizon


def test_shuffle_keeps_rows_whole_and_repeats_by_seed():
    made = study(make_prices(60, seed=3), 4, 1)
    mixed, again, other = (windows.shuffle(made, seed) for seed in (1, 1, 2))
    assert mixed.dates.equals(again.dates)
    assert not mixed.dates.equals(other.dates)
    back = mixed.take(np.argsort(mixed.dates))
    np.testing.assert_array_equal(back.inputs, made.inputs)
    np.testing.assert_array_equal(back.targets, made.targets)


def test_windows_change_is_the_move_of_the_last_days():
    table = table_of(close=[1, 4, 9, 16], other=[0, 0, 0, 1])
    made = windows.make_windows(table, table["close"].shift(-1), lags=3)
    assert made.change("close").tolist() == [5]
    assert made.change("close", days=2).tolist() == [8]
    with pytest.raises(InputError, match="a change over 3 days needs windows of 4 rows, not 3"):
        made.change("close", days=3)


def test_forecast_directions_equal_their_definitions():
    prices = make_prices(300, seed=5)
    train, test = windows.split_share(study(prices, 5, 1), 0.7)
    found = baselines.forecast_directions(train, test)
    closes = prices["close"]
    sign = [float(closes[d] > closes[d - pd.Timedelta(days=1)]) for d in test.dates]
    assert found["yesterdays_sign"].tolist() == sign
    assert set(found["majority_class"]) == {float(train.targets.sum() * 2 > len(train))}
    assert next(iter(found)) == "always_up"


def test_logistic_regression_finds_a_rule_that_is_there():
    made = study(make_prices(600, seed=6), 5, 1)
    ruled = windows.Windows(
        made.inputs, (made.change("open") > 0.3).astype(float), made.dates, made.features
    )
    train, test = windows.split_share(ruled, 0.7)
    found = baselines.forecast_directions(train, test)
    assert (found["logistic_regression"] == test.targets).mean() > 0.95


def make_forecasts(n=97, seed=0):
    rng = np.random.default_rng(seed)
    targets = (rng.random(n) < 0.6).astype(float)
    guess = np.where(rng.random(n) < 0.7, targets, 1 - targets)
    return targets, {"majority_class": np.ones(n), "cnn_lstm_last": guess}


@pytest.mark.parametrize("seed", range(5))
def test_accuracy_table_equals_plain_formulas(seed):
    targets, forecasts = make_forecasts(seed=seed)
    row = scoring.accuracy_table(forecasts, targets).loc["cnn_lstm_last"]
    said = forecasts["cnn_lstm_last"]
    counts = {(t, s): sum((targets == t) & (said == s)) for t in (0, 1) for s in (0, 1)}
    tn, fp, fn, tp = counts[0, 0], counts[0, 1], counts[1, 0], counts[1, 1]
    assert (row["correct"], row["n"]) == (tp + tn, 97)
    assert row["accuracy"] == pytest.approx((tp + tn) / 97)
    assert row["balanced_accuracy"] == pytest.approx((tp / (tp + fn) + tn / (tn + fp)) / 2)
    scale = math.sqrt(float(tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    assert row["mcc"] == pytest.approx((tp * tn - fp * fn) / scale)
    low, high = proportion_confint(tp + tn, 97, method="wilson")
    assert (row["low"], row["high"]) == (pytest.approx(low), pytest.approx(high))
    rate = targets.mean()
    tail = sum(math.comb(97, k) * rate**k * (1 - rate) ** (97 - k) for k in range(tp + tn, 98))
    assert row["p_value"] == pytest.approx(tail)


def test_accuracy_table_of_a_constant_is_half_balanced_and_uncorrelated():
    targets, forecasts = make_forecasts()
    row = scoring.accuracy_table(forecasts, targets).loc["majority_class"]
    assert (row["accuracy"], row["balanced_accuracy"], row["mcc"]) == (targets.mean(), 0.5, 0)
    assert row["p_value"] > 0.4


def test_accuracy_table_of_the_truth_itself_is_perfect():
    targets, forecasts = make_forecasts()
    row = scoring.accuracy_table(forecasts | {"oracle": targets}, targets).loc["oracle"]
    assert (row["accuracy"], row["balanced_accuracy"], row["mcc"]) == (1, 1, 1)
    assert row["p_value"] < 1e-15


@given(
    rows=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=50),
)
def test_row_shares_sum_to_one_and_give_the_counts_back(rows):
    targets, said = np.array(rows, dtype=float).T
    counts = scoring.confusion(targets, said)
    assert counts.to_numpy().sum() == len(rows)
    assert counts.loc["up", "down"] == sum(pair == (1, 0) for pair in rows)
    shares, sums = scoring.row_shares(counts), counts.sum(axis=1)
    np.testing.assert_allclose(shares.sum(axis=1), (sums > 0).astype(float))
    np.testing.assert_allclose(shares.mul(sums, axis=0), counts)


def test_class_report_equals_plain_formulas():
    targets, said = np.array([1, 1, 1, 0, 0.0]), np.array([1, 1, 0, 1, 0.0])
    report = scoring.class_report(targets, said)
    assert report.loc["up", ["precision", "recall", "support"]].tolist() == [2 / 3, 2 / 3, 3]
    assert report.loc["down", ["precision", "recall", "support"]].tolist() == [1 / 2, 1 / 2, 2]
    assert report.loc["macro avg", "f1-score"] == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_constant_scores_are_the_cross_entropy_and_accuracy_of_the_train_share():
    train, targets = np.array([1, 1, 1, 0.0]), np.array([1, 0.0])
    found = scoring.constant_scores(train, targets)
    assert found["loss"] == pytest.approx(-(math.log(0.75) + math.log(0.25)) / 2)
    assert found["accuracy"] == 0.5


@pytest.mark.parametrize(("right", "verdict"), [(97, "beats"), (50, "does not beat")])
def test_accuracy_sentences_say_what_the_test_says(right, verdict):
    targets, forecasts = make_forecasts()
    forecasts["cnn_lstm_last"] = np.where(np.arange(97) < right, targets, 1 - targets)
    table = scoring.accuracy_table(forecasts, targets)
    (sentence,) = scoring.accuracy_sentences(table, "next day")
    assert f"last epoch {verdict} the majority class: {right} of 97 test days" in sentence


@pytest.mark.parametrize("horizon", [0, -1, 30, 99])
def test_rises_refuses_a_horizon_that_does_not_fit(horizon):
    message = f"horizon_days {horizon} does not fit 30 days of prices; use 1 to 29"
    with pytest.raises(InputError, match=message):
        features.rises(make_prices(30, seed=0), horizon)


def test_rises_refuses_a_close_that_never_moves():
    prices = make_prices(30, seed=0).assign(close=812.5)
    with pytest.raises(InputError, match=r"the close is 812\.5 on each of 30 days: .*choose"):
        features.rises(prices, 1)


def test_study_refuses_a_window_longer_than_the_data():
    with pytest.raises(InputError, match="lags 40 does not fit 30 days"):
        study(make_prices(30, seed=0), 40, 1)


@pytest.mark.parametrize(("side", "name"), [(1, "up"), (0, "not up")])
def test_forecast_directions_refuse_train_rows_of_one_class(side, name):
    made = study(make_prices(60, seed=0), 5, 1)
    train, test = windows.split_share(made, 0.7)
    single = train.take(train.targets == side)
    with pytest.raises(
        InputError, match=rf"all {len(single)} train rows are of one class \({name}"
    ):
        baselines.forecast_directions(single, test)


def test_accuracy_table_refuses_test_rows_of_one_class():
    with pytest.raises(InputError, match="all 12 test rows are of one class"):
        scoring.accuracy_table({"majority_class": np.ones(12)}, np.ones(12))


@pytest.mark.parametrize("share", [0.01, 1.0])
def test_split_share_refuses_an_empty_part(share):
    made = study(make_prices(30, seed=0), 5, 1)
    with pytest.raises(InputError, match=f"25 windows cannot be split at {share:.0%}"):
        windows.split_share(made, share)
