"""Resampling in blocks of consecutive days, because neighbouring days are not independent."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from arch.bootstrap import StationaryBootstrap, optimal_block_length

__all__ = [
    "DRAWS",
    "LEVEL",
    "block_length",
    "bootstrap_means",
    "flip_blocks",
    "interval",
    "paired_skill",
    "permute_blocks",
]

FloatArray = npt.NDArray[np.float64]
DRAWS = 2000
LEVEL = 0.95


def block_length(values: pd.DataFrame, least_block: int = 1) -> int:
    """Mean length of the blocks of a stationary bootstrap, in days.

    It is the largest that any column needs, but no more than a third of the days.

    Args:
        values: (n, columns), in order of time.
        least_block: the least length; labels that look h days ahead overlap, so give h.

    Source: Politis and White, 2004, 10.1081/ETC-120028836, as corrected by Patton, Politis and
    White, 2009, 10.1080/07474930802459016.
    """
    varying = values.loc[:, values.std() > 0]  # a block length needs values that vary
    blocks = optimal_block_length(varying)["stationary"] if varying.size else pd.Series([1.0])
    return round(np.clip(blocks.max(), least_block, max(least_block, len(values) / 3)))


def bootstrap_means(values: pd.DataFrame, *, seed: int = 0, least_block: int = 1) -> FloatArray:
    """Means of each column in each sample of a stationary block bootstrap.

    All columns share the resampled days, so differences between them are paired.

    Args:
        values: (n, columns), in order of time.
        seed: of the bootstrap.
        least_block: as `block_length` takes it.

    Returns:
        (draws, columns). Their standard deviation is the standard error of a mean.

    Source: Politis and Romano, 1994, 10.1080/01621459.1994.10476870.
    """
    block = block_length(values, least_block)
    bootstrap = StationaryBootstrap(block, values.to_numpy(), seed=np.random.default_rng(seed))
    return np.asarray(bootstrap.apply(lambda sample: sample.mean(axis=0), DRAWS))


def interval(draws: FloatArray) -> FloatArray:
    """Percentiles that hold 95 % of the draws: (2, columns)."""
    return np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)


def paired_skill(losses: pd.DataFrame, baseline: str, draws: FloatArray) -> pd.DataFrame:
    """Skill = 1 - mean loss / that of the baseline on the same days, with its interval.

    Args:
        losses: (n, columns), one column per forecast.
        baseline: one of the columns.
        draws: `bootstrap_means` of the losses.

    Returns:
        One row per forecast: `skill_{baseline}`, and the ends of its 95 % interval with `_low` and
        `_high`.
    """
    means = losses.mean()
    low, high = interval(1 - draws / draws[:, [losses.columns.get_loc(baseline)]])
    name = f"skill_{baseline}"
    found = {name: 1 - means / means[baseline], f"{name}_low": low, f"{name}_high": high}
    return pd.DataFrame(found, losses.columns)


def permute_blocks(values: FloatArray, block: int, draws: int, seed: int) -> FloatArray:
    """Random orders of blocks of consecutive values: (draws, n).

    Days within a block stay neighbours, so overlapping labels keep their dependence; whatever
    they had to do with other series is lost. Each draw starts its blocks at another day.

    >>> permute_blocks(np.array([1.0, 2.0, 3.0, 4.0]), 4, draws=1, seed=1).shape
    (1, 4)
    """
    random = np.random.default_rng(seed)
    n = len(values)
    rows = np.empty((draws, n), dtype=np.intp)
    for draw in rows:
        start = random.integers(n)
        pieces = np.array_split(np.roll(np.arange(n), -start), range(block, n, block))
        draw[:] = np.concatenate([pieces[i] for i in random.permutation(len(pieces))])
    return np.asarray(values[rows])


def flip_blocks(differences: FloatArray, block: int, *, seed: int = 0) -> float:
    """p-value, two-sided, that paired differences are as often positive as negative.

    The signs of whole blocks of days are flipped at random, so days within a block may depend on
    each other, as labels that overlap do.

    Args:
        differences: (n,), in order of time.
        block: days in a block, more than a difference depends on.
        seed: of the flips.

    Source: Canay, Romano and Shaikh, 2017, 10.3982/ECTA13081.

    >>> flip_blocks(np.zeros(20), 4)
    1.0
    """
    random = np.random.default_rng(seed)
    starts = np.arange(0, len(differences), block)
    sums = np.add.reduceat(np.asarray(differences, dtype=np.float64), starts)
    flipped = random.choice([-1.0, 1.0], (DRAWS, len(sums))) @ sums
    return float((1 + (np.abs(flipped) > abs(sums.sum()) - 1e-9).sum()) / (1 + DRAWS))
