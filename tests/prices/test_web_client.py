"""Asking a real server, reading files, and addresses that lead nowhere."""

import gzip
import socket
import sys
import threading
import time
from unittest.mock import Mock

import pytest
import requests
from server import Answer, in_turn

from coincast.errors import InputError
from coincast.prices.web import client as web
from coincast.prices.web.client import Client


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Try again at once, as often as ever."""
    monkeypatch.setattr(web, "BACKOFF", lambda _: 0)


def fetch(url, kind="html", **options):
    """Return the bytes of an address, asking as fast as the machine can."""
    return Client(per_second=1000, **options).read(url, bytes, kind)


@pytest.mark.parametrize("body", [b"", b"<p>\xff\x00</p>", b"x" * 300_000])
def test_read_returns_the_bytes_that_the_server_sent(server, body):
    server.pages["/page"] = body
    assert fetch(f"{server.url}/page?start=20180101") == body
    assert server.requests == ["/page?start=20180101"]


def test_read_returns_the_bytes_of_a_file_whose_name_has_blanks(tmp_path):
    path = tmp_path / "saved page é.html"
    path.write_bytes(b"<p>\xff\x00</p>")
    assert fetch(path.as_uri()) == b"<p>\xff\x00</p>"


def test_read_follows_a_redirect_to_another_page(server):
    server.pages["/old"] = Answer(status=301, headers={"Location": "/new"})
    server.pages["/new"] = "moved here"
    assert fetch(f"{server.url}/old") == b"moved here"


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("", ""),
        ("page.html", ""),
        ("//example.org/page", ""),
        ("ftp://127.0.0.1/page", "ftp"),
        ("javascript:alert(1)", "javascript"),
        ("data:text/html,<p>", "data"),
    ],
)
def test_read_refuses_other_schemes(url, scheme):
    with pytest.raises(InputError, match=f"has the scheme '{scheme}'; use http://, https:// or"):
        fetch(url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://[::1", r"url 'http://\[::1' is no address: Invalid IPv6 URL"),
        ("file://[::1", r"url 'file://\[::1' is no address"),
        ("http://", "cannot fetch 'http://': InvalidURL"),
        ("http://127.0.0.1:99999/", "cannot fetch .*: InvalidURL"),
        (f"http://{'a' * 70}.invalid/", "cannot fetch .*: LocationParseError"),
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
    with pytest.raises(InputError, match=f"cannot read 'file://.*{name}': {reason}; check the"):
        fetch(f"{tmp_path.as_uri()}/{name}")


@pytest.mark.parametrize("status", [403, 404, 410])
def test_read_names_a_status_that_will_not_change_and_asks_once(server, status):
    server.pages["/page"] = Answer("<h1>no</h1>", status)
    with pytest.raises(InputError, match=f"cannot fetch '.*/page': HTTP status {status}; check"):
        fetch(f"{server.url}/page")
    assert server.requests == ["/page"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_read_gives_up_on_a_failing_server_after_three_more_tries(server, status):
    server.pages["/page"] = Answer("<h1>later</h1>", status)
    with pytest.raises(InputError, match=f"in 4 attempts: HTTP status {status}; check the"):
        fetch(f"{server.url}/page")
    assert server.requests == ["/page"] * 4


def test_read_returns_the_page_of_a_server_that_recovers(server):
    failure = Answer("wait", 500)
    server.pages["/page"] = in_turn(failure, Answer("wait", 503), failure, "here it is")
    assert fetch(f"{server.url}/page") == b"here it is"
    assert len(server.requests) == 4


def test_read_waits_a_minute_at_most_when_told_to_wait_a_day(server, monkeypatch):
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    server.pages["/page"] = in_turn(Answer(status=429, headers={"Retry-After": "86400"}), "fine")
    assert fetch(f"{server.url}/page") == b"fine"
    assert max(waits) == 60


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("file:///etc/hostname", " leads to 'file:///etc/hostname', no web page; check"),
        ("ftp://127.0.0.1/", " leads to 'ftp://127.0.0.1/', no web page"),
        ("data:text/html,<p>", " leads to 'data:text/html,<p>', no web page"),
        ("http://[::1", ": ValueError; check the address"),
        ("/loop", " leads on and on, 10 times; check the address"),
    ],
)
def test_read_refuses_a_redirect_that_leads_away_or_nowhere(server, location, reason):
    server.pages["/loop"] = Answer(status=302, headers={"Location": location})
    with pytest.raises(InputError, match=f"'{server.url}/loop'{reason}"):
        fetch(f"{server.url}/loop")


def test_read_reads_no_more_than_its_limit_from_a_server(server, monkeypatch):
    monkeypatch.setattr(web, "SIZE_LIMIT", 2**20)
    server.pages["/fits"], server.pages["/more"] = bytes(2**20), bytes(2**20 + 1)
    assert len(fetch(f"{server.url}/fits")) == 2**20
    with pytest.raises(InputError, match=r"/more' is larger than 1 MiB; ask for a shorter period"):
        fetch(f"{server.url}/more")


def test_read_waits_for_no_more_once_its_limit_is_passed(server, monkeypatch):
    monkeypatch.setattr(web, "SIZE_LIMIT", 2**20)
    server.pages["/page"] = Answer(bytes(2**21), headers={"Content-Length": str(10**12)})
    with pytest.raises(InputError, match="is larger than 1 MiB"):  # not: it ended early
        fetch(f"{server.url}/page")


def test_read_reads_no_more_than_its_limit_from_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(web, "SIZE_LIMIT", 2**20)
    path = tmp_path / "page.html"
    path.write_bytes(bytes(2**20))
    assert len(fetch(path.as_uri())) == 2**20
    path.write_bytes(bytes(2**20 + 1))
    with pytest.raises(InputError, match=r"page.html' is larger than 1 MiB"):
        fetch(path.as_uri())


def test_read_counts_bytes_after_they_are_unpacked(server, monkeypatch):
    monkeypatch.setattr(web, "SIZE_LIMIT", 2**20)
    bomb = gzip.compress(bytes(2**24))
    server.pages["/bomb"] = Answer(bomb, headers={"Content-Encoding": "gzip"})
    assert len(bomb) < 2**20
    with pytest.raises(InputError, match="is larger than 1 MiB"):
        fetch(f"{server.url}/bomb")


def test_read_refuses_a_body_that_ends_early(server):
    server.pages["/page"] = Answer("half a page", headers={"Content-Length": "1000"})
    with pytest.raises(InputError, match=r"in 4 attempts: IncompleteRead.*989 more"):
        fetch(f"{server.url}/page")


def test_read_refuses_a_body_that_is_not_packed_as_it_says(server):
    server.pages["/page"] = Answer("plain", headers={"Content-Encoding": "gzip"})
    with pytest.raises(InputError, match="in 4 attempts: damaged gzip: Not a gz"):
        fetch(f"{server.url}/page")


def test_read_gives_up_on_a_server_that_does_not_answer_in_time(server, monkeypatch):
    monkeypatch.setattr(web, "TIMEOUT", (1, 0.2))
    server.pages["/slow"] = Answer("too late", delay=0.6)
    with pytest.raises(InputError, match=r"cannot fetch '.*/slow' in 4 attempts: timed out"):
        fetch(f"{server.url}/slow")
    assert server.requests == ["/slow"] * 4


def test_read_gives_up_when_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(InputError, match=f":{port}/' in 4 attempts: Connection refused"):
        fetch(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("form", ["gzip", "x-gzip", "identity", "GZIP"])
def test_read_unpacks_what_the_server_packed(server, form):
    packed = b"page" if form == "identity" else gzip.compress(b"page")
    server.pages["/page"] = Answer(packed, headers={"Content-Encoding": form})
    assert fetch(f"{server.url}/page") == b"page"


def test_read_refuses_a_packing_that_it_did_not_ask_for(server):
    server.pages["/page"] = Answer("?", headers={"Content-Encoding": "br"})
    with pytest.raises(InputError, match="/page' is packed as 'br', not gzip as asked"):
        fetch(f"{server.url}/page")


@pytest.mark.parametrize("status", [202, 204, 206, 300, 304])
def test_read_refuses_a_status_that_promises_no_page(server, status):
    server.pages["/page"] = Answer("a challenge" if status == 202 else "", status)
    with pytest.raises(InputError, match=f"/page': HTTP status {status}; check the address"):
        fetch(f"{server.url}/page")


@pytest.mark.parametrize(
    ("kind", "stated"),
    [
        ("html", "application/json"),
        ("html", "image/png"),
        ("json", "text/html; charset=utf-8"),
        ("csv", "Text/HTML"),
        ("csv", "application/json"),
    ],
)
def test_read_refuses_a_content_type_that_contradicts_the_kind(server, kind, stated):
    server.pages["/page"] = Answer("{}", headers={"Content-Type": stated})
    with pytest.raises(InputError, match=f"answered '{stated.lower()}' where {kind} was expected"):
        fetch(f"{server.url}/page", kind)


@pytest.mark.parametrize("stated", [None, "", "text/plain", "application/octet-stream"])
@pytest.mark.parametrize("kind", ["html", "json", "csv"])
def test_read_leaves_an_unclear_content_type_to_the_parser(server, kind, stated):
    server.pages["/page"] = Answer("{}", headers={"Content-Type": stated})
    assert fetch(f"{server.url}/page", kind) == b"{}"


def test_read_keeps_what_a_server_says_out_of_the_terminal(server, monkeypatch):
    failure = requests.ConnectionError("\x1b[31mred\r\n" + "x" * 1000)
    monkeypatch.setattr(requests.Session, "send", Mock(side_effect=failure))
    with pytest.raises(InputError, match=r"attempts: \[31mredx{93}; check"):
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


@pytest.mark.parametrize(("terminal", "shown"), [(True, True), (False, False)])
def test_track_shows_a_bar_on_a_terminal_alone(monkeypatch, capsys, terminal, shown):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    assert list(Client().track(range(5), "bitcoin")) == [0, 1, 2, 3, 4]
    assert ("bitcoin: 100%" in capsys.readouterr().err) == shown
