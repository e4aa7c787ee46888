import numpy as np
import pandas as pd
import pytest
from forecasts import forecast_table
from makers import make_prices

from coincast.studies.skill import comparisons, trading

PRICES = make_prices(130, seed=2)
MODELS = {"lstm": 1.0, "ridge": -1.0}
DAILY = comparisons.daily_losses(
    {
        "change": forecast_table(MODELS, days=120),
        "direction": forecast_table(MODELS, days=120, probability=True),
    }
)


def test_plans_are_decided_the_day_before_the_target():
    plans = trading.plans(DAILY, "bitcoin")
    target = DAILY["change"].groupby("date")["target"].first()
    day = pd.Timestamp("2017-02-10")
    for name in ("lstm_change_long_flat", "lstm_direction_long_flat"):
        assert plans[name][day] == float(target[day + pd.Timedelta(days=1)] > 0)
    opposite = plans["ridge_change_long_short"] + plans["lstm_change_long_short"]
    assert (opposite == 0).all()


def test_strategies_deflate_by_the_variants_of_all_series():
    once = trading.strategies(DAILY, {"bitcoin": PRICES}, [0, 10], seed=1)["bitcoin"]
    other = {c: d.assign(coin="litecoin") for c, d in DAILY.items()}
    both = {task: pd.concat([DAILY[task], other[task]]) for task in DAILY}
    twice = trading.strategies(both, {"bitcoin": PRICES, "litecoin": PRICES}, [0, 10], seed=1)
    assert set(once["strategy"]) == {"buy_and_hold", *trading.VARIANTS}
    assert (twice["bitcoin"]["deflated"] < once["deflated"]).all()


def test_wealth_of_always_long_is_buy_and_hold():
    plan = pd.Series(1.0, PRICES.index[:120])
    found = trading.wealth(plan, PRICES, 0.0, seed=1)
    for name in ("strategy", "constant", "random_low", "random_high"):
        assert found[name].to_numpy() == pytest.approx(found["buy_and_hold"].to_numpy())
    assert found["buy_and_hold"].iloc[-1] == pytest.approx(
        PRICES["open"].loc[found.index[-1] + pd.Timedelta(days=1)]
        / PRICES["open"].loc[found.index[0]]
    )
    paid = trading.wealth(plan, PRICES, 50.0, seed=1)["strategy"]
    assert np.allclose(paid / found["strategy"], paid.iloc[0] / found["strategy"].iloc[0])
