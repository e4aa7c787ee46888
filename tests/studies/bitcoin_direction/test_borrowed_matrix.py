"""The matrix in the Bitcoin demo is Apple's: the facts, and sentences that could say otherwise."""

import pandas as pd
import pytest

from coincast.prices.closes import load_closes
from coincast.prices.load import load_prices
from coincast.studies.bitcoin_direction import borrowed_matrix


@pytest.fixture(scope="module")
def counts():
    bitcoin = load_prices("bitcoin", "2014-11-28", "2017-08-23", venue="bitstamp")
    prices = {"apple": load_closes("apple").to_frame(), "bitcoin": bitcoin}
    return borrowed_matrix.label_counts(prices, window=30)


def test_labels_of_apple_are_the_rows_of_the_matrix_and_those_of_bitcoin_are_not(counts):
    assert counts[["test_rows", "ups"]].to_numpy().tolist() == [
        [98, 49], [98, 44], [97, 61], [97, 53],
    ]  # fmt: skip
    assert counts.loc["bitcoin", "fewest_ups"].tolist() == [61, 53]
    assert counts.loc["apple", "fewest_ups"].tolist() == [None, None]
    assert counts.loc["apple", "last_day"].unique().tolist() == ["2015-12-31"]


def test_fewest_ups_equal_a_count_of_every_stretch(counts):
    close = load_prices("bitcoin", "2014-11-28", "2017-08-23", venue="bitstamp")["close"]
    for days in (2, 1):
        pairs = zip(close.iloc[:-days], close.iloc[days:], strict=True)
        ups = [later > now for now, later in pairs]
        ends = [i for i in range(97, len(ups)) if close.index[i] >= pd.Timestamp("2017-06-01")]
        fewest = min(sum(ups[end - 97 : end + 1]) for end in ends)
        assert counts.loc[("bitcoin", days), "fewest_ups"] == fewest


def test_sentences_follow_the_counts(counts):
    apple, bitcoin, worth = borrowed_matrix.sentences(counts)
    assert "49 of 98 test rows are up by the label of two days, 44 of 98" in apple
    assert "these are its rows" in apple
    assert "fewer than 61 ups by the one or 53 by the other" in bitcoin
    assert "these are not its rows" in bitcoin
    assert "0.643" in worth
    other, *_ = borrowed_matrix.sentences(counts.assign(ups=50))
    assert "these are not its rows" in other
