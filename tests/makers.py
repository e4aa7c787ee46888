"""Makers of prices and of pages that show them: what the tests arrange their cases with.

Prices are invented and the pages are our own, in the form of CoinMarketCap's of an era.
"""

import math
from collections.abc import Sequence
from decimal import Decimal
from html import escape

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from coincast.schema import COLUMNS, OHLC

FORMS = ("plain", "attributes", "asterisks")
FIRST_DAYS = {"min_value": pd.Timestamp("2013-04-28"), "max_value": pd.Timestamp("2019-11-20")}
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
