"""How far exchanges, and sources, agree on the price of one coin."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coincast.errors import InputError
from coincast.prices.load import load_hourly, load_prices

__all__ = [
    "agreement", "bitcoin_closes", "comparison_table", "gap_sentence", "gaps", "gaps_within",
]  # fmt: skip

DISAGREEMENT = 0.05  # of the close


def bitcoin_closes() -> pd.DataFrame:
    """Bitcoin's daily close at the three bundled venues.

    Returns:
        Index `date`, columns `bitstamp`, `coinbase`, `bitfinex`, USD; NaN where a table lacks the
        day. Bitfinex is the last trade of each UTC day of the hourly table.
    """
    daily = {venue: load_prices("bitcoin", venue=venue) for venue in ("bitstamp", "coinbase")}
    closes = {venue: table["close"] for venue, table in daily.items()}
    closes["bitfinex"] = load_hourly("bitcoin")["close"].resample("D").last()
    return pd.DataFrame(closes).rename_axis("date")


def gaps(closes: pd.DataFrame, reference: str) -> pd.DataFrame:
    """How far each other venue's close is above the reference venue's, as a fraction of it.

    Args:
        closes: index `date`, one column per venue, USD, NaN where a venue has no data.
        reference: the column to compare with.
    """
    return closes.drop(columns=reference).div(closes[reference], axis=0) - 1


def gaps_within(
    closes: pd.DataFrame, reference: str, period: tuple[str, str] | list[str]
) -> pd.DataFrame:
    """The absolute gaps between venues in a period.

    Args:
        closes: as `gaps` takes them.
        reference: the column to compare with.
        period: its first and last day, both inclusive.

    Returns:
        One row per venue with closes in the period: `days`, `median_gap` and `largest_gap`
        (fractions), `largest_on` (YYYY-MM-DD).

    >>> days = pd.date_range("2018-01-01", periods=3, name="date")
    >>> closes = pd.DataFrame({"a": [1.0, 2.0, 1.0], "b": [1.1, 1.6, 1.5]}, index=days)
    >>> gaps_within(closes, "a", ("2018-01-01", "2018-01-02"))["largest_gap"].round(3).to_dict()
    {'b': 0.2}
    """
    first, last = period
    sizes = gaps(closes, reference).loc[first:last].abs().dropna(axis="columns", how="all")
    table = pd.DataFrame(
        {"days": sizes.count(), "median_gap": sizes.median(), "largest_gap": sizes.max()}
    )
    return table.assign(largest_on=[f"{sizes[venue].idxmax():%Y-%m-%d}" for venue in table.index])


def gap_sentence(found: pd.DataFrame, reference: str, period: tuple[str, str] | list[str]) -> str:
    """In words how far venues' closes were from the reference's, as `gaps_within` found."""
    first, last = period
    if found.empty:
        return f"No two venues have closes from {first} to {last}."
    told = [
        f"by up to {row.largest_gap:.1%} at {row.Index.title()} (on {row.largest_on}; median "
        f"{row.median_gap:.1%}, n = {row.days} days)"
        for row in found.itertuples()
    ]
    return (
        f"From {first} to {last}, bitcoin's close differed from {reference.title()}'s "
        f"{' and '.join(told)}."
    )


def agreement(closes: pd.DataFrame, reference: str) -> pd.DataFrame:
    """How each venue's closes compare with the reference venue's.

    Args:
        closes: index `date`, one column per venue, USD, NaN where a venue has no data.
        reference: the column to compare with.

    Returns:
        One row per venue: `days` that both have, `return_correlation` of the daily changes,
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


def comparison_table(prices: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """How far each coin's prices agree with a second opinion on the days that both have.

    That is the bundled series for a table from elsewhere; for a bundled one Bitstamp's bitcoin, or
    else the last trade of each day at Bitfinex.

    Returns:
        One row per coin: `days` in common; `return_correlation` of the daily changes of the closes;
        `mean_close_gap`, the mean of |second / first - 1|; `disagreeing_days`, how many have a gap
        above five per cent. Without a common day the second and third are None.
    """
    rows: dict[str, dict[str, Any]] = {}
    for coin, table in prices.items():
        pair = pd.DataFrame({"first": table["close"], "second": _other_closes(table)}).dropna()
        gap = (pair["second"] / pair["first"] - 1).abs()
        correlation = pair.pct_change().corr().loc["first", "second"]
        rows[coin] = {
            "days": len(pair),
            "return_correlation": None if pair.empty else correlation,
            "mean_close_gap": None if pair.empty else gap.mean(),
            "disagreeing_days": int((gap > DISAGREEMENT).sum()),
        }
    # As objects: unknown values stay None, which JSON can hold, instead of NaN.
    return pd.DataFrame.from_dict(rows, orient="index", dtype=object)


def _other_closes(prices: pd.DataFrame) -> pd.Series:
    """Bundled closes of the same coin from another place; none where nothing bundled has it."""
    coin, source, venue = (prices.attrs.get(name) for name in ("coin", "source", "venue"))
    try:
        if source != "bundled":
            return load_prices(coin)["close"]
        if coin == "bitcoin" and venue != "bitstamp":
            return load_prices(coin, venue="bitstamp")["close"]
        return load_hourly(coin)["close"].resample("D").last().dropna()
    except InputError:
        return prices["close"].iloc[:0]
