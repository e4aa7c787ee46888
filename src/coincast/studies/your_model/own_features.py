"""Features of your own, checked for gaps and for look-ahead before anything is trained."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from coincast.datasets.leakage import check_features
from coincast.errors import InputError
from coincast.studies.skill.tasks import coin_table
from coincast.studies.your_model.loading import Features, telling

__all__ = ["OWN", "feature_tables", "require_no_leaks"]

OWN = "your_"  # before the names of your own features
MOST_NAMED = 3  # leaks in a message


def feature_tables(
    prices: Mapping[str, pd.DataFrame], features: Features | None = None
) -> dict[str, pd.DataFrame]:
    """The standard features of each coin, and your own beside them.

    Args:
        prices: coin -> validated prices; a volume that is missing counts as 0.
        features: your function of the prices of one coin, if any.

    Returns:
        Coin -> as `coin_table` gives it, with your columns after "your_", on the days that both
        have.

    Raises:
        InputError: your function fails, or its table cannot be used.
    """
    tables = {
        coin: coin_table(table.assign(volume=table["volume"].fillna(0.0)))
        for coin, table in prices.items()
    }
    if features is None:
        return tables
    return {
        coin: table.join(_own_table(features, prices[coin], coin).add_prefix(OWN), how="inner")
        for coin, table in tables.items()
    }


def _own_table(features: Features, prices: pd.DataFrame, coin: str) -> pd.DataFrame:
    """Your features of a coin without their warm-up days, if they are a daily table of numbers."""
    with telling(f"the feature function on {coin}"):
        table = features(prices.copy())
    if not isinstance(table, pd.DataFrame) or not isinstance(table.index, pd.DatetimeIndex):
        raise InputError(
            f"the feature function gives {type(table).__name__} for {coin}; it must give a pandas "
            "DataFrame with the days of the prices as its index"
        )
    texts = [str(name) for name, kind in table.dtypes.items() if kind.kind not in "fiub"]
    if texts or not table.columns.is_unique:
        raise InputError(f"your features need unique columns of numbers; see {texts or 'names'}")
    table = table.astype(np.float64).set_axis(table.columns.astype(str), axis=1)
    unknown = table.index.difference(prices.index)
    if len(unknown) or not table.index.is_unique:
        day = unknown[0] if len(unknown) else table.index[table.index.duplicated()][0]
        raise InputError(
            f"your features of {coin} have the day {day:%Y-%m-%d}, which the prices have "
            f"{'not' if len(unknown) else 'once'}; give one row per day of the prices"
        )
    return _without_warm_up(table.sort_index(), coin)


def _without_warm_up(table: pd.DataFrame, coin: str) -> pd.DataFrame:
    known = table[np.isfinite(table).all(axis=1)]
    if known.empty or not len(table.columns):
        raise InputError(f"your features of {coin} have no day on which all of them are known")
    table = table.loc[known.index[0] :].asfreq("D")
    gaps = np.argwhere(~np.isfinite(table.to_numpy()))
    if len(gaps):
        row, column = gaps[0]
        raise InputError(
            f"your feature {table.columns[column]!r} of {coin} is missing or not finite on "
            f"{table.index[row]:%Y-%m-%d}, after it has begun; carry the last known value forward"
        )
    return table


def require_no_leaks(features: Features, prices: Mapping[str, pd.DataFrame]) -> int:
    """Refuse features that change when only later prices do; give the number of features.

    What your function reads from elsewhere than the prices is not tested.

    Raises:
        InputError: naming the columns and the first day of each.
    """

    def compute(given: pd.DataFrame) -> pd.DataFrame:
        with telling("the feature function on changed prices"):
            return features(given.copy())

    columns = 0
    for coin, table in prices.items():
        leaks = {leak.column: leak for leak in check_features(compute, table)}
        if leaks:
            told = [f"{name!r} of {leak.day:%Y-%m-%d}" for name, leak in leaks.items()]
            raise InputError(
                f"look-ahead in your features of {coin}: {', '.join(told[:MOST_NAMED])} "
                "changes when only prices of later days do; use each day's and earlier prices"
            )
        columns = compute(table).shape[1]
    return columns
