import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from makers import make_prices

from coincast.datasets import features
from coincast.errors import InputError

# Days worked by hand: an ordinary one, one without a range, one that closes at its low.
HAND = pd.DataFrame(
    {
        "open": [10.0, 12.0, 10.0],
        "high": [14.0, 12.0, 14.0],
        "low": [9.0, 12.0, 9.0],
        "close": [12.0, 12.0, 9.0],
        "volume": [7.0, 3.0, 5.0],
    },
    index=pd.date_range("2018-01-01", periods=3, name="date"),
)


def test_coin_features_equal_hand_worked_values():
    ordinary, without_range, at_low = features.coin_features(HAND).to_numpy()
    assert ordinary.tolist() == pytest.approx([12.0, 7.0, 2 * 2 / 5 - 1, 0.5, 0.2])
    assert without_range.tolist() == [12, 3, 0, 0, 0]
    assert at_low.tolist() == [9, 5, 1, 0.5, -0.1]


def test_next_change_is_tomorrows_daily_change_and_unknown_at_the_end():
    prices = make_prices(30, seed=3)
    target = features.next_change(prices)
    tomorrow = (prices["close"] / prices["open"] - 1).iloc[1:]
    np.testing.assert_allclose(target.iloc[:-1], tomorrow, atol=1e-12)
    assert np.isnan(target.iloc[-1])


def test_feature_table_keeps_the_days_that_all_coins_have():
    first, second = make_prices(20, seed=1), make_prices(15, seed=2)
    table = features.feature_table({"ethereum": first, "bitcoin": second})
    assert list(table.index) == list(second.index)
    assert list(table.columns[[0, 5]]) == ["ethereum_close", "bitcoin_close"]


def test_feature_table_names_the_first_missing_volume_and_the_last_day_with_one():
    prices = make_prices(9, seed=1)
    days = prices.index[[2, 5]]
    prices.loc[days, "volume"] = np.nan
    message = f"bitcoin_volume of {days[0]:%Y-%m-%d} .*{days[1]:%Y-%m-%d}"
    with pytest.raises(InputError, match=message):
        features.feature_table({"bitcoin": prices})


def test_feature_table_refuses_coins_without_a_common_day():
    early, late = make_prices(5, seed=1), make_prices(5, seed=2, start="2019-01-01")
    with pytest.raises(InputError, match="bitcoin and ethereum"):
        features.feature_table({"bitcoin": early, "ethereum": late})


@given(days=st.integers(3, 60), horizon=st.integers(1, 5), seed=st.integers(0, 99))
def test_rises_equals_a_loop_over_the_closes(days, horizon, seed):
    assume(horizon < days)
    prices = make_prices(days, seed=seed)
    close = prices["close"].tolist()
    labels = features.rises(prices, horizon)
    expected = [float(close[t + horizon] > close[t]) for t in range(days - horizon)]
    assert labels[: days - horizon].tolist() == expected
    assert labels[days - horizon :].isna().all()


@pytest.mark.parametrize("horizon", [0, -1, 30, 99])
def test_rises_refuses_a_horizon_that_does_not_fit(horizon):
    with pytest.raises(InputError, match=rf"horizon_days {horizon} .*30 days.* 1 to 29"):
        features.rises(make_prices(30, seed=0), horizon)


def test_rises_refuses_a_close_that_never_moves():
    with pytest.raises(InputError, match=r"812\.5 on each of 30 days"):
        features.rises(make_prices(30, seed=0).assign(close=812.5))
