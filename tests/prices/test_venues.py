import numpy as np
import pandas as pd
import pytest
from makers import make_prices

from coincast.prices import venues
from coincast.prices.load import load_prices


def test_compare_sources_finds_nothing_between_a_table_and_itself():
    prices = make_prices(40, seed=1)
    found = venues.compare_sources(prices, prices)
    assert (found["days"], found["mean_close_gap"]) == (40, 0)
    assert found["return_correlation"] == pytest.approx(1)
    assert found["disagreeing_days"].empty


def test_compare_sources_names_the_day_that_disagrees():
    first, second = make_prices(40, seed=1), make_prices(40, seed=1)
    day = second.index[7]
    second.loc[day, "close"] *= 1.2
    found = venues.compare_sources(first, second)
    assert list(found["disagreeing_days"].index) == [day]
    assert found["mean_close_gap"] == pytest.approx(0.2 / 40)


def test_compare_sources_of_other_days_has_no_numbers():
    first, second = make_prices(5, seed=1), make_prices(5, seed=2, start="2019-01-01")
    found = venues.compare_sources(first, second)
    assert (found["days"], found["return_correlation"]) == (0, None)


@pytest.mark.parametrize(
    ("coin", "venue", "rows"),
    [("bitcoin", "coinbase", 1811), ("bitcoin", "bitstamp", 730), ("ethereum", "", 730)],
)
def test_second_opinion_is_another_venue_of_the_same_coin(coin, venue, rows):
    prices = load_prices(coin, venue=venue)
    found = venues.compare_sources(prices, venues.second_opinion(prices))
    assert found["days"] == rows
    assert 0.9 < found["return_correlation"] < 1
    assert 0 < found["mean_close_gap"] < 0.02


def test_second_opinion_on_a_foreign_table_is_the_bundled_one():
    prices = make_prices(30, seed=1, coin="bitcoin")
    pd.testing.assert_frame_equal(venues.second_opinion(prices), load_prices("bitcoin")[["close"]])


def test_second_opinion_is_empty_for_an_unknown_coin():
    prices = make_prices(30, seed=1, coin="dogecoin")
    assert venues.second_opinion(prices).empty


def test_agreement_of_bundled_venues_is_close():
    closes = venues.bitcoin_closes()
    table = venues.agreement(closes, reference="bitstamp")
    assert list(table.index) == ["coinbase", "bitfinex"]
    assert (table["median_gap"] < 0.01).all()
    assert np.isfinite(table.to_numpy()).all()


def test_comparison_table_counts_the_days_and_keeps_what_is_unknown_empty():
    prices = {coin: make_prices(30, seed=1, coin=coin) for coin in ("bitcoin", "dogecoin")}
    table = venues.comparison_table(prices)
    bundled = load_prices("bitcoin", "2017-01-01", "2017-01-30")["close"]
    apart = abs(bundled / prices["bitcoin"]["close"] - 1) > 0.05
    assert table.loc["bitcoin", "disagreeing_days"] == apart.sum() > 0
    assert table.loc["dogecoin"].tolist() == [0, None, None, 0]
