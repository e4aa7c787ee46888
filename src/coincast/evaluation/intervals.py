"""Conformal intervals of forecasts, from the errors that were known when they were made."""

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from coincast.errors import InputError

with warnings.catch_warnings():  # crepes changes the filters of the whole process
    from crepes import ConformalRegressor

__all__ = ["COVERAGE", "coverage_by_fold", "fold_intervals", "next_interval"]

FloatArray = npt.NDArray[np.float64]
COVERAGE = 0.9
SCALE_DAYS = 30  # errors whose mean says how uncertain the days are at present
LEAST_ERRORS = 50  # to calibrate on
TINY = 1e-9  # against division by 0, and against the rounding of 1 - COVERAGE in crepes


def next_interval(errors: FloatArray, forecast: float) -> tuple[float, float]:
    """Interval at 90 % of a forecast, from earlier errors (forecast minus target), oldest first.

    Raises:
        InputError: fewer than 80 errors.
    """
    if len(errors) < SCALE_DAYS + LEAST_ERRORS:
        raise InputError(f"{len(errors)} earlier errors are too few for an interval; 80 are needed")
    sizes = pd.Series(np.abs(errors))
    means = sizes.rolling(SCALE_DAYS).mean()
    scales = np.r_[means[SCALE_DAYS - 1 :]]
    low, high = _intervals(sizes[SCALE_DAYS:], scales[:-1], np.array([forecast]), scales[-1:])[0]
    return float(low), float(high)


def fold_intervals(table: pd.DataFrame, *, horizon_days: int = 1) -> pd.DataFrame:
    """Forecasts with an interval at 90 %, calibrated for each fold on earlier errors alone.

    The errors are divided by the mean error of the 30 days known before each, so that intervals
    widen in wild times.

    Args:
        table: columns `coin`, `model`, `fold`, `date` (of the target), `forecast` and `target`; one
            row per coin, model and day: average the seeds first.
        horizon_days: from the day of a forecast to that of its target.

    Returns:
        The table with `low` and `high`; NaN in folds with fewer than 50 errors before them.

    Raises:
        InputError: a coin and model have two rows for a day.

    Source: Vovk, Gammerman and Shafer, 2005, 10.1007/b106715; normalised errors by Papadopoulos,
    Gammerman and Vovk, 2008.
    """
    keys = ["coin", "model"]
    if table.duplicated([*keys, "date"]).any():
        raise InputError("a coin and model have several forecasts for a day; average the seeds")
    groups = table.sort_values("date").groupby(keys, observed=True)
    parts = [_with_intervals(rows, horizon_days) for _, rows in groups]
    return pd.concat(parts).reindex(table.index)


def _with_intervals(rows: pd.DataFrame, horizon_days: int) -> pd.DataFrame:
    sizes = (rows["forecast"] - rows["target"]).abs()
    scales = sizes.rolling(SCALE_DAYS).mean().shift(horizon_days)
    ends = pd.DataFrame(np.nan, rows.index, ["low", "high"])
    for _, fold in rows.groupby("fold"):
        made = fold["date"].min() - pd.Timedelta(days=horizon_days)
        known = (rows["date"] <= made) & scales.notna()
        if known.sum() >= LEAST_ERRORS:
            forecasts, at = fold["forecast"].to_numpy(), scales[fold.index].to_numpy()
            ends.loc[fold.index] = _intervals(sizes[known], scales[known].to_numpy(), forecasts, at)
    return rows.join(ends)


def _intervals(
    sizes: pd.Series, scales: FloatArray, forecasts: FloatArray, forecast_scales: FloatArray
) -> FloatArray:
    """Low and high end for each forecast: (n, 2)."""
    regressor = ConformalRegressor().fit(sizes.to_numpy(), sigmas=scales + TINY)
    found = regressor.predict_int(
        forecasts, sigmas=forecast_scales + TINY, confidence=COVERAGE - TINY
    )
    return np.asarray(found)


def coverage_by_fold(table: pd.DataFrame) -> pd.DataFrame:
    """Share of targets inside the intervals of `fold_intervals`.

    Returns:
        One row per `coin`, `model` and `fold` that has intervals: `n`, `coverage` with its 95 %
        Wilson interval `coverage_low`, `coverage_high`, and the mean `width`.
    """
    rows = table.dropna(subset=["low", "high"])
    rows = rows.assign(
        inside=rows["target"].between(rows["low"], rows["high"]), width=rows["high"] - rows["low"]
    )
    groups = rows.groupby(["coin", "model", "fold"], observed=True)
    found = groups.agg(n=("inside", "size"), hits=("inside", "sum"), width=("width", "mean"))
    low, high = proportion_confint(found["hits"], found["n"], method="wilson")
    found = found.assign(coverage=found["hits"] / found["n"], coverage_low=low, coverage_high=high)
    return found.drop(columns="hits").reset_index()
