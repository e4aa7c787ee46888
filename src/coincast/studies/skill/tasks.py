"""What is forecast, and from what: three targets of the next day, one table of features."""

import numpy as np
import pandas as pd

from coincast.datasets.features import LEVELS, coin_features
from coincast.datasets.windows import Windows, make_windows

__all__ = ["MEMORY", "changes", "close_table", "coin_table", "task_windows"]

MEMORY = {"log_range_week": 7, "log_range_month": 30}  # days that a HAR model averages over
FEATURES = ["daily_change", "close_off_high", "log_range", *MEMORY, *LEVELS]
SMALLEST = {"range": 1e-3, "change": 5e-3}  # smaller moves count as this: a logarithm needs one


def coin_table(prices: pd.DataFrame) -> pd.DataFrame:
    """Features of a coin: yesterday's shape, the memory of its range, and the levels.

    Returns:
        Index `date`; `daily_change`, `close_off_high`, `log_range` = log(high / low), its means
        over a week and a month (`log_range_week`, `log_range_month`), `close`, `volume`.
    """
    memory = _memory(np.log(prices["high"] / prices["low"]), SMALLEST["range"])
    return coin_features(prices).join(memory)[FEATURES].dropna()


def close_table(closes: pd.Series) -> pd.DataFrame:
    """Features where only closes are known.

    Returns:
        As `coin_table`: the change is from close to close, the absolute change takes the range's
        place, and what is unknown is 0, which says nothing to a model.
    """
    known = _memory(np.log(closes).diff().abs(), SMALLEST["change"]).assign(
        daily_change=closes.pct_change(), close_off_high=0.0, close=closes, volume=0.0
    )
    return known[FEATURES].dropna()


def _memory(moves: pd.Series, smallest: float) -> pd.DataFrame:
    logs = np.log(moves.clip(lower=smallest)).rename("log_range")
    means = {name: logs.rolling(days).mean() for name, days in MEMORY.items()}
    return pd.DataFrame({"log_range": logs, **means})


def task_windows(table: pd.DataFrame, task: str, lags: int) -> Windows:
    """Windows of a feature table with the next day's value of a task as their target.

    Args:
        table: as `coin_table` or `close_table` gives it.
        task: "change" (a fraction), "direction" (1 for a positive change, else 0), "range" (its
            logarithm) or "volume" (the logarithm of its ratio to the day before's).
        lags: days in a window.

    Raises:
        InputError: too few days.
    """
    change = table["daily_change"].shift(-1)
    targets = {
        "change": change,
        "direction": (change > 0).astype("float64").where(change.notna()),
        "range": table["log_range"].shift(-1),
        "volume": changes(table["volume"]).shift(-1),
    }
    return make_windows(table, targets[task], lags)


def changes(levels: pd.DataFrame | pd.Series) -> pd.DataFrame | pd.Series:
    """Day-to-day changes of the logarithm of levels far from 0, and of levels near it.

    >>> changes(pd.Series([0.0, 100.0, 200.0])).round(2).tolist()
    [nan, 5.3, 0.69]
    """
    return np.arcsinh(levels).diff()
