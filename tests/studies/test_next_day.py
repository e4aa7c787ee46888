"""The next day's forecast from a saved model, and what is said of its worth."""

from dataclasses import replace

import numpy as np
import pytest
from makers import make_prices

from coincast.errors import InputError
from coincast.models import networks
from coincast.models.saved import Card, SavedModel
from coincast.studies import next_day

PRICES = make_prices(60, seed=3, start="2018-01-01")  # to 2018-03-01
CARD = Card(
    model="lstm", coin="ethereum", source="bundled", data_sha256="ab",
    features=["daily_change", "volatility"], lags=3, mean=[0.1, 0.2], scale=[0.5, 2.0],
    first_day="2017-01-01", last_day="2018-03-01", rows=9, epochs=[4], train_mean=0.01,
    errors=np.linspace(-0.1, 0.1, 99).tolist(),
)  # fmt: skip


@pytest.fixture(scope="module")
def saved():
    return SavedModel(networks.lstm(3, 2, units=2), CARD)


def with_source(prices):
    prices.attrs["source"] = "csv"
    return prices


def test_forecast_is_that_of_the_last_days_scaled_as_in_training(saved):
    told = next_day.forecast(saved, with_source(PRICES.copy()))
    last = PRICES.tail(3)
    change = (last["close"] / last["open"] - 1 - 0.1) / 0.5
    volatility = ((last["high"] - last["low"]) / last["open"] - 0.2) / 2
    window = np.stack([change, volatility], axis=1)[None]
    assert told["forecast"] == pytest.approx(saved.network.predict(window, verbose=0).item())
    assert (told["last_day"], told["day"]) == ("2018-03-01", "2018-03-02")
    assert told["interval"]["low"] < told["forecast"] < told["interval"]["high"]
    assert told["constants"] == {"no_change": 0, "train_mean": 0.01}


@pytest.mark.parametrize(
    ("changes", "days", "message"),
    [
        ({}, slice(0, 59), "up to 2018-03-01, but the prices end 2018-02-28"),
        ({"features": ["daily_change", "mood"]}, slice(None), "'mood'.* close_off_high"),
        ({}, slice(58, 60), "the 2 days up to 2018-03-01, of which it needs 3"),
        ({"features": ["daily_change", "volume"]}, slice(None), "3 without gaps"),
    ],
)
def test_forecast_refuses_days_and_features_that_do_not_fit(saved, changes, days, message):
    prices = with_source(PRICES.assign(volume=np.nan).iloc[days])
    with pytest.raises(InputError, match=message):
        next_day.forecast(replace(saved, card=replace(CARD, **changes)), prices)


def test_fit_refuses_too_few_days_before_it_trains():
    with pytest.raises(InputError, match="60 days of prices are too few; use 410"):
        next_day.fit(PRICES, [1])


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(-0.02, 0.01, "cannot be told"), (0.01, 0.03, "better than"), (-0.03, -0.01, "worse than")],
)
def test_worth_follows_from_the_interval_of_the_measured_skill(low, high, words):
    ends = {"skill_no_change_low": low, "skill_no_change_high": high}
    found = {"skill_no_change": (low + high) / 2, "n": 700, **ends}
    recorded = {"skill": {"change": {"ethereum": {"lstm": found}}}}
    skill = next_day.measured_skill(recorded, CARD)
    assert words in next_day.worth(skill, "ethereum")
    assert "n = 700" in next_day.worth(skill, "ethereum")


@pytest.mark.parametrize("recorded", [{}, {"skill": {"change": {"bitcoin": {"lstm": {}}}}}])
def test_worth_says_that_nothing_was_measured(recorded):
    assert next_day.measured_skill(recorded, CARD) is None
    assert "has not been measured" in next_day.worth(None, "ethereum")
