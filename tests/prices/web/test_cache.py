"""The cache of raw answers: what is kept, what is noticed as damaged, what is never kept."""

import contextlib
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from makers import history_page, make_prices, render_page
from server import as_json, in_turn

from coincast.errors import InputError, PriceError
from coincast.prices.load import load_prices
from coincast.prices.web.cache import RawCache
from coincast.prices.web.client import Client, OfflineError

URL = "https://example.org/bitcoin?start=20170101"
BODY = b"<p>\xff\x00\r\n\n</p>\n"


@pytest.fixture
def cache(tmp_path):
    return RawCache(tmp_path / "cache")


def entry(url=URL):
    """Return an entry as it should be on the disk."""
    head = {"url": url, "time": "2020-01-01T00:00:00+00:00"}
    head |= {"sha256": hashlib.sha256(BODY).hexdigest()}
    return json.dumps(head).encode() + b"\n" + BODY


@pytest.mark.parametrize("body", [b"", b"\n", BODY, b"x" * 300_000])
def test_cache_gives_back_the_bytes_that_it_was_given(cache, body):
    cache.put(URL, body)
    assert RawCache(cache.folder).get(URL) == body
    assert cache.get(URL + "&end=20170102") is None


def test_cache_tells_where_and_when_an_answer_came_from(cache):
    before = datetime.now(UTC).replace(microsecond=0)
    cache.put(URL, BODY)
    head = json.loads(cache.path(URL).read_bytes().split(b"\n", 1)[0])
    assert (head["url"], head["sha256"]) == (URL, hashlib.sha256(BODY).hexdigest())
    assert before <= datetime.fromisoformat(head["time"]) <= datetime.now(UTC)


WHOLE = entry()
DAMAGED = {
    "flipped": WHOLE[:-3] + bytes([WHOLE[-3] ^ 1]) + WHOLE[-2:],
    "truncated": WHOLE[:-1],
    "head-only": WHOLE.split(b"\n")[0],
    "empty": b"",
    "other-address": entry(url=URL + "0"),
    "garbage": b"\xff\xfe{]\n" + BODY,
    "no-object": b'["url"]\n' + BODY,
    "no-hash": json.dumps({"url": URL}).encode() + b"\n" + BODY,
    "deep": b"[" * 100_000 + b"\n" + BODY,
    "long-number": b"9" * 10_000 + b"\n" + BODY,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_cache_does_not_give_a_damaged_answer(cache, content):
    cache.folder.mkdir()
    cache.path(URL).write_bytes(WHOLE)
    assert cache.get(URL) == BODY
    cache.path(URL).write_bytes(content)
    assert cache.get(URL) is None


@pytest.mark.parametrize(
    "url",
    ["http://h/../../../../etc/passwd", "http://h/" + "x" * 5000, "http://h/é\0\n", "/etc/passwd"],
)
def test_cache_makes_no_path_from_an_address(cache, url):
    cache.put(url, BODY)
    assert cache.get(url) == BODY
    assert [path.parent for path in cache.folder.rglob("*")] == [cache.folder]
    assert cache.path(url).name == hashlib.sha256(url.encode()).hexdigest()[:40] + ".answer"


def test_cache_warns_when_it_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.warns(RuntimeWarning, match="file.*Not a directory"):
        RawCache(tmp_path / "file" / "cache").put(URL, BODY)


def read(server, cache, **options):
    """Return the bytes of the page, asking with a new client."""
    return Client(cache, per_second=1000, **options).read(f"{server.url}/page", bytes)


def test_read_asks_once_for_what_is_kept(server, cache):
    server.pages["/page"] = in_turn("first", "second")
    assert [read(server, cache) for _ in range(3)] == [b"first"] * 3
    assert server.requests == ["/page"]


def test_read_asks_again_and_keeps_the_newer_answer_when_told_to_refresh(server, cache):
    server.pages["/page"] = in_turn("first", "second", "third")
    assert read(server, cache) == b"first"
    assert read(server, cache, refresh=True) == b"second"
    assert read(server, cache) == b"second"


def test_read_asks_nobody_when_offline(server, cache):
    server.pages["/page"] = "first"
    with pytest.raises(OfflineError, match=f"'{server.url}/page'.*--offline"):
        read(server, cache, offline=True)
    read(server, cache)
    assert read(server, cache, offline=True) == b"first"
    assert server.requests == ["/page"]


def test_read_does_not_keep_an_answer_that_cannot_be_parsed(server, cache):
    def refuse(_):
        raise PriceError("an error in disguise")

    server.pages["/page"] = in_turn("sorry", "fine")
    with pytest.raises(PriceError, match="disguise"):
        Client(cache, per_second=1000).read(f"{server.url}/page", refuse)
    assert not cache.folder.exists()
    assert read(server, cache) == b"fine"


def test_read_keeps_no_file(tmp_path, cache):
    (tmp_path / "page").write_bytes(BODY)
    assert Client(cache).read((tmp_path / "page").as_uri(), bytes) == BODY
    assert not cache.folder.exists()


WEEKS = make_prices(800, seed=3, start="2014-01-01").round(4)
DAYS = {"start": "2014-06-01", "end": "2016-02-01"}
WRONG = {
    "earlier": WEEKS[:300],
    "late-start": WEEKS[200:],
    "early-end": WEEKS[:700],
    "gap": WEEKS.drop(WEEKS.index[300]),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("source", ["html", "coinmarketcap"])
def test_load_prices_asks_the_mended_server_again(server, cache, source, wrong):
    def load():
        url = f"{server.url}/{{coin}}" if source == "html" else server.url
        client = Client(cache, per_second=1000)
        return load_prices("bitcoin", **DAYS, source=source, url=url, client=client)

    def serve(prices):
        server.pages["/bitcoin"] = render_page(prices)
        server.pages["/data-api/v3.1/cryptocurrency/historical"] = as_json(history_page(prices))

    serve(wrong)
    with pytest.raises(InputError, match=r"--refresh|try later"):
        load()
    serve(WEEKS)
    assert len(load()) == 611
    asked = len(server.requests)
    assert len(load()) == 611
    assert len(server.requests) == asked  # what is right is kept


@pytest.mark.parametrize(
    ("end", "kept"), [("{yesterday}", True), ("{today}", False), ("{tomorrow}", False), ("", False)]
)
def test_load_prices_keeps_no_page_of_a_period_that_is_not_over(server, cache, end, kept):
    today = datetime.now(UTC).date()
    days = {"yesterday": today - timedelta(1), "today": today, "tomorrow": today + timedelta(1)}
    prices = make_prices(5, seed=2, start=today - timedelta(4)).round(4)  # until today
    server.pages["/bitcoin"] = render_page(prices)
    with contextlib.suppress(InputError):  # days that are not over are in no table
        url, client = f"{server.url}/{{coin}}", Client(cache)
        load_prices("bitcoin", end=end.format_map(days), source="html", url=url, client=client)
    assert len(server.requests) == 1
    assert cache.folder.exists() == kept
