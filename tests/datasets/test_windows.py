import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from makers import make_prices
from window_makers import count_up, counted_windows, random_windows, table_of

from coincast.datasets import features, windows
from coincast.errors import InputError
from coincast.prices.schema import OHLC


@given(days=st.integers(4, 40), lags=st.integers(1, 6), horizon=st.integers(1, 5))
def test_make_windows_rebuilds_the_series_for_any_size(days, lags, horizon):
    assume(lags + horizon <= days)
    table, made = count_up(days), counted_windows(days, lags, horizon)
    assert len(made) == days - lags - horizon + 1
    for i in range(len(made)):
        np.testing.assert_array_equal(made.inputs[i], table.to_numpy()[i : i + lags])
        assert made.targets[i] == table["c0"].iloc[i + lags - 1 + horizon]
        assert made.target_dates[i] == table.index[i + lags - 1 + horizon]


def test_target_dates_of_trading_days_skip_the_weekend_and_keep_train_apart():
    table = table_of(close=range(1, 31)).set_axis(pd.bdate_range("2018-01-01", periods=30))
    made = windows.make_windows(table, features.rises(table, 2), 3, 2)
    assert made.dates[2].day_name() == "Friday"
    assert made.target_dates[2] == table.index[6] == pd.Timestamp("2018-01-09")
    train, test = windows.split_share(made, 0.5)
    first = table.index.get_loc(test.dates[0])
    assert train.target_dates[-1] == table.index[first - 1]


def test_windows_and_labels_equal_a_hand_worked_example_of_six_rows():
    table = table_of(close=[2, 4, 6, 4, 4, 8], flat=[7] * 6)
    made = windows.make_windows(table, features.rises(table, 1), lags=3)
    rows = windows.normalise_each(made).inputs
    third, half = math.sqrt(3 / 2), math.sqrt(1 / 2)
    expected = [[-third, 0, third], [-half, 2 * half, -half], [2 * half, -half, -half]]
    np.testing.assert_allclose(rows[:, :, 0], expected, atol=1e-12)
    assert not rows[:, :, 1].any()
    assert made.flat[0].tolist() == [2, 7, 4, 7, 6, 7]
    assert made.targets.tolist() == [0, 0, 1]  # 6 -> 4, 4 -> 4, 4 -> 8
    assert features.rises(table, 2).tolist()[:4] == [1, 0, 0, 1]  # 2 -> 6, 4 -> 4, 6 -> 4, 4 -> 8


@pytest.mark.parametrize("lags", [0, -1, 6, 100])
def test_make_windows_refuses_lags_that_do_not_fit(lags):
    with pytest.raises(InputError, match=rf"lags {lags} .*6 days"):
        counted_windows(6, lags)


@given(lags=st.integers(1, 5), horizon=st.integers(1, 4), border=st.integers(12, 30))
def test_split_has_no_train_target_at_or_past_the_split(lags, horizon, border):
    made = counted_windows(40, lags, horizon)
    test_start = pd.Timestamp("2018-01-01") + pd.Timedelta(days=border)
    train, test = windows.split(made, "2018-01-02", f"{test_start:%Y-%m-%d}")
    assert train.target_dates.max() < test_start <= test.dates.min()


def test_split_shares_only_the_border_row_as_published():
    made = counted_windows(40, lags=4)
    published, test = windows.split(made, "2018-01-06", "2018-01-20", share_border=True)
    strict, _ = windows.split(made, "2018-01-06", "2018-01-20")
    assert (len(published), len(strict)) == (14, 13)
    assert published.target_dates.max() < test.target_dates.min()


@pytest.mark.parametrize(
    ("train_start", "test_start", "message"),
    [
        ("2018-01-20", "2018-01-20", "'2018-01-20' must be a day before"),
        ("", "2018-01-20", "'' must be a day before"),
        ("2018-01-05", "soon", "test_start 'soon'"),
        ("2017-01-01", "2017-06-01", "train_start 2017-01-01 .* earlier part of 36 windows"),
        ("2018-01-05", "2019-01-01", "test_start 2019-01-01 .* later part of 36 windows"),
    ],
)
def test_split_refuses_days_that_leave_nothing(train_start, test_start, message):
    with pytest.raises(InputError, match=message):
        windows.split(counted_windows(40, lags=4), train_start, test_start)


@given(rows=st.integers(8, 60), horizon=st.integers(1, 3))
def test_split_tail_validates_later_than_it_fits(rows, horizon):
    made = counted_windows(rows + horizon, horizon=horizon)
    fit, validation = windows.split_tail(made, fraction=0.25)
    assert fit.target_dates.max() < validation.dates.min()
    assert len(validation) == round(rows * 0.25)
    assert validation.dates.max() == made.dates.max()


@given(rows=st.integers(12, 80), share=st.floats(0.3, 0.9), horizon=st.integers(1, 3))
def test_split_share_tests_later_than_it_trains(rows, share, horizon):
    made = counted_windows(rows + horizon, horizon=horizon)
    assume(int(rows * share) > horizon)
    train, test = windows.split_share(made, share)
    assert train.target_dates.max() < test.dates.min()
    assert test.dates.max() == made.dates.max()
    published, same_test = windows.split_share(made, share, share_border=True)
    assert len(published) == int(rows * share) == rows - len(same_test)
    assert len(published) - len(train) == horizon


@pytest.mark.parametrize("divide", [windows.split_share, windows.split_tail])
def test_splits_by_share_refuse_an_empty_part(divide):
    with pytest.raises(InputError, match=r"share of 1% .* 3 windows"):
        divide(counted_windows(4), 0.01)


def test_draw_takes_the_share_without_repeats_and_repeats_by_seed():
    made = counted_windows(61)
    drawn, again, other = (windows.draw(made, 0.3, seed) for seed in (1, 1, 2))
    assert len(drawn) == 18
    assert drawn.dates.is_unique
    assert drawn.dates.equals(again.dates)
    assert not drawn.dates.equals(other.dates)


def test_shuffle_keeps_rows_whole_and_repeats_by_seed():
    made = random_windows()
    mixed, again, other = (windows.shuffle(made, seed) for seed in (1, 1, 2))
    assert mixed.dates.equals(again.dates)
    assert not mixed.dates.equals(other.dates)
    back = mixed.take(np.argsort(mixed.dates))
    np.testing.assert_array_equal(back.inputs, made.inputs)
    np.testing.assert_array_equal(back.targets, made.targets)


def test_standardise_uses_train_rows_alone():
    made = random_windows(48, lags=2)
    train, test = made.take(np.arange(48) < 30), made.take(np.arange(48) >= 30)
    scaled, scaled_test = windows.standardise(train, test)
    rows = train.inputs.reshape(-1, 2)
    expected = (test.inputs - rows.mean(axis=0)) / rows.std(axis=0)
    np.testing.assert_allclose(scaled_test.inputs, expected)
    np.testing.assert_allclose(scaled.inputs.reshape(-1, 2).mean(axis=0), 0, atol=1e-12)


def test_standardise_leaves_a_constant_feature_finite():
    table = count_up(10).assign(c0=7.0)
    (scaled,) = windows.standardise(windows.make_windows(table, table["c1"].shift(-1), lags=2))
    np.testing.assert_array_equal(scaled.inputs[:, :, 0], 0.0)


@given(st.integers(8, 40), st.integers(2, 6), st.floats(1e-4, 1e6), st.floats(0, 9))
def test_normalise_each_forgets_the_level_and_the_unit(days, lags, scale, move):
    table = make_prices(days, seed=days)[OHLC]
    same, moved = (
        windows.normalise_each(windows.make_windows(own, own["close"], lags)).inputs
        for own in (table, (table + move * 1000) * scale)
    )
    np.testing.assert_allclose(moved.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(moved.std(axis=1), 1, atol=1e-9)
    np.testing.assert_allclose(moved, same, atol=1e-6)


@pytest.mark.parametrize("value", [7.0, 0.1])
def test_normalise_each_gives_zero_for_a_constant_column(value):
    table = table_of(close=range(20), still=[value] * 20)
    made = windows.normalise_each(windows.make_windows(table, table["close"], lags=7))
    assert not made.inputs[:, :, 1].any()


def test_windows_without_and_last_pick_features_by_name():
    table = count_up(5, columns=3)
    made = windows.make_windows(table, table["c0"].shift(-1), lags=2)
    assert made.without({"c0", "c2"}).features == ("c1",)
    assert made.last("c2").tolist() == [12, 22, 32]


def test_relative_to_first_equals_a_hand_worked_example():
    table = count_up(5) + 10  # c0 10 20 30 ..., c1 11 21 31 ...
    made = windows.make_windows(table, table["c0"].shift(-1), lags=3)
    found = windows.relative_to_first(made, {"c0"})
    assert found.inputs[:, :, 0].tolist() == [[0, 1, 2], [0, 0.5, 1]]
    np.testing.assert_array_equal(found.inputs[:, :, 1], made.inputs[:, :, 1])
    np.testing.assert_array_equal(found.targets, made.targets)


def test_relative_to_first_refuses_a_window_that_begins_with_zero():
    made = counted_windows(5, lags=3)  # c0 begins with 0
    with pytest.raises(InputError, match=r"c0 is 0 .* 2018-01-03"):
        windows.relative_to_first(made, {"c0"})
    assert windows.relative_to_first(made, {"c1"}).inputs[0, 0, 1] == 0
