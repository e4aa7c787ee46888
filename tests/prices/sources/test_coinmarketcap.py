"""CoinMarketCap's JSON: right days from any server that tells them, one line for any fault."""

import re
from datetime import date, timedelta
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import (
    SHAPES,
    history_page,
    make_prices,
    price_tables,
    quotes_of,
    render_history,
    render_listing,
)
from server import Server, as_json, in_turn

from coincast.errors import InputError, PriceError
from coincast.prices.days import FIRST_DAY, today
from coincast.prices.schema import COLUMNS, validate_prices
from coincast.prices.sources import coinmarketcap
from coincast.prices.sources.coinmarketcap import Coin, parse_history, parse_listing
from coincast.prices.sources.request import Request
from coincast.prices.web.cache import RawCache
from coincast.prices.web.client import Client, OfflineError

HISTORY = "/data-api/v3.1/cryptocurrency/historical"
LISTING = "/data-api/v3/cryptocurrency/listing"
BITCOIN = Coin(1, "bitcoin", ("BTC",))
EDGE = pd.Timestamp(FIRST_DAY) + 5 * coinmarketcap.STEP  # in two windows of the grid
CARDANO = {"id": 2010, "name": "Cardano", "symbol": "ADA", "slug": "cardano"}
WEEK = make_prices(7, seed=8, start="2018-01-01")
ASKED = date(2018, 1, 1), date(2018, 1, 7)


def load(server, coin="bitcoin", start=None, end=None, url="", **client):
    """Return what the source gives from a server, without its politeness."""
    client = Client(per_second=10_000, **client)
    days = [date.fromisoformat(day) if day else None for day in (start, end)]
    request = Request(coin, *days, url=url or server.url, client=client)
    return validate_prices(coinmarketcap.load(request))


def parse(quotes=None, begin=ASKED[0], end=ASKED[1], **answer):
    quotes = quotes_of(WEEK) if quotes is None else quotes
    return parse_history(render_history(quotes, **answer).encode(), BITCOIN, begin, end)


def quote(**changes):
    """Return the quotes of the week with members of the first one's numbers changed."""
    quotes = quotes_of(WEEK)
    quotes[0]["quote"] = {k: v for k, v in (quotes[0]["quote"] | changes).items() if v is not ...}
    return quotes


@settings(max_examples=60)
@given(
    prices=price_tables(max_days=12),
    before=st.integers(0, 11),
    shape=st.sampled_from(SHAPES),
    newest_first=st.booleans(),
    ask_start=st.booleans(),
)
def test_load_gives_back_any_table_split_into_windows(
    prices, before, shape, newest_first, ask_start
):
    prices.index = pd.date_range(
        EDGE - pd.Timedelta(days=before), periods=len(prices), name="date", unit="ns"
    )
    first, last = (f"{prices.index[place]:%Y-%m-%d}" for place in (0, -1))
    with Server() as server:
        server.pages[HISTORY] = as_json(history_page(prices, shape, newest_first=newest_first))
        found = load(server, start=first if ask_start else None, end=last)
    pd.testing.assert_frame_equal(found, prices, check_exact=True, check_freq=False)


def test_load_asks_windows_of_at_most_a_year_newest_first_that_share_a_day(server):
    prices = make_prices(1500, seed=2, start="2015-01-01")
    server.pages[HISTORY] = as_json(history_page(prices))
    found = load(server, end="2018-12-31")
    asked = [
        [pd.Timestamp(int(query[name][0]), unit="s") for name in ("timeStart", "timeEnd")]
        for query in (parse_qs(urlsplit(target).query) for target in server.requests)
    ]
    assert all(end - start <= pd.Timedelta(days=365, seconds=1) for start, end in asked)
    overlaps = [older[1] - newer[0] for newer, older in pairwise(asked)]
    assert set(overlaps) == {pd.Timedelta(days=1)}
    pd.testing.assert_frame_equal(found, prices[:"2018-12-31"], check_freq=False)


def test_load_stops_at_the_window_before_the_coins_first_day(server):
    server.pages[HISTORY] = as_json(history_page(WEEK))
    assert len(load(server, end="2018-01-07")) == 7
    assert len(server.requests) == 2


def test_load_tells_coin_source_unit_and_a_checksum_that_follows_the_answers(server):
    checksums = []
    for seed in (1, 2):
        server.pages[HISTORY] = as_json(history_page(make_prices(3, seed=seed, start="2018-01-01")))
        attrs = load(server, end="2018-01-03").attrs
        checksums.append(attrs.pop("sha256"))
        assert attrs == {"coin": "bitcoin", "source": "coinmarketcap", "volume_unit": "USD"}
    assert checksums[0] != checksums[1]


def test_load_leaves_out_the_day_that_is_not_over(server):
    start = today() - timedelta(days=4)
    rows = quotes_of(make_prices(5, seed=1, start=str(start)))
    server.pages[HISTORY] = as_json(render_history(rows))  # whatever is asked
    assert load(server, start=str(start)).index[-1].date() == today() - timedelta(days=1)


@pytest.mark.parametrize("code", ["1008", 1008, "x"])
def test_parse_history_tells_an_error_that_came_as_success(code):
    with pytest.raises(PriceError, match=f"bitcoin 2018-01-01..2018-01-07 .* {code!r}: ''"):
        parse(code=code)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html><h1>Too many requests</h1>", "HTML .*'<html><h1>Too"),
        (b"\xef\xbb\xbf <!DOCTYPE html>", "HTML"),
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b'{"data": NaN}', "not JSON .*NaN"),
        (b'{"data": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"[" * 200_000, "deeply"),
        (b" " * (17 * 2**20), "16 MiB"),
        (b"[]", "data None .* dict"),
        (b'{"data": {"id": 1}}', "quotes None .* list"),
        (b'{"data": {"id": 1, "quotes": [null]}}', r"\(None\)"),
        (b'{"data": {"id": 1, "quotes": [{"quote": []}]}}', r"'quote': \[\]"),
    ],
)
def test_parse_history_refuses_what_is_no_answer(body, message):
    place = r"the answer for bitcoin 2018-01-01\.\.2018-01-07"
    with pytest.raises(PriceError, match=f"^(quote 1 of )?{place} .*{message}") as failure:
        parse_history(body, BITCOIN, *ASKED)
    assert "\n" not in str(failure.value)
    assert len(str(failure.value)) < 400


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"coin_id": 1027}, "id 1027, not 1"),
        ({"coin_id": None}, "id None, not 1"),
        ({"symbol": "BCH"}, "symbol 'BCH', not 'BTC'"),
        ({"slug": "bitcoin-cash"}, "slug 'bitcoin-cash', not 'bitcoin'"),
    ],
)
def test_parse_history_refuses_another_coin(answer, message):
    with pytest.raises(PriceError, match=f"2018-01-07 .* {message}"):
        parse(**answer)


@pytest.mark.parametrize("name", ["open", "high", "low", "close"])
@pytest.mark.parametrize(
    ("value", "fault"),
    [(None, "null"), (..., "missing"), ("12", "'12', not a number"), (True, "True, not a"),
     ([], "[], not"), (10**400, "not a number")],
)  # fmt: skip
def test_parse_history_names_a_price_that_is_none(name, value, fault):
    with pytest.raises(
        PriceError, match=f"^{name} is .*{re.escape(fault)}.* quote 1 of the answer"
    ):
        parse(quote(**{name: value}))


@pytest.mark.parametrize("value", [None, ...])
@pytest.mark.parametrize(("name", "column"), [("volume", "volume"), ("marketCap", "market_cap")])
def test_parse_history_reads_an_amount_that_is_not_told_as_unknown(name, column, value):
    found = parse(quote(**{name: value}))
    assert found.isna().sum().sum() == 1
    assert pd.isna(found[column].iloc[0])


def test_parse_history_refuses_prices_in_another_currency():
    with pytest.raises(PriceError, match=r"^quote 1 .* '2790'"):
        parse(quote(name="2790"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"timeOpen": "2018-01-01"}, "'2018-01-01'"),
        ({"timeOpen": 1514764800}, "1514764800"),
        ({"timeOpen": "2018-02-30T00:00:00.000Z"}, "'2018-02-30T"),
        ({"timeOpen": "2017-12-31T00:00:00.000Z"}, r"2 days .*\(2017-12-31, 2018-01-01\)"),
        ({"timeOpen": ..., "timeClose": ...}, "0 days"),
    ],
)
def test_parse_history_refuses_a_quote_that_is_not_of_one_day(changes, message):
    quotes = quote(timestamp=...) if ... in changes.values() else quotes_of(WEEK)
    quotes[0] = {k: v for k, v in (quotes[0] | changes).items() if v is not ...}
    with pytest.raises(PriceError, match=f"^quote 1 of .* {message}"):
        parse(quotes)


def test_parse_history_knows_the_day_by_the_timestamp_alone():
    quotes = [{"quote": entry["quote"]} for entry in quotes_of(WEEK)]
    pd.testing.assert_frame_equal(parse(quotes), WEEK, check_freq=False)


def test_parse_history_merges_a_day_that_comes_twice_and_tells_the_same():
    quotes = quotes_of(WEEK)
    pd.testing.assert_frame_equal(parse([*quotes, quotes[3]]), WEEK, check_freq=False)


@pytest.mark.parametrize("name", COLUMNS)
def test_parse_history_refuses_a_day_that_comes_twice_and_differs(name):
    other = WEEK.copy()
    other.loc["2018-01-04", name] *= 1.001
    with pytest.raises(PriceError, match=rf"^{name} of 2018-01-04 is [\d.]+ in the .* but [\d.]+"):
        parse([*quotes_of(WEEK), quotes_of(other)[3]])


def test_parse_history_does_without_the_rows_of_a_server_that_starts_too_early():
    """A version of the interface ignores the start and gives 400 days up to the end."""
    longer = make_prices(400, seed=1, start="2016-12-04")
    found = parse(quotes_of(longer))
    pd.testing.assert_frame_equal(found, longer["2018-01-01":"2018-01-07"], check_freq=False)


@pytest.mark.parametrize(
    ("start", "days", "which"),
    [("2017-06-01", 100, "start"), ("2018-01-03", 100, None), ("2019-06-01", 100, "end")],
)
def test_parse_history_refuses_another_period_than_was_asked_for(start, days, which):
    quotes = quotes_of(make_prices(days, seed=1, start=start))
    if which is None:  # the coin began within the window
        assert len(parse(quotes)) == 5
        return
    with pytest.raises(PriceError, match=f"{start}.* ignored the {which}"):
        parse(quotes)


def test_load_refuses_windows_that_disagree_where_they_overlap(server):
    prices = make_prices(10, seed=1, start=str(EDGE.date() - timedelta(days=5)))
    pages = [history_page(prices * factor) for factor in (1.01, 1)]
    newest = f"timeStart={int(EDGE.timestamp()) - 1}&"
    server.pages[HISTORY] = as_json(lambda target: pages[newest not in target](target))
    with pytest.raises(
        PriceError, match=rf"^open of {EDGE:%Y-%m-%d} is .* in the answer for .* bu"
    ):
        load(server, end=str(prices.index[-1].date()))


def test_load_names_a_day_that_no_window_has(server):
    server.pages[HISTORY] = as_json(history_page(WEEK.drop(pd.Timestamp("2018-01-04"))))
    with pytest.raises(PriceError, match=r"^bitcoin coinm.* 2018-01-04"):
        load(server, end="2018-01-07")


@pytest.mark.parametrize("served", [WEEK, make_prices(10, seed=1, start=str(EDGE.date()))])
def test_load_refuses_an_empty_window_where_there_must_be_a_day(server, tmp_path, served):
    """The newest window, or one that shares a day with the next."""
    end = "2020-02-01" if served is WEEK else str(served.index[-1].date())
    newest = f"timeEnd={int(pd.Timestamp(end).timestamp())}"
    page = history_page(served)
    pages = in_turn(
        *([] if served is WEEK else [page("?timeStart=0&" + newest)]), render_history([])
    )
    server.pages[HISTORY] = as_json(pages)
    with pytest.raises(PriceError, match=r"the answer for bitcoin .* no quotes"):
        load(server, end=end, cache=RawCache(tmp_path))
    server.pages[HISTORY] = as_json(page)  # the empty answer was not kept
    assert len(load(server, end=str(served.index[-1].date()), cache=RawCache(tmp_path))) in (7, 10)


def test_load_does_not_mind_a_gap_outside_the_period(server):
    server.pages[HISTORY] = as_json(history_page(WEEK.drop(pd.Timestamp("2018-01-04"))))
    assert len(load(server, start="2018-01-05", end="2018-01-07")) == 3


@pytest.mark.parametrize(("start", "end"), [(str(today()), ""), ("", "2013-04-27")])
def test_load_refuses_a_period_without_a_completed_day(server, start, end):
    with pytest.raises(InputError, match=start or "2013-04-27"):
        load(server, start=start, end=end)


def test_load_finds_a_coin_by_its_slug_among_coins_of_one_symbol(server):
    other = {"id": 77, "name": "Fake Cardano", "symbol": "ADA", "slug": "fake-cardano"}
    server.pages[LISTING] = as_json(render_listing([other, CARDANO]))
    server.pages[HISTORY] = as_json(history_page(WEEK, coin_id=2010, symbol="ADA"))
    assert load(server, "cardano", end="2018-01-07").attrs["coin"] == "cardano"
    assert "id=2010&" in server.requests[1]
    with pytest.raises(PriceError, match="id 2010, not 77"):
        load(server, "fake-cardano", end="2018-01-07")


def test_load_reads_the_listing_page_by_page_until_it_has_the_coin(server, monkeypatch):
    monkeypatch.setattr(coinmarketcap, "PAGE_COINS", 2)
    listed = [CARDANO | {"id": n, "slug": f"coin-{n}"} for n in range(5)] + [CARDANO]

    def listing(target):
        start = int(parse_qs(urlsplit(target).query)["start"][0]) - 1
        return render_listing(listed[start : start + 2])

    server.pages[LISTING] = as_json(listing)
    server.pages[HISTORY] = as_json(history_page(WEEK, coin_id=2010, symbol="ADA"))
    assert len(load(server, "cardano", end="2018-01-07")) == 7
    assert [target.split("?")[1] for target in server.requests[:3]] == [
        "start=1&limit=2", "start=3&limit=2", "start=5&limit=2",
    ]  # fmt: skip


@pytest.mark.parametrize(("page_coins", "asked"), [(1000, 1), (1, coinmarketcap.MAX_PAGES)])
def test_load_ends_its_search_also_in_a_listing_without_end(server, monkeypatch, page_coins, asked):
    monkeypatch.setattr(coinmarketcap, "PAGE_COINS", page_coins)
    server.pages[LISTING] = as_json(render_listing([CARDANO]))
    with pytest.raises(InputError, match=r"'cardanos' .* 1 coins .* 'cardano'[?]"):
        load(server, "cardanos")
    assert len(server.requests) == asked


@pytest.mark.parametrize(
    ("listing", "message"),
    [
        ([CARDANO, CARDANO | {"id": 3}], r"'cardano' \(ids 2010 and 3\)"),
        ([{"slug": "cardano", "symbol": "ADA"}], "id None .* int"),
        ([{"slug": 5}], "slug 5 .* str"),
        ([None], "slug None"),
    ],
)
def test_parse_listing_refuses_what_names_no_coins(listing, message):
    with pytest.raises(PriceError, match=f"^the listing .*{message}"):
        parse_listing(render_listing(listing).encode())


def test_load_asks_nothing_twice_when_the_answers_are_kept(server, tmp_path):
    server.pages[HISTORY] = as_json(history_page(make_prices(900, seed=1, start="2016-01-01")))
    first = load(server, end="2018-01-07", cache=RawCache(tmp_path))
    asked = len(server.requests)
    # Another period needs the same windows: the grid is fixed.
    second = load(server, end="2018-01-05", cache=RawCache(tmp_path), offline=True)
    assert len(server.requests) == asked
    pd.testing.assert_frame_equal(first[:"2018-01-05"], second)


def test_load_names_all_days_that_are_missing_offline(server, tmp_path):
    server.pages[HISTORY] = as_json(history_page(make_prices(1500, seed=1, start="2015-01-01")))
    load(server, start="2016-06-01", end="2016-08-01", cache=RawCache(tmp_path))
    with pytest.raises(OfflineError, match=r"^days of bitcoin .*: 2015-06-01\.\."):
        load(server, start="2015-06-01", end="2018-08-01", cache=RawCache(tmp_path), offline=True)
    with pytest.raises(OfflineError, match="listing"):
        load(server, "cardano", offline=True)


@pytest.mark.parametrize(
    "answer", [render_history([], code="1008"), "<h1>Busy</h1>", '{"data":', render_history([])]
)
def test_load_keeps_no_answer_that_it_could_not_use(server, tmp_path, answer):
    server.pages[HISTORY] = as_json(answer)
    options = {"start": "2018-01-01", "end": "2018-01-07", "cache": RawCache(tmp_path)}
    with pytest.raises(PriceError):
        load(server, **options)
    server.pages[HISTORY] = as_json(history_page(WEEK))
    assert len(load(server, **options)) == 7


def test_load_asks_again_for_a_yesterday_that_was_not_published_yet(server, tmp_path):
    prices = make_prices(10, seed=1, start=str(today() - timedelta(days=10)))
    server.pages[HISTORY] = as_json(history_page(prices[:-1]))
    assert len(load(server)) == len(load(server, cache=RawCache(tmp_path))) == 9
    server.pages[HISTORY] = as_json(history_page(prices))
    assert len(load(server, cache=RawCache(tmp_path))) == 10
