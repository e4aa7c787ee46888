"""Fetching from a real server and from files; test_scrape_faults.py has the faults of servers."""

import gzip
import os
import socket
import sys
import threading
from pathlib import Path
from unittest.mock import Mock

import pytest
import requests
from server import Answer
from tqdm import tqdm

from coincast.errors import InputError
from coincast.prices.load import load_prices
from coincast.prices.web import client as web
from coincast.prices.web.cache import RawCache
from coincast.prices.web.client import Client


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Try again at once, as often as ever."""
    monkeypatch.setattr(web, "BACKOFF", lambda _: 0)


def fetch(url):
    """Return the bytes of an address, asking as fast as the machine can."""
    return Client(per_second=1000).read(url, bytes)


@pytest.mark.parametrize("body", [b"", b"<p>\xff\x00</p>", b"x" * 300_000])
def test_read_returns_the_bytes_that_the_server_sent(server, body):
    server.pages["/page"] = body
    assert fetch(f"{server.url}/page?start=20180101") == body
    assert server.requests == ["/page?start=20180101"]


def test_read_returns_the_bytes_of_a_file_whose_name_has_blanks(tmp_path):
    path = tmp_path / "saved page é.html"
    path.write_bytes(b"<p>\xff\x00</p>")
    assert fetch(path.as_uri()) == b"<p>\xff\x00</p>"


@pytest.mark.parametrize(
    ("url", "scheme"), [("page.html", ""), ("ftp://127.0.0.1/page", "ftp"), ("data:,<p>", "data")]
)
def test_read_refuses_other_schemes(url, scheme):
    with pytest.raises(InputError, match=f"scheme '{scheme}'"):
        fetch(url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://[::1", r"'http://\[::1'.*Invalid IPv6 URL"),
        ("file://[::1", r"'file://\[::1'"),
        ("http://", "'http://': InvalidURL"),
        ("http://127.0.0.1:99999/", "99999/': InvalidURL"),
        (f"http://{'a' * 70}.invalid/", "LocationParseError"),
    ],
)
def test_read_refuses_what_is_no_address(url, message):
    with pytest.raises(InputError, match=message):
        fetch(url)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.html", "No such file or directory"),
        ("folder", "Is a directory"),
        ("page.html/x", "Not a directory"),
        ("zero%00byte", "embedded null byte"),
    ],
)
def test_read_says_why_a_file_cannot_be_read(tmp_path, name, reason):
    (tmp_path / "folder").mkdir()
    (tmp_path / "page.html").write_text("x")
    with pytest.raises(InputError, match=f"^cannot read '.*': {reason};"):
        fetch(f"{tmp_path.as_uri()}/{name}")


@pytest.fixture(params=["fifo", "link to a fifo", "device", "socket", "folder"])
def special(request, tmp_path):
    """Return the path of what is no regular file."""
    path = tmp_path / "special"
    if request.param == "device":
        path.symlink_to("/dev/zero")
    elif request.param == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    elif request.param == "folder":
        path.mkdir()
    else:
        os.mkfifo(tmp_path / "fifo")
        path.symlink_to("fifo")
    return path if request.param != "fifo" else tmp_path / "fifo"


def test_only_regular_files_are_read(special):
    reason = "(not a regular file|Is a directory);"
    with pytest.raises(InputError, match=reason):
        fetch(special.as_uri())
    with pytest.raises(InputError, match=reason):
        load_prices("bitcoin", source="csv", url=str(special))


def test_only_regular_files_are_read_beside_a_table_and_from_the_cache(special):
    table = special.with_name("own.csv")
    table.write_text("date,open,high,low,close\n2018-01-01,2,4,1,3\n")
    special.rename(f"{table}.json")
    with pytest.raises(InputError, match=r"own.csv.json' in '.*': (not a r|Is a d)"):
        load_prices("bitcoin", source="csv", url=str(table))
    cache = RawCache(special.parent)
    Path(f"{table}.json").rename(cache.path("http://localhost/"))
    assert cache.get("http://localhost/") is None


@pytest.mark.parametrize(
    "form",
    [
        "http://me:word@{host}/page", "http://word@{host}/page", "http://{host}/page?api_key=word",
        "http://{host}/page?start=1&token=word",
        "ftp://me:word@{host}/",
    ],
)  # fmt: skip
def test_passwords_stay_out_of_errors_and_of_the_cache(server, tmp_path, form):
    url = form.format(host=server.url.partition("//")[2])
    cache = RawCache(tmp_path / "cache")
    with pytest.raises(InputError) as failure:
        Client(cache).read(url, bytes)
    assert "word" not in str(failure.value)
    assert "***" in str(failure.value)
    server.pages["/page"] = "here it is"
    if "/page" in form:
        assert Client(cache).read(url, bytes) == b"here it is"
        assert Client(cache, offline=True).read(url, bytes) == b"here it is"
        assert b"word" not in cache.path(url).read_bytes()


def test_read_refuses_a_redirect_that_leads_nowhere(server):
    server.pages["/loop"] = Answer(status=302, headers={"Location": "http://[::1"})
    with pytest.raises(InputError, match=f"'{server.url}/loop': ValueError"):
        fetch(f"{server.url}/loop")


def test_read_reads_no_more_than_its_limit(server, tmp_path, monkeypatch):
    monkeypatch.setattr(web, "SIZE_LIMIT", 2**20)
    server.pages["/fits"], server.pages["/more"] = bytes(2**20), bytes(2**20 + 1)
    assert len(fetch(f"{server.url}/fits")) == 2**20
    (tmp_path / "more").write_bytes(bytes(2**20 + 1))
    for url in (f"{server.url}/more", (tmp_path / "more").as_uri()):
        with pytest.raises(InputError, match=r"more' .* 1 MiB"):
            fetch(url)


@pytest.mark.parametrize("form", ["gzip", "x-gzip", "identity", "GZIP"])
def test_read_unpacks_what_the_server_packed(server, form):
    packed = b"page" if form == "identity" else gzip.compress(b"page")
    server.pages["/page"] = Answer(packed, headers={"Content-Encoding": form})
    assert fetch(f"{server.url}/page") == b"page"


def test_read_keeps_what_a_server_says_out_of_the_terminal(server, monkeypatch):
    failure = requests.ConnectionError("\x1b[31mred\r\n" + "x" * 1000)
    monkeypatch.setattr(requests.Session, "send", Mock(side_effect=failure))
    with pytest.raises(InputError, match=r": \[31mredx{93};"):
        fetch(f"{server.url}/page")


def test_read_asks_at_the_stated_rate_whichever_client_asks(server):
    server.pages["/page"] = "here it is"
    for _ in range(7):
        Client(per_second=3).read(f"{server.url}/page", bytes)
    early, late = server.times[:-3], server.times[3:]
    assert min(last - first for first, last in zip(early, late, strict=True)) > 0.8


def test_clients_leave_no_threads_behind(server):
    server.pages["/page"] = "here it is"
    fetch(f"{server.url}/page")
    before = threading.active_count()
    assert {fetch(f"{server.url}/page") for _ in range(20)} == {b"here it is"}
    assert threading.active_count() <= before + 1  # the server may be ending an answer


@pytest.mark.parametrize("terminal", [True, False])
def test_track_shows_a_bar_on_a_terminal_alone(monkeypatch, capsys, terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    monkeypatch.setattr(
        web, "tqdm", lambda *given, **options: tqdm(*given, **options | {"delay": 0})
    )
    assert list(Client().track(range(5), "bitcoin")) == [0, 1, 2, 3, 4]
    assert ("bitcoin: 100%" in capsys.readouterr().err) == terminal
