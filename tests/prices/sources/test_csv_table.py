"""Tables of one's own: what others' columns are called, and what is refused."""

import hashlib
import json
import re
from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import make_prices, price_tables
from server import Answer

from coincast.errors import InputError, PriceError
from coincast.prices.days import today
from coincast.prices.load import load_prices
from coincast.prices.schema import COLUMNS, OHLC, as_prices, validate_prices
from coincast.prices.sources.csv_table import parse_table

WEEK = make_prices(7, seed=8, start="2018-01-01").round(4)
HEADER = "date,open,high,low,close,volume,market_cap\n"
ROW = "2018-01-01,2,4,1,3,10,20\n"


def ours(prices):
    return prices.to_csv(date_format="%Y-%m-%d")


def yahoo(prices):
    table = prices.rename(columns=str.title)[["Open", "High", "Low", "Close"]]
    table["Adj Close"] = table["Close"] / 2
    table["Volume"] = prices["volume"]
    return table.rename_axis("Date").to_csv(date_format="%Y-%m-%d", na_rep="null")


def binance(prices, *, header=True, unit=10**3):
    table = prices[[*OHLC, "volume"]].copy()
    opened = prices.index.astype("datetime64[s]").astype("int64") * unit
    table.insert(0, "open_time", opened)
    table["close_time"] = opened + 86_400 * unit - 1
    for name in ("quote_volume", "trades", "taker_buy_volume", "taker_buy_quote_volume", "ignore"):
        table[name] = 0
    return table.to_csv(index=False, header=header)


def kaggle(prices):
    table = prices.rename(columns=str.title).rename(columns={"Market_Cap": "Marketcap"})
    table.insert(0, "Date", [f"{day:%Y-%m-%d} 23:59:59" for day in prices.index])
    table.insert(0, "Symbol", "BTC")
    table.insert(0, "Name", "Bitcoin")
    table.insert(0, "SNo", range(1, len(table) + 1))
    return table.to_csv(index=False)


def kaggle_with_commas(prices):
    table = prices.rename(columns=str.title).rename(columns={"Market_Cap": "Market Cap"})
    table.insert(0, "Date", [f"{day:%b %d, %Y}" for day in prices.index])
    for name in ("Volume", "Market Cap"):
        table[name] = ["-" if pd.isna(value) else f"{int(value):,}" for value in table[name]]
    return table[::-1].to_csv(index=False)


WRITERS = {  # whose table -> how it is written, columns that it has not, unit of its volume
    "ours": (ours, [], "USD"),
    "yahoo": (yahoo, ["market_cap"], "USD"),
    "binance": (binance, ["market_cap"], "coins"),
    "binance without header": (lambda p: binance(p, header=False), ["market_cap"], "coins"),
    "binance in us": (lambda p: binance(p, unit=10**6), ["market_cap"], "coins"),
    "kaggle": (kaggle, [], "USD"),
    "kaggle with commas": (kaggle_with_commas, [], "USD"),
}


@pytest.mark.parametrize("whose", WRITERS)
@settings(max_examples=10)
@given(prices=price_tables())
def test_parse_table_gives_back_any_table_that_anyone_wrote(whose, prices):
    write, absent, unit = WRITERS[whose]
    found, found_unit = parse_table(write(prices).encode(), "bitcoin")
    expected = prices.assign(**dict.fromkeys(absent, float("nan")))
    assert found_unit == unit
    pd.testing.assert_frame_equal(validate_prices(as_prices(found)), expected, check_exact=True)


@given(prices=price_tables(max_days=3), columns=st.permutations(COLUMNS))
def test_parse_table_takes_columns_by_name_in_any_order(prices, columns):
    found, _ = parse_table(ours(prices[columns]).encode("utf-8-sig"), "bitcoin")
    pd.testing.assert_frame_equal(as_prices(found), prices, check_exact=True)


@pytest.mark.parametrize("form", ["{path}", "{uri}", "{folder}/{{coin}}.csv"])
def test_load_prices_reads_a_table_by_path_or_address(tmp_path, form):
    path = tmp_path / "bitcoin.csv"
    path.write_text(ours(WEEK))
    url = form.format(path=path, uri=path.as_uri(), folder=tmp_path)
    found = load_prices("bitcoin", "2018-01-02", "2018-01-06", "csv", url=url)
    pd.testing.assert_frame_equal(found, WEEK[1:6], check_freq=False)
    assert found.attrs == {
        "coin": "bitcoin", "source": "csv", "volume_unit": "USD",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }  # fmt: skip


def test_load_prices_reads_a_table_beside_the_program(tmp_path, monkeypatch):
    (tmp_path / "own prices.csv").write_text(ours(WEEK))
    monkeypatch.chdir(tmp_path)
    assert len(load_prices("bitcoin", source="csv", url="own prices.csv")) == 7


def test_load_prices_reads_a_served_table(server):
    server.pages["/own.csv"] = Answer(ours(WEEK), headers={"Content-Type": "text/csv"})
    found = load_prices("bitcoin", source="csv", url=f"{server.url}/own.csv")
    pd.testing.assert_frame_equal(found, WEEK, check_freq=False)
    assert server.requests == ["/own.csv"]


@pytest.fixture
def scraped(tmp_path):
    """Return a function that writes a table and its JSON, changed, and gives the table's path."""

    def write(**changes):
        path = tmp_path / "bitcoin.csv"
        path.write_text(ours(WEEK))
        told = {
            "coin": "bitcoin", "source": "bundled", "volume_unit": "coins",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "first_day": "2018-01-01", "last_day": "2018-01-07", "rows": 7,
        }  # fmt: skip
        told = {name: value for name, value in {**told, **changes}.items() if value is not ...}
        (tmp_path / "bitcoin.csv.json").write_text(json.dumps(told))
        return str(path)

    return write


def test_load_prices_takes_the_unit_of_the_volume_from_the_json_beside_a_table(scraped):
    assert load_prices("bitcoin", source="csv", url=scraped()).attrs["volume_unit"] == "coins"
    found = load_prices("bitcoin", source="csv", url=scraped(volume_unit=...))
    assert found.attrs["volume_unit"] == "USD"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("coin", "ethereum", "coin .* 'bitcoin' but 'ethereum'"),
        ("sha256", "00", r"sha256 .* '\w{64}' but '00'"),
        ("rows", 8, "rows .* 7 but 8"),
        ("last_day", None, "last_day .* '2018-01-07' but None"),
        ("volume_unit", [], "bitcoin.csv.json .* volume_unit"),
    ],
)
def test_load_prices_refuses_a_table_that_is_not_what_its_json_says(scraped, name, value, shown):
    with pytest.raises(PriceError, match=shown):
        load_prices("bitcoin", source="csv", url=scraped(**{name: value}))


@pytest.mark.parametrize("text", ["", "[]"])
def test_load_prices_refuses_a_json_that_is_damaged(scraped, tmp_path, text):
    path = scraped()
    (tmp_path / "bitcoin.csv.json").write_text(text)
    with pytest.raises(PriceError, match=r"^bitcoin.csv.json "):
        load_prices("bitcoin", source="csv", url=path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no header"),
        (HEADER, "no rows"),
        (HEADER.replace("close,", '"\x1b[31m\n",') + ROW, r"\\x1b\[31m"),
        (HEADER.replace("volume,", "volume\x1b[31m,") + ROW, r"'volume\\x1b\[31m'"),
        (HEADER.replace("close,", "close,name,") + ROW.replace(",3,", ",3,\x1b[31m,"), r"\\x1b"),
        (HEADER + ROW.replace("3", "\uff13"), "close of 2018-01-01 .*'\uff13'"),
        ("<html>Sign in</html>", "'<html>Sign in</html>'"),
        ("date|open|high|low|close\n", r"'date' .*'date\|open\|high\|low\|close'"),
        ("date;open;high;low;close\n2018-01-01;2,5;4,5;1.5;3\n", "comma in '2,5' .* '1.5'"),
        ("date;open;high;low;close\n2018-01-01;2,500;4,500;1,500;3,000\n", "'2,500' may be"),
        ("date;open;high;low;close\n2018-01-01;2.500;4.500;1.500;3.000\n", "'2.500' may be"),
        ("date;open;high;low;close\n13.01.2018;2,5;4,5;1,5;3\n", "date '13.01.2018'"),
        ("date;open;high;low;close\n2018-01-01;0,125;4,500;1,5;1\n", "open 0.125"),
        ("date;open;high;low;close\n2018-01-01;2,5;4,5;1,5;1.23,4\n", "close .*'1,23.4'"),
        (
            HEADER + ROW.replace("2018-01-01", "2018-01-01T00:00:00+01:00"),
            r"row 2: time '2018-01-01T00:00:00\+01:00' is 2017-12-31 23:00:00 in UTC",
        ),
        (HEADER + ROW.replace("2018-01-01", "2018-01-01 00:00-0530"), "2018-01-01 05:30:00 in UTC"),
        (HEADER + ROW.replace("2018-01-01", "0001-01-01T00:00+01:00"), "'0001-01-01T00:00"),
        (HEADER + ROW.replace("2018-01-01", "2018-01-01T00:00+99:00"), r"'2018-01-01T00:00\+99"),
        (HEADER.replace("close,", "last,") + ROW, "'close' .*'date', 'open', "),
        (HEADER.replace("date,", "day,") + ROW, "'date'"),
        (HEADER.replace("low", "Open*") + ROW, "'open' .* 'open' and 'Open[*]'"),
        (HEADER.replace("low", "open_time") + ROW, "'date' .* 'date' and 'open_time'"),
        (HEADER.replace("volume,", "Volume BTC,") + ROW, "'volume' .* 'Volume BTC'"),
        (HEADER + "2018-01-01,2,4\n", "row 2 .* 3 cells .* 7"),
        (HEADER + '2018-01-01,"2,4,1,3,10,20\n', "unexpected end of data"),
        (HEADER + ROW.replace("3", "n/a"), "close of 2018-01-01 .*'n/a'"),
        (HEADER + ROW.replace("3", "1e400"), "close of 2018-01-01 .*'1e400'"),
        (HEADER + ROW.replace("2018-01-01", "01/02/2018"), "row 2: .*'01/02/2018'"),
        (HEADER + ROW.replace("2018-01-01", "9999-12-31"), "row 2: .*'9999-12-31'"),
        (HEADER + ROW.replace("2018-01-01", "\uff19" * 13), "row 2: .*'\uff19"),
        (HEADER + ROW.replace("2018-01-01", "\uff12018-01-01"), "row 2: .*'\uff12"),
        (HEADER + ROW.replace("2018-01-01", "9" * 13), f"row 2: time '{'9' * 13}'"),
        (HEADER + ROW.replace("2018-01-01", "1514764800"), "row 2: .*'1514764800'"),
        (HEADER + ROW.replace("2018-01-01", "2018-01-01 12:00:00"), "'2018-01-01 12:00:00'"),
        (HEADER + ROW * 2, "2018-01-01 .* 2 times"),
    ],
)
def test_load_prices_refuses_a_table_that_it_cannot_trust(tmp_path, text, message):
    path = tmp_path / "own.csv"
    path.write_text(text)
    with pytest.raises(PriceError, match=message) as failure:
        load_prices("bitcoin", source="csv", url=str(path))
    assert str(failure.value).isprintable()
    assert len(str(failure.value)) < 500


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\x1f\x8b\x08\x00", "UTF-8"),
        (b"PK\x03\x04\xff", "UTF-8"),
        (b"\xff\xfed", "UTF-16"),
        (b"\xff\xfe\0\0d", "UTF-32"),
        (HEADER.encode("utf-16-le"), "UTF-16 without the mark"),
    ],
)
def test_parse_table_refuses_bytes_that_are_no_text(body, words):
    with pytest.raises(PriceError, match=words):
        parse_table(body, "bitcoin")


def german(prices):
    table = prices.to_csv(sep=";", decimal=",", date_format="%Y-%m-%d", lineterminator="\r\n")
    return table.replace("date;open", "Date;Open")


def grouped(prices):
    """Return a table with points between thousands and commas before decimals."""
    swap = str.maketrans(",.", ".,")
    lines = [
        [f"{day:%Y-%m-%d}", *(f"{value:,.4f}".translate(swap) for value in row)]
        for day, row in zip(prices.index, prices.to_numpy(), strict=True)
    ]
    return "\n".join(map(";".join, [["date", *prices.columns], *lines]))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize(
    "write",
    [ours, german, grouped, lambda p: p.to_csv(sep="\t"), lambda p: p.to_csv(sep=";")],
    ids=["ours", "german", "grouped", "tabs", "semicolons"],
)
def test_parse_table_reads_what_spreadsheets_write(write, encoding):
    found, _ = parse_table(write(WEEK).encode(encoding), "bitcoin")
    pd.testing.assert_frame_equal(as_prices(found), as_prices(WEEK), check_exact=True)


@pytest.mark.parametrize(
    "form",
    [
        "{day}T00:00Z", "{day} 00:00:00 GMT", "{day} 00:00:00+0000", "{day} 00:00:00 +00:00",
        "{day}T05:30:00.000+05:30", "{day}T23:59:59.999Z", "{before}T19:00:00-05:00",
        "{before} 14:00-10",
    ],
)  # fmt: skip
def test_parse_table_reads_time_stamps_with_a_zone(form):
    stamps = [
        form.format(day=f"{day:%Y-%m-%d}", before=f"{day - timedelta(days=1):%Y-%m-%d}")
        for day in WEEK.index
    ]
    text = WEEK.set_axis(pd.Index(stamps, name="date")).to_csv()
    found, _ = parse_table(text.encode(), "bitcoin")
    pd.testing.assert_frame_equal(as_prices(found), as_prices(WEEK), check_exact=True)


def test_load_prices_leaves_out_today(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(ours(make_prices(3, seed=1, start=str(today() - timedelta(days=2)))))
    assert len(load_prices("bitcoin", source="csv", url=str(path))) == 2


def test_parse_table_refuses_rows_of_several_coins():
    text = kaggle(WEEK).replace("Bitcoin", "Bitcoin Cash", 1)
    with pytest.raises(PriceError, match=r"'name' .* 'Bitcoin Cash' .* 'bitcoin'"):
        parse_table(text.encode(), "bitcoin")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "'csv' needs url"),
        ({"url": "own.csv", "venue": "coinbase"}, "'coinbase'"),
        ({"url": "/nowhere/{symbol}.csv"}, "{symbol}"),
        ({"url": "/nowhere/own.csv"}, "'own.csv' in '/nowhere': No such file"),
        ({"url": "ftp://127.0.0.1/own.csv"}, "'ftp'"),
        ({"url": "a\0b.csv"}, "embedded null byte"),
    ],
)
def test_load_prices_refuses_a_table_that_cannot_be_there(options, message):
    with pytest.raises(InputError, match=re.escape(message)):
        load_prices("bitcoin", source="csv", **options)
