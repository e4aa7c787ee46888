"""What a bad network does to a scrape: the right prices anyway, or one line that names the fault.

Every case runs the scrape command against a real server that misbehaves. Whatever happens, the
cache holds only whole answers and an earlier table stays until a better one is there.
"""

import gc
import gzip
import os
import re
import signal
import subprocess
import sys
import time
import tracemalloc
import warnings
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pandas as pd
import pytest
import scrape as command
from makers import make_prices, quotes_of, render_history, render_page, render_react_page
from requests_ratelimiter import LimiterAdapter
from server import Answer, as_json, broken_off, dripping, in_turn, never_ending

from coincast.errors import InputError
from coincast.prices.web import client as web
from coincast.prices.web import exchange
from coincast.prices.web.cache import RawCache

pytestmark = pytest.mark.fault
PRICES = make_prices(60, seed=11).round(4)
END = f"{PRICES.index[-1]:%Y-%m-%d}"
PAGE = render_page(PRICES).encode()
PACKED = gzip.compress(PAGE)
GZIP = {"Content-Encoding": "gzip"}
CHUNKED = {"Transfer-Encoding": "chunked", "Content-Length": None}
MIB = 2**20
BOMB = gzip.compress(bytes(MIB)) * 512  # members of one stream: 0.5 MiB become 512 MiB
HISTORY = "/data-api/v3.1/cryptocurrency/historical"
ID = re.compile(r"[?&]id=(\d+)")
OLD = "date,open\n2013-04-28,135.3\n"


@pytest.fixture
def impatient(monkeypatch):
    """Wait for everything, but not for long."""
    monkeypatch.setattr(web, "BACKOFF", lambda _: 0)
    monkeypatch.setattr(LimiterAdapter, "_fill_bucket", lambda *_: None)  # a second after a 429
    monkeypatch.setattr(web, "TIMEOUT", (1, 0.3))
    monkeypatch.setattr(exchange, "DEADLINE", 0.6)


def line_for(server, folder, *coins):
    """Return the arguments that scrape coins from a server into a folder, with a cache there."""
    options = {
        "--start": "2017-01-01",
        "--end": END,
        "--url": f"{server.url}/{{coin}}",
        "--out": f"{folder}/{{coin}}.csv",
        "--cache": f"{folder}/cache",
        "--per-second": "1000",
    }
    return [*(coins or ["bitcoin"]), *(word for option in options.items() for word in option)]


@pytest.fixture
def scrape(server, tmp_path, capsys):
    """Return a function that scrapes in this process and gives status, stdout and stderr."""

    def run(*options, coins=()):
        arguments = [*line_for(server, tmp_path, *coins), *options]
        status = command.main(command.parser().parse_args(arguments))
        return status, *capsys.readouterr()

    return run


def bytes_in(folder):
    """Return what every file below a folder holds."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_scraped(folder, coin="bitcoin"):
    """Pass the right prices."""
    found = pd.read_csv(folder / f"{coin}.csv", parse_dates=["date"], index_col="date")
    pd.testing.assert_frame_equal(found, PRICES, check_index_type=False)


def pieces(*parts):
    """Return a body sent in parts, then closed."""
    return lambda: iter(parts)


def endless():
    """Send 200 MiB."""
    for _ in range(200):
        yield bytes(MIB)


def titled(title):
    """Return a page of 200 that has no prices."""
    return f"<html><body><h1>{title}</h1></body></html>"


AGAIN = "in 4 attempts: "
TOO_LARGE = "larger than 32 MiB"
CUT = "cut off before its </"
NO_TABLE = "no table on the page"
HALF = len(PAGE) // 2
LENGTH = str(len(PAGE))
OK = b"HTTP/1.1 200 OK\r\n"
IN_CHUNKS = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "status-line": never_ending(b"HTTP/1.1 2", b"0"),
    "header": never_ending(OK + b"X: ", b"x"),
    "headers": never_ending(OK, b"X: x\r\n", 0.05),
    "continue": never_ending(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.001),
    "chunk-size": never_ending(IN_CHUNKS, b"0"),
    "chunks": never_ending(IN_CHUNKS, b"1\r\nx\r\n"),
    "trailer": never_ending(IN_CHUNKS + b"1\r\nx\r\n0\r\n", b"X: x\r\n", 0.05),
    "redirect": never_ending(b"HTTP/1.1 302 Found\r\nLocation: /other\r\nX: ", b"x"),
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("answer", ENDLESS.values(), ids=ENDLESS)
def test_scrape_ends_at_the_deadline_whatever_the_server_drips(scrape, server, answer):
    server.pages["/bitcoin"] = answer
    started = time.monotonic()
    status, out, err = scrape()
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert f"'{server.url}/bitcoin' took longer than 0.6 s" in err
    assert time.monotonic() - started < 2


# What the server does for ever, the words that name it, how often it was asked.
FAULTS = {
    "429": (Answer("slow down", 429), f"{AGAIN}HTTP status 429", 4),
    "500": (Answer("oops", 500), f"{AGAIN}HTTP status 500", 4),
    "503-html": (Answer(PAGE, 503), f"{AGAIN}HTTP status 503", 4),
    "404": (Answer("gone", 404), "HTTP status 404", 1),
    "204": (Answer(status=204), "HTTP status 204", 1),
    "202-challenge": (Answer(titled("One moment"), 202), "HTTP status 202", 1),
    "redirect-to-nowhere": (Answer(status=302), "HTTP status 302", 1),
    "redirect-loop": (Answer(status=302, headers={"Location": "?"}), "more than 10 times", 11),
    "redirect-to-file": (
        Answer(status=301, headers={"Location": "file:///etc/hostname"}),
        "redirects to 'file:///etc/hostname'",
        1,
    ),
    "reset": (broken_off(PAGE), f"{AGAIN}Connection reset by peer", 4),
    "hang-up": (
        Answer(pieces(PAGE[:HALF]), headers={"Content-Length": LENGTH}),
        f"{AGAIN}IncompleteRead({HALF} bytes read, {len(PAGE) - HALF} more expected)",
        4,
    ),
    "hang-up-of-unknown-length": (Answer(pieces(PAGE[:HALF])), CUT, 1),
    "length-too-short": (Answer(PAGE, headers={"Content-Length": str(HALF)}), CUT, 1),
    "chunks-without-end": (
        Answer(pieces(b"%x\r\n" % len(PAGE), PAGE, b"\r\n"), headers=CHUNKED),
        f"{AGAIN}IncompleteRead",
        4,
    ),
    "chunk-of-no-length": (Answer(pieces(b"x\r\n"), headers=CHUNKED), f"{AGAIN}Incomplete", 4),
    "endless-header": (Answer(PAGE, headers={"X": "x" * 70_000}), "reading header line", 4),
    "drip": (dripping(PAGE, 0.02), "took longer than 0.6 s", 1),
    "drip-that-unpacks-to-nothing": (
        dripping(b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + b"name" * 99, 0.02, **GZIP),
        "took longer than 0.6 s",
        1,
    ),
    "silence": (Answer(PAGE, delay=0.8), f"{AGAIN}timed out", 4),
    "silence-in-mid-body": (dripping(PAGE, 0.8), f"{AGAIN}timed out", 4),
    "image": (Answer(b"\x89PNG", headers={"Content-Type": "image/png"}), NO_TABLE, 1),
    "error-page-of-200": (Answer(titled("Too many requests")), NO_TABLE, 1),
    "empty": (Answer(""), NO_TABLE, 1),
    "gzip-bomb": (Answer(BOMB, headers=GZIP), TOO_LARGE, 1),
    "200-mib": (Answer(endless), TOO_LARGE, 1),
    "200-mib-announced": (
        Answer(endless, headers={"Content-Length": str(200 * MIB)}),
        TOO_LARGE,
        1,
    ),
    "gzip-cut": (Answer(PACKED[:-99], headers=GZIP), f"{AGAIN}damaged gzip: Compressed", 4),
    "gzip-flipped": (
        Answer(PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:], headers=GZIP),
        f"{AGAIN}damaged gzip: CRC check failed",
        4,
    ),
    "gzip-that-is-none": (Answer(PAGE, headers=GZIP), f"{AGAIN}damaged gzip: Not a gzip", 4),
    "brotli": (Answer(PAGE, headers={"Content-Encoding": "br"}), "packed as 'br', not gzip", 1),
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("fault", "words", "times"), FAULTS.values(), ids=FAULTS)
def test_scrape_names_a_fault_and_leaves_everything_as_it_was(
    scrape, server, tmp_path, fault, words, times
):
    server.pages["/bitcoin"] = PAGE
    assert scrape()[0] == 0
    before = bytes_in(tmp_path)
    server.pages["/bitcoin"] = fault
    server.requests.clear()
    status, out, err = scrape("--refresh")
    assert (status, out, err.count("\n"), len(server.requests)) == (2, "", 1, times)
    assert words in err
    assert "bitcoin: " in err or f"{server.url}/bitcoin" in err
    assert bytes_in(tmp_path) == before


MOVED = {"Location": "/bitcoin?moved"}


def once(fault):
    """Return a page that is right from the second time on."""
    return in_turn(fault, PAGE)


# What the server does in turn, the last of it for ever.
PASSING = {
    "429": [Answer("slow down", 429), PAGE],
    "three-faults": [Answer("", 502), broken_off(PAGE), Answer("", 504), PAGE],
    "hang-up": [Answer(PAGE[:HALF], headers={"Content-Length": LENGTH}), PAGE],
    "gzip-cut": [Answer(PACKED[:-99], headers=GZIP), PAGE],
    "silence": [Answer(PAGE, delay=0.5), PAGE],
    "parts": [Answer(pieces(PAGE[:99], PAGE[99:HALF], PAGE[HALF:]))],
    "chunks": [Answer(pieces(b"%x\r\n%s\r\n0\r\n\r\n" % (len(PAGE), PAGE)), headers=CHUNKED)],
    "gzip": [Answer(PACKED, headers=GZIP)],
    "no-type": [Answer(PAGE, headers={"Content-Type": None})],
    "redirect": [Answer(status=302, headers=MOVED), PAGE],
    "redirect-with-a-bomb": [Answer(BOMB, 302, {**MOVED, **GZIP}), PAGE],
    "redirect-with-200-mib": [Answer(endless, 302, MOVED), PAGE],
    "redirect-that-drips": [Answer(dripping(PAGE, 0.1).body, 302, MOVED), PAGE],
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("pages", PASSING.values(), ids=PASSING)
def test_scrape_gets_the_prices_and_keeps_them_when_a_fault_passes(scrape, server, tmp_path, pages):
    server.pages["/bitcoin"] = in_turn(*pages)
    (tmp_path / "bitcoin.csv").write_text(OLD)
    status, out, err = scrape()
    assert (status, err, len(server.requests)) == (0, "", len(pages))
    assert out.endswith(f"bitcoin.csv: bitcoin, 60 days, 2017-01-01 to {END}\n")
    assert_scraped(tmp_path)
    assert scrape("--offline")[0] == 0


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("page", "most_sent", "most_held"),
    [
        (Answer(BOMB, headers=GZIP), 64, 128),  # MiB: the limit, and what is taken ahead of it
        (Answer(endless), 64, 128),
        (Answer(endless, headers={"Content-Length": str(200 * MIB)}), 64, 128),
        (once(Answer(BOMB, 302, {**MOVED, **GZIP})), 32, 16),
        (once(Answer(endless, 302, MOVED)), 32, 16),
    ],
    ids=["bomb", "200", "200-announced", "redirect-with-a-bomb", "redirect-with-200"],
)
def test_scrape_reads_and_holds_little_of_a_body_without_end(
    scrape, server, page, most_sent, most_held
):
    server.pages["/bitcoin"] = page
    tracemalloc.start()
    try:
        scrape()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    server.rest()
    assert server.sent < most_sent * MIB
    assert peak < most_held * MIB


def in_seconds(seconds):
    """Return the date that a Retry-After may hold."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        pytest.param("17", 17, 17, id="few"),
        pytest.param("86400", 60, 60, id="day"),
        pytest.param("9" * 400, 60, 60, id="absurd"),
        pytest.param("9" * 5000, 0, 0, id="endless"),
        pytest.param(in_seconds(10**7), 60, 60, id="late"),
        pytest.param(in_seconds(-1000), 0, 0, id="past"),
        pytest.param("Tue, 01 Jan 99999 00:00:00 GMT", 0, 0, id="never"),
        pytest.param("-5", 0, 0, id="negative"),
        pytest.param("word", 0, 0, id="word"),
        pytest.param("", 0, 0, id="empty"),
    ],
)
def test_scrape_waits_as_long_as_it_is_asked_to_within_reason(
    scrape, server, monkeypatch, asked, least, most
):
    waits = []
    monkeypatch.setattr(web, "BACKOFF", lambda _: 0)
    monkeypatch.setattr(time, "sleep", waits.append)
    server.pages["/bitcoin"] = once(Answer("wait", 503, {"Retry-After": asked}))
    assert scrape()[0] == 0
    assert least <= max(waits) <= most


def test_scrape_waits_longer_from_one_attempt_to_the_next(scrape, server, monkeypatch):
    waits = []
    monkeypatch.setattr(time, "sleep", lambda seconds: waits.append(seconds) if seconds else None)
    server.pages["/bitcoin"] = Answer("oops", 500)
    assert scrape()[0] == 2
    for wait, least in zip(waits, [0.5, 1, 2], strict=True):
        assert least <= wait <= least + 1


def test_scrape_writes_the_other_coins_when_one_fails(scrape, server, tmp_path):
    server.pages |= {"/bitcoin": PAGE, "/litecoin": PAGE}
    (tmp_path / "ethereum.csv").write_text(OLD)
    status, out, err = scrape(coins=["bitcoin", "ethereum", "litecoin"])
    assert (status, out.count("\n"), err.count("\n")) == (2, 2, 1)
    assert f"'{server.url}/ethereum': HTTP status 404" in err
    for coin in ("bitcoin", "litecoin"):
        assert_scraped(tmp_path, coin)
    assert (tmp_path / "ethereum.csv").read_text() == OLD


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1969-12-31"])
@pytest.mark.parametrize("place", ["json", "page", "next"])
def test_scrape_names_an_impossible_day_and_writes_the_other_coins(
    scrape, server, tmp_path, day, place
):
    last = f"{PRICES.index[-1]:%b %d, %Y}"
    page = render_react_page(PRICES, coin="ethereum") if place == "next" else PAGE.decode()
    page = page.replace(last, f"{last[:-4]}{day[:4]}").replace(END, day)
    options = ["--url", f"{server.url}/{{coin}}"]
    server.pages |= {"/ethereum": page, "/litecoin": PAGE}
    coins = ["ethereum", "litecoin"]
    if place == "json":
        answers = {
            "1027": render_history(quotes_of(PRICES), 1027, "ETH").replace(END, day),
            "2": render_history(quotes_of(PRICES), 2, "LTC"),
        }
        server.pages[HISTORY] = as_json(lambda target: answers[ID.search(target)[1]])
        options = ["--url", server.url, "--source", "coinmarketcap"]
    status, out, err = scrape(*options, coins=coins)
    assert (status, out.count("\n"), err.count("\n")) == (2, 1, 1)
    assert (day if place != "page" else day[:4]) in err
    assert_scraped(tmp_path, "litecoin")


@pytest.fixture
def odd_places(tmp_path):
    """Make a link, a FIFO and folders where files would be written."""
    (tmp_path / "target.csv").write_text(OLD)
    (tmp_path / "link.csv").symlink_to("target.csv")
    (tmp_path / "dangling.csv").symlink_to("nowhere")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "table.csv.json").mkdir()
    (tmp_path / "linked.csv.json").symlink_to("target.csv")
    os.mkfifo(tmp_path / "fifo.csv")
    return tmp_path


@pytest.mark.parametrize(
    "out",
    [
        "", ".", "/", "..", "{folder}", "{folder}/..", "/dev/null", "/dev/stdout", "/proc/p.csv",
        "{folder}/fifo.csv", "{folder}/link.csv", "{folder}/dangling.csv", "{folder}/folder.csv",
        "{folder}/table.csv", "{folder}/linked.csv", "{folder}/target.csv/p.csv",
        "{folder}/fifo.csv/p.csv", "{folder}/p\x1b[31m.csv", "{folder}/p\0.csv",
        "{folder}/" + "x" * 300,
    ],
)  # fmt: skip
def test_scrape_refuses_a_place_that_it_cannot_write_before_it_asks_anybody(
    scrape, server, odd_places, out
):
    server.pages["/bitcoin"] = PAGE
    before = sorted(odd_places.rglob("*"))
    with pytest.raises(InputError, match=r"^--out .* cannot write ") as failure:
        scrape("--out", out.format(folder=odd_places))
    assert str(failure.value).isprintable()
    assert server.requests == []
    assert sorted(odd_places.rglob("*")) == before
    assert (odd_places / "target.csv").read_text() == OLD


@pytest.mark.parametrize(
    "out",
    ["{folder}/p.csv", "{folder}/{{coin}}/../p.csv", "{folder}/{{coin}}/../.././{name}/p.csv"],
)
def test_scrape_refuses_one_file_for_two_coins_before_it_asks_anybody(
    scrape, server, tmp_path, out
):
    with pytest.raises(InputError, match=r"same file for 'bitcoin' and 'litecoin'"):
        scrape(
            "--out",
            out.format(folder=tmp_path, name=tmp_path.name),
            coins=["bitcoin", "bitcoin", "litecoin"],
        )
    assert server.requests == []


@pytest.mark.usefixtures("impatient")
def test_scrape_asks_no_faster_than_it_is_told_attempts_and_redirects_included(scrape, server):
    coins = [f"coin-{number}" for number in range(9)]
    server.pages = {f"/{coin}": PAGE for coin in coins}
    server.pages["/coin-3"] = once(Answer("oops", 500))
    server.pages["/coin-6"] = once(Answer(status=302, headers={"Location": "/coin-6"}))
    assert scrape("--per-second", "5", "--jobs", "9", coins=coins)[0] == 0
    assert len(server.times) == 11
    spans = [last - first for first, last in zip(server.times, server.times[5:], strict=False)]
    assert min(spans) > 0.8  # never a sixth within a second, but for the threads' own delays


@pytest.mark.parametrize("jobs", [1, 3])
def test_scrape_has_as_many_coins_at_a_time_as_it_is_told(scrape, server, jobs):
    coins = [f"coin-{number}" for number in range(6)]
    server.pages = {f"/{coin}": Answer(PAGE, delay=0.15) for coin in coins}
    assert scrape("--jobs", str(jobs), coins=coins)[0] == 0
    assert server.at_once == jobs


@pytest.fixture
def start(scripts, server, tmp_path):
    """Return a function that starts the command as a process, after some lines of Python."""

    def start(*options, coins=(), first="", folder=tmp_path):
        program = f"""import runpy, sys; sys.path[0] = {str(scripts)!r}; {first}
sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"""
        arguments = [str(scripts / "scrape.py"), *line_for(server, folder, *coins), *options]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [sys.executable, "-B", "-c", program, *arguments], stdout=pipe, stderr=pipe, text=True
        )

    return start


def finish(process):
    """Return the exit status, stdout and stderr of a process."""
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def limit(size):
    """Return Python that lets the process write no file larger than this."""
    return f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"


@pytest.mark.command
def test_scrape_writes_prices_when_the_disk_is_too_full_for_the_cache(start, server, tmp_path):
    server.pages["/bitcoin"] = PAGE
    status, out, err = finish(start(first=limit(len(PAGE) - 1)))
    assert (status, out.count("\n"), err.count("\n")) == (0, 1, 1)
    assert err.startswith("scrape.py: warning: ")
    assert "File too large" in err
    assert_scraped(tmp_path)
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.command
def test_scrape_keeps_the_earlier_table_when_the_disk_is_full(start, scrape, server, tmp_path):
    server.pages["/bitcoin"] = PAGE
    scrape("--start", "2017-02-01")
    before = bytes_in(tmp_path)
    status, out, err = finish(start(first=limit(2000)))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "bitcoin.csv: File too large" in err
    assert bytes_in(tmp_path) == before


@pytest.mark.command
@pytest.mark.parametrize("place", ["/proc/cache", "{folder}/file/cache"])
def test_scrape_writes_prices_when_the_cache_is_no_place_to_write(start, server, tmp_path, place):
    server.pages["/bitcoin"] = PAGE
    (tmp_path / "file").write_text("")
    status, _, err = finish(start("--cache", place.format(folder=tmp_path)))
    assert (status, err.count("\n")) == (0, 1)
    assert err.startswith("scrape.py: warning: ")
    assert_scraped(tmp_path)


# A process that says so and then sleeps in the middle of the file that it writes as the nth.
STALL = """
import os, time
sync, left = os.fsync, list(range({number}))
def stall(file):
    left.pop()
    if not left:
        print("writing", flush=True)
        time.sleep(60)
    sync(file)
os.fsync = stall
"""


@pytest.mark.command
@pytest.mark.parametrize(
    ("number", "asked_again"),
    [(1, ["/bitcoin", "/ethereum"]), (4, ["/ethereum"]), (5, []), (6, [])],
    ids=["first-answer", "second-answer", "table", "provenance"],
)
def test_scrape_goes_on_from_the_cache_after_a_kill_in_mid_write(
    start, scrape, server, tmp_path, number, asked_again
):
    coins = ["bitcoin", "ethereum"]
    server.pages = {f"/{coin}": PAGE for coin in coins}
    (tmp_path / "ethereum.csv").write_text(OLD)
    process = start("--jobs", "1", coins=coins, first=STALL.format(number=number))
    while process.stdout.readline() != "writing\n":
        assert process.poll() is None
    process.kill()
    assert finish(process)[0] == -signal.SIGKILL
    assert (tmp_path / "ethereum.csv").read_text() == OLD
    for path in (tmp_path / "cache").glob("*.answer"):
        assert path.read_bytes().endswith(PAGE)
    server.requests.clear()
    assert scrape(coins=coins)[0] == 0
    assert sorted(server.requests) == asked_again
    for coin in coins:
        assert_scraped(tmp_path, coin)


@pytest.mark.command
def test_two_scrapes_at_once_into_one_cache_are_both_right(start, server, tmp_path):
    coins = ["bitcoin", "ethereum", "litecoin"]
    server.pages = {f"/{coin}": Answer(PAGE, delay=0.3) for coin in coins}
    folders = [tmp_path / "one", tmp_path / "other"]
    shared = ("--cache", str(tmp_path / "cache"), "--refresh")
    processes = [start(*shared, coins=coins, folder=folder) for folder in folders]
    for process, folder in zip(processes, folders, strict=True):
        assert finish(process)[::2] == (0, "")
        for coin in coins:
            assert_scraped(folder, coin)
    cache = RawCache(tmp_path / "cache")
    assert [cache.get(f"{server.url}/{coin}") for coin in coins] == [PAGE] * 3
    assert len(list(cache.folder.iterdir())) == 3


@pytest.mark.command
def test_scrape_begins_no_other_coin_when_it_is_interrupted(start, server):
    coins = [f"coin-{number}" for number in range(5)]
    server.pages = {f"/{coin}": Answer(PAGE, delay=0.5) for coin in coins}
    process = start("--jobs", "1", coins=coins)
    while not server.requests:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    assert finish(process) == (130, "", "scrape.py: interrupted\n")
    assert server.requests == ["/coin-0"]


INTERRUPTED = {
    "silence": Answer(PAGE, delay=30),
    "drip": dripping(PAGE, 0.05),
    **{name: ENDLESS[name] for name in ("header", "trailer")},
    "pause": Answer("wait", 503, {"Retry-After": "30"}),
}


@pytest.mark.command
@pytest.mark.parametrize("answer", INTERRUPTED.values(), ids=INTERRUPTED)
def test_scrape_ends_at_the_first_interrupt_whatever_the_server_does(
    start, server, tmp_path, answer
):
    coins = ["bitcoin", "ethereum", "litecoin"]
    server.pages = {f"/{coin}": answer for coin in coins} | {"/litecoin": PAGE}
    process = start(coins=coins)
    assert process.stdout.readline().startswith(str(tmp_path / "litecoin.csv"))
    while len(server.requests) < 3:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    started = time.monotonic()
    assert finish(process) == (130, "", "scrape.py: interrupted\n")
    assert time.monotonic() - started < 2
    assert_scraped(tmp_path, "litecoin")
    assert {path.suffix for path in bytes_in(tmp_path)} == {".csv", ".json", ".answer"}


def test_scrape_names_lengths_that_disagree(scrape, server):
    server.pages["/bitcoin"] = Answer(PAGE, headers={"Content-Length": "3, 4"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # urllib3 leaves that socket to us
        status, out, err = scrape()
        gc.collect()
    assert (status, out) == (2, "")
    assert f"'{server.url}/bitcoin': InvalidHeader" in err


@pytest.mark.usefixtures("impatient")
def test_scrape_names_a_server_that_is_not_there(scrape, server):
    gone = server.url.rsplit(":", 1)[0] + ":9"  # "discard", where nobody listens
    status, out, err = scrape("--url", f"{gone}/{{coin}}")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert f"'{gone}/bitcoin' in 4 attempts: Connection refused" in err
