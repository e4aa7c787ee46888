"""Losses of forecasts day by day, for tests that pair the days."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["LOSSES", "losses", "seed_spread"]

FloatArray = npt.NDArray[np.float64]
SURENESS_LIMIT = 1e-6  # from 0 and 1, for a probability: one wrong day must not cost infinity


def _log_score(forecast: FloatArray, target: FloatArray) -> FloatArray:
    right = np.where(target == 1, forecast, 1 - forecast)
    return -np.log(np.clip(right, SURENESS_LIMIT, 1 - SURENESS_LIMIT))


def _qlike(forecast: FloatArray, target: FloatArray) -> FloatArray:
    """QLIKE of a positive quantity, from logarithms of it.

    Source: Patton, 2011, 10.1016/j.jeconom.2010.03.034. It rewards the mean of the quantity, which
    is above the exponential of the mean logarithm: all forecasts of logarithms pay for that.
    """
    log_ratio = target - forecast
    return np.expm1(log_ratio) - log_ratio


# `absolute` rewards the median, `squared` and `brier` the mean; all are lower for the better.
LOSSES = {
    "absolute": lambda forecast, target: np.abs(forecast - target),
    "squared": lambda forecast, target: (forecast - target) ** 2,
    "brier": lambda forecast, target: (forecast - target) ** 2,
    "log_score": _log_score,
    "qlike": _qlike,
}


def losses(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Loss of each model on each day, where a network's forecast is the mean over its seeds.

    Args:
        table: as `walk_forward` gives it.
        names: keys of `LOSSES`.

    Returns:
        One row per coin, model and day, in order of time: `coin`, `model`, `date`, `fold`,
        `seeds` (that could be trained), `forecast`, `target`, and a column for each loss.
    """
    groups = table.groupby(["coin", "model", "date", "fold"], observed=True)
    daily = groups.agg(
        seeds=("forecast", "count"), forecast=("forecast", "mean"), target=("target", "first")
    ).reset_index()
    forecast, target = daily["forecast"].to_numpy(), daily["target"].to_numpy()
    return daily.assign(**{name: LOSSES[name](forecast, target) for name in names})


def seed_spread(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Mean loss of single seeds, and how it differs between them.

    Args:
        table: as `walk_forward` gives it.
        name: key of `LOSSES`.

    Returns:
        One row per coin and model with several seeds: `mean` and `sd` of the seeds' mean losses,
        `seeds`.
    """
    values = LOSSES[name](table["forecast"].to_numpy(), table["target"].to_numpy())
    keys = ["coin", "model", "seed"]
    by_seed = table[keys].assign(loss=values).groupby(keys, observed=True)["loss"].mean()
    by_model = by_seed.groupby(["coin", "model"], observed=True)
    spread = by_model.agg(mean="mean", sd="std", seeds="count").reset_index()
    return spread[spread["seeds"] > 1].reset_index(drop=True)
