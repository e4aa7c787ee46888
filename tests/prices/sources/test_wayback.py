"""Archived pages: any split of a table into copies gives the table again, or an error says why."""

from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import (
    FORMS,
    make_prices,
    page_around,
    price_tables,
    render_cdx,
    render_page,
    render_react_page,
)
from server import Server, as_json

from coincast.errors import InputError, PriceError
from coincast.prices.schema import OHLC, validate_prices
from coincast.prices.sources import wayback
from coincast.prices.sources.request import Request
from coincast.prices.sources.wayback import Snapshot, choose_snapshots, parse_listing
from coincast.prices.web.cache import RawCache
from coincast.prices.web.client import Client, OfflineError

CDX = "/cdx/search/cdx"
ADDRESS = "https://coinmarketcap.com/currencies/bitcoin/historical-data/"
RENDERERS = {
    **{form: lambda prices, form=form: render_page(prices, form) for form in FORMS},
    "react": lambda prices: render_react_page(prices, data=False),
    "react with data": render_react_page,
    "data": lambda prices: render_react_page(prices, table=False),
}
TEN = make_prices(10, seed=6, start="2018-01-01").round(2)


def load(server, start=None, end=None, **client):
    """Return what the source gives from a server, without its politeness."""
    client = Client(per_second=10_000, **client)
    days = [date.fromisoformat(day) if day else None for day in (start, end)]
    return validate_prices(wayback.load(Request("bitcoin", *days, url=server.url, client=client)))


def archive(server, copies):
    """Let a server be an archive: timestamp -> (query of the address, page)."""
    listed = {timestamp: ADDRESS + query for timestamp, (query, _) in copies.items()}
    server.pages[CDX] = as_json(render_cdx(listed))
    for timestamp, (_, page) in copies.items():
        server.pages[f"/web/{timestamp}id_/{ADDRESS}"] = page


def copy_of(prices, archived, form="plain"):
    """Return a copy that was asked for the days it shows: its timestamp, query and page."""
    first, last = (f"{prices.index[place]:%Y%m%d}" for place in (0, -1))
    stamp = f"{pd.Timestamp(archived):%Y%m%d%H%M%S}"
    return {stamp: (f"?start={first}&end={last}", RENDERERS[form](prices))}


def fetched(server):
    """Return the timestamps of the copies that were fetched, in their order."""
    return [target.split("/")[2][:14] for target in server.requests if target.startswith("/web/")]


@settings(max_examples=60)
@given(prices=price_tables(max_days=12), data=st.data())
def test_load_gives_back_any_table_split_into_copies_of_any_era(prices, data):
    copies, start, count = {}, 0, len(prices)
    while start < count:
        end = data.draw(st.integers(start + 1, count), "end")
        begin = data.draw(st.integers(0, start), "begin")  # copies may overlap
        archived = prices.index[end - 1] + pd.Timedelta(hours=data.draw(st.integers(24, 9000)))
        form = data.draw(st.sampled_from(list(RENDERERS)), "form")
        copies |= copy_of(prices[begin:end], archived + pd.Timedelta(seconds=start), form)
        start = end
    with Server() as server:
        archive(server, copies)
        found = load(server)
        assert len(fetched(server)) <= len(copies)
    pd.testing.assert_frame_equal(found, prices, check_exact=True, check_freq=False)


def test_load_asks_the_archive_for_copies_of_the_coins_page(server):
    archive(server, copy_of(TEN, "2018-02-01"))
    found = load(server, "2018-01-02", "2018-01-09")
    pd.testing.assert_frame_equal(found, TEN[1:9], check_freq=False)
    assert parse_qs(urlsplit(server.requests[0]).query) == {
        "url": ["coinmarketcap.com/currencies/bitcoin/historical-data"],
        "matchType": ["prefix"], "output": ["json"], "filter": ["statuscode:200"],
        "from": ["20180102"], "to": ["20211231"],
    }  # fmt: skip
    assert server.requests[1] == (f"/web/20180201000000id_/{ADDRESS}?start=20180101&end=20180110")
    assert found.attrs.pop("sha256")
    assert found.attrs == {"coin": "bitcoin", "source": "wayback", "volume_unit": "USD"}


def test_load_fetches_one_copy_that_shows_all_rather_than_two(server):
    archive(
        server,
        copy_of(TEN[5:], "2018-03-01") | copy_of(TEN, "2018-02-01") | copy_of(TEN, "2018-02-02"),
    )
    load(server, "2018-01-01", "2018-01-10")
    assert fetched(server) == ["20180202000000"]  # the newest that reaches far enough


def test_load_tries_another_copy_where_one_shows_less_than_it_promises(server):
    short = copy_of(TEN, "2018-03-01")
    short["20180301000000"] = (short["20180301000000"][0], render_page(TEN[4:]))
    archive(server, short | copy_of(TEN[:6], "2018-02-01"))
    pd.testing.assert_frame_equal(load(server, "2018-01-01", "2018-01-10"), TEN, check_freq=False)
    assert fetched(server) == ["20180301000000", "20180201000000"]


@pytest.mark.parametrize("page", ["<h1>Busy</h1>", page_around("no table"), "<table><tr><td>"])
def test_load_tries_another_copy_where_one_cannot_be_read(server, page):
    broken = {"20180301000000": ("?start=20180101&end=20180110", page)}
    archive(server, broken | copy_of(TEN, "2018-02-01"))
    assert len(load(server, "2018-01-01", "2018-01-10")) == 10


def test_load_stops_after_so_many_pages(server, monkeypatch):
    monkeypatch.setattr(wayback, "MAX_PAGES", 1)
    broken = {"20180301000000": ("?start=20180101&end=20180110", "<h1>Busy</h1>")}
    archive(server, broken | copy_of(TEN, "2018-02-01"))
    with pytest.raises(InputError, match=r"2018-01-01\.\.2018-01-10"):
        load(server, "2018-01-01", "2018-01-10")
    assert fetched(server) == ["20180301000000"]


def test_load_takes_revised_volumes_from_the_newest_copy(server):
    revised = TEN.assign(volume=TEN["volume"] + 5_000_000)
    archive(server, copy_of(TEN[:6], "2018-02-01") | copy_of(revised[4:], "2018-03-01"))
    found = load(server)
    expected = pd.concat([TEN[:4], revised[4:]])
    pd.testing.assert_frame_equal(found, expected, check_freq=False)


def test_load_takes_prices_that_differ_by_rounding(server):
    cents = TEN.copy()
    cents[OHLC] += 0.004
    archive(server, copy_of(TEN[:6], "2018-02-01") | copy_of(cents[4:], "2018-03-01", "attributes"))
    assert len(load(server)) == 10


@pytest.mark.parametrize("column", OHLC)
def test_load_refuses_copies_whose_prices_disagree(server, column):
    other = TEN.copy()
    other.loc["2018-01-06", column] *= 1.0005
    archive(server, copy_of(other[:6], "2018-02-01") | copy_of(TEN[4:], "2018-03-01"))
    message = (
        rf"^{column} of 2018-01-06 is {TEN[column].iloc[5]:.10g} in the copy of 20180301000000 "
        rf"but {other[column].iloc[5]:.15g} in the copy of 20180201000000"
    )
    with pytest.raises(PriceError, match=message):
        load(server)


def test_load_names_the_days_that_no_copy_shows(server):
    archive(server, copy_of(TEN[:3], "2018-02-01") | copy_of(TEN[5:9], "2018-02-02"))
    with pytest.raises(InputError, match=r"2018-01-04\.\.2018-01-05, 2018-01-10;"):
        load(server, "2018-01-01", "2018-01-10")
    with pytest.raises(InputError, match=r"2018-01-04\.\.2018-01-05;"):
        load(server)


def test_load_asks_again_for_a_copy_that_lacked_days(server, tmp_path):
    cache = RawCache(tmp_path)
    copies = copy_of(TEN[:5], "2018-02-01") | copy_of(TEN[5:], "2018-03-01")
    short = {stamp: (query, render_page(TEN[5:8])) for stamp, (query, _) in copies.items()}
    archive(server, copies | {stamp: short[stamp] for stamp in list(short)[1:]})
    with pytest.raises(InputError, match=r"2018-01-09\.\.2018-01-10.*--refresh"):
        load(server, "2018-01-01", "2018-01-10", cache=cache)
    archive(server, copies)
    assert len(load(server, "2018-01-01", "2018-01-10", cache=cache)) == 10
    assert len(fetched(server)) == 3


def test_load_forgets_nothing_offline(server, tmp_path):
    stamp, (query, _) = next(iter(copy_of(TEN, "2018-02-01").items()))
    archive(server, {stamp: (query, render_page(TEN[:8]))})
    asked = ("2018-01-01", "2018-01-08")
    load(server, *asked, cache=RawCache(tmp_path))
    with pytest.raises(InputError, match="2018-01-09"):
        load(server, "2018-01-01", "2018-01-09", cache=RawCache(tmp_path), offline=True)
    assert len(load(server, *asked, cache=RawCache(tmp_path), offline=True)) == 8


@pytest.mark.parametrize("stamp", ["00010101000000", "99991231000000", "20180230000000"])
@pytest.mark.parametrize("query", ["", "?start=00010101&end=00010101", "?start=20180101"])
def test_load_leaves_out_a_copy_of_an_impossible_time(server, stamp, query):
    archive(server, {stamp: (query, render_page(TEN))} | copy_of(TEN, "2018-02-01"))
    assert len(load(server, "2018-01-01", "2018-01-10")) == 10


@pytest.mark.parametrize(("start", "end"), [("0001-01-01", None), (None, "9999-12-31")])
def test_load_names_days_that_nobody_can_have(server, start, end):
    archive(server, copy_of(TEN, "2018-02-01"))
    with pytest.raises(InputError, match="outside"):
        load(server, start, end)


def test_load_tells_why_copies_could_not_be_read_when_days_are_missing(server):
    broken = {"20180301000000": ("?start=20180104&end=20180110", "<h1>Busy</h1>")}
    archive(server, broken | copy_of(TEN[:3], "2018-02-01"))
    with pytest.raises(InputError, match=r"2018-01-04.*: no table on"):
        load(server, "2018-01-01", "2018-01-10")


def test_load_says_that_the_archive_has_nothing(server):
    archive(server, {})
    with pytest.raises(InputError, match=r"'bitcoin' .* 2018-01-01\.\.2018"):
        load(server, "2018-01-01", "2018-01-10")


def test_load_leaves_out_the_day_on_which_a_page_was_archived(server):
    archive(server, {"20180110120000": ("", render_page(TEN))})
    assert list(load(server).index) == list(TEN.index[:9])


def test_load_refuses_a_copy_that_knows_the_future(server):
    archive(server, {"20180108120000": ("", render_page(TEN))})
    with pytest.raises(InputError, match=r"2018010812.* 2018-01-10"):
        load(server, "2018-01-01", "2018-01-05")


def test_load_refuses_a_copy_of_another_coin(server):
    page = render_react_page(TEN, coin="bitcoin-cash")
    archive(server, {"20180301000000": ("?start=20180101&end=20180110", page)})
    with pytest.raises(InputError, match="'bitcoin-cash', not 'bitcoin'"):
        load(server, "2018-01-01", "2018-01-10")


def test_load_works_offline_from_what_it_fetched_and_names_what_is_missing(server, tmp_path):
    archive(server, copy_of(TEN[:6], "2018-02-01") | copy_of(TEN[4:], "2018-03-01"))
    options = {"start": "2018-01-01", "end": "2018-01-10", "cache": RawCache(tmp_path)}
    first, asked = load(server, **options), len(server.requests)
    pd.testing.assert_frame_equal(load(server, offline=True, **options), first)
    assert len(server.requests) == asked
    target = f"{server.url}/web/20180201000000id_/{ADDRESS}?start=20180101&end=20180106"
    RawCache(tmp_path).path(target).unlink()
    with pytest.raises(OfflineError, match=r": 2018-01-01\.\.2018-01-04;"):
        load(server, offline=True, **options)


@pytest.mark.parametrize(
    ("original", "first", "last"),
    [
        (ADDRESS, "2018-01-01", "2018-01-31"),
        ("http://www.coinmarketcap.com:80/currencies/bitcoin/historical-data", "2018-01-01", None),
        (f"{ADDRESS}?start=20130428&end=20180113#charts", "2013-04-28", "2018-01-13"),
        (f"{ADDRESS}?start=20100101&end=20300101", "2013-04-28", "2018-01-31"),
        (f"{ADDRESS}?end=20180113", "2017-12-14", "2018-01-13"),
    ],
)
def test_parse_listing_tells_which_days_a_copy_can_show(original, first, last):
    (found,) = parse_listing(render_cdx({"20180201000000": original}).encode(), "bitcoin")
    assert (str(found.first), str(found.last)) == (first, last or "2018-01-31")
    assert "#" not in found.original


@pytest.mark.parametrize(
    ("timestamp", "original"),
    [
        ("20180201000000", "https://coinmarketcap.com/currencies/bitcoin-cash/historical-data/"),
        ("20180201000000", "https://example.org/currencies/bitcoin/historical-data/"),
        ("20180201000000", "https://coinmarketcap.com/currencies/bitcoin/historical-data/../x"),
        ("20180201000000", f"{ADDRESS}?start=20180232"),
        ("20180201000000", f"{ADDRESS}?start=a b"),
        ("20180231000000", ADDRESS),
        ("../2018", ADDRESS),
    ],
)
def test_parse_listing_passes_over_what_is_no_copy_of_the_page(timestamp, original):
    assert parse_listing(render_cdx({timestamp: original}).encode(), "bitcoin") == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<h1>Busy</h1>", "HTML"),
        ("{}", r"\(\{\}\)"),
        ("[1]", r"\(\[1\]\)"),
        ('[["urlkey", []], ["a", "b"]]', "timestamp"),
    ],
)
def test_parse_listing_refuses_what_is_no_listing(body, message):
    with pytest.raises(PriceError, match=f"^the archive's list of copies .*{message}"):
        parse_listing(body.encode(), "bitcoin")


@pytest.mark.parametrize("body", ['[["timestamp", "original"], ["2018"], []]', "[]"])
def test_parse_listing_passes_over_rows_that_lack_something(body):
    assert parse_listing(body.encode(), "bitcoin") == []


@given(st.data())
def test_choose_snapshots_covers_what_can_be_covered_with_no_more_than_any_other_choice(data):
    """By another road: every subset of the snapshots is tried."""
    origin = date(2018, 1, 1)
    pairs = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted)
    spans = data.draw(st.lists(pairs, min_size=1, max_size=5))
    snapshots = [
        Snapshot(f"2018020{number}000000", "", *(origin + timedelta(days=day) for day in span))
        for number, span in enumerate(spans)
    ]
    days = {origin + timedelta(days=day) for day in range(10)}

    def shown(chosen):
        return {day for day in days for one in chosen if one.first <= day <= one.last}

    fewest = min(
        mask.bit_count()
        for mask in range(2 ** len(spans))
        if shown([one for bit, one in enumerate(snapshots) if mask >> bit & 1]) == shown(snapshots)
    )
    chosen = choose_snapshots(snapshots, days)
    assert shown(chosen) == shown(snapshots)
    assert len(chosen) == fewest
    assert [one.last for one in chosen] == sorted((one.last for one in chosen), reverse=True)
