"""How far exchanges, and sources, agree on the price of one coin."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coincast.errors import InputError
from coincast.prices.load import load_hourly, load_prices

__all__ = ["agreement", "bitcoin_closes", "compare_sources", "comparison_table", "second_opinion"]

COMPARED = ["days", "return_correlation", "mean_close_gap", "disagreeing_days"]
DISAGREEMENT = 0.05  # of the close; venues are apart by a percent on most days


def bitcoin_closes() -> pd.DataFrame:
    """Return bitcoin's daily close at the three bundled venues.

    Returns:
        Index `date`, columns `bitstamp`, `coinbase`, `bitfinex`, USD; NaN where the tables have
        no such day. Bitfinex is the last trade of each UTC day of the hourly table.
    """
    daily = {venue: load_prices("bitcoin", venue=venue) for venue in ("bitstamp", "coinbase")}
    closes = {venue: table["close"] for venue, table in daily.items()}
    closes["bitfinex"] = load_hourly("bitcoin")["close"].resample("D").last()
    return pd.DataFrame(closes).rename_axis("date")


def agreement(closes: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Return how each venue's closes compare with the reference venue's.

    Args:
        closes: index `date`, a column a venue, USD, NaN where a venue has no data.
        reference: the column to compare with.

    Returns:
        One row a venue: `days` that both have, `return_correlation` of the daily changes,
        `median_gap` and `largest_monthly_gap` (fractions; the latter the largest median
        absolute gap of any calendar month).

    >>> days = pd.date_range("2018-01-01", periods=4, name="date")
    >>> closes = pd.DataFrame({"a": [1.0, 2.0, 1.0, 4.0], "b": [1.1, 2.2, 1.1, 4.4]}, index=days)
    >>> agreement(closes, "a").round(3).loc["b"].tolist()
    [4.0, 1.0, 0.1, 0.1]
    """
    rows = {}
    for venue in closes.columns.drop(reference):
        pair = closes[[reference, venue]].dropna()
        gap = (pair[venue] / pair[reference] - 1).abs()
        rows[venue] = {
            "days": len(pair),
            "return_correlation": pair.pct_change().corr().loc[reference, venue],
            "median_gap": gap.median(),
            "largest_monthly_gap": gap.resample("MS").median().max(),
        }
    return pd.DataFrame(rows).T


def compare_sources(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, Any]:
    """Return how far two tables of the same coin agree on the days that both have.

    Args:
        first: prices with `close`, USD, index `date`.
        second: the same from elsewhere.

    Returns:
        `days` in common; `return_correlation` of the daily changes of the closes;
        `mean_close_gap`, the mean of |second / first - 1|; `disagreeing_days`, a table of both
        closes where the gap is above five per cent. Without a day in common the numbers are None.
    """
    pair = pd.DataFrame({"first": first["close"], "second": second["close"]}).dropna()
    if pair.empty:
        return {
            "days": 0,
            "return_correlation": None,
            "mean_close_gap": None,
            "disagreeing_days": pair,
        }
    gap = (pair["second"] / pair["first"] - 1).abs()
    return {
        "days": len(pair),
        "return_correlation": pair.pct_change().corr().loc["first", "second"],
        "mean_close_gap": gap.mean(),
        "disagreeing_days": pair[gap > DISAGREEMENT],
    }


def comparison_table(prices: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return `compare_sources` of each coin with its second opinion: one row a coin.

    The columns are those of `compare_sources`, the disagreeing days counted.
    """
    found = {coin: compare_sources(table, second_opinion(table)) for coin, table in prices.items()}
    counted = {
        coin: row | {"disagreeing_days": len(row["disagreeing_days"])}
        for coin, row in found.items()
    }
    # As objects: what is unknown stays None, which JSON can hold, instead of NaN.
    rows = [[row[name] for name in COMPARED] for row in counted.values()]
    return pd.DataFrame(rows, index=list(counted), columns=COMPARED, dtype=object)


def second_opinion(prices: pd.DataFrame) -> pd.DataFrame:
    """Return bundled closes of the same coin from another place, to compare a table with.

    Args:
        prices: as `load_prices` gives them.

    Returns:
        Column `close`, USD, index `date`: the bundled series for a table from elsewhere; for a
        bundled one Bitstamp's bitcoin, or else the last trade of each day at Bitfinex. Empty where
        nothing bundled has the coin.
    """
    coin, source, venue = (prices.attrs.get(name) for name in ("coin", "source", "venue"))
    try:
        if source != "bundled":
            return load_prices(coin)[["close"]]
        if coin == "bitcoin" and venue != "bitstamp":
            return load_prices(coin, venue="bitstamp")[["close"]]
        return load_hourly(coin)[["close"]].resample("D").last().dropna()
    except InputError:
        return prices[["close"]].iloc[:0]
