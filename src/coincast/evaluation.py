"""What forecasts are worth: errors with their n, their uncertainty and their skill."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from arch.bootstrap import StationaryBootstrap, optimal_block_length

from coincast.errors import InputError

__all__ = ["MINIMUM_ROWS", "mae_table", "mean_absolute_error", "skill_sentence", "title"]

FloatArray = npt.NDArray[np.float64]
TITLES = {"lstm": "LSTM as published", "lstm_honest": "LSTM, honest protocol"}
MINIMUM_ROWS = 10  # below, a block bootstrap has nothing to draw from
DRAWS = 2000
LEVEL = 0.95


def mean_absolute_error(targets: FloatArray, forecast: FloatArray | float) -> float:
    """Return the mean absolute difference of forecast and targets, in their unit.

    >>> mean_absolute_error(np.array([0.1, -0.2]), 0.0)
    0.15000000000000002
    """
    return float(np.abs(forecast - targets).mean())


def mae_table(
    forecasts: Mapping[str, FloatArray],
    targets: FloatArray,
    *,
    baseline: str = "train_mean",
    seed: int = 0,
) -> pd.DataFrame:
    """Return the mean absolute error of each forecast, how sure it is, and its skill.

    Args:
        forecasts: name -> (n,), in the unit of the targets.
        targets: (n,), in order of time.
        baseline: the forecast that skill is measured against.
        seed: of the bootstrap.

    Returns:
        One row a forecast, in the given order: `mae`; `n`; `standard_error` of the mean, as if
        days were independent; `low`, `high`: 95 % interval of `mae`; `skill` = 1 - MAE / MAE of
        the baseline, with `skill_low`, `skill_high`. The intervals are percentiles of a
        stationary bootstrap over blocks of days; all forecasts share the drawn days, so
        `skill` is compared day by day.

    Raises:
        InputError: fewer than 10 rows, which no interval can be drawn from.

    Source: Politis and Romano, 1994, 10.1080/01621459.1994.10476870; block length by Politis
    and White, 2004, as corrected by Patton, Politis and White, 2009.
    """
    if len(targets) < MINIMUM_ROWS:
        raise InputError(
            f"{len(targets)} test rows are too few for an interval; "
            f"use a test period of at least {MINIMUM_ROWS} days with a known next day"
        )
    errors = pd.DataFrame({name: np.abs(f - targets) for name, f in forecasts.items()})  # (n, k)
    draws = _bootstrap_means(errors, seed)  # (draws, k)
    skills = 1 - draws / draws[:, [errors.columns.get_loc(baseline)]]
    mae = errors.mean()
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    low, high = np.quantile(draws, tails, axis=0)
    skill_low, skill_high = np.quantile(skills, tails, axis=0)
    return pd.DataFrame(
        {
            "mae": mae,
            "n": len(targets),
            "standard_error": errors.std() / np.sqrt(len(targets)),
            "low": low,
            "high": high,
            "skill": 1 - mae / mae[baseline],
            "skill_low": skill_low,
            "skill_high": skill_high,
        }
    )


def _bootstrap_means(errors: pd.DataFrame, seed: int) -> FloatArray:
    """Return the mean of each column in each draw: (draws, columns)."""
    varying = errors.loc[:, errors.std() > 0]  # errors that are all the same have no memory
    blocks = optimal_block_length(varying)["stationary"] if varying.size else pd.Series([1.0])
    block = round(np.clip(blocks.max(), 1, len(errors) / 3))
    bootstrap = StationaryBootstrap(block, errors.to_numpy(), seed=np.random.default_rng(seed))
    return np.asarray(bootstrap.apply(lambda sample: sample.mean(axis=0), DRAWS))


def title(name: str) -> str:
    """Return a forecast's name as a reader sees it.

    >>> title("train_mean")
    'train mean'
    """
    return TITLES.get(name, name.replace("_", " "))


def skill_sentence(table: pd.DataFrame, name: str, baseline: str = "train_mean") -> str:
    """Return in one sentence whether a row of `mae_table` beats its baseline."""
    row = table.loc[name]
    if row["skill_low"] > 0:
        verdict = "beats"
    elif row["skill_high"] < 0:
        verdict = "is worse than"
    else:
        verdict = "cannot be told apart from"
    return (
        f"{title(name)} {verdict} the {title(baseline)} on {row['n']:.0f} test days: MAE "
        f"{row['mae']:.4f} (95 % interval {row['low']:.4f} to {row['high']:.4f}) against "
        f"{table.loc[baseline, 'mae']:.4f}, skill {row['skill']:+.3f} "
        f"({row['skill_low']:+.3f} to {row['skill_high']:+.3f})."
    )
