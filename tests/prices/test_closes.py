"""Closes are what the package of origin has, and a damaged table is refused."""

import gzip

import pandas as pd
import pytest

from coincast.errors import InputError, PriceError
from coincast.prices import closes
from coincast.prices.load import load_prices


def test_closes_have_the_days_that_the_readme_says():
    apple, bitcoin = closes.load_closes("apple"), closes.load_closes("bitcoin")
    assert apple.index[0] == pd.Timestamp("2012-01-03")
    assert apple.index.day_of_week.max() == 4
    days = pd.date_range("2010-07-18", "2025-04-14", name="date", unit=bitcoin.index.unit)
    assert bitcoin.index.equals(days)
    assert apple.attrs["asset"] == "apple"
    assert len(apple.attrs["sha256"]) == 64


def test_closes_of_bitcoin_move_with_those_of_the_bundled_venues():
    venue = load_prices("bitcoin")["close"].pct_change()
    assert venue.corr(closes.load_closes("bitcoin").pct_change()) > 0.97


def test_closes_of_an_unknown_asset_are_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"'tesla'.* apple, bitcoin"):
        closes.load_closes("tesla")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["2020-01-01,x,1", "2020-01-02,x,-1"], "x: the close of 2020-01-02"),
        (["2020-01-02,x,", "2020-01-03,x,1"], "x: the close of 2020-01-02"),
        (["2020-01-02,x,1", "2020-01-01,x,1"], "not ascending"),
        (["2020-01-01,x,1", "2020-01-01,x,2"], "unique"),
    ],
)
def test_closes_that_cannot_be_are_refused(tmp_path, monkeypatch, rows, message):
    path = tmp_path / "closes.csv.gz"
    path.write_bytes(gzip.compress("\n".join(["date,asset,close", *rows]).encode()))
    monkeypatch.setattr(closes, "CLOSES", path)
    with pytest.raises(PriceError, match=message):
        closes.load_closes("x")
