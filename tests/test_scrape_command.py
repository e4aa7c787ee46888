"""`scripts/scrape.py` as a user starts it: from another folder, in a process of its own."""

import subprocess
import sys

import pandas as pd
import pytest
from makers import make_prices, page_around, render_page

from coincast.paths import ROOT

pytestmark = pytest.mark.command
SCRIPTS = ROOT / "scripts"
OLD = "date,open\n2013-04-28,135.3\n"  # an earlier result that bad input may not touch


@pytest.fixture(scope="module", autouse=True)
def environment():
    """Bring `.venv` up to date, which any command may do with many words, before the others."""
    start = "import environment; environment.activate()"
    subprocess.run([sys.executable, "-c", start], cwd=SCRIPTS, capture_output=True, check=False)


@pytest.fixture
def scrape(tmp_path):
    """Return a function that starts the command in an empty folder."""

    def start(*arguments):
        command = [sys.executable, str(SCRIPTS / "scrape.py"), *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return start


def read(path):
    return pd.read_csv(path, parse_dates=["date"], index_col="date")


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


def test_scrape_names_the_file_for_the_coin_when_it_is_not_told(scrape, tmp_path):
    done = scrape("xrp", "--source", "bundled", "--end", "2017-10-03")
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["xrp.csv"]
    assert list(read(tmp_path / "xrp.csv").index) == list(pd.date_range("2017-10-01", periods=3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--source", "htlm"], "source 'htlm' is unknown; use one of bundled, html"),
        (["--url", "{page}"], "no table on the page with Date, Open, High, Low and Close"),
        (["--url", "ftp://127.0.0.1/"], "has the scheme 'ftp'; use http://, https:// or file://"),
        (["--source", "bundled", "--start", "2014-01-01"], "2014-01-01..2020-01-16 is outside"),
        (["--source", "bundled", "--out", "{old}/new.csv"], "cannot write {old}/new.csv: "),
    ],
    ids=["option", "page", "scheme", "period", "folder"],
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
