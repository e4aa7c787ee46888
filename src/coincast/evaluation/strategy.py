"""What trading on forecasts would have earned, with costs and beside chance.

A forecast of day t is made when that day has closed. At an exchange that never closes, the next
open is that same close, so a trade there would have to happen at the price that gave the signal.
Here a position is entered one bar later, at the open of day t + 2, and held until the open of
day t + 3: signal and fill are never the same price.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from coincast.errors import InputError
from coincast.evaluation.bootstrap import bootstrap_means, interval

__all__ = [
    "DELAY_DAYS",
    "deflated_probability",
    "expected_best_sharpe",
    "next_opens",
    "positions",
    "random_positions",
    "random_share",
    "strategy_table",
    "trade",
]

FloatArray = npt.NDArray[np.float64]
DAYS_A_YEAR = 365
DELAY_DAYS = 2  # from the day of a forecast to the open at which it is traded
BASIS_POINT = 1e-4
ROUNDING = 1e-12


def next_opens(prices: pd.DataFrame) -> pd.Series:
    """Price at the start of each day: the open, or the day before's close where there is none."""
    return prices["open"] if "open" in prices else prices["close"].shift(1).rename("open")


def positions(forecasts: pd.Series, *, short: bool, threshold: float = 0.0) -> pd.Series:
    """Position decided on each day: 1 above the threshold; at or below it 0, or -1 if `short`.

    >>> positions(pd.Series([0.1, 0.0, -0.2]), short=True).tolist()
    [1.0, -1.0, -1.0]
    """
    return pd.Series(np.where(forecasts > threshold, 1.0, -float(short)), forecasts.index)


def trade(decided: pd.Series, opens: pd.Series, cost_bps: float = 0.0) -> pd.DataFrame:
    """Positions and returns of each day that a position is held, from one open to the next.

    Args:
        decided: position by the day that decides it, a fraction of wealth, -1 to 1.
        opens: price at the start of each day, as `next_opens` gives it; no gaps.
        cost_bps: cost per unit of turnover, in basis points.

    Returns:
        Index: the day at whose open the position of two days before is entered; `position`;
        `market` (open to open) and `gross` return; `turnover`, the change of position (the first
        from 0; the small trades that keep a short at its size are left out); `net` return.

    Raises:
        InputError: no decision can be traded within `opens`.

    >>> days = pd.date_range("2018-01-01", periods=5)
    >>> opens = pd.Series([1.0, 9.0, 4.0, 5.0, 4.0], days)
    >>> trade(pd.Series(1.0, days[:2]), opens, cost_bps=100)[["gross", "net"]].round(4).to_numpy()
    array([[ 0.25,  0.24],
           [-0.2 , -0.2 ]])
    """
    table = pd.DataFrame(
        {
            "position": decided.shift(DELAY_DAYS, freq="D"),
            "market": opens.shift(-1) / opens - 1,
        }
    ).dropna()
    if table.empty:
        raise InputError("no forecast can be traded: prices end less than 3 days after the first")
    table["gross"] = (table["position"] * table["market"]).clip(lower=-1)
    table["turnover"] = table["position"].diff().abs().fillna(table["position"].abs())
    table["net"] = table["gross"] - cost_bps * BASIS_POINT * table["turnover"]
    return table


def strategy_table(
    decided: Mapping[str, pd.Series],
    opens: pd.Series,
    *,
    costs_bps: Sequence[float] = (0, 5, 10, 20, 50),
    trials: int | None = None,
    random_strategies: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Each strategy and buy-and-hold at each cost, on the same days.

    Args:
        decided: name -> positions by the day that decides them, as in `trade`.
        opens: as in `trade`.
        costs_bps: costs per unit of turnover, in basis points.
        trials: variants tried, with those not given here; None for those given.
        random_strategies: draws of `random_positions` for each strategy.
        seed: of the bootstrap and of the random strategies.

    Returns:
        One row per strategy and `cost_bps`, buy-and-hold first: `n` days; `exposure`, the mean
        position; `turnover` a year; `annual_return`, compound, and `constant_return`, that of the
        same exposure held constantly at no cost; `max_drawdown`; `break_even_bps` and
        `timing_break_even_bps`, costs at which mean return and timing are 0; `sharpe` of the year,
        with `low`, `high` and `deflated`, the probability that it is above the best of `trials` by
        chance; `timing`, the mean return a year beyond that of the same exposure, with `timing_low`
        and `timing_high`; `random_share` of random strategies of equal turnover that earn as much.
        A year has 365 days; the 95 % intervals are from one paired block bootstrap.

    Source: deflated Sharpe ratio by Bailey and Lopez de Prado, 2014, 10.3905/jpm.2014.40.5.094.
    """
    every = {"buy_and_hold": next(iter(decided.values())) * 0 + 1, **decided}
    runs = {(name, c): trade(plan, opens, c) for name, plan in every.items() for c in costs_bps}
    draws = _bootstrap(runs, seed)
    table = pd.DataFrame(
        {"strategy": name, "cost_bps": cost, **_figures(run), **draws[name, cost]}
        for (name, cost), run in runs.items()
    )
    tried = table[table["strategy"].isin(decided)].groupby("cost_bps")["sharpe"]
    variance = tried.var().fillna(0.0) / DAYS_A_YEAR
    best = {c: expected_best_sharpe(trials or len(decided), v) for c, v in variance.items()}
    shares = {n: random_share(runs[n, costs_bps[0]], random_strategies, seed) for n in every}
    return table.assign(
        deflated=[_deflated(run["net"], best[cost]) for (_, cost), run in runs.items()],
        random_share=table["strategy"].map(shares),
    )


def _figures(run: pd.DataFrame) -> dict[str, float]:
    """Figures of one strategy that need no resampling."""
    exposure, turnover = run["position"].mean(), run["turnover"].mean()
    timing = run["gross"].mean() - exposure * run["market"].mean()
    wealth = np.r_[1.0, (1 + run["net"]).cumprod()]
    years = len(run) / DAYS_A_YEAR
    constant = (1 + exposure * run["market"]).prod()
    return {
        "n": len(run),
        "exposure": exposure,
        "turnover": turnover * DAYS_A_YEAR,
        "annual_return": wealth[-1] ** (1 / years) - 1,
        "constant_return": constant ** (1 / years) - 1,
        "max_drawdown": (wealth / np.maximum.accumulate(wealth)).min() - 1,
        "break_even_bps": run["gross"].mean() / turnover / BASIS_POINT if turnover else np.nan,
        "timing_break_even_bps": timing / turnover / BASIS_POINT if turnover else np.nan,
    }


def _bootstrap(
    runs: Mapping[tuple[str, float], pd.DataFrame], seed: int
) -> dict[tuple[str, float], dict[str, float]]:
    """Sharpe ratio and timing of each run with their intervals, from the same resampled days."""
    net = pd.DataFrame({key: run["net"] for key, run in runs.items()})
    timing = net - pd.DataFrame({k: r["position"].mean() * r["market"] for k, r in runs.items()})
    values = pd.concat([net, net**2, timing], axis=1)
    values.columns = pd.RangeIndex(values.shape[1])
    means, squares, timings = np.split(bootstrap_means(values, seed=seed), 3, axis=1)
    sharpes = interval(_ratio(means, np.sqrt(np.maximum(squares - means**2, 0))))
    timing_ends = interval(timings * DAYS_A_YEAR)
    return {
        key: {
            "sharpe": float(_ratio(net[key].mean(), net[key].std())),
            "low": sharpes[0, i],
            "high": sharpes[1, i],
            "timing": timing[key].mean() * DAYS_A_YEAR,
            "timing_low": timing_ends[0, i],
            "timing_high": timing_ends[1, i],
        }
        for i, key in enumerate(runs)
    }


def _ratio(mean: npt.ArrayLike, deviation: npt.ArrayLike) -> FloatArray:
    """Sharpe ratio of the year from means and deviations of days; NaN where nothing varies."""
    spread = np.asarray(deviation)
    undefined = np.full(spread.shape, np.nan)
    return np.divide(mean, spread, out=undefined, where=spread > 0) * DAYS_A_YEAR**0.5


def random_positions(position: FloatArray, draws: int, seed: int) -> FloatArray:
    """Positions with the same trades and exposure at other times: (draws, n).

    The lengths of the runs of each value are permuted among themselves.
    """
    random = np.random.default_rng(seed)
    starts = np.flatnonzero(np.r_[True, np.diff(position) != 0])
    values, lengths = position[starts], np.diff(np.r_[starts, len(position)])
    found = np.empty((draws, len(position)))
    for row in found:
        mixed = lengths.copy()
        for value in np.unique(values):
            mixed[values == value] = random.permutation(lengths[values == value])
        row[:] = np.repeat(values, mixed)
    return found


def random_share(run: pd.DataFrame, draws: int, seed: int) -> float:
    """Share of random strategies that earn as much before costs as a run of `trade`, itself too."""
    others = random_positions(run["position"].to_numpy(), draws, seed)
    earned = np.clip(others * run["market"].to_numpy(), -1, None).mean(axis=1)
    return float((1 + (earned >= run["gross"].mean() - ROUNDING).sum()) / (1 + draws))


def expected_best_sharpe(trials: int, variance: float) -> float:
    """Highest of so many Sharpe ratios to expect by chance; their variance is not annualised."""
    if trials == 1:
        return 0.0
    weights = np.array([1 - np.euler_gamma, np.euler_gamma])
    return float(variance**0.5 * weights @ norm.ppf([1 - 1 / trials, 1 - 1 / (trials * np.e)]))


def deflated_probability(
    sharpe: float, n: int, *, skewness: float, kurtosis: float, benchmark: float
) -> float:
    """Probability that the true Sharpe ratio of n returns is above a benchmark.

    Neither is annualised; the kurtosis of a normal distribution is 3.
    """
    spread = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2
    return float(norm.cdf((sharpe - benchmark) * ((n - 1) / spread) ** 0.5))


def _deflated(net: pd.Series, benchmark: float) -> float:
    sharpe = net.mean() / net.std() if net.std() else np.nan
    shape = {"skewness": net.skew(), "kurtosis": 3 + net.kurtosis()}
    return deflated_probability(sharpe, len(net), **shape, benchmark=benchmark)
