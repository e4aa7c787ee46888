"""What the walk-forward says where there is nothing to find, and where there is."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from scipy.stats import zscore

from coincast.datasets.windows import FloatArray, Windows
from coincast.ensemble import Plan
from coincast.evaluation.significance import SIZE, clark_west, diebold_mariano
from coincast.evaluation.walk_forward import Fold
from coincast.studies.skill.models import classical_models, network_models
from coincast.studies.skill.protocol import Protocol

__all__ = ["finds", "network_finds", "retarget"]

LEAST_SHIFT = 60  # days, so that no window meets its own month's changes
MODELS = ("ar", "ridge")
HIGHEST = 3.0  # deviations: a crash yesterday does not make up all of the signal


def retarget(windows: Windows, *, shifts: int, r2: float, seed: int) -> Windows:
    """Windows with other targets: circularly shifted ones, with a planted signal mixed in.

    The signal is yesterday's change, cut at 3 standard deviations.

    Args:
        windows: of changes, in order of time.
        shifts: number of random shifts.
        r2: share of the new targets' variance that the signal explains; 0 for none.
        seed: of the shifts.

    Returns:
        Targets (windows, shifts), with the mean and deviation of the true ones.
    """
    n, targets = len(windows), windows.targets
    margin = min(LEAST_SHIFT, n // 4)
    steps = np.random.default_rng(seed).integers(margin, n - margin, shifts)
    noise = np.stack([np.roll(zscore(targets), step) for step in steps], axis=1)
    signal = zscore(np.clip(zscore(windows.last("daily_change")), -HIGHEST, HIGHEST))
    mixed = np.sqrt(r2) * signal[:, None] + np.sqrt(1 - r2) * noise
    return replace(windows, targets=targets.mean() + targets.std() * mixed)


def finds(protocol: Protocol, shifts: int, r2s: Sequence[float], seed: int) -> pd.DataFrame:
    """How often AR and ridge regression seem to know something of shifted targets.

    Args:
        protocol: its folds are used, with all earlier days to train on.
        shifts: random shifts of each series.
        r2s: shares of the variance that a planted signal explains; 0 for none.
        seed: of the shifts.

    Returns:
        One row per `r2`, `series` and `model`: `shifts`; `better`, the share of them where the
        model beats no change by the rule of the primary comparison's test; `clark_west`, the share
        where the test of nested models finds that the inputs add something to the mean.
    """
    models = {name: model for name, model in classical_models("change").items() if name in MODELS}
    rows = []
    for r2 in r2s:
        change = partial(retarget, shifts=shifts, r2=r2, seed=seed)
        for series, every in protocol.folds("change", rolling=False, change=change).items():
            targets = np.concatenate([fold.test.targets for fold in every])
            means = np.concatenate(
                [np.tile(fold.train.targets.mean(axis=0), (len(fold.test), 1)) for fold in every]
            )
            for name, model in models.items():
                forecasts = np.concatenate(model(every))
                columns = zip(targets.T, forecasts.T, means.T, strict=True)
                found = {
                    "better": _better(forecasts, targets),
                    "clark_west": [clark_west(*each) < SIZE for each in columns],
                }
                shares = {key: float(np.mean(value)) for key, value in found.items()}
                row = {"r2": r2, "series": series, "model": name, "shifts": shifts}
                rows.append({**row, **shares})
    return pd.DataFrame(rows)


def _better(forecasts: FloatArray, targets: FloatArray) -> list[bool]:
    """For each column, whether the forecast has a smaller MAE than no change, and p < .05."""
    losses, baseline = np.abs(forecasts - targets), np.abs(targets)
    tests = [diebold_mariano(*pair) for pair in zip(losses.T, baseline.T, strict=True)]
    return [test["p_value"] < SIZE and test["difference"] > 0 for test in tests]


def network_finds(
    protocol: Protocol, plan: Plan, seeds: Sequence[int], r2s: Sequence[float], seed: int
) -> pd.DataFrame:
    """Whether the LSTM finds the signals, from one shift of each series.

    Returns:
        One row per `r2` and `series`: `skill` against no change and whether it is `better`, as in
        `finds`.
    """
    cases: list[tuple[float, str, list[Fold]]] = []
    for r2 in r2s:
        change = partial(_one_shift, r2=r2, seed=seed)
        folds = protocol.folds("change", rolling=True, change=change)
        cases += [(r2, series, every) for series, every in folds.items()]
    lstm = network_models("change", plan, seeds)["lstm"]
    forecasts = iter(lstm([fold for _, _, every in cases for fold in every]))
    rows = []
    for r2, series, every in cases:
        told = np.concatenate([np.nanmean(next(forecasts), axis=0) for _ in every])[:, None]
        targets = np.concatenate([fold.test.targets for fold in every])[:, None]
        skill = 1 - np.abs(told - targets).mean() / np.abs(targets).mean()
        rows.append(
            {"r2": r2, "series": series, "skill": skill, "better": _better(told, targets)[0]}
        )
    return pd.DataFrame(rows)


def _one_shift(windows: Windows, *, r2: float, seed: int) -> Windows:
    made = retarget(windows, shifts=1, r2=r2, seed=seed)
    return replace(made, targets=made.targets[:, 0])
