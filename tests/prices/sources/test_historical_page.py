"""CoinMarketCap's pages of 2013 to 2021: what is read from them, and what is refused."""

import json
import time
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import (
    FORMS,
    HEADERS,
    make_prices,
    page_around,
    price_tables,
    quotes_of,
    render_next_data,
    render_page,
    render_react_page,
    table_of,
)

from coincast.errors import PriceError
from coincast.paths import ROOT
from coincast.prices.days import today
from coincast.prices.load import load_prices, volume_in_usd
from coincast.prices.schema import OHLC, as_prices, validate_prices
from coincast.prices.sources.historical_page import parse_page

PAGES = ROOT / "tests" / "support" / "pages"
ROWS = {  # invented; newest day first, as on the pages
    "Date": ["Jan 13, 2018", "Jan 12, 2018"],
    "Open": ["13,900.50", "13,400.90"],
    "High": ["14,700.00", "14,200.90"],
    "Low": ["13,900.50", "13,100.10"],
    "Close": ["14,310.20", "13,900.60"],
    "Volume": ["12,500,600,000", "12,040,700,000"],
    "Market Cap": ["240,000,000,000", "230,000,000,000"],
}


def page_of(rows):
    """Return a page of plain cells: header -> texts; a text beginning with "<" is a whole cell."""
    cells = [
        [c if c.startswith("<") else f"<td>{c}</td>" for c in row]
        for row in zip(*rows.values(), strict=True)
    ]
    return page_around(table_of(list(rows), cells))


def changed(header, cell, row=0):
    """Return the rows above with one cell replaced."""
    cells = list(ROWS[header])
    cells[row] = cell
    return {**ROWS, header: cells}


def read(page):
    return validate_prices(as_prices(parse_page(page)))


def test_parse_page_reads_a_table_worked_out_by_hand():
    found = parse_page(page_of(ROWS))
    assert list(found.index) == [pd.Timestamp("2018-01-13"), pd.Timestamp("2018-01-12")]
    assert found.iloc[1].to_dict() == {
        "open": 13400.9, "high": 14200.9, "low": 13100.1, "close": 13900.6,
        "volume": 12_040_700_000, "market_cap": 230_000_000_000,
    }  # fmt: skip


@settings(max_examples=100)
@given(prices=price_tables(), form=st.sampled_from(FORMS))
def test_parse_page_gives_back_any_table_that_a_page_shows(prices, form):
    """Prices are exact in each form, and so are whole volumes: text has what attributes lack."""
    found = read(render_page(prices, form).encode())
    pd.testing.assert_frame_equal(found, prices, check_exact=True)


@given(
    prices=price_tables(max_days=3),
    columns=st.permutations(list(HEADERS)),
    form=st.sampled_from(FORMS),
)
def test_parse_page_takes_columns_by_name_in_any_order(prices, columns, form):
    found = read(render_page(prices, form, columns))
    pd.testing.assert_frame_equal(found, prices, check_exact=True)


@pytest.mark.parametrize("form", FORMS)
def test_parse_page_reads_the_saved_page_as_the_bundled_prices(form):
    bundled = load_prices("bitcoin", "2018-01-10", "2018-01-13", venue="coinbase")
    found = read((PAGES / f"{form}.html").read_bytes())
    pd.testing.assert_frame_equal(found[OHLC], bundled[OHLC], check_exact=True)
    assert (found["volume"] - volume_in_usd(bundled)).abs().max() <= 0.5  # a page shows whole USD
    assert found["market_cap"].isna().all()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_parse_page_reads_bytes_in_whatever_encoding_they_name(encoding):
    page = page_of(ROWS).replace('<meta charset="utf-8">', "")
    pd.testing.assert_frame_equal(parse_page(page.encode(encoding)), parse_page(page))


@pytest.mark.parametrize("encoding", ["latin-1", "windows-1252", "no-such", "hex"])
def test_parse_page_reads_a_page_that_is_no_utf_8_as_it_declares_itself(encoding, caplog):
    page = page_of(ROWS).replace("utf-8", encoding).replace("€", "").replace("Charts", "Gráfico")
    pd.testing.assert_frame_equal(parse_page(page.encode("latin-1")), parse_page(page_of(ROWS)))
    assert not caplog.records


def test_parse_page_reads_what_surrounds_bytes_that_are_no_text():
    page = page_of(ROWS).encode().replace(b"Charts", b"\xff\x81\x00")
    pd.testing.assert_frame_equal(parse_page(page), parse_page(page_of(ROWS)))


@pytest.mark.parametrize("missing", ["-", "?", "", '<td data-format-value="-">-</td>'])
def test_parse_page_reads_a_volume_that_is_not_there_as_nan(missing):
    found = read(page_of(changed("Volume", missing)))["volume"].tolist()
    np.testing.assert_equal(found, [12_040_700_000, np.nan])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("9,92,65,40,000", 9_926_540_000),  # grouped the Indian way
        ("1.44878e+11", 144_878_000_000),
        ("12500600000", 12_500_600_000),
    ],
)
def test_parse_page_reads_volumes_however_they_are_grouped(text, number):
    assert read(page_of(changed("Volume", text)))["volume"].iloc[-1] == number


@pytest.mark.parametrize(
    ("value", "text", "number"),
    [
        ("14310.2468", "14,310.25", 14310.2468),  # the text is rounded to cents
        ("14310.2", "14,310.2468", 14310.2468),  # the attribute is rounded to six digits
        ("14310.2", "14,310.2", 14310.2),
    ],
)
def test_parse_page_takes_the_finer_of_text_and_attribute(value, text, number):
    cell = f'<td data-format-value="{value}">{text}</td>'
    assert read(page_of(changed("Close", cell)))["close"].iloc[-1] == number


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("Close", "14310.2", "14,310.40"),
        ("Close", "14310.2", "-"),
        ("Close", "", "14,310.20"),
        ("Volume", "130", "132"),
        ("Volume", "1.25006e+11", "12,500,600,000"),
        ("Volume", "1.25006e+10", "12,500,400,000"),
    ],
)
def test_parse_page_refuses_a_text_that_its_attribute_contradicts(column, value, text):
    cell = f'<td data-format-value="{value}">{text}</td>'
    with pytest.raises(PriceError, match=f"{column.lower()} of 2018-01-13 is .*attribute"):
        parse_page(page_of(changed(column, cell)))


@pytest.mark.parametrize(
    "text",
    [
        "n/a", "$5", "1,3952,40", "13.952,40", "8504,41", "0,045", "1,23", ",5", "5,", "1 000",
        "nan", "inf", "0x10", "1e400", "٣", "1e9999999999", "1" * 5000, "--5",
    ],
)  # fmt: skip
def test_parse_page_refuses_a_price_that_is_no_number_and_shows_it(text):
    with pytest.raises(PriceError, match=r"open of 2018-01-12 is '.{1,40}', not a number"):
        parse_page(page_of(changed("Open", text, row=1)))


@pytest.mark.parametrize(
    "day",
    [
        "13/01/2018",
        "Jan 32, 2018",
        "Jan 2018",
        "",
        "Jan 13, 0001",
        "Jan 13, 18",
        "Jan \u0661\u0663, 2018",
    ],
)
def test_parse_page_refuses_an_unknown_date(day):
    with pytest.raises(PriceError, match=f"'{day}'"):
        parse_page(page_of(changed("Date", day)))


@pytest.mark.parametrize(
    "page",
    [
        b"",
        "<p>Sign in to go on</p>",
        '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
        b"\x1f\x8b\x08\x00\xff\xfe",
        page_around("<script>" + table_of(list(ROWS), []) + "</script>"),
    ],
)
def test_parse_page_refuses_a_page_without_a_table_of_prices(page):
    with pytest.raises(PriceError, match=r"^no table"):
        parse_page(page)


@pytest.mark.parametrize("header", ["Date", "Open", "High", "Low", "Close"])
def test_parse_page_refuses_a_table_that_lacks_a_column(header):
    rows = {name: cells for name, cells in ROWS.items() if name != header}
    with pytest.raises(PriceError, match=r"^no table"):
        parse_page(page_of(rows))


def test_parse_page_refuses_to_choose_between_two_tables():
    with pytest.raises(PriceError, match=r"^2 tables"):
        parse_page(page_of(ROWS) + page_of(ROWS))


def test_parse_page_refuses_a_column_that_comes_twice():
    with pytest.raises(PriceError, match="'close'"):
        parse_page(page_of({**ROWS, "Close**": ROWS["Open"]}))


@pytest.mark.parametrize(("cells", "count"), [("", 6), ("<td>1</td><td>2</td>", 8)])
def test_parse_page_refuses_a_row_of_another_length(cells, count):
    page = page_of(ROWS).replace("<td>12,500,600,000</td>", cells)
    with pytest.raises(PriceError, match=f"row 1 .* {count} .* 7"):
        parse_page(page)


def test_parse_page_shows_the_note_that_stands_where_rows_should():
    with pytest.raises(PriceError, match="no rows"):
        parse_page(page_around(table_of(list(ROWS), [])))
    note = '<td colspan="7">No data for this period</td>'
    with pytest.raises(PriceError, match=r"row 1 .*'No data for this period'"):
        parse_page(page_around(table_of(list(ROWS), [[note]])))


def test_load_html_reads_no_file_that_an_entity_names(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("14,310.20")
    doctype = f'<!DOCTYPE html [<!ENTITY price SYSTEM "{secret.as_uri()}">]>'
    page = page_of(changed("Close", "&price;")).replace("<!DOCTYPE html>", doctype)
    with pytest.raises(PriceError, match="'&price;'"):
        parse_page(page)


@pytest.mark.parametrize("end", ["</tbody>", "</html>"])
def test_parse_page_refuses_a_page_that_is_cut_off(end):
    page = render_page(make_prices(5, seed=1), "attributes")
    with pytest.raises(PriceError, match="cut off"):
        parse_page(page[: page.rindex(end)])


REACT = make_prices(4, seed=9, start="2020-02-27")


def with_data(found, prices=REACT):
    """Return a React page that holds other data than its own."""
    own = render_next_data(prices)
    page = render_react_page(prices)
    assert own in page
    return page.replace(own, found if isinstance(found, str) else json.dumps(found))


def holding(*quotes):
    """Return a page's data with one coin for each list of quotes."""
    coins = {str(number): {"id": number, "quotes": each} for number, each in enumerate(quotes)}
    return {"props": {"initialState": {"cryptocurrency": {"ohlcvHistorical": coins}}}}


@given(prices=price_tables(), shown=st.sampled_from([(True, True), (True, False), (False, True)]))
def test_parse_page_gives_back_any_table_that_react_drew(prices, shown):
    """With data in the page the table is rounded; without, it is exact."""
    table, data = shown
    found = read(render_react_page(prices, table=table, data=data).encode())
    pd.testing.assert_frame_equal(found, prices, check_exact=True)


def test_parse_page_reads_a_react_page_worked_out_by_hand():
    cells = "".join(
        f'<td class="cmc-table__cell"><div>{column[0]}</div></td>' for column in ROWS.values()
    )
    header = "<tr>" + "".join(f"<th><div>{name}</div></th>" for name in ROWS) + "</tr>"
    debris = '<tr class="cmc-table-row"><td colspan="7"><div>Loading</div></td></tr>'
    page = page_around(
        '<div class="cmc-tab-historical-data">'
        f"<table>{header}</table><table>{header}{debris}</table>"
        f'<table>{debris}{header}{debris}{header}<tr class="cmc-table-row">{cells}</tr></table>'
        "</div>"
    )
    found = parse_page(page)
    assert list(found.index) == [pd.Timestamp("2018-01-13")]
    assert found["close"].item() == 14310.2


def test_parse_page_refuses_a_react_table_that_contradicts_the_data_inside_the_page():
    other = REACT.copy()
    other.loc["2020-02-29", "low"] *= 1.001
    with pytest.raises(
        PriceError, match=r"^low of 2020-02-29 is [\d.]+ in __NEXT_DATA__ .* [\d.]+"
    ):
        parse_page(with_data(render_next_data(other)))


def test_parse_page_takes_more_days_from_the_data_than_the_table_shows():
    longer = make_prices(6, seed=9, start="2020-02-27")
    page = render_react_page(longer[:4]).replace(
        render_next_data(longer[:4]), render_next_data(longer)
    )
    pd.testing.assert_frame_equal(read(page), longer, check_freq=False)


def test_parse_page_refuses_a_react_table_with_a_day_that_the_data_lack():
    with pytest.raises(PriceError, match=r"2020-03-01.*__NEXT_DATA__"):
        parse_page(with_data(render_next_data(REACT[:3])))


@pytest.mark.parametrize("found", [{}, {"props": None}, holding(), holding([]), [], 3])
def test_parse_page_reads_the_table_of_a_page_whose_data_hold_no_prices(found):
    assert len(read(with_data(found))) == 4


def test_parse_page_passes_over_a_coin_without_quotes():
    page = with_data(holding([], quotes_of(REACT, "next")))
    pd.testing.assert_frame_equal(read(page), REACT, check_freq=False)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ("{", "not JSON"),
        (holding(quotes_of(REACT), quotes_of(REACT)), "2 coins"),
        (holding({"a": 1}), "{'a': 1} .* list"),
        (holding([{"quote": {"EUR": {}}}]), "0 days"),
        (holding([{"time_open": "2020-02-29T00:00:00.000Z", "quote": {"USD": {}}}]), "^open is"),
    ],
)
def test_parse_page_refuses_data_that_it_cannot_read(found, message):
    with pytest.raises(PriceError, match=message):
        parse_page(with_data(found))


@pytest.mark.parametrize("tag", ["div", "table", "b", "td", "ul"])
@pytest.mark.parametrize("depth", [200, 100_000])
def test_parse_page_refuses_a_page_nested_too_deeply_in_one_line(tag, depth):
    page = page_of(ROWS).replace("<nav>", f"<{tag}>" * depth + "<nav>")
    try:
        assert len(parse_page(page)) == 2
    except PriceError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either outcome is right


def test_parse_page_reads_cells_and_not_the_scripts_inside_them():
    lure = "<script>document.write('9,999.99')</script><style>a{b:1}</style><!-- 8 -->"
    cell = f"<td>{lure}<b>14,310</b>.20{lure}</td>"
    pd.testing.assert_frame_equal(
        parse_page(page_of(changed("Close", cell))), parse_page(page_of(ROWS))
    )


MANY = 100_000
NUMBERED = [f"a{number}" for number in range(MANY)]
CROWDED = {
    "header cells": (f"<table><tr>{'<th>Date</th>' * MANY}</tr></table>", "100000 cells"),
    "cells below": (f"<table><tr><td>1<tr>{'<td>1</td>' * MANY}</tr></table>", "100000 cells"),
    "rows": (f"<table>{'<tr><td>1</td></tr>' * MANY}</table>", "100000 rows"),
    "tables": ("<table><tr><td>1</td></tr></table>" * 2 * MANY, "200003 tables"),
    "attributes": (f"<p {' '.join(NUMBERED)}>", "'<p a0 a1 .*1000 attributes"),
    "values": (f"<p {'=1 '.join(NUMBERED)}=1>", "1000 attributes"),
    "quoted values": ("<p " + "".join(f"{name}='>'" for name in NUMBERED) + ">", "1000 attr"),
    "slashes": ("<p/" + "/".join(NUMBERED) + ">", "1000 attributes"),
}


@pytest.mark.parametrize(("crowd", "words"), CROWDED.values(), ids=CROWDED)
def test_parse_page_refuses_too_much_of_anything_at_once(crowd, words):
    page = page_of(ROWS).replace("</body>", f"{crowd}</body>")
    started = time.process_time()
    with pytest.raises(PriceError, match=words):
        parse_page(page)
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    "text", ["<a" * 10**6, "<a b='" * 10**5, '<a b="' * 10**5, "<a b" * 10**5, "<a =" * 10**5]
)
def test_parse_page_looks_at_each_character_once(text):
    started = time.process_time()
    with pytest.raises(PriceError):
        parse_page(text)
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    "beside",
    [
        "<span hidden>9</span>", '<span style="color: red; DISPLAY : none">9</span>',
        '<i style="visibility:hidden">9</i>', "<sup>9</sup>", "<sup><a href='#9'>9</a></sup>",
        "<template>9</template>", "<div hidden><b>9</b></div>", "<br hidden>",
    ],
)  # fmt: skip
def test_parse_page_leaves_out_what_is_hidden_and_footnotes(beside):
    cell = f"<td>14,310.20{beside}</td>"
    rows = changed("Close", cell)
    expected = parse_page(page_of(ROWS))
    pd.testing.assert_frame_equal(parse_page(page_of(rows)), expected)
    head = page_of(rows).replace(">Close<", f">Close{beside}<")
    pd.testing.assert_frame_equal(parse_page(head), expected)


@pytest.mark.parametrize(
    "cell",
    [
        '<td>14,310.2<span class="hidden">9</span></td>', "<td>14,310.2<br>9</td>",
        "<td><p>1</p>4,310.20</td>", "<td rowspan=2>14,310.20</td>", "<td rowspan='0'>1</td>",
        "<td>14,310.2\uff10</td>", "<td>\uff11</td>",
    ],
)  # fmt: skip
def test_parse_page_refuses_a_cell_whose_number_is_not_clear(cell):
    with pytest.raises(PriceError, match=r"close of 2018-01-13 is|rowspan"):
        parse_page(page_of(changed("Close", cell)))


@pytest.mark.parametrize("blank", ["&nbsp;", "\xa0", "&#8239;", "\t\n ", "\u2003"])
def test_parse_page_reads_cells_with_blanks_of_any_kind(blank):
    rows = {
        name: [f"<td>{blank}{cell.replace(' ', blank)}{blank}</td>" for cell in cells]
        for name, cells in ROWS.items()
    }
    pd.testing.assert_frame_equal(parse_page(page_of(rows)), parse_page(page_of(ROWS)))


@pytest.mark.parametrize("where", [0, 1])
@pytest.mark.parametrize("debris", ["", "<td></td>", '<td colspan="7">Advertisement</td>'])
def test_parse_page_leaves_out_rows_without_any_number_before_a_row_of_prices(debris, where):
    row = '<tr class="text-right">'
    pieces = page_of(ROWS).split(row)
    page = row.join([*pieces[: where + 1], f"{debris}</tr>", *pieces[where + 1 :]])
    pd.testing.assert_frame_equal(parse_page(page), parse_page(page_of(ROWS)))


def test_parse_page_refuses_a_note_below_the_rows():
    note = '<tr><td colspan="7">More on request</td></tr></tbody>'
    with pytest.raises(PriceError, match=r"row 3 .*'More on request'"):
        parse_page(page_of(ROWS).replace("</tbody>", note))


def test_parse_page_reads_a_table_inside_a_table_of_layout():
    page = (
        page_of(ROWS)
        .replace("<nav>", "<table><tr><td><nav>")
        .replace("</body>", "</td></tr></table></body>")
    )
    pd.testing.assert_frame_equal(parse_page(page), parse_page(page_of(ROWS)))


def test_load_html_refuses_the_page_of_another_coin(server):
    server.pages["/page"] = render_react_page(REACT, coin="bitcoin-cash")
    with pytest.raises(PriceError, match="'bitcoin-cash', not 'bitcoin'"):
        load_prices("bitcoin", source="html", url=f"{server.url}/page")
    assert len(load_prices("bitcoin-cash", source="html", url=f"{server.url}/page")) == 4


def test_load_html_leaves_out_today(server):
    start = str(today() - timedelta(days=2))
    server.pages["/page"] = render_page(make_prices(3, seed=1, start=start).round(2))
    assert len(load_prices("bitcoin", source="html", url=f"{server.url}/page")) == 2
