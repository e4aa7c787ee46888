import numpy as np
import pytest
from makers import make_prices

from coincast.prices import venues
from coincast.prices.load import load_prices


def foreign(days=40):
    """Return bundled prices of bitcoin, said to come from elsewhere."""
    prices = load_prices("bitcoin").iloc[:days].copy()
    prices.attrs["source"] = "html"
    return prices


def test_comparison_table_finds_no_gap_between_equal_prices():
    row = venues.comparison_table({"bitcoin": foreign()}).loc["bitcoin"]
    assert (row["days"], row["mean_close_gap"], row["disagreeing_days"]) == (40, 0, 0)
    assert row["return_correlation"] == pytest.approx(1)


def test_comparison_table_counts_the_day_that_disagrees():
    prices = foreign()
    prices.loc[prices.index[7], "close"] /= 1.2
    row = venues.comparison_table({"bitcoin": prices}).loc["bitcoin"]
    assert row["disagreeing_days"] == 1
    assert row["mean_close_gap"] == pytest.approx(0.2 / 40)


def test_comparison_table_has_no_numbers_without_a_second_opinion():
    table = venues.comparison_table({"dogecoin": make_prices(30, seed=1, coin="dogecoin")})
    assert table.loc["dogecoin"].tolist() == [0, None, None, 0]


@pytest.mark.parametrize(
    ("coin", "venue", "rows"),
    [("bitcoin", "coinbase", 1811), ("bitcoin", "bitstamp", 730), ("ethereum", "", 730)],
)
def test_second_opinion_is_another_venue_of_the_same_coin(coin, venue, rows):
    found = venues.comparison_table({coin: load_prices(coin, venue=venue)}).loc[coin]
    assert found["days"] == rows
    assert 0.9 < found["return_correlation"] < 1
    assert 0 < found["mean_close_gap"] < 0.02


def test_agreement_of_bundled_venues_is_close():
    closes = venues.bitcoin_closes()
    table = venues.agreement(closes, reference="bitstamp")
    assert list(table.index) == ["coinbase", "bitfinex"]
    assert (table["median_gap"] < 0.01).all()
    assert np.isfinite(table.to_numpy()).all()


def test_gaps_within_are_those_of_the_period_alone_by_another_road():
    closes = venues.bitcoin_closes()
    period = ["2017-11-15", "2018-01-13"]
    found = venues.gaps_within(closes, "bitstamp", period)
    for venue in ("coinbase", "bitfinex"):
        apart = np.abs(np.exp(np.log(closes[venue]) - np.log(closes["bitstamp"])) - 1)
        part = apart[(apart.index >= period[0]) & (apart.index <= period[1])]
        row = found.loc[venue]
        assert (row["days"], row["largest_gap"]) == (60, pytest.approx(part.max()))
        assert row["median_gap"] == pytest.approx(part.median())
        assert part[row["largest_on"]] == part.max()
    assert set(found.index) == {"coinbase", "bitfinex"}
    sentence = venues.gap_sentence(found, "bitstamp", period)
    assert f"{found.loc['bitfinex', 'largest_gap']:.1%} at Bitfinex" in sentence


def test_gaps_within_leaves_out_a_venue_without_such_days():
    closes, period = venues.bitcoin_closes(), ["2016-01-01", "2016-02-01"]
    found = venues.gaps_within(closes, "bitstamp", period)
    assert found["days"].to_dict() == {"coinbase": 32}
    nothing = venues.gaps_within(closes, "bitstamp", ["2031-01-01", "2031-02-01"])
    assert "No two venues" in venues.gap_sentence(nothing, "bitstamp", period)
