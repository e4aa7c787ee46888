"""What Joe Hahn's demo of January 2018 says of its regression, held against a recomputation."""

from collections.abc import Mapping

import pandas as pd

from coincast.datasets.windows import FloatArray
from coincast.evaluation.scoring import MINIMUM_ROWS, mae_table
from coincast.records.names import display_name

__all__ = ["compare_published", "monthly_mae", "monthly_sentence", "published_sentence"]

SAME = 1e-12  # a sum in another order differs by less, other prices by more


def monthly_mae(
    forecasts: Mapping[str, FloatArray],
    targets: FloatArray,
    days: pd.DatetimeIndex,
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """`scoring.mae_table` of each month of the test period that has enough days for one.

    Args:
        forecasts: name -> (n,).
        targets: (n,), in order of time.
        days: (n,), that the targets belong to.
        seed: of the intervals.

    Returns:
        Index (month as "YYYY-MM", forecast); the columns of `mae_table`.
    """
    months = days.strftime("%Y-%m")
    tables = {}
    for month in months.unique():
        rows = months == month
        if rows.sum() >= MINIMUM_ROWS:
            of_month = {name: forecast[rows] for name, forecast in forecasts.items()}
            tables[month] = mae_table(of_month, targets[rows], seed=seed)
    return pd.concat(tables, names=["month", "forecast"]) if tables else pd.DataFrame()


def monthly_sentence(table: pd.DataFrame, name: str) -> str:
    """Whether a forecast is of use in the first month and then veers away, as the demo says.

    Args:
        table: as `monthly_mae` gives it.
        name: of a forecast in it.
    """
    if table.empty:
        return f"No month of the test period has {MINIMUM_ROWS} days, so none is scored alone."
    rows = table.xs(name, level="forecast")
    told = ", ".join(
        f"{month} (n = {row['n']:.0f}) MAE {row['mae']:.4f}, skill {row['skill_no_change']:+.2f} "
        f"({row['skill_no_change_low']:+.2f} to {row['skill_no_change_high']:+.2f})"
        for month, row in rows.iterrows()
    )
    first, last = rows.iloc[0], rows.iloc[-1]
    if first["skill_no_change_low"] > 0:
        useful = "it beats no change in the first month"
    elif first["skill_no_change_high"] < 0:
        useful = "it is worse than no change even in the first month"
    else:
        useful = "it cannot be told apart from no change in the first month"
    behind = last["skill_no_change"] < first["skill_no_change"]
    then = "and falls behind after it" if behind else "and does not fall behind later"
    return f"{display_name(name)} by month, skill against no change: {told}: {useful} {then}."


def compare_published(mae: float, published: float) -> dict[str, float]:
    """A recomputed error, the published one and their difference.

    >>> compare_published(0.5, 0.25)
    {'mae': 0.5, 'published': 0.25, 'difference': 0.25}
    """
    return {"mae": float(mae), "published": published, "difference": float(mae - published)}


def published_sentence(comparison: Mapping[str, float], name: str, source: str) -> str:
    """Whether a forecast without any randomness came out as published.

    Args:
        comparison: as `compare_published` gives it.
        name: of the forecast.
        source: where the prices came from.
    """
    same = abs(comparison["difference"]) < SAME
    verdict = (
        "the same, so this pipeline repeats the published one"
        if same
        else "not the published prices, or not the published pipeline"
    )
    return (
        f"{display_name(name)} draws nothing at random, so on the published prices a faithful "
        f"pipeline gives the published number to its last digits. Prices from {source}: MAE "
        f"{comparison['mae']!r}, published {comparison['published']!r}, difference "
        f"{comparison['difference']:.2g}: {verdict}."
    )
