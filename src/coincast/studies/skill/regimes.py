"""Skill by year, trend and range: parts of time that are known before their days come."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from coincast.evaluation.bootstrap import bootstrap_means, paired_skill
from coincast.studies.skill.comparisons import BASELINES, TASK_LOSSES, by_model

__all__ = ["regime_skill", "regimes"]

LONG_MEMORY_DAYS = 90


def regimes(table: pd.DataFrame, seen_until: str) -> pd.DataFrame:
    """Part of each kind that the day *after* each day of a feature table belongs to.

    All but the year and what the demos have seen follow from days that are known before. Without
    `seen_until`, what they have seen is left out.
    """
    close, memory = table["close"], table["log_range_month"]
    rising = close > close.shift(LONG_MEMORY_DAYS)
    days = table.index + pd.Timedelta(days=1)
    seen = np.where(days <= pd.Timestamp(seen_until), "seen", "not seen")
    return pd.DataFrame(
        {
            "year": days.year.astype(str),
            **({"demos": seen} if seen_until else {}),
            "trend": np.where(rising, "rising", "falling"),
            "range": np.where(memory > memory.expanding().median(), "wild", "calm"),
        },
        index=days,
    )


def regime_skill(
    daily: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    seen_until: str,
    seed: int,
    *,
    task: str = "change",
    models: Sequence[str] = ("lstm", "ridge"),
) -> pd.DataFrame:
    """Skill of models against the task's baseline by regime.

    Returns:
        One row per `series`, `kind`, `part` with at least 30 days, and `model`: `n`, `skill`,
        `low`, `high`.
    """
    least, rows, baseline = 30, [], BASELINES[task]
    for series, table in tables.items():
        wide = by_model(daily, series, TASK_LOSSES[task][0])[[baseline, *models]]
        for kind, parts in regimes(table, seen_until).reindex(wide.index).items():
            for part, days in wide.groupby(parts):
                if len(days) < least:
                    continue
                found = paired_skill(days, baseline, bootstrap_means(days, seed=seed)).drop(
                    baseline
                )
                found.columns = ["skill", "low", "high"]
                labels = {"series": series, "kind": kind, "part": part, "n": len(days)}
                rows.append(found.rename_axis("model").reset_index().assign(**labels))
    return pd.concat(rows, ignore_index=True)
