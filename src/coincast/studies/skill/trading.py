"""Trading on the forecasts of the walk-forward."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from coincast.evaluation.strategy import (
    next_opens,
    positions,
    random_positions,
    strategy_table,
    trade,
)

__all__ = ["VARIANTS", "paths", "plans", "strategies", "wealth"]

# Name -> task, model, whether a fall is sold short.
VARIANTS = {
    f"{model}_{task}_{'long_short' if short else 'long_flat'}": (task, model, short)
    for task, model in (("change", "lstm"), ("change", "ridge"), ("direction", "lstm"))
    for short in (False, True)
}


Variants = Mapping[str, tuple[str, str, bool]]


def plans(
    daily: Mapping[str, pd.DataFrame], series: str, variants: Variants = VARIANTS
) -> dict[str, pd.Series]:
    """Variant -> position of a series by the day that decides it, the one before the target's."""
    found = {}
    for name, (task, model, short) in variants.items():
        table = daily[task]
        part = table[(table["coin"] == series) & (table["model"] == model)]
        told = part.set_index("date")["forecast"].shift(-1, freq="D")
        found[name] = positions(told, short=short, threshold=0.5 if task == "direction" else 0.0)
    return found


def strategies(
    daily: Mapping[str, pd.DataFrame],
    prices: Mapping[str, pd.DataFrame],
    costs_bps: Sequence[float],
    seed: int,
    variants: Variants = VARIANTS,
) -> dict[str, pd.DataFrame]:
    """Series -> as `strategy_table` gives it for every variant.

    Sharpe ratios are deflated by the variants of all series together.
    """
    trials = len(variants) * len(prices)
    return {
        series: strategy_table(
            plans(daily, series, variants),
            next_opens(table),
            costs_bps=costs_bps,
            trials=trials,
            seed=seed,
        )
        for series, table in prices.items()
    }


def paths(
    daily: Mapping[str, pd.DataFrame],
    prices: Mapping[str, pd.DataFrame],
    cost_bps: float,
    seed: int,
    variants: Variants = VARIANTS,
) -> dict[str, pd.DataFrame]:
    """Series -> `wealth` by the first variant: the LSTM's change, long or flat."""
    return {
        series: wealth(next(iter(plans(daily, series, variants).values())), table, cost_bps, seed)
        for series, table in prices.items()
    }


def wealth(plan: pd.Series, prices: pd.DataFrame, cost_bps: float, seed: int) -> pd.DataFrame:
    """What 1 becomes by trading on a plan, and what it is compared with.

    Returns:
        Index: days; `strategy` after costs; `buy_and_hold`; `constant`, the same exposure held
        constantly; `random_low`, `random_high`: 5 and 95 % of 200 random strategies of equal
        turnover, after costs.
    """
    run = trade(plan, next_opens(prices), cost_bps)
    market = run["market"].to_numpy()
    others = random_positions(run["position"].to_numpy(), 200, seed) * market
    others -= (run["gross"] - run["net"]).mean()  # the same turnover costs the same
    logs = np.log1p(np.clip(others, -0.99, None)).cumsum(axis=1)  # (draws, days)
    low, high = np.quantile(logs, [0.05, 0.95], axis=0)
    constant = run["position"].mean() * market
    return pd.DataFrame(
        {
            "strategy": (1 + run["net"]).cumprod(),
            "buy_and_hold": (1 + run["market"]).cumprod(),
            "constant": (1 + constant).cumprod(),
            "random_low": np.exp(low),
            "random_high": np.exp(high),
        },
        index=run.index,
    )
