"""Files of headlines: whose columns are understood, and what is refused."""

import pandas as pd
import pytest

from coincast.datasets.headlines import parsing
from coincast.datasets.headlines.parsing import read_headlines
from coincast.errors import InputError

ITEM = "<item><title>{}</title><pubDate>Sun, 31 Dec 2017 23:59:00 GMT</pubDate></item>"
RSS = '<rss version="2.0"><channel><title>CoinDesk</title>{}</channel></rss>'
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:m="urn:m"><title>Blog</title>
<entry><m:title>picture</m:title><title>ETH <b>up</b><!-- 9 % --></title>
<updated>2018-01-02T00:00:00Z</updated><published>2017-12-31T23:59:00Z</published></entry>
<entry><title/><updated>2018-01-02T00:00:00Z</updated></entry></feed>"""
BOMB = """<!DOCTYPE rss [<!ENTITY a0 "crash"><!ENTITY a1 "&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;">
<!ENTITY a2 "&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;"><!ENTITY a3 "&a2;&a2;&a2;&a2;&a2;&a2;&a2;&a2;">]>"""
LATE = pd.Timestamp("2017-12-31 23:59")


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a file with this content."""

    def read(content, timezone=""):
        path = tmp_path / "news.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_headlines([path], timezone)

    return read


@pytest.mark.parametrize(
    "table",
    [
        "publishedAt,title,source\n2017-12-31T23:59:00Z,ETH up,a.com\n",
        "id,Published At,CREATED_AT,Headline,Publisher\n1,2017-12-31T23:59:00Z,x,ETH up,a.com\n",
        "date,source,text,title\n2017-12-31 23:59:00,a.com,body of the article,ETH up\n",
        "URL,Date,Title,Domain\nu,2017-12-31 23:59:00,ETH up,a.com\n",
        "created_utc;subreddit;title;score;ratio\n1514764740;a.com;ETH up;1,5;0.9\n",
        "timestamp\ttext\tsource\n1514764740000\tETH &#117;p\ta.com\n",
    ],
    ids=["NewsAPI", "CryptoPanic", "Kaggle", "GDELT", "Reddit", "tweets"],
)
def test_read_headlines_knows_the_columns_of_common_tables(read, table):
    found = read(table, "UTC")
    assert found.to_numpy().tolist() == [[LATE, "a.com", "ETH up"]]


def test_read_headlines_counts_rows_without_a_text_and_keeps_the_others(read):
    rows = '2018-01-01T00:00:00Z,"Bitcoin, again"\n\n2018-01-01T00:00:00Z, \nsoon,\n'
    found = read(f"time,headline\n{rows}".encode("utf-16"))
    assert found["text"].tolist() == ["Bitcoin, again"]
    assert (found.attrs["rows"], found.attrs["empty"]) == (3, 2)
    assert found.attrs["files"][0]["name"] == "news.csv"


@pytest.mark.parametrize(
    ("feed", "expected"),
    [
        (RSS.format(ITEM.format("<![CDATA[ETH up]]>")), [LATE, "CoinDesk", "ETH up"]),
        (ATOM, [LATE, "Blog", "ETH up"]),
        (("\ufeff" + RSS.format(ITEM.format("ETH up"))).encode("utf-16-le"),
         [LATE, "CoinDesk", "ETH up"]),
    ],
    ids=["rss", "atom", "utf-16"],
)  # fmt: skip
def test_read_headlines_reads_feeds(read, feed, expected):
    assert read(feed).to_numpy().tolist() == [expected]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("date,title\n2018-01-01T00:00Z,a\n2018-01-01 00:00:00,b\n", "row 3: time .*--timezone"),
        ("date,title\n2018-01-01T00:00Z,Up, again\n", "row 2 .*3 cells where the header has 2"),
        ("date,time,title\n2018-01-01,00:00,a\n", "'date', 'time'"),
        ("day,title\n2018-01-01,a\n", r"'day'.*datetime"),
        ("date,heading\n2018-01-01T00:00Z,a\n", r"'heading'.*headline"),
        (f"date,title\n2018-01-01T00:00Z,{'long ' * 300}\n", "row 2 .*1,499 characters"),
        (f'date,title,b\n2018-01-01T00:00Z,a,"{"x" * 200_000}"\n', "field larger than"),
        ("date,title\n2018-01-01T00:00Z,\n", "no row has a headline"),
        ('date,title\n2018-01-01T00:00Z,"a\n', "not CSV"),
        (b"date,title\n2018-01-01T00:00Z,\xff\n", "UTF-8"),
        (RSS.format(ITEM.format("a"))[:-9], "no XML"),
        (RSS.format("<item><title>a</title></item>"), "item 1: time ''"),
        ("<html><body>Sign in</body></html>", "'html'"),
        (BOMB + RSS.format(ITEM.format("&a3;")), "DOCTYPE"),
        ('<!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + RSS.format("&f;"), "DOCTYPE"),
        (RSS.format("<a>" * 5000), "no XML"),
    ],
)
def test_read_headlines_names_file_place_and_value_of_what_it_refuses(read, content, message):
    with pytest.raises(InputError, match=f"(?s)'news.csv': .*{message}"):
        read(content)


def test_read_headlines_refuses_days_that_pose_as_times(read):
    days = "date,title\n2018-06-01 00:00:00,a\n2018-12-02 00:00:00,b\n"
    assert len(read(days, "UTC")) == 2
    with pytest.raises(InputError, match="every time is midnight in America/New_York"):
        read(days, "America/New_York")


def test_read_headlines_refuses_what_is_too_large_or_given_twice(read, monkeypatch, tmp_path):
    table = "date,title\n2018-01-01T00:00Z,a\n2018-01-01T00:00Z,b\n"
    read(table)
    with pytest.raises(InputError, match="the same file"):
        read_headlines([tmp_path / "news.csv"] * 2)
    monkeypatch.setattr(parsing, "LINE_LIMIT", 2)
    with pytest.raises(InputError, match="more than 2 lines"):
        read(table)
    monkeypatch.setattr(parsing, "TABLE_LIMIT", len(table) - 1)
    with pytest.raises(InputError, match=r"'news\.csv' is larger"):
        read(table)
    with pytest.raises(InputError, match="Is a directory"):
        read_headlines([tmp_path])
