import numpy as np
import pandas as pd
import pytest
from makers import make_prices

from coincast.datasets import features
from coincast.errors import InputError

# Two days worked by hand; the second has no range.
HAND = pd.DataFrame(
    {
        "open": [10.0, 12.0],
        "high": [14.0, 12.0],
        "low": [9.0, 12.0],
        "close": [12.0, 12.0],
        "volume": [7.0, 3.0],
    },
    index=pd.date_range("2018-01-01", periods=2, name="date"),
)


def test_coin_features_equal_hand_worked_values():
    row = features.coin_features(HAND).iloc[0]
    assert row.tolist() == pytest.approx([12.0, 7.0, 2 * 2 / 5 - 1, 0.5, 0.2])


def test_coin_features_close_off_high_is_zero_without_range():
    assert features.coin_features(HAND)["close_off_high"].iloc[1] == 0.0


@pytest.mark.parametrize(("close", "expected"), [(14.0, -1.0), (9.0, 1.0)])
def test_coin_features_close_off_high_reaches_its_ends(close, expected):
    prices = HAND.iloc[[0]].assign(close=close)
    assert features.coin_features(prices)["close_off_high"].iloc[0] == expected


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


def test_feature_table_names_column_and_day_of_a_missing_volume():
    prices = make_prices(5, seed=1)
    day = prices.index[2]
    prices.loc[day, "volume"] = np.nan
    with pytest.raises(InputError, match=f"bitcoin_volume of {day:%Y-%m-%d} is missing"):
        features.feature_table({"bitcoin": prices})


def test_feature_table_refuses_coins_without_a_common_day():
    early, late = make_prices(5, seed=1), make_prices(5, seed=2)
    late.index = late.index + pd.Timedelta(days=50)
    with pytest.raises(InputError, match="no day in common"):
        features.feature_table({"bitcoin": early, "ethereum": late})
