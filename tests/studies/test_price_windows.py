import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import make_prices

from coincast.errors import InputError
from coincast.prices.schema import OHLC
from coincast.studies.how_it_works import price_windows as pw


def make_closes(*closes):
    """Return prices with these closes, and other columns that vary as well."""
    prices = make_prices(len(closes), seed=1)
    return prices.assign(close=closes)


def test_price_windows_equal_a_hand_worked_example_of_six_rows():
    made = pw.price_windows(make_closes(1.0, 2.0, 3.0, 5.0, 1.0, 9.0), days=3)
    scale = np.sqrt(2 / 3)  # of 1, 2, 3 with divisor 3
    close = made.inputs[:, :, made.features.index("close")]
    np.testing.assert_allclose(close[0], [-1 / scale, 0, 1 / scale])
    assert made.targets[0] == pytest.approx((5 - 2) / scale)
    assert len(made) == 3
    assert pw.labels(made).tolist() == [1, 0, 1]


@given(days=st.integers(2, 10), seed=st.integers(0, 20))
def test_price_windows_have_mean_zero_and_deviation_one(days, seed):
    made = pw.price_windows(make_prices(15, seed), days)
    np.testing.assert_allclose(made.inputs.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(made.inputs.std(axis=1), 1, atol=1e-9)


def test_price_windows_never_see_the_target_day():
    """Whatever comes on or after a window's target day leaves its inputs as they are."""
    prices = make_prices(30, seed=3)
    made = pw.price_windows(prices, 10)
    for row, target_day in enumerate(made.target_dates):
        other = prices.copy()
        other.loc[target_day:, OHLC] *= 1.7
        np.testing.assert_array_equal(pw.price_windows(other, 10).inputs[row], made.inputs[row])


def test_tasks_are_taken_from_the_ends_of_the_window():
    made = pw.price_windows(make_closes(4.0, 2.0, 3.0, 7.0, 5.0), days=4)
    assert len(made) == 1
    values = np.array([4.0, 2.0, 3.0, 7.0])
    expected = (np.array([4.0, 7.0, 5.0]) - 4.0) / values.std()
    found = [task(made)[0] for task in (pw.first_close, pw.last_close, pw.next_close)]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_baselines_equal_errors_written_out():
    made = pw.price_windows(make_prices(60, seed=4), 5)
    fit, held_out = made.take(np.arange(55) < 40), made.take(np.arange(55) >= 40)
    table = pw.baselines(fit, held_out)
    assert list(table.index) == list(pw.TASKS)
    last, first = held_out.inputs[:, [-1, 0], 3].T
    assert table.loc["next close", "held_out"] == pytest.approx(
        np.mean((held_out.targets - last) ** 2)
    )
    constant = fit.inputs[:, 0, 3].mean()
    assert table.loc["recall the first close", "held_out"] == pytest.approx(
        np.mean((first - constant) ** 2)
    )


@pytest.mark.parametrize(("place", "first"), [(50, 43), (2, 0), (98, 84)])
def test_example_has_the_largest_move_in_its_middle_or_as_near_as_it_can(place, first):
    prices = make_prices(100, seed=5)
    prices.iloc[place:, prices.columns.get_indexer(OHLC)] *= 0.5  # a fall by half, for good
    found = pw.example(prices, pw.price_windows(prices, 15))
    assert found.day == prices.index[place]
    assert found.days.equals(pd.DatetimeIndex(prices.index[first : first + 15]))
    assert found.move == pytest.approx(
        prices["close"].iloc[place] / prices["close"].iloc[place - 1] - 1
    )
    np.testing.assert_allclose(
        found.inputs[:, 0],
        (found.prices["open"] - found.prices["open"].mean()) / found.prices["open"].std(ddof=0),
    )


def test_example_says_on_how_many_days_nobody_traded():
    prices = make_prices(40, seed=5)
    found = pw.example(prices, pw.price_windows(prices, 10))
    assert "nobody" not in found.sentence
    prices.loc[found.days[:2], "volume"] = 0.0
    again = pw.example(prices, pw.price_windows(prices, 10))
    assert "on 2 of its days nobody traded" in again.sentence


def test_shuffled_keeps_windows_and_targets_together_and_repeats_by_seed():
    made = pw.price_windows(make_prices(60, seed=4), 5)
    first, again, other = (pw.shuffled(made, seed) for seed in (1, 1, 2))
    assert first.dates.equals(again.dates)
    assert not first.dates.equals(other.dates)
    back = first.take(np.argsort(first.dates))
    np.testing.assert_array_equal(back.inputs, made.inputs)
    np.testing.assert_array_equal(back.targets, made.targets)


@pytest.mark.parametrize("days", [0, 1, 20, 300])
def test_price_windows_refuse_a_window_that_does_not_fit(days):
    with pytest.raises(InputError, match=f"window {days} does not fit 20 days of prices; use 2 to"):
        pw.price_windows(make_prices(20, seed=1), days)


def test_price_windows_refuse_constant_prices_and_say_where():
    prices = make_prices(20, seed=1)
    prices.loc["2017-01-05":"2017-01-09", "close"] = 0.1
    pw.price_windows(prices, 6)
    with pytest.raises(InputError, match=r"close is 0\.1 on each of the 5 days to 2017-01-09, so"):
        pw.price_windows(prices, 5)
