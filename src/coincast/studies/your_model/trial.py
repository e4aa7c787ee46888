"""The trial: your model on the folds of the baselines, its tests, its strategy and its verdict."""

from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from coincast.datasets.features import LEVELS
from coincast.datasets.windows import Windows
from coincast.ensemble import Plan, forecast_folds
from coincast.ensemble.plan import Build
from coincast.errors import InputError
from coincast.evaluation.scoring import verdict
from coincast.evaluation.significance import holm
from coincast.evaluation.walk_forward import FloatArray, Fold, Model, walk_forward
from coincast.studies.skill.comparisons import BASELINES
from coincast.studies.skill.models import classical_models, estimator_model
from coincast.studies.skill.protocol import Protocol
from coincast.studies.your_model.loading import telling
from coincast.studies.your_model.one_by_one import forecast_one_by_one
from coincast.studies.your_model.own_features import OWN

__all__ = [
    "PLAUSIBLE_SKILL", "RIVALS", "STANDARD", "YOURS", "forecasts", "make_plan", "make_protocol",
    "seen_features", "variants", "verdicts",
]  # fmt: skip

YOURS, STANDARD = "your_model", "your_model_on_standard_features"
RIVALS = {"change": "ridge", "direction": "logistic", "range": "har"}  # told beside yours
LEAST_TEST_DAYS = 60
# Skill that a signal of a large R2 would have: 5 % of changes, half of the range. For normal
# targets the best forecast then has a MAE of sqrt(1 - R2), and for their sign a Brier skill of
# 2 R2 / pi.
PLAUSIBLE_SKILL = {
    "change": 1 - 0.95**0.5,
    "direction": 2 * 0.05 / np.pi,
    "range": 1 - 0.5**0.5,
}


def make_protocol(
    tables: Mapping[str, pd.DataFrame],
    *,
    lags: int,
    train_days: int,
    refit_days: int,
    latest: int | None,
) -> Protocol:
    """Folds that begin on the first day with enough windows before it.

    Args:
        tables: coin -> features.
        lags: days in a window.
        train_days: windows that a network is trained on.
        refit_days: days between origins.
        latest: folds to keep per coin, the last ones; None for all.

    Raises:
        InputError: a coin has too few days.
    """
    least = lags + train_days + 1 + max(refit_days, LEAST_TEST_DAYS)
    for coin, table in tables.items():
        if len(table) < least:
            raise InputError(
                f"{coin} has {len(table)} days of features, but lags {lags}, train_days "
                f"{train_days} and one test of refit_days {refit_days} (or {LEAST_TEST_DAYS}) need "
                f"{least}; choose fewer, or a longer table"
            )
    starts = {c: f"{table.index[lags + train_days]:%Y-%m-%d}" for c, table in tables.items()}
    every = dict.fromkeys(tables, refit_days)
    return Protocol(tables, starts, every, lags, train_days, 0.2, latest)


def make_plan(target: str, epochs: int, batch_size: int, learning_rate: float) -> Plan:
    """How networks are trained for a target: Adam on the loss of 06_walk_forward.

    Raises:
        InputError: another target, or a number out of range.
    """
    if target not in RIVALS:
        raise InputError(f"target {target!r} is unknown; use one of {', '.join(RIVALS)}")
    loss = "binary_crossentropy" if target == "direction" else "mean_absolute_error"
    return Plan(epochs, batch_size, keras.optimizers.Adam(learning_rate), loss)


def seen_features(table: pd.DataFrame, *, standard: bool = False) -> list[str]:
    """Features that your model sees: your own, or else the standard ones without levels."""
    own = [name for name in table if name.startswith(OWN)]
    usual = [name for name in table if not name.startswith(OWN) and name not in LEVELS]
    return usual if standard or not own else own


def forecasts(
    protocol: Protocol, target: str, found: Build | BaseEstimator, plan: Plan, seeds: Sequence[int]
) -> pd.DataFrame:
    """Forecasts of the baselines and of your model, as `walk_forward` gives them.

    Networks have the last `train_days` windows, estimators and baselines all earlier ones. With
    features of your own, your model also runs on the standard ones.

    Raises:
        InputError: your model fails, or forecasts NaN or no probability.
        UntraceableError: JAX cannot trace it.
    """
    table = next(iter(protocol.tables.values()))
    usual = {name for name in table if not name.startswith(OWN)}
    parts = [
        walk_forward(
            protocol.folds(target, rolling=False, change=_keeping(usual)), classical_models(target)
        )
    ]
    runs = {YOURS: seen_features(table), STANDARD: seen_features(table, standard=True)}
    if runs[YOURS] == runs[STANDARD]:
        del runs[STANDARD]
    rolling = not isinstance(found, BaseEstimator)
    model = _your_model(found, plan, seeds, classes=target == "direction")
    for name, seen in runs.items():
        folds = protocol.folds(target, rolling=rolling, change=_keeping(set(seen)))
        parts.append(walk_forward(folds, {name: model}))
        _check(parts[-1], target)
    return pd.concat(parts, ignore_index=True).astype({"model": "category"})


def _keeping(names: set[str]) -> Callable[[Windows], Windows]:
    return lambda windows: windows.without(set(windows.features) - names)


def _your_model(
    found: Build | BaseEstimator, plan: Plan, seeds: Sequence[int], *, classes: bool
) -> Model:
    train = forecast_folds if keras.backend.backend() == "jax" else forecast_one_by_one

    def model(folds: Sequence[Fold]) -> Sequence[FloatArray]:
        with telling("your model"):
            if isinstance(found, BaseEstimator):
                return estimator_model(found)(folds)
            return train(folds, found, plan, seeds, classes=classes)

    return model


def _check(table: pd.DataFrame, target: str) -> None:
    """Refuse days without a forecast, and forecasts of a direction that are no probabilities."""
    daily = table.groupby(["coin", "date"], observed=True)["forecast"].mean()
    if daily.isna().any():
        coin, day = daily.index[daily.isna()][0]
        raise InputError(
            f"your model forecasts NaN for {coin} on {day:%Y-%m-%d}; look for a loss that "
            "diverges: lower learning_rate, or scale the features"
        )
    wrong = daily[~daily.between(0, 1)]
    if target == "direction" and len(wrong):
        raise InputError(
            f"your model forecasts {wrong.iloc[0]:.3g} for a direction, which is no probability; "
            "end it with activation='sigmoid', or give a classifier"
        )


def variants(target: str) -> dict[str, tuple[str, str, bool]]:
    """Strategies on your model's forecast, as `trading.VARIANTS`; none for the range."""
    if target == "range":
        return {}
    return {"long_flat": (target, YOURS, False), "long_short": (target, YOURS, True)}


def verdicts(tables: Mapping[str, pd.DataFrame], target: str) -> pd.DataFrame:
    """The verdict on your model for each coin, by one rule.

    It *beats* the baseline or *is worse than* it if p < 0.05, by Holm's correction over the coins,
    and the 95 % interval of its skill agree. Otherwise the two *cannot be told apart*, or the
    question *cannot be decided* where the smallest skill that would have shown is larger than any
    plausible one.

    Args:
        tables: coin -> as `skill_tables` gives it.
        target: key of `PLAUSIBLE_SKILL`.

    Returns:
        One row per coin: `n`, `skill`, `low`, `high`, `p`, `p_holm` (over the coins),
        `smallest_effect`, `verdict`.
    """
    name = f"skill_{BASELINES[target]}"
    columns = {"n": "n", name: "skill", f"{name}_low": "low", f"{name}_high": "high", "p": "p",
               "smallest_effect": "smallest_effect"}  # fmt: skip
    rows = pd.DataFrame({coin: table.loc[YOURS, list(columns)] for coin, table in tables.items()}).T
    rows = rows.rename(columns=columns).astype(np.float64).astype({"n": int})
    rows["p_holm"] = holm(rows["p"])
    said = [verdict(*row) for row in rows[["low", "high", "p_holm"]].to_numpy()]
    blind = (rows["smallest_effect"] > PLAUSIBLE_SKILL[target]).to_numpy()
    undecided = np.array([words.startswith("cannot") for words in said]) & blind
    return rows.assign(verdict=np.where(undecided, "cannot be decided", said))
