"""What the forecasts of the walk-forward are worth: skill and its tests."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coincast.ensemble import Plan
from coincast.evaluation.bootstrap import bootstrap_means, paired_skill
from coincast.evaluation.losses import LOSSES, losses, seed_spread
from coincast.evaluation.scoring import accuracy_table, verdict
from coincast.evaluation.significance import (
    clark_west,
    confidence_set,
    diebold_mariano,
    harvey_p_value,
    holm,
    pesaran_timmermann,
    superior_forecasts,
)
from coincast.evaluation.walk_forward import walk_forward
from coincast.studies.skill.models import classical_models, network_models
from coincast.studies.skill.protocol import Protocol

__all__ = [
    "BASELINES", "TASK_LOSSES", "by_model", "comparison", "count_networks", "daily_losses",
    "panel", "plain_rows", "primary_checks", "skill_tables", "superior_models", "task_forecasts",
]  # fmt: skip

BASELINES = {
    "change": "no_change",
    "direction": "train_share",
    "range": "train_mean",
    "volume": "train_mean",
}
TASK_LOSSES = {  # the first one decides
    "change": ["absolute", "squared"],
    "direction": ["brier", "log_score"],
    "range": ["absolute", "qlike"],
    "volume": ["absolute"],
}
COLUMNS = {"absolute": "mae", "squared": "mse"}  # names of mean losses


def task_forecasts(protocol: Protocol, task: str, plan: Plan, seeds: Sequence[int]) -> pd.DataFrame:
    """Forecasts of every model of a task, as `walk_forward` gives them.

    Regressions have all earlier days, networks the last `train_days`; `ridge_last_year` and
    `har_last_year` are the regressions on the networks' days.
    """
    classical = classical_models(task)
    again = {f"{name}_last_year": classical[name] for name in ("ridge", "har") if name in classical}
    parts = [
        walk_forward(protocol.folds(task, rolling=False), classical),
        walk_forward(protocol.folds(task, rolling=True), again | network_models(task, plan, seeds)),
    ]
    return pd.concat(parts, ignore_index=True)


def daily_losses(forecasts: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Task -> losses day by day, of the mean over the seeds, series in the order given."""
    found = {}
    for task, table in forecasts.items():
        daily = losses(table, TASK_LOSSES[task])
        coins = pd.Categorical(daily["coin"], list(table["coin"].unique()))
        found[task] = daily.assign(coin=coins).sort_values("coin", kind="stable")
    return found


def count_networks(forecasts: Mapping[str, pd.DataFrame]) -> dict[str, int]:
    """Networks behind the forecasts, and how many of them gave none because training failed."""
    keys = ["coin", "fold", "model", "seed"]
    tables = [t[t["model"].str.contains("lstm")] for t in forecasts.values()]
    every = [
        t.groupby(keys, observed=True)["forecast"].apply(lambda f: f.isna().any()) for t in tables
    ]
    return {"trained": sum(map(len, every)), "failed": int(sum(failed.sum() for failed in every))}


def plain_rows(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Row -> column -> value, without missing values, and counts as whole numbers."""
    return {
        str(name): {key: int(v) if key in ("n", "seeds") else v for key, v in row.dropna().items()}
        for name, row in table.iterrows()
    }


def by_model(daily: pd.DataFrame, series: str, column: str) -> pd.DataFrame:
    """A column of one series' daily losses with one column per model, in order of time."""
    part = daily[daily["coin"] == series]
    return part.pivot_table(column, "date", "model", observed=True).rename_axis(columns=None)


def skill_tables(
    forecasts: Mapping[str, pd.DataFrame], seed: int
) -> dict[str, dict[str, pd.DataFrame]]:
    """Task -> series -> one row per model: losses, skill against the task's baseline, tests.

    Args:
        forecasts: task -> as `task_forecasts` gives it.
        seed: of the bootstraps.

    Returns:
        `mae` or `brier`, and the means of the task's other losses; `n`; `skill_{baseline}` of the
        first loss with `_low` and `_high`; `p` of the Diebold-Mariano test of the same, `p_holm`
        over all series, tasks and models; `smallest_effect`, the skill that the test finds in
        80 % of samples; `seeds`, and `sd_seeds`, the deviation of their own mean losses; for
        regressions that contain the mean, `p_clark_west`; for the direction `accuracy` and the
        rest of `accuracy_table`, and `p_pesaran_timmermann`.
    """
    tables = {
        task: {
            str(series): _series_skill(table, daily, str(series), task, seed)
            for series in daily["coin"].unique()
        }
        for (task, daily), table in zip(
            daily_losses(forecasts).items(), forecasts.values(), strict=True
        )
    }
    stacked = pd.concat({task: pd.concat(of_task) for task, of_task in tables.items()})
    adjusted = holm(stacked["p"]).sort_index()
    for task, of_task in tables.items():
        for series, table in of_task.items():
            table["p_holm"] = adjusted.loc[task, series]
    return tables


def _series_skill(
    forecasts: pd.DataFrame, daily: pd.DataFrame, series: str, task: str, seed: int
) -> pd.DataFrame:
    baseline, (first, *_) = BASELINES[task], TASK_LOSSES[task]
    wide = by_model(daily, series, first)
    tests = {name: diebold_mariano(*wide[[name, baseline]].to_numpy().T) for name in wide}
    spread = seed_spread(forecasts[forecasts["coin"] == series], first).set_index("model")
    told = by_model(daily, series, "forecast")
    means = {COLUMNS.get(name, name): by_model(daily, series, name).mean() for name in LOSSES
             if name in daily}  # fmt: skip
    skill = paired_skill(wide, baseline, bootstrap_means(wide, seed=seed))
    table = pd.DataFrame({**means, "n": len(wide)}).join(skill)
    table["p"] = pd.Series({name: test["p_value"] for name, test in tests.items()})
    effects = pd.Series({name: test["smallest_difference"] for name, test in tests.items()})
    table["smallest_effect"] = (effects / wide[baseline].mean()).where(effects > 0)
    table = table.join(spread[["seeds", "sd"]].rename(columns={"sd": "sd_seeds"}))
    target = daily[daily["coin"] == series].groupby("date")["target"].first().to_numpy()
    if task == "direction":
        return table.join(_direction(told, target, seed))
    nested = [name for name in ("ar", "har", "ridge") if name in told]
    pairs = {name: told[[name, "train_mean"]].to_numpy().T for name in nested}
    found = {name: clark_west(target, *pair) for name, pair in pairs.items()}
    return table.assign(p_clark_west=pd.Series(found))


def _direction(told: pd.DataFrame, target: np.ndarray, seed: int) -> pd.DataFrame:
    """Scores of a forecast of up wherever its probability is above 1/2."""
    said = {name: (column > 1 / 2).to_numpy(float) for name, column in told.items()}
    said = {"majority_class": said["train_share"]} | said
    kept = ["accuracy", "low", "high", "difference", "difference_low", "difference_high",
            "p_value", "smallest_difference"]  # fmt: skip
    table = accuracy_table(said, target, seed=seed)[kept].drop("majority_class")
    table = table.add_prefix("accuracy_").rename(columns={"accuracy_accuracy": "accuracy"})
    table = table.rename(columns={"accuracy_p_value": "p_mcnemar"})
    timed = {name: pesaran_timmermann(target, said[name]) for name in told}
    return table.assign(p_pesaran_timmermann=pd.Series(timed))


def superior_models(daily: Mapping[str, pd.DataFrame], seed: int) -> dict[str, dict[str, Any]]:
    """Task -> series -> what beats the baseline among all models, and the model confidence set.

    Returns:
        `p_spa`, `superior` (by the stepwise test), `confidence` (model -> p-value in the set).
    """
    found: dict[str, dict[str, Any]] = {}
    for task, table in daily.items():
        for series in table["coin"].unique():
            wide = by_model(table, series, TASK_LOSSES[task][0])
            p_value, superior = superior_forecasts(wide, BASELINES[task], seed=seed)
            confidence = confidence_set(wide, seed=seed).to_dict()
            result = {"p_spa": p_value, "superior": superior, "confidence": confidence}
            found.setdefault(task, {})[str(series)] = result
    return found


def primary_checks(
    daily: pd.DataFrame, primary: Sequence[str], coins: Sequence[str], seen_until: str, seed: int
) -> dict[str, dict[str, Any]]:
    """The primary comparison, and variants of it that say how far it carries.

    Returns:
        `primary`; `squared`: by the squared error; `not_seen`: on days after `seen_until`;
        `ridge_last_year`: of that model instead; `bitcoin_long`: on that series. Each as `panel`
        gives it.
    """
    task, model, baseline, loss = primary
    unseen = daily[daily["date"] > pd.Timestamp(seen_until)]
    cases = {
        "primary": (daily, primary, coins),
        "squared": (daily, [task, model, baseline, "squared"], coins),
        "not_seen": (unseen, primary, coins),
        "ridge_last_year": (daily, [task, "ridge_last_year", baseline, loss], coins),
        "bitcoin_long": (daily, primary, ["bitcoin_long"]),
    }
    return {name: panel(*case, seed=seed) for name, case in cases.items()}


def panel(
    daily: pd.DataFrame, primary: Sequence[str], coins: Sequence[str], *, seed: int
) -> dict[str, Any]:
    """A comparison by one mean loss per day over the coins that have a forecast for it.

    Args:
        daily: losses of the primary task.
        primary: task, model, baseline and loss.
        coins: whose losses are averaged.
        seed: of the bootstrap.

    Returns:
        `n` days, `loss`, `baseline_loss`, `skill` with `low` and `high`, `p`, `p_harvey` (by the
        test with Harvey's correction), `smallest_effect`; `verdict`: better or worse only where
        p < 0.05 and the interval agree.
    """
    _, model, baseline, loss = primary
    part = daily[daily["coin"].isin(coins) & daily["model"].isin([model, baseline])]
    wide = part.pivot_table(loss, "date", "model", observed=True)[[model, baseline]]
    return comparison(wide, model, baseline, bootstrap_means(wide, seed=seed))


def comparison(
    wide: pd.DataFrame, model: str, baseline: str, draws: npt.NDArray[np.float64]
) -> dict[str, Any]:
    """A comparison of two columns of losses, as `panel` gives it.

    Args:
        wide: (n, columns), one column of losses per forecast.
        model: one of the columns.
        baseline: another one.
        draws: `bootstrap_means` of the losses.
    """
    pair = wide[model].to_numpy(), wide[baseline].to_numpy()
    test = diebold_mariano(*pair)
    skill, low, high = paired_skill(wide, baseline, draws).loc[model]
    return {
        "n": len(wide),
        "loss": wide[model].mean(),
        "baseline_loss": wide[baseline].mean(),
        "skill": skill,
        "low": low,
        "high": high,
        "p": test["p_value"],
        "p_harvey": harvey_p_value(*pair),
        "verdict": verdict(low, high, test["p_value"]),
        "smallest_effect": test["smallest_difference"] / wide[baseline].mean(),
    }
