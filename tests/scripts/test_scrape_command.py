"""`scripts/scrape.py` as a user starts it: from another folder, in a process of its own."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pandas as pd
import pytest
import scrape as command
from makers import make_prices, page_around, render_page

from coincast import __version__
from coincast.errors import InputError

OLD = "date,open\n2013-04-28,135.3\n"  # an earlier result that bad input may not touch


@pytest.fixture
def scrape(scripts, tmp_path, tmp_path_factory):
    """Return a function that starts the command in an empty folder, with an empty cache."""
    cache = tmp_path_factory.mktemp("cache")

    def start(*arguments):
        words = [sys.executable, str(scripts / "scrape.py"), "--cache", str(cache), *arguments]
        return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)

    return start


def read(path):
    return pd.read_csv(path, parse_dates=["date"], index_col="date")


@pytest.mark.command
def test_scrape_writes_the_prices_of_a_served_page_and_says_so_in_one_line(
    scrape, server, tmp_path
):
    prices = make_prices(10, seed=4, start="2018-01-04").round(4)
    server.pages["/ethereum"] = render_page(prices, "asterisks")
    (tmp_path / "eth.csv").write_text(OLD)
    url = f"{server.url}/{{coin}}?start={{start}}&end={{end}}"
    done = scrape(
        "ethereum", "--start", "2018-01-05", "--end", "2018-01-13", "--url", url, "--out", "eth.csv"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "eth.csv: ethereum, 9 days, 2018-01-05 to 2018-01-13\n"
    assert server.requests == ["/ethereum?start=20180105&end=20180113"]
    pd.testing.assert_frame_equal(
        read(tmp_path / "eth.csv"), prices.iloc[1:], check_index_type=False
    )


@pytest.mark.command
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--url", "{page}"], "no table"),
        (["--source", "bundled", "--out", "{old}/new.csv"], "{old}/new.csv': Not a directory"),
    ],
    ids=["page", "folder"],
)
def test_scrape_says_in_one_line_what_is_wrong_and_touches_nothing(
    scrape, server, tmp_path, arguments, message
):
    old = tmp_path / "old.csv"
    old.write_text(OLD)
    server.pages["/login"] = page_around("<p>Sign in to go on</p>")
    names = {"old": str(old), "page": f"{server.url}/login"}
    done = scrape("bitcoin", "--out", str(old), *(a.format_map(names) for a in arguments))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("scrape.py: ")
    assert message.format_map(names) in done.stderr
    assert done.stderr.count("\n") == 1
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("old.csv", OLD)]


@pytest.mark.command
def test_scrape_tells_beside_the_csv_where_its_rows_come_from(scrape, server, tmp_path):
    server.pages["/ethereum"] = render_page(make_prices(10, seed=4))
    done = scrape(
        "ethereum", "ethereum", "--url", f"{server.url}/{{coin}}", "--start", "2017-01-03"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "ethereum.csv: ethereum, 8 days, 2017-01-03 to 2017-01-10\n"
    assert server.requests == ["/ethereum"]  # once, though it is named twice
    text = (tmp_path / "ethereum.csv").read_bytes()
    page = server.pages["/ethereum"].encode()
    told = json.loads((tmp_path / "ethereum.csv.json").read_text())
    assert datetime.now(UTC) - datetime.fromisoformat(told.pop("written")) < timedelta(minutes=1)
    assert told == {
        "coin": "ethereum", "source": "html", "volume_unit": "USD", "rows": 8,
        "first_day": "2017-01-03", "last_day": "2017-01-10", "coincast": __version__,
        "sha256": sha256(text).hexdigest(), "sha256_of_answers": sha256(page).hexdigest(),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bitcoin", "--jobs", "0"], "--jobs"),
        (["bitcoin", "--per-second", "-1"], "--per-second"),
        (["bitcoin", "xrp", "--out", "a.csv"], "--out 'a.csv'"),
        (["bitcoin\n\x1b[31m"], r"'bitcoin\n\x1b[31m'"),
        (["b" * 100 + "!"], "'" + "b" * 75 + "...' is"),
        (["bitcoin", "--start", "\x1b[31m" * 1000], r"'\x1b[31m\x1b"),
    ],
)
def test_scrape_refuses_options_that_cannot_work(arguments, message):
    with pytest.raises(InputError) as failure:
        command.main(command.parser().parse_args(["--source", "bundled", *arguments]))
    assert message in str(failure.value)
