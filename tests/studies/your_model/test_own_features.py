import numpy as np
import pandas as pd
import pytest
from makers import make_prices

from coincast.errors import InputError
from coincast.studies.your_model.own_features import feature_tables, require_no_leaks

PRICES = {"bitcoin": make_prices(120, seed=3)}


def steady(prices):
    return prices[["close"]].pct_change().rolling(40).mean()


def leaking(prices):
    return prices[["open"]].assign(high_tomorrow=prices["high"].shift(-1).ffill())


def test_own_features_stand_beside_the_standard_ones_after_their_warm_up():
    (table,) = feature_tables(PRICES, steady).values()
    assert table.index[0] == PRICES["bitcoin"].index[40]
    assert table["your_close"].equals(steady(PRICES["bitcoin"])["close"].iloc[40:])
    assert {"daily_change", "log_range_month"} < set(table)


def test_prices_without_volume_have_standard_features():
    without = {"bitcoin": PRICES["bitcoin"].assign(volume=np.nan)}
    assert len(feature_tables(without)["bitcoin"]) == 120 - 29


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda p: p["close"].to_numpy(), "ndarray"),
        (lambda p: p[["close"]].assign(kind="up"), "kind"),
        (lambda p: p[["close", "close"]], "unique"),
        (lambda p: p[["close"]].drop(p.index[50]), "close.*2017-02-20"),
        (lambda p: p[["close"]].drop(p.index[60]).reindex(p.index), "close.*2017-03-02"),
        (lambda p: p[["close"]] * np.inf, "no day"),
        (lambda p: p[["close"]].shift(1, freq="D"), "2017-05-01"),
        (lambda p: pd.concat([p, p])[["close"]], "2017-01-01.*once"),
        (lambda p: p["nothing"], "KeyError.*nothing"),
    ],
)
def test_feature_tables_refuse_what_cannot_be_used(function, message):
    with pytest.raises(InputError, match=message):
        feature_tables(PRICES, function)


def test_look_ahead_is_told_by_column_and_day():
    with pytest.raises(InputError, match="bitcoin: 'high_tomorrow' of 2017-01-01"):
        require_no_leaks(leaking, PRICES)
    assert require_no_leaks(steady, PRICES) == 1
