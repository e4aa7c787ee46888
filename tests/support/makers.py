"""Makers of prices and of pages that show them: what the tests arrange their cases with.

Prices are invented and the pages are our own, in the form of CoinMarketCap's of an era.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from coincast.prices.schema import COLUMNS, OHLC

FORMS = ("plain", "attributes", "asterisks")
FIRST_DAYS = {"min_value": pd.Timestamp("2013-04-28"), "max_value": pd.Timestamp("2019-11-20")}
SHAPES = ("v3", "v3.1", "usd")
HEADERS = {name: name.replace("_", " ").title() for name in ("date", *COLUMNS)}


def make_prices(
    days: int, seed: int, coin: str = "bitcoin", start: str = "2017-01-01"
) -> pd.DataFrame:
    """Return a seeded random walk as `load_prices` gives it: valid, no two columns alike.

    Args:
        days: rows, from `start` on.
        seed: another seed gives other prices for the same days.
        coin: kept in `attrs`; it does not change the prices.
        start: first day.

    """
    random = np.random.default_rng(seed)
    closes = 1000 * np.exp(np.cumsum(random.normal(0, 0.04, days)))
    opens = closes * np.exp(random.normal(0, 0.03, days))
    margins = 1 + random.uniform(0.001, 0.05, (2, days))
    bodies = np.array([opens, closes])
    table = pd.DataFrame(
        {
            "open": opens,
            "high": bodies.max(axis=0) * margins[0],
            "low": bodies.min(axis=0) / margins[1],
            "close": closes,
            "volume": random.uniform(1e6, 1e9, days).round(),
            "market_cap": (closes * 17e6).round(),
        },
        index=_days(start, days),
        columns=COLUMNS,
    )
    table.attrs = {"coin": coin, "source": "makers", "volume_unit": "USD"}
    return table


def _days(start: object, count: int) -> pd.DatetimeIndex:
    """Return days in a row; like a table that was read, they know no frequency."""
    days = pd.date_range(start, periods=count, name="date", unit="ns")
    days.freq = None
    return days


@st.composite
def price_tables(draw: st.DrawFn, min_days: int = 1, max_days: int = 6) -> pd.DataFrame:
    """Draw a valid price table that a page can show to the last digit.

    Daily without a gap; prices of 2 to 8 decimals (the same for the whole table) from 0.0001
    (or one last digit, if that is more) to 60,000 USD; low <= open, close <= high, equal ones
    among them; volume and market cap whole numbers up to 1e12, sometimes missing.
    """
    decimals = draw(st.integers(2, 8))
    ticks = st.integers(max(1, 10**decimals // 10_000), 60_000 * 10**decimals)
    amounts = st.none() | st.integers(0, 10**12)
    rows = []
    for _ in range(draw(st.integers(min_days, max_days))):
        low, first, second, high = sorted(draw(st.tuples(ticks, ticks, ticks, ticks)))
        body = draw(st.permutations([first, second]))
        prices = [float(Decimal(tick).scaleb(-decimals)) for tick in (body[0], high, low, body[1])]
        rows.append([*prices, draw(amounts), draw(amounts)])
    start = draw(st.datetimes(**FIRST_DAYS)).date()
    return pd.DataFrame(rows, index=_days(start, len(rows)), columns=COLUMNS, dtype="float64")


def render_page(
    prices: pd.DataFrame, form: str = "plain", columns: Sequence[str] = tuple(HEADERS)
) -> str:
    """Return a page that shows a table of prices, newest day first, amid other things.

    Args:
        prices: as `load_prices` gives it; volume and market cap whole numbers or NaN.
        form: "plain" (2013 to early 2018: exact text), "attributes" (2018: prices exact in
            the attribute and rounded as text, volume and cap with six digits in the attribute
            and exact as text) or "asterisks" (2018 to 2019: the same under other headers).
        columns: which to show, in which order.
    """
    stars = {"open": "*", "close": "**"} if form == "asterisks" else {}
    headers = [HEADERS[name] + stars.get(name, "") for name in columns]
    rows = [
        [f"{day:%b %d, %Y}" if name == "date" else prices.loc[day, name] for name in columns]
        for day in prices.index[::-1]
    ]
    cells = [
        [_cell(name, value, form) for name, value in zip(columns, row, strict=True)] for row in rows
    ]
    return page_around(table_of(headers, cells))


def table_of(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return the HTML of a table; headers are texts, cells are whole `td` elements."""
    head = "".join(f'\n<th class="text-right">{escape(header)}</th>' for header in headers)
    body = "".join(
        '\n<tr class="text-right">' + "".join(f"\n{cell}" for cell in row) + "\n</tr>"
        for row in rows
    )
    return (
        f'<table class="table">\n<thead>\n<tr>{head}\n</tr>\n</thead>\n<tbody>{body}\n</tbody>\n'
        "</table>"
    )


def page_around(table: str) -> str:
    """Return a page with navigation, scripts and tables that are not the wanted one.

    A script and a comment name tables of prices as well: they are text, not tables.
    """
    header = "".join(f"<th>{name}</th>" for name in HEADERS.values())
    decoy = f"<table><tr>{header}</tr></table>"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Historical data: prices of a coin in US$ and €</title>
<script>document.write("{decoy}");</script>
</head>
<body>
<nav><ul><li><a href="/">Coins</a></li><li><a href="/charts/?start=20130428">Charts</a></li></ul>
<form action="/search"><input name="q" placeholder="Search"></form></nav>
<table class="table" id="markets">
<tr><th>#</th><th>Exchange</th><th>Pair</th><th>Volume</th><th>Price</th></tr>
<tr><td>1</td><td>Somewhere &amp; Co</td><td>BTC/USD</td><td>$1,234</td><td>$9,876.50</td></tr>
</table>
<!-- {decoy} -->
<div id="historical-data"><div class="table-responsive">
{table}
</div><p>* first of the day, ** last of the day, UTC</p></div>
<table><tr><td>Date</td><td>News</td></tr><tr><td>Jan 13, 2018</td><td>None</td></tr></table>
<script src="/ads.js"></script>
</body>
</html>
"""


def _cell(name: str, value: float | str, form: str) -> str:
    """Return one `td` in the form of its era."""
    if name == "date":
        return f'<td class="text-left">{value}</td>'
    kind = "data-format-fiat" if name in OHLC else "data-format-market-cap"
    exact = "-" if math.isnan(value) else _exact(value)
    if form == "plain":
        return f"<td>{_commas(exact, name)}</td>"
    if exact == "-":
        return f'<td {kind} data-format-value="-">-</td>'
    if name in OHLC:
        return f'<td {kind} data-format-value="{exact}">{_rounded(exact)}</td>'
    return f'<td {kind} data-format-value="{value:.6g}">{_commas(exact, name)}</td>'


def _exact(value: float) -> str:
    """Return the shortest decimal that is read back as the same float, without an exponent."""
    text = f"{Decimal(repr(float(value))):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _commas(exact: str, name: str) -> str:
    """Return the digits with thousands commas; prices keep at least two decimals."""
    if exact == "-":
        return exact
    whole, _, decimals = exact.partition(".")
    grouped = f"{int(whole):,}"
    return f"{grouped}.{decimals:0<2}" if name in OHLC else grouped


def _rounded(exact: str) -> str:
    """Return a price as the later pages wrote it: 2 decimals, 6 below one dollar."""
    return f"{Decimal(exact):.{2 if Decimal(exact) >= 1 else 6}f}"


def render_react_page(
    prices: pd.DataFrame, *, table: bool = True, data: bool = True, coin: str = "bitcoin"
) -> str:
    """Return a page of Nov 2019 to Oct 2020: three tables under one header, the last with rows.

    Args:
        prices: as `load_prices` gives it; volume and market cap whole numbers or NaN.
        table: show the tables; numbers are rounded if the page holds the data, else exact.
        data: hold the numbers, exact, in `<script id="__NEXT_DATA__">`.
        coin: whose page it says it is.
    """
    stars = {"open": "*", "close": "**"}
    header = "".join(
        f'<th class="cmc-table__cell"><div>{HEADERS[name]}{stars.get(name, "")}</div></th>'
        for name in HEADERS
    )
    head = f'<thead class="cmc-table__thead"><tr>{header}</tr></thead>'
    debris = (
        '<tr class="cmc-table-row"><td class="cmc-table__cell" colspan="7"><div></div></td></tr>'
    )
    rows = "".join(
        f'<tr class="cmc-table-row">{_react_row(day, prices.loc[day], rounded=data)}</tr>'
        for day in prices.index[::-1]
    )
    bodies = ("", f"<tbody>{debris}</tbody>", f"<tbody>{debris}{rows}</tbody>")
    tables = "".join(f"<table>{head}{body}</table>" for body in bodies) if table else ""
    address = f"https://coinmarketcap.com/currencies/{coin}/historical-data/"
    page = page_around(f'<div class="cmc-tab-historical-data ctxmt9-0">{tables}</div>')
    page = page.replace("</head>", f'<link rel="canonical" href="{address}"></head>')
    script = (
        f'<script id="__NEXT_DATA__" type="application/json">{render_next_data(prices)}</script>'
    )
    return page.replace("</body>", script + "</body>") if data else page


def render_next_data(prices: pd.DataFrame, coin_id: int = 1) -> str:
    """Return the JSON inside a page of that era, safe between script tags."""
    entry = {"id": coin_id, "name": "Any", "symbol": "ANY", "quotes": quotes_of(prices, "next")}
    state = {"cryptocurrency": {"ohlcvHistorical": {str(coin_id): entry}}}
    found = {"props": {"initialState": state}, "page": "/currencies/historical-data"}
    return json.dumps(found).replace("</", "<\\/")


def _react_row(day: pd.Timestamp, row: pd.Series, *, rounded: bool) -> str:
    texts = [f"{day:%b %d, %Y}"]
    for name, value in row.items():
        exact = "-" if math.isnan(value) else _exact(value)
        show_rounded = rounded and name in OHLC
        texts.append(_commas(_rounded(exact) if show_rounded else exact, str(name)))
    return "".join(f'<td class="cmc-table__cell"><div>{text}</div></td>' for text in texts)


def quotes_of(prices: pd.DataFrame, shape: str = "v3.1") -> list[dict]:
    """Return prices as CoinMarketCap's quotes, oldest day first; what is unknown is null.

    Args:
        prices: as `load_prices` gives it.
        shape: "v3" (no name of the currency), "v3.1", "usd" (numbers below "USD") or "next" (as
            in pages: snake case, below "USD").
    """
    names = {"market_cap": "market_cap" if shape == "next" else "marketCap"}
    quotes = []
    for day, row in prices.iterrows():
        values = {names.get(k, k): None if math.isnan(v) else v for k, v in row.items()}
        values["timestamp"] = f"{day:%Y-%m-%d}T23:59:59.999Z"
        quote: object = {"v3.1": {"name": "2781"} | values, "v3": values}.get(
            shape, {"USD": values}
        )
        opened, closed = (
            ("time_open", "time_close") if shape == "next" else ("timeOpen", "timeClose")
        )
        times = {opened: f"{day:%Y-%m-%d}T00:00:00.000Z", closed: values["timestamp"]}
        quotes.append({**times, "quote": quote})
    return quotes


def render_history(
    quotes: Sequence[object],
    coin_id: int = 1,
    symbol: str = "BTC",
    code: object = "0",
    **data: object,
) -> str:
    """Return an answer of CoinMarketCap's history; `data` replaces or adds members of its data."""
    told = {"id": coin_id, "name": "Any", "symbol": symbol, "quotes": list(quotes), **data}
    status = {"timestamp": "2026-01-01T00:00:00.000Z", "error_code": code, "error_message": ""}
    return json.dumps({"data": told, "status": status})


def history_page(
    prices: pd.DataFrame, shape: str = "v3.1", *, newest_first: bool = False, **answer: object
) -> Callable[[str], str]:
    """Return a page for `Server` that answers any period as CoinMarketCap does.

    Args:
        prices: all days that the coin has.
        shape: see `quotes_of`.
        newest_first: order of the quotes.
        **answer: arguments of `render_history`.
    """

    def page(target: str) -> str:
        query = parse_qs(urlsplit(target).query)
        first, last = (
            pd.Timestamp(datetime.fromtimestamp(int(query[name][0]), UTC).replace(tzinfo=None))
            for name in ("timeStart", "timeEnd")
        )
        quotes = quotes_of(prices.loc[first:last], shape)
        return render_history(quotes[::-1] if newest_first else quotes, **answer)

    return page


def render_listing(coins: Sequence[Mapping[str, object]]) -> str:
    """Return a page of CoinMarketCap's listing: each coin has id, name, symbol and slug."""
    data = {"cryptoCurrencyList": list(coins), "totalCount": str(len(coins))}
    return json.dumps({"data": data, "status": {"error_code": "0"}})


def render_cdx(copies: Mapping[str, str]) -> str:
    """Return an archive's list of copies in the form of its CDX server: timestamp -> address."""
    header = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
    rows = [
        ["com,coinmarketcap)/", timestamp, original, "text/html", "200", "ABC234", "20480"]
        for timestamp, original in sorted(copies.items())
    ]
    return json.dumps([header, *rows] if rows else [])
