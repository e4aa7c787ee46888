"""How the bundled table of series that are not prices of coins is made, and what is said of each.

Tables in, tables out; `scripts/build_data.py` fetches and writes. Counts and quotes only: no text
of anybody's post is taken.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from coincast.datasets.series import RATIO

__all__ = ["ABOUT", "FILES", "readme_rows", "series_table"]

ARCH, PYBCOIN = "arch-8.0.0/arch/data", "pybcoin-0.15/data"
QUOTES = {"nasdaq": "Close", "sp500": "Close", "vix": "vix", "wti": "DCOILWTICO"}
FILES = {  # series -> its file in arch's or pybcoin's archive
    **{name: f"{ARCH}/{name}/{name}.csv.gz" for name in QUOTES},
    "google": f"{PYBCOIN}/gtrends/GTrendsData.csv",
    "tweets": f"{PYBCOIN}/btc/tweet_counts.csv",
    "tweet_sentiment": f"{PYBCOIN}/latest/tweets_sentiment.csv",
    "reddit_sentiment": f"{PYBCOIN}/latest/reddit_comments_sentiment.csv",
}
FIRST_MARKET_DAY = "2014-01-01"  # before any coin's table, so that a value is always known
TERMS = ("bitcoin", "blockchain", "cryptocurrency", "ethereum")  # rarer ones are rounded to 0
# Each window of the searches is scaled to its own maximum of 100; a new one begins on these days.
SEAMS = pd.date_range("2016-01-01", "2018-04-01", freq="QS")
LAST_SEARCHES = "2018-05-04"  # two weeks without any maximum follow: their scale is not known
PARTIAL_DAY = "2018-06-03"  # of both tables of sentiment: the day they were made

FROM_ARCH = {"licence": "arch is under NCSA; the quotes belong to their publisher",
             "closed_on_weekends": True, "scale": "absolute"}  # fmt: skip
FROM_PYBCOIN = {
    "origin": "pybcoin 0.15",
    "licence": "pybcoin's README says MIT; the package has no licence file",
    "closed_on_weekends": False,
    "scale": "absolute",
}
MARKETS = {
    "nasdaq": ("index points", "NASDAQ Composite by Yahoo"),
    "sp500": ("index points", "S&P 500 by Yahoo"),
    "vix": ("% a year", "VIX by CBOE"),
    "wti": ("USD a barrel", "WTI at Cushing by FRED (DCOILWTICO)"),
}
ABOUT = {
    name: {"unit": unit, "origin": f"arch 8.0.0: {what}", **FROM_ARCH}
    for name, (unit, what) in MARKETS.items()
} | {
    f"google_{term}": {**FROM_PYBCOIN, "unit": "logarithm of today's searches to yesterday's",
                       "origin": "pybcoin 0.15: Google Trends, worldwide", "scale": RATIO}
    for term in TERMS
} | {
    name: {**FROM_PYBCOIN, "unit": unit}
    for name, unit in (("tweets", "posts a day"), ("tweet_sentiment", "posts a day"),
                       ("reddit_sentiment", "comments a day"))
}  # fmt: skip


def series_table(upstream: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The bundled table, sorted by series, column and date.

    Args:
        upstream: key of `FILES` -> the file as pandas reads it; the days are in its first column.

    Returns:
        `series date known column value`. A row is known at the end of its own UTC day: markets in
        the United States close before it, and counts of a day are complete with it.
    """
    by_day = {name: _by_day(table) for name, table in upstream.items()}
    series = {
        name: by_day[name].loc[FIRST_MARKET_DAY:, [quote]].set_axis([name], axis=1)
        for name, quote in QUOTES.items()
    }
    searches = by_day["google"].loc[:LAST_SEARCHES]
    series |= {f"google_{term}": log_ratios(searches[[term]]) for term in TERMS}
    series["tweets"] = by_day["tweets"].set_axis(["tweets"], axis=1)
    for name in ("tweet_sentiment", "reddit_sentiment"):
        counts = by_day[name].rename(columns=str.lower)
        series[name] = counts[counts.index != PARTIAL_DAY]
    parts = [
        table.dropna().melt(ignore_index=False, var_name="column").reset_index(names="date")
        .assign(series=name)
        for name, table in sorted(series.items())
    ]  # fmt: skip
    long = pd.concat(parts).assign(known=lambda table: table["date"])
    return long[["series", "date", "known", "column", "value"]]


def log_ratios(searches: pd.DataFrame) -> pd.DataFrame:
    """Logarithms of day-to-day ratios, without those from one window to the next or over a gap."""
    logs = np.log(searches.where(searches > 0))
    ratios = logs.asfreq("D").diff()
    return ratios[~ratios.index.isin(SEAMS)].dropna()


def readme_rows(series: pd.DataFrame) -> str:
    """The days and origin of each series that is no price of a coin, as a Markdown table."""
    lines = [
        "| series | unit | first day | last day | days | origin |",
        "|---|---|---|---|---|---|",
    ]
    for name, rows in series.groupby("series"):
        first, last = rows["date"].min().date(), rows["date"].max().date()
        of_it = ABOUT[str(name)]
        lines.append(
            f"| `{name}` | {of_it['unit']} | {first} | {last} | {rows['date'].nunique()} | "
            f"{of_it['origin']} |"
        )
    return "\n".join(lines)


def _by_day(table: pd.DataFrame) -> pd.DataFrame:
    """A table by day; pybcoin writes days in two ways, and FRED a missing quote as a point."""
    days = pd.to_datetime(table.iloc[:, 0], format="mixed").rename("date")
    return table.iloc[:, 1:].set_index(days).replace(".", np.nan).astype("float64")
