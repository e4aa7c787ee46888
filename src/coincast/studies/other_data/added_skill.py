"""The skill that other series add to a coin's own prices, and that their placebos add."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from coincast.datasets.windows import Windows
from coincast.ensemble import Plan
from coincast.evaluation.bootstrap import bootstrap_means
from coincast.evaluation.losses import losses
from coincast.evaluation.scoring import mae_table
from coincast.evaluation.significance import holm
from coincast.evaluation.walk_forward import Fold, walk_forward
from coincast.studies.other_data.inputs import group_columns, known_days, placebo
from coincast.studies.skill.comparisons import BASELINES, TASK_LOSSES, comparison
from coincast.studies.skill.models import blanked, classical_models, network_models
from coincast.studies.skill.protocol import Protocol

__all__ = [
    "ALL",
    "PLACEBO",
    "added_skill",
    "alone_skill",
    "by_name",
    "claim_table",
    "group_forecasts",
]

ALL, PLACEBO = "all", " placebo"
BOOSTED, NETWORKS = ("change", "direction"), ("change", "range")  # tasks; others would take long
LEAST_DAYS = 30  # fewer say nothing


def group_forecasts(
    protocol: Protocol, task: str, plan: Plan, seeds: Sequence[int]
) -> pd.DataFrame:
    """Forecasts with prices alone, with each group, with its placebo, and with all groups.

    Args:
        protocol: of tables as `other_table` gives them.
        task: what is forecast.
        plan: how the networks are trained.
        seeds: of each fold's networks.

    Returns:
        As `walk_forward` gives it: models `linear` (ridge regression, for the direction as well),
        `boosting` (alone and with all) of the tasks in `BOOSTED`, `lstm` of those in `NETWORKS`,
        with `+{group}` and ` placebo` behind their names; and the task's baseline.
    """
    linear, alone = classical_models("change")["ridge"], classical_models(task)
    every = _cases(protocol, task, rolling=False)
    few = {name: folds for name, folds in every.items() if "+" not in name or f"+{ALL}" in name}
    own = {name: folds for name, folds in every.items() if "+" not in name}
    parts = [
        walk_forward(own, {BASELINES[task]: alone[BASELINES[task]]}),
        walk_forward(every, {"linear": linear}),
    ]
    if task in BOOSTED:
        parts.append(walk_forward(few, {"boosting": alone["boosting"]}))
    if task in NETWORKS:
        network = {"lstm": network_models(task, plan, seeds)["lstm"]}
        parts.append(walk_forward(_cases(protocol, task, rolling=True), network))
    table = pd.concat(parts, ignore_index=True)
    names = table["coin"].astype(str).str.partition("+")
    if task == "direction":
        table["forecast"] = table["forecast"].clip(0, 1)
    return table.assign(coin=names[0], model=table["model"].astype(str) + names[1] + names[2])


def _cases(protocol: Protocol, task: str, *, rolling: bool) -> dict[str, list[Fold]]:
    """Folds of each coin with its own features, and with those of groups or their placebos.

    Where the origin rolls, features that are not used are 0 instead of left out, so that one
    compiled program serves all networks.
    """
    tables = protocol.tables
    groups = list(
        dict.fromkeys(group for table in tables.values() for group in group_columns(table))
    )
    inputs = {f"+{group}": {group} for group in groups} | {f"+{ALL}": set(groups)}
    cases = {}
    for suffix, change in (("", pd.DataFrame.copy), (PLACEBO, placebo)):
        shown = {coin: change(table).fillna(0.0) for coin, table in tables.items()}
        every = replace(protocol, tables=shown).folds(task, rolling=rolling)
        for name, kept in inputs.items() if suffix else {"": set[str](), **inputs}.items():
            hide = partial(_hide, kept=kept, blank=rolling)
            for coin, folds in every.items():
                cases[f"{coin}{name}{suffix}"] = [fold.apply(hide) for fold in folds]
    return cases


def _hide(windows: Windows, *, kept: set[str], blank: bool) -> Windows:
    """Windows with the coin's own features and those of some groups."""
    unused = {n for n in windows.features if ":" in n and n.partition(":")[0] not in kept}
    return blanked(windows, unused) if blank else windows.without(unused)


def added_skill(
    forecasts: Mapping[str, pd.DataFrame],
    tables: Mapping[str, pd.DataFrame],
    least_known: int,
    seed: int,
) -> pd.DataFrame:
    """What each group and its placebo add to the same model on prices alone, on the same days.

    Args:
        forecasts: task -> as `group_forecasts` gives it.
        tables: coin -> as `other_table` gives it.
        least_known: as `known_days` takes it.
        seed: of the bootstraps.

    Returns:
        One row per `task`, `coin`, `model`, `group` and `placebo`: `n` days; `skill` = 1 - loss /
        loss with prices alone, with `low` and `high`; `p` of the Diebold-Mariano test; `p_holm`
        over all groups or over all placebos; `smallest_effect`; `verdict`.
    """
    rows = []
    for task, coin, wide, origins in _losses(forecasts):
        known = known_days(tables[coin], origins, least_known)
        for group in known:
            pairs = {
                name: name.partition("+")[0]
                for name in wide
                if name.partition("+")[2] in (group, group + PLACEBO)
            }
            part = wide.loc[known[group], [*pairs, *dict.fromkeys(pairs.values())]]
            if len(part) < LEAST_DAYS:
                continue
            draws = bootstrap_means(part, seed=seed)
            rows += [
                {"task": task, "coin": coin, "model": model, "group": group,
                 "placebo": name.endswith(PLACEBO), **comparison(part, name, model, draws)}
                for name, model in pairs.items()
            ]  # fmt: skip
    table = pd.DataFrame(rows)
    adjusted = table.groupby("placebo", group_keys=False)["p"].apply(holm)
    return table.assign(p_holm=adjusted.sort_index())


def alone_skill(forecasts: Mapping[str, pd.DataFrame], seed: int) -> pd.DataFrame:
    """Skill of the models with prices alone against the task's baseline, as `added_skill`."""
    rows = []
    for task, coin, wide, _ in _losses(forecasts):
        baseline = BASELINES[task]
        alone = wide[[name for name in wide if "+" not in name]]
        draws = bootstrap_means(alone, seed=seed)
        rows += [
            {"task": task, "coin": coin, "model": name, "baseline": baseline,
             **comparison(alone, name, baseline, draws)}
            for name in alone if name != baseline
        ]  # fmt: skip
    return pd.DataFrame(rows)


def claim_table(changes: pd.DataFrame, coin: str, seed: int) -> pd.DataFrame:
    """Errors of the LSTM's changes with prices alone, with the other coins and with all.

    Args:
        changes: as `group_forecasts` gives them for the task "change".
        coin: whose changes.
        seed: of the bootstrap.

    Returns:
        As `mae_table`, with skill against `no_change` and `prices_alone`.
    """
    daily = losses(changes[changes["coin"] == coin], ["absolute"])
    told = daily.pivot_table("forecast", "date", "model")
    kept = {"prices_alone": "lstm", "no_change": "no_change", "coins": "lstm+coins",
            ALL: f"lstm+{ALL}"}  # fmt: skip
    forecasts = {name: told[own].to_numpy() for name, own in kept.items() if own in told}
    targets = daily.groupby("date")["target"].first().to_numpy()
    return mae_table(forecasts, targets, baselines=("no_change", "prices_alone"), seed=seed)


def by_name(added: pd.DataFrame) -> dict[str, Any]:
    """Kind ("groups" or "placebos") -> task -> coin -> group -> model -> row of `added_skill`."""
    found: dict[str, Any] = {}
    for every in added.to_dict("records"):
        row = {name: value for name, value in every.items() if pd.notna(value)}
        level = found
        for key in ("placebos" if row.pop("placebo") else "groups",
                    *(row.pop(name) for name in ("task", "coin", "group"))):  # fmt: skip
            level = level.setdefault(key, {})
        level[row.pop("model")] = row
    return found


def _losses(
    forecasts: Mapping[str, pd.DataFrame],
) -> Iterator[tuple[str, str, pd.DataFrame, pd.Series]]:
    """Task, coin, losses by day and model, and for each day the first of its fold."""
    for task, table in forecasts.items():
        loss = TASK_LOSSES[task][0]
        every = losses(table, [loss])
        for coin in table["coin"].unique():
            daily = every[every["coin"] == coin]
            wide = daily.pivot_table(loss, "date", "model")
            fold = daily.groupby("date")["fold"].first()
            firsts = fold.index.to_series().groupby(fold).transform("min")
            yield task, str(coin), wide, firsts
