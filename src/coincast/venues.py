"""How far exchanges agree on the price of one coin."""

import pandas as pd

from coincast.prices import load_hourly, load_prices

__all__ = ["agreement", "bitcoin_closes"]


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
