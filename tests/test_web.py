"""Fetching from a real server, from files, and from addresses that lead nowhere."""

import gzip
import socket
import time

import pytest
from server import Answer, in_turn

from coincast.errors import InputError
from coincast.sources import web


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Try again at once, as often as ever."""
    monkeypatch.setattr(web, "RETRY", web.RETRY.new(backoff_factor=0, backoff_jitter=0))


@pytest.mark.parametrize("body", [b"", b"<p>\xff\x00</p>", b"x" * 300_000])
def test_fetch_returns_the_bytes_that_the_server_sent(server, body):
    server.pages["/page"] = body
    assert web.fetch(f"{server.url}/page?start=20180101") == body
    assert server.requests == ["/page?start=20180101"]


def test_fetch_returns_the_bytes_of_a_file_whose_name_has_blanks(tmp_path):
    path = tmp_path / "saved page é.html"
    path.write_bytes(b"<p>\xff\x00</p>")
    assert web.fetch(path.as_uri()) == b"<p>\xff\x00</p>"


def test_fetch_follows_a_redirect_to_another_page(server):
    server.pages["/old"] = Answer(status=301, headers={"Location": "/new"})
    server.pages["/new"] = "moved here"
    assert web.fetch(f"{server.url}/old") == b"moved here"


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
def test_fetch_refuses_other_schemes(url, scheme):
    with pytest.raises(InputError, match=f"has the scheme '{scheme}'; use http://, https:// or"):
        web.fetch(url)


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
def test_fetch_refuses_what_is_no_address(url, message):
    with pytest.raises(InputError, match=message):
        web.fetch(url)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.html", "No such file or directory"),
        ("folder", "Is a directory"),
        ("page.html/x", "Not a directory"),
        ("zero%00byte", "embedded null byte"),
    ],
)
def test_fetch_says_why_a_file_cannot_be_read(tmp_path, name, reason):
    (tmp_path / "folder").mkdir()
    (tmp_path / "page.html").write_text("x")
    with pytest.raises(InputError, match=f"cannot read 'file://.*{name}': {reason}; check the"):
        web.fetch(f"{tmp_path.as_uri()}/{name}")


@pytest.mark.parametrize("status", [403, 404, 410])
def test_fetch_names_a_status_that_will_not_change_and_asks_once(server, status):
    server.pages["/page"] = Answer("<h1>no</h1>", status)
    with pytest.raises(InputError, match=f"cannot fetch '.*/page': HTTP status {status}; check"):
        web.fetch(f"{server.url}/page")
    assert server.requests == ["/page"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_fetch_gives_up_on_a_failing_server_after_three_more_tries(server, status):
    server.pages["/page"] = Answer("<h1>later</h1>", status)
    reason = rf"the server kept failing \(too many {status} error responses\); check"
    with pytest.raises(InputError, match=reason):
        web.fetch(f"{server.url}/page")
    assert server.requests == ["/page"] * 4


def test_fetch_returns_the_page_of_a_server_that_recovers(server):
    failure = Answer("wait", 500)
    server.pages["/page"] = in_turn(failure, Answer("wait", 503), failure, "here it is")
    assert web.fetch(f"{server.url}/page") == b"here it is"
    assert len(server.requests) == 4


def test_fetch_waits_half_a_minute_at_most_when_told_to_wait_a_day(server, monkeypatch):
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    server.pages["/page"] = in_turn(Answer(status=429, headers={"Retry-After": "86400"}), "fine")
    assert web.fetch(f"{server.url}/page") == b"fine"
    assert max(waits) == 30


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("file:///etc/hostname", "InvalidSchema"),
        ("ftp://127.0.0.1/", "InvalidSchema"),
        ("http://[::1", "ValueError"),
        ("/loop", "TooManyRedirects"),
    ],
)
def test_fetch_refuses_a_redirect_that_leads_away_or_nowhere(server, location, reason):
    server.pages["/loop"] = Answer(status=302, headers={"Location": location})
    with pytest.raises(InputError, match=f"cannot fetch '{server.url}/loop': {reason}"):
        web.fetch(f"{server.url}/loop")


def test_fetch_reads_no_more_than_its_limit_from_a_server(server, monkeypatch):
    monkeypatch.setattr(web, "SIZE_LIMIT", 2**20)
    server.pages["/fits"], server.pages["/more"] = bytes(2**20), bytes(2**20 + 1)
    assert len(web.fetch(f"{server.url}/fits")) == 2**20
    with pytest.raises(InputError, match=r"/more' is larger than 1 MiB; ask for a shorter period"):
        web.fetch(f"{server.url}/more")


def test_fetch_waits_for_no_more_once_its_limit_is_passed(server, monkeypatch):
    monkeypatch.setattr(web, "SIZE_LIMIT", 2**20)
    server.pages["/page"] = Answer(bytes(2**21), headers={"Content-Length": str(10**12)})
    with pytest.raises(InputError, match="is larger than 1 MiB"):  # not: it ended early
        web.fetch(f"{server.url}/page")


def test_fetch_reads_no_more_than_its_limit_from_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(web, "SIZE_LIMIT", 2**20)
    path = tmp_path / "page.html"
    path.write_bytes(bytes(2**20))
    assert len(web.fetch(path.as_uri())) == 2**20
    path.write_bytes(bytes(2**20 + 1))
    with pytest.raises(InputError, match=r"page.html' is larger than 1 MiB"):
        web.fetch(path.as_uri())


def test_fetch_counts_bytes_after_they_are_unpacked(server, monkeypatch):
    monkeypatch.setattr(web, "SIZE_LIMIT", 2**20)
    bomb = gzip.compress(bytes(2**24))
    server.pages["/bomb"] = Answer(bomb, headers={"Content-Encoding": "gzip"})
    assert len(bomb) < 2**20
    with pytest.raises(InputError, match="is larger than 1 MiB"):
        web.fetch(f"{server.url}/bomb")


def test_fetch_refuses_a_body_that_ends_early(server):
    server.pages["/page"] = Answer("half a page", headers={"Content-Length": "1000"})
    with pytest.raises(InputError, match=r"cannot fetch '.*/page': ChunkedEncodingError"):
        web.fetch(f"{server.url}/page")


def test_fetch_refuses_a_body_that_is_not_packed_as_it_says(server):
    server.pages["/page"] = Answer("plain", headers={"Content-Encoding": "gzip"})
    with pytest.raises(InputError, match=r"cannot fetch '.*/page': ContentDecodingError"):
        web.fetch(f"{server.url}/page")


def test_fetch_gives_up_on_a_server_that_does_not_answer_in_time(server, monkeypatch):
    monkeypatch.setattr(web, "TIMEOUT", (1, 0.05))
    server.pages["/slow"] = Answer("too late", delay=0.3)
    with pytest.raises(InputError, match=r"cannot fetch '.*/slow': ConnectionError"):
        web.fetch(f"{server.url}/slow")
    assert server.requests == ["/slow"] * 4


def test_fetch_gives_up_when_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(InputError, match=f"cannot fetch 'http://127.0.0.1:{port}/': Connection"):
        web.fetch(f"http://127.0.0.1:{port}/")
