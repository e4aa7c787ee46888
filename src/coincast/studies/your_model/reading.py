"""What the trial found, in sentences and tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from coincast.evaluation.significance import SIZE, p_words
from coincast.records.names import display_name, model_name, named
from coincast.studies.skill.comparisons import BASELINES, TASK_LOSSES, panel
from coincast.studies.your_model.trial import PLAUSIBLE_SKILL, STANDARD, YOURS

__all__ = [
    "confidence_sentence", "headlines", "leak_sentence", "rule_sentence", "standard_sentences",
    "trial_table", "verdict_sentence",
]  # fmt: skip


def verdict_sentence(rows: pd.DataFrame, name: str, target: str) -> str:
    """The verdict over all coins, and what it rests on.

    Args:
        rows: as `trial.verdicts` gives it.
        name: of your model, as `loading.load_model` takes it.
        target: what it forecasts.
    """
    said, name = rows["verdict"], name.rpartition(":")[2]
    better = [display_name(str(coin)) for coin in rows.index[said == "beats"]]
    if better:
        opening = f"{name} has skill for the {target} of {', '.join(better)}"
    elif (said == "cannot be decided").all():
        opening = f"Whether {name} has skill for the {target} cannot be decided"
    else:
        opening = f"{name} shows no skill for the {target}"
    told = [_told(str(coin), row, named(BASELINES[target])) for coin, row in rows.iterrows()]
    return f"{opening}: {'; '.join(told)}."


def _told(coin: str, row: pd.Series, baseline: str) -> str:
    said = row["verdict"]
    against = "" if said == "cannot be decided" else f" {baseline}"
    power = f"{row['smallest_effect']:.3f} would probably have shown"
    power = "nothing to test" if pd.isna(row["smallest_effect"]) else power
    return (
        f"on {display_name(coin)} it {said}{against} (skill {row['skill']:+.4f}, 95 % interval "
        f"{row['low']:+.4f} to {row['high']:+.4f}, {p_words(row['p_holm'])} after Holm, "
        f"{row['n']} days; {power})"
    )


def rule_sentence(target: str) -> str:
    """The rule behind the verdict."""
    return (
        "The rule: better or worse only if p < 0.05 after Holm's correction over the coins and the "
        "95 % interval agree; cannot be decided where the smallest skill that would probably have "
        f"shown is above {PLAUSIBLE_SKILL[target]:.3f}, more than is plausible."
    )


def leak_sentence(count: int) -> str:
    """What the check of your features found; a leak would have ended the notebook."""
    if not count:
        return "Your model saw the standard features, which use the prices of the day and before."
    return (
        f"No look-ahead in your {count} features: none changes when only later prices do. What "
        "your function reads from elsewhere is not tested."
    )


def confidence_sentence(superior: Mapping[str, Mapping[str, Any]]) -> str:
    """Whether your model may be the best of all, and how many others may be."""
    told = []
    for coin, each in superior.items():
        inside = [name for name, p_value in each["confidence"].items() if p_value > SIZE]
        others = len([name for name in inside if name != YOURS])
        told.append(
            f"{display_name(coin)} {'yes' if YOURS in inside else 'no'} (others in it: {others})"
        )
    return f"Is your model in the set that holds the best in 95 % of samples? {'; '.join(told)}."


def standard_sentences(
    daily: pd.DataFrame, target: str, coins: Sequence[str], seed: int
) -> list[str]:
    """Whether your features are better than the standard ones, for your model; none without.

    Args:
        daily: as `comparisons.daily_losses` gives it for the target.
        target: what is forecast.
        coins: whose losses are averaged.
        seed: of the bootstrap.
    """
    if not (daily["model"] == STANDARD).any():
        return []
    found = panel(daily, [target, YOURS, STANDARD, TASK_LOSSES[target][0]], coins, seed=seed)
    sentence = (
        f"With your features, your model {found['verdict']} itself on the standard ones: skill "
        f"against these {found['skill']:+.4f} ({found['low']:+.4f} to {found['high']:+.4f}), "
        f"{p_words(found['p'])}, n = {found['n']} days, averaged over the coins."
    )
    return [sentence]


def trial_table(tables: Mapping[str, pd.DataFrame], target: str, *, text: bool = False) -> str:
    """Every model on every coin, baseline first: Markdown, or text for a terminal."""
    name, rows = f"skill_{BASELINES[target]}", []
    for coin, table in tables.items():
        order = [BASELINES[target], *table.index.drop(BASELINES[target])]
        for model, row in table.loc[order].iterrows():
            rows.append(
                {
                    "coin": display_name(coin),
                    "model": model_name(str(model)),
                    "days": f"{row['n']:.0f}",
                    "skill": "baseline" if model == order[0] else f"{row[name]:+.4f}",
                    "95 % interval": f"{row[f'{name}_low']:+.4f} to {row[f'{name}_high']:+.4f}",
                    "p": "" if pd.isna(row["p"]) else _p(row["p"]),
                }
            )
    form = "simple" if text else "github"
    return pd.DataFrame(rows).to_markdown(index=False, tablefmt=form, disable_numparse=True)


def headlines(rows: pd.DataFrame, name: str, target: str) -> str:
    """The notebook's part of the README: a row per coin."""
    shown = [
        {
            "coin": display_name(str(coin)),
            "days": str(row["n"]),
            "skill (95 % interval)": (
                f"{row['skill']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f})"
            ),
            "p (Holm over coins)": _p(row["p_holm"]),
            "smallest skill that would show": f"{row['smallest_effect']:.3f}",
            f"verdict, against {named(BASELINES[target])}": row["verdict"].removesuffix(" from"),
        }
        for coin, row in rows.iterrows()
    ]
    table = pd.DataFrame(shown).to_markdown(index=False, tablefmt="github", disable_numparse=True)
    return f"{name.rpartition(':')[2]}, next day's {target}. {rule_sentence(target)}\n\n{table}"


def _p(p_value: float) -> str:
    return p_words(p_value).removeprefix("p ").removeprefix("= ")
