"""Prices from any source: what every source gives, and what is refused at once."""

import gzip
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from makers import FORMS, make_prices, render_page

from coincast.errors import InputError, PriceError, PriceWarning
from coincast.files import sha256
from coincast.paths import DAILY, HOURLY
from coincast.prices.load import load_common, load_hourly, load_prices, volume_in_usd
from coincast.prices.schema import COLUMNS, OHLC
from coincast.prices.sources import bundled

PERIOD = ("2017-11-15", "2018-01-13")
DAYS = pd.date_range(*PERIOD)


def page_of(coin, form="plain", period=PERIOD):
    """Return a page that shows the bundled prices of a period, volumes in whole USD."""
    prices = load_prices(coin, *period)
    return render_page(prices.assign(volume=volume_in_usd(prices).round()), form)


@pytest.fixture
def damaged(tmp_path, monkeypatch):
    """Return a function that puts other bytes in the place of the bundled daily table."""
    path = tmp_path / "daily.csv.gz"
    monkeypatch.setattr(bundled, "DAILY", path)
    return path.write_bytes


def rewritten(old, new):
    """Return the bundled table with the first occurrence of a text replaced."""
    text = gzip.decompress(DAILY.read_bytes()).decode()
    assert old in text
    return gzip.compress(text.replace(old, new, 1).encode(), compresslevel=1)


def test_load_prices_returns_the_rows_of_the_table_from_start_to_end_inclusive():
    raw = pd.read_csv(DAILY, parse_dates=["date"], index_col="date").query(
        "coin == 'ethereum' and venue == 'coinbase' and '2017-11-15' <= date <= '2018-01-13'"
    )
    found = load_prices("ethereum", *PERIOD)
    assert (list(found.columns), list(found.index)) == (COLUMNS, list(DAYS))
    assert (found[[*OHLC, "volume"]] == raw[[*OHLC, "volume"]]).all(axis=None)


def test_load_prices_gives_another_venue_when_asked():
    first, second = (load_prices("bitcoin", *PERIOD, venue=v) for v in ("", "bitstamp"))
    assert (first.attrs["venue"], second.attrs["venue"]) == ("coinbase", "bitstamp")
    assert (first["close"] != second["close"]).mean() > 0.9


@pytest.mark.parametrize(
    ("coin", "options", "message"),
    [
        ("etherium", {}, "'etherium' .* 'ethereum'[?] .* bitcoin"),
        ("dash", {}, "'dash' .* bitcoin, ethereum"),
        ("../x", {}, "'../x' .* slug"),
        ("Bitcoin", {}, "'Bitcoin' .* slug"),
        ("", {}, "'' .* slug"),
        ("bitcoin\n", {}, r"'bitcoin\\n' .* slug"),
        ("bitcoin", {"start": "2018-01-14", "end": "2018-01-13"}, "2018-01-14 .* 2018-01-13"),
        ("bitcoin", {"start": "yesterday"}, "start 'yesterday'"),
        ("bitcoin", {"end": "2018-02-30"}, "end '2018-02-30'"),
        ("bitcoin", {"venue": "kraken"}, "bitcoin at 'kraken'; .*: bitstamp, coinbase"),
        ("eos", {"venue": "coinbase"}, "eos at 'coinbase'; .*: bitfinex"),
        ("bitcoin", {"url": "file:///x"}, "'file:///x' .* 'bundled'"),
        ("bitcoin", {"source": "html", "venue": "coinbase"}, "'coinbase' .* 'html'"),
    ],
)
def test_load_prices_refuses_what_cannot_be_asked(coin, options, message):
    with pytest.raises(InputError, match=message):
        load_prices(coin, **options)


@pytest.mark.parametrize(
    ("start", "end"),
    [("2016-05-26", ""), ("", "2020-01-17"), ("2020-01-17", ""), ("", "2016-05-26")],
)
def test_load_prices_refuses_days_that_the_table_does_not_have(start, end):
    period = f"{start or '2016-05-27'}..{end or '2020-01-16'}"
    with pytest.raises(InputError, match=f"{period} .*coinbase.* 2016-05-27..2020-01-16"):
        load_prices("ethereum", start, end)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (DAILY.read_bytes()[:50_000], "ended before the end-of-stream marker"),
        (DAILY.read_bytes()[:3000] + b"\0\1\2\3\4\5" + DAILY.read_bytes()[3006:], "Error -3"),
        (b"date,coin", "Not a gzipped file"),
        (b"", "No columns to parse"),
        (rewritten("date,coin,", "date,token,"), "column 'coin' is missing"),
        (rewritten(",close,", ",last,"), "column 'close' is missing"),
        (rewritten("2015-02-02,", "2015-92-02,"), "not every date is a day"),
        (rewritten("bitcoin,coinbase,", "bitcoin,coinbase,x"), "could not convert string"),
        (rewritten("bitcoin,coinbase,", "bitcoin,coinbase,1,"), "Expected 9 fields"),
    ],
    ids=["cut", "flipped", "text", "empty", "no-coin", "no-close", "date", "number", "cells"],
)
def test_load_prices_tells_how_to_restore_a_damaged_table(damaged, content, message):
    damaged(content)
    with pytest.raises(InputError, match=f"daily.csv.gz: .*{message}.*; .*build_data.py"):
        load_prices("bitcoin")


def test_load_prices_tells_how_to_restore_a_table_that_is_gone(damaged):  # noqa: ARG001
    with pytest.raises(InputError, match=r"daily.csv.gz: .*No such file"):
        load_prices("bitcoin")


def test_load_prices_refuses_a_table_that_was_tampered_with(damaged):
    damaged(rewritten("2015-02-02,bitcoin,coinbase,", "2015-02-03,bitcoin,coinbase,"))
    with pytest.raises(PriceError, match=r"^bitcoin coinbase bundled: 2015-02-03 appears 2"):
        load_prices("bitcoin")


@pytest.mark.parametrize("form", FORMS)
def test_load_prices_reads_a_served_page_as_the_bundled_prices(server, form):
    server.pages["/ethereum"] = page_of("ethereum", form)
    url = f"{server.url}/{{coin}}?start={{start}}&end={{end}}"
    found = load_prices("ethereum", *PERIOD, "html", url=url)
    pd.testing.assert_frame_equal(found[OHLC], load_prices("ethereum", *PERIOD)[OHLC])
    assert server.requests == ["/ethereum?start=20171115&end=20180113"]


def test_load_prices_reads_a_saved_page_as_the_bundled_prices(tmp_path):
    (tmp_path / "bitcoin.html").write_text(page_of("bitcoin"), encoding="utf-8")
    found = load_prices("bitcoin", source="html", url=f"{tmp_path.as_uri()}/{{coin}}.html")
    pd.testing.assert_frame_equal(found[OHLC], load_prices("bitcoin", *PERIOD)[OHLC])
    assert found.attrs == {
        "coin": "bitcoin", "source": "html", "volume_unit": "USD",
        "sha256": sha256(tmp_path / "bitcoin.html"),
    }  # fmt: skip


@pytest.mark.parametrize(("start", "end"), [("2017-11-14", ""), ("", "2018-01-14")])
def test_load_prices_refuses_a_page_that_shows_less_than_was_asked(server, start, end):
    server.pages["/page"] = page_of("bitcoin")
    with pytest.raises(InputError, match=r"html .* 2017-11-15\.\.2018-01-13"):
        load_prices("bitcoin", start, end, "html", url=f"{server.url}/page")


def test_load_prices_asks_for_all_days_up_to_yesterday_when_no_period_is_given(server):
    server.pages["/page"] = page_of("bitcoin")
    yesterdays = {datetime.now(UTC) - timedelta(days=1)}
    load_prices("bitcoin", source="html", url=f"{server.url}/page?from={{start}}&to={{end}}")
    yesterdays.add(datetime.now(UTC) - timedelta(days=1))  # the test may run over midnight
    assert server.requests[0] in {f"/page?from=20130428&to={day:%Y%m%d}" for day in yesterdays}


@pytest.mark.parametrize("placeholder", ["{symbol}", "{}"])
def test_load_prices_refuses_an_unknown_placeholder(server, placeholder):
    with pytest.raises(InputError, match=f"holds '{placeholder}';"):
        load_prices("bitcoin", source="html", url=f"{server.url}/{placeholder}?c={{coin}}")


def test_load_common_returns_the_days_that_every_coin_has():
    found = load_common(["xrp", "bitcoin", "litecoin"])
    assert list(found) == ["xrp", "bitcoin", "litecoin"]
    for coin, table in found.items():
        assert table.index.equals(pd.date_range("2017-10-01", "2019-09-30"))
        pd.testing.assert_frame_equal(table, load_prices(coin).loc[table.index])
        assert table.attrs["coin"] == coin


def test_load_common_fetches_a_page_for_every_coin(server):
    server.pages["/bitcoin"] = page_of("bitcoin")
    server.pages["/ethereum"] = page_of("ethereum", period=("2017-12-01", "2017-12-31"))
    url = f"{server.url}/{{coin}}"
    found = load_common(["bitcoin", "ethereum"], source="html", url=url)
    assert {len(table) for table in found.values()} == {31}
    assert server.requests == ["/bitcoin", "/ethereum"]


def test_load_common_refuses_coins_without_a_common_day(server):
    server.pages["/bitcoin"] = page_of("bitcoin", period=("2017-11-01", "2017-11-30"))
    server.pages["/ethereum"] = page_of("ethereum", period=("2017-12-01", "2017-12-31"))
    with pytest.raises(InputError, match=r"^bitcoin and ethereum "):
        load_common(["bitcoin", "ethereum"], source="html", url=f"{server.url}/{{coin}}")


def test_load_common_refuses_to_load_nothing():
    with pytest.raises(InputError, match="no coin"):
        load_common([])


def test_load_hourly_returns_ascending_hours_of_one_coin():
    found = load_hourly("litecoin")
    raw = pd.read_csv(HOURLY, parse_dates=["date"]).query("coin == 'litecoin'")
    assert list(found.columns) == [*OHLC, "volume"]
    assert list(found["close"]) == list(raw["close"])
    assert found.index.is_monotonic_increasing


def test_load_hourly_refuses_a_coin_that_the_table_lacks():
    with pytest.raises(InputError, match=r"hourly.csv.gz .*dogecoin at 'bitfinex'"):
        load_hourly("dogecoin")


def test_volume_in_usd_values_coins_at_the_close_and_leaves_dollars_alone():
    prices = make_prices(3, seed=1)
    assert volume_in_usd(prices).equals(prices["volume"])
    prices.attrs["volume_unit"] = "coins"
    expected = [v * c for v, c in zip(prices["volume"], prices["close"], strict=True)]
    assert volume_in_usd(prices).tolist() == expected


def test_load_prices_warns_of_a_close_that_doubles(server):
    prices = make_prices(20, seed=1).round(4)
    late = prices.index >= prices.index[9]
    prices.loc[late, ["open", "high", "low", "close"]] *= 3
    server.pages["/bitcoin"] = render_page(prices)
    with pytest.warns(PriceWarning, match=f"1 close.s. jump.*{prices.index[9]:%Y-%m-%d}"):
        load_prices("bitcoin", source="html", url=f"{server.url}/{{coin}}")
