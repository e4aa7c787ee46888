import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincast.datasets import windows
from coincast.errors import InputError


def count_up(days, columns=2):
    """Return a table whose every number is unique: row 3, column 1 holds 31."""
    index = pd.date_range("2018-01-01", periods=days, name="date")
    values = np.arange(days)[:, None] * 10.0 + np.arange(columns)
    return pd.DataFrame(values, index=index, columns=[f"c{i}" for i in range(columns)])


@given(days=st.integers(4, 40), lags=st.integers(1, 6), horizon=st.integers(1, 5))
def test_make_windows_rebuilds_the_series_for_any_size(days, lags, horizon):
    table = count_up(days)
    if lags + horizon > days:
        return
    made = windows.make_windows(table, table["c0"].shift(-horizon), lags, horizon)
    assert len(made) == days - lags - horizon + 1
    for i in range(len(made)):
        np.testing.assert_array_equal(made.inputs[i], table.to_numpy()[i : i + lags])
        assert made.targets[i] == table["c0"].iloc[i + lags - 1 + horizon]
        assert made.target_dates[i] == table.index[i + lags - 1 + horizon]


def test_make_windows_equals_a_hand_worked_example_of_six_rows():
    table = count_up(6, columns=1)
    made = windows.make_windows(table, table["c0"].shift(-1), lags=3)
    assert made.flat.tolist() == [[0, 10, 20], [10, 20, 30], [20, 30, 40]]
    assert made.targets.tolist() == [30, 40, 50]


@pytest.mark.parametrize("lags", [0, -1, 6, 100])
def test_make_windows_refuses_lags_that_do_not_fit(lags):
    table = count_up(6)
    with pytest.raises(InputError, match=f"lags {lags} does not fit 6 days"):
        windows.make_windows(table, table["c0"].shift(-1), lags)


@given(lags=st.integers(1, 5), horizon=st.integers(1, 4), border=st.integers(12, 30))
def test_split_has_no_train_target_at_or_past_the_split(lags, horizon, border):
    table = count_up(40)
    made = windows.make_windows(table, table["c0"].shift(-horizon), lags, horizon)
    test_start = f"{table.index[border]:%Y-%m-%d}"
    train, test = windows.split(made, "2018-01-02", test_start)
    assert train.target_dates.max() < pd.Timestamp(test_start) <= test.dates.min()


def test_split_shares_only_the_border_row_as_published():
    table = count_up(40)
    made = windows.make_windows(table, table["c0"].shift(-1), lags=4)
    published, test = windows.split(made, "2018-01-06", "2018-01-20", share_border=True)
    strict, _ = windows.split(made, "2018-01-06", "2018-01-20")
    assert (len(published), len(strict)) == (14, 13)
    assert published.target_dates.max() < test.target_dates.min()


@pytest.mark.parametrize(
    ("train_start", "test_start", "message"),
    [
        ("2018-01-20", "2018-01-20", "must be a day before"),
        ("", "2018-01-20", "must be a day before"),
        ("2018-01-05", "soon", "test_start 'soon' is not a day"),
        ("2017-01-01", "2017-06-01", "the train set is empty"),
        ("2018-01-05", "2019-01-01", "the test set is empty"),
    ],
)
def test_split_refuses_days_that_leave_nothing(train_start, test_start, message):
    made = windows.make_windows(count_up(40), count_up(40)["c0"].shift(-1), lags=4)
    with pytest.raises(InputError, match=message):
        windows.split(made, train_start, test_start)


@given(rows=st.integers(8, 60), horizon=st.integers(1, 3))
def test_split_tail_validates_later_than_it_fits(rows, horizon):
    table = count_up(rows + horizon)
    made = windows.make_windows(table, table["c0"].shift(-horizon), 1, horizon)
    fit, validation = windows.split_tail(made, fraction=0.25)
    assert fit.target_dates.max() < validation.dates.min()
    assert validation.dates.max() == made.dates.max()


def test_split_tail_refuses_a_train_set_too_small_to_share():
    table = count_up(3)
    made = windows.make_windows(table, table["c0"].shift(-1), lags=1)
    with pytest.raises(InputError, match="2 train rows cannot spare 20% for validation"):
        windows.split_tail(made, fraction=0.2)


def test_draw_takes_the_share_without_repeats_and_repeats_by_seed():
    made = windows.make_windows(count_up(60), count_up(60)["c0"].shift(-1), lags=1)
    drawn, again, other = (windows.draw(made, 0.3, seed) for seed in (1, 1, 2))
    assert len(drawn) == 18
    assert drawn.dates.is_unique
    assert drawn.dates.equals(again.dates)
    assert not drawn.dates.equals(other.dates)


def test_standardise_uses_train_rows_alone():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(5, 3, (50, 2)), pd.date_range("2018-01-01", periods=50))
    made = windows.make_windows(table, table[0].shift(-1), lags=2)
    train, test = made.take(np.arange(48) < 30), made.take(np.arange(48) >= 30)
    scaled, scaled_test = windows.standardise(train, test)
    rows = train.inputs.reshape(-1, 2)
    expected = (test.inputs - rows.mean(axis=0)) / rows.std(axis=0)
    np.testing.assert_allclose(scaled_test.inputs, expected)
    np.testing.assert_allclose(scaled.inputs.reshape(-1, 2).mean(axis=0), 0, atol=1e-12)


def test_standardise_leaves_a_constant_feature_finite():
    table = count_up(10).assign(c0=7.0)
    made = windows.make_windows(table, table["c1"].shift(-1), lags=2)
    (scaled,) = windows.standardise(made)
    np.testing.assert_array_equal(scaled.inputs[:, :, 0], 0.0)


def test_windows_without_and_last_pick_features_by_name():
    table = count_up(5, columns=3)
    made = windows.make_windows(table, table["c0"].shift(-1), lags=2)
    assert made.without({"c0", "c2"}).features == ("c1",)
    assert made.last("c2").tolist() == [12, 22, 32]


def test_relative_to_first_equals_a_hand_worked_example():
    table = count_up(5, columns=2) + 10  # c0 10 20 30 ..., c1 11 21 31 ...
    made = windows.make_windows(table, table["c0"].shift(-1), lags=3)
    found = windows.relative_to_first(made, {"c0"})
    assert found.inputs[:, :, 0].tolist() == [[0, 1, 2], [0, 0.5, 1]]
    np.testing.assert_array_equal(found.inputs[:, :, 1], made.inputs[:, :, 1])
    np.testing.assert_array_equal(found.targets, made.targets)


def test_relative_to_first_refuses_a_window_that_begins_with_zero():
    table = count_up(5, columns=2)  # c0 begins with 0
    made = windows.make_windows(table, table["c0"].shift(-1), lags=3)
    with pytest.raises(InputError, match="c0 is 0 on the first day of the window that ends 2018-"):
        windows.relative_to_first(made, {"c0"})
    assert windows.relative_to_first(made, {"c1"}).inputs[0, 0, 1] == 0
