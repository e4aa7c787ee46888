import numpy as np
import pandas as pd
import pytest
from makers import make_prices

from coincast.errors import InputError
from coincast.prices.schema import OHLC
from coincast.studies.how_it_works import normalised_windows as nw


def test_normalised_windows_equal_a_hand_worked_example_of_six_rows():
    prices = make_prices(6, seed=1).assign(close=[1.0, 2.0, 3.0, 5.0, 1.0, 9.0])
    made = nw.normalised_windows(prices, days=3)
    scale = np.sqrt(2 / 3)  # of 1, 2, 3 with divisor 3
    np.testing.assert_allclose(made.inputs[0, :, 3], [-1 / scale, 0, 1 / scale])
    found = {task: targets[0] for task, targets in nw.tasks(made).items()}
    expected = {"next close": (5 - 2) / scale, "recall the first close": -1 / scale}
    assert found == pytest.approx(expected)
    assert nw.labels(made).tolist() == [1, 0, 1]


def test_normalised_windows_never_see_the_target_day():
    """Whatever comes on or after a window's target day leaves its inputs as they are."""
    prices = make_prices(30, seed=3)
    made = nw.normalised_windows(prices, 10)
    for row, target_day in enumerate(made.target_dates):
        other = prices.copy()
        other.loc[target_day:, OHLC] *= 1.7
        again = nw.normalised_windows(other, 10)
        np.testing.assert_array_equal(again.inputs[row], made.inputs[row])


def test_baselines_equal_errors_written_out():
    made = nw.normalised_windows(make_prices(60, seed=4), 5)
    fit, held_out = made.take(np.arange(55) < 40), made.take(np.arange(55) >= 40)
    losses = nw.baselines(fit, held_out)["held_out"]
    last, first = held_out.inputs[:, [-1, 0], 3].T
    errors = {
        "next close": held_out.targets - last,
        "recall the first close": first - fit.inputs[:, 0, 3].mean(),
    }
    assert losses.to_dict() == pytest.approx({t: np.mean(e**2) for t, e in errors.items()})


@pytest.mark.parametrize(("place", "first"), [(50, 43), (2, 0), (98, 84)])
def test_example_window_has_the_largest_move_as_near_its_middle_as_it_can(place, first):
    prices = make_prices(100, seed=5)
    prices.iloc[place:, prices.columns.get_indexer(OHLC)] *= 0.5  # a fall by half, for good
    found = nw.example_window(prices, nw.normalised_windows(prices, 15))
    close, opened = prices["close"], found.prices["open"]
    assert found.day == prices.index[place]
    assert found.days.equals(pd.DatetimeIndex(prices.index[first : first + 15]))
    assert found.move == pytest.approx(close.iloc[place] / close.iloc[place - 1] - 1)
    expected = (opened - opened.mean()) / opened.std(ddof=0)
    np.testing.assert_allclose(found.inputs[:, 0], expected)


def test_example_window_passes_over_a_move_among_days_without_trade_and_says_so():
    prices = make_prices(60, seed=5)
    prices.iloc[20:, prices.columns.get_indexer(OHLC)] *= 0.5  # the largest move
    prices.iloc[45:, prices.columns.get_indexer(OHLC)] *= 0.7  # the second
    windows = nw.normalised_windows(prices, 10)
    found = nw.example_window(prices, windows)
    assert (found.day, found.passed_over) == (prices.index[20], 0)
    assert "passed over" not in found.sentence
    prices.iloc[18, prices.columns.get_loc("volume")] = 0.0
    found = nw.example_window(prices, windows)
    assert found.day == prices.index[45]
    assert found.sentence.endswith("stand still: 1.")
    prices["volume"] = 0.0
    found = nw.example_window(prices, windows)
    assert found.day == prices.index[20]
    assert "on 10 of its days nobody traded" in found.sentence


@pytest.mark.parametrize("days", [0, 20])
def test_normalised_windows_refuse_a_window_that_does_not_fit(days):
    with pytest.raises(InputError, match=f"{days} does not fit 20 days"):
        nw.normalised_windows(make_prices(20, seed=1), days)


def test_normalised_windows_refuse_constant_prices_and_say_where():
    prices = make_prices(20, seed=1)
    prices.loc["2017-01-05":"2017-01-09", "close"] = 0.1
    nw.normalised_windows(prices, 6)
    with pytest.raises(InputError, match=r"close is 0\.1 on each of the 5 days to 2017-01-09"):
        nw.normalised_windows(prices, 5)
    with pytest.raises(InputError, match=r"open is .+ on each of the 1 days"):
        nw.normalised_windows(prices, 1)
