"""What is known beside a coin's prices, and what its placebo keeps."""

import numpy as np
import pandas as pd
import pytest
from makers import make_prices

from coincast.datasets.leakage import check_features
from coincast.errors import InputError
from coincast.studies.other_data import inputs

DAYS = 500
PRICES = {coin: make_prices(DAYS, seed=i, start="2017-01-01") for i, coin in enumerate("ab")}


def ready(names=("markets", "searches", "posts")):
    """Bundled groups, cut at the last of the prices."""
    last = PRICES["a"].index[-1]
    groups = inputs.load_groups(names)
    return {group: [each.loc[:last] for each in members] for group, members in groups.items()}


def test_other_table_holds_changes_of_what_was_known():
    table = inputs.other_table("a", PRICES, ready())
    monday, saturday = pd.Timestamp("2018-01-22"), pd.Timestamp("2018-01-20")
    sp500 = {day: table.loc[day, "markets:sp500"] for day in (monday, saturday)}
    assert sp500[monday] == pytest.approx(np.log(2832.969971 / 2810.300049))
    assert sp500[saturday] == 0
    assert table["coins:b daily_change"].equals(
        inputs.coin_table(PRICES["b"])["daily_change"].reindex(table.index)
    )
    assert np.isnan(table.loc["2017-04-01", "searches:google_bitcoin"])  # a seam


def test_no_feature_knows_a_later_price_or_value():
    groups = ready()
    series = {each.attrs["name"]: each for members in groups.values() for each in members}

    def features(tables):
        prices = {coin: tables[coin] for coin in PRICES}
        return inputs.other_table("a", prices, {"every": [tables[name] for name in series]})

    assert check_features(features, PRICES | series) == []


def test_load_groups_takes_groups_names_and_refuses_a_second_one():
    assert [len(members) for members in inputs.load_groups(["markets", "tweets"]).values()] == [
        4,
        1,
    ]
    with pytest.raises(InputError, match="'vix' is named twice"):
        inputs.load_groups(["markets", "vix"])


def test_placebo_moves_whole_years_and_keeps_weekends():
    days = pd.date_range("2015-01-01", periods=1000, name="date")
    weekend = (days.day_of_week > 4).astype(float)
    table = pd.DataFrame(
        {"own": 1.0 * np.arange(1000), "g:x": weekend, "g:y": np.arange(1000.0)}, days
    )
    table.loc[days[:100], ["g:x", "g:y"]] = np.nan
    moved = inputs.placebo(table)
    assert moved["own"].equals(table["own"])
    assert moved["g:y"].dropna().tolist() == np.roll(np.arange(100, 1000), -364).tolist()
    assert moved.index.equals(days)
    stays = moved["g:x"].iloc[100:600]
    assert stays.tolist() == weekend[100:600].tolist()


def test_known_days_need_a_value_and_a_fitted_model():
    days = pd.date_range("2018-01-01", periods=30, name="date")
    table = pd.DataFrame({"g:x": np.where(np.arange(30) < 5, np.nan, 1.0)}, days)
    targets = days[10:28]
    origins = pd.Series(np.where(targets < days[20], days[10], days[20]), targets)
    known = inputs.known_days(table, origins, least_known=10)
    assert known["g"].tolist() == [False] * 10 + [True] * 8
    assert known["all"].all()


def test_lead_lag_finds_the_lag():
    table = inputs.other_table("a", PRICES, {})
    table["searches:x"] = table["volume_change"].shift(-1)
    found = inputs.lead_lag(table).loc["searches:x"]
    assert found["1"] == pytest.approx(1)
    assert abs(found["0"]) < 0.6
