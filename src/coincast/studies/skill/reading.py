"""What the walk-forward found, in sentences and in the README's table."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coincast.evaluation.significance import SIZE, p_words
from coincast.records.names import display_name, model_name
from coincast.studies.skill.comparisons import BASELINES

__all__ = [
    "clark_west_sentence", "control_sentence", "coverage_sentence", "direction_sentence",
    "headlines", "holm_sentence", "primary_sentences", "readme_table", "regime_sentence",
    "shift_sentences", "strategy_sentence", "superior_sentence",
]  # fmt: skip

CHECKS = {
    "squared": "The same by the squared error: the LSTM",
    "not_seen": "On days that the demos had not seen: the LSTM",
    "ridge_last_year": "Ridge regression on the networks' days, instead of the LSTM:",
    "bitcoin_long": "On bitcoin's closes alone, 2013 to 2025: the LSTM",
}
REPEATS = ("squared", "not_seen", "bitcoin_long")  # of the same comparison
Checks = Mapping[str, Mapping[str, Any]]
Tables = Mapping[str, Mapping[str, pd.DataFrame]]


def primary_sentences(checks: Checks) -> list[str]:
    """The primary comparison, then one sentence per check of how far it carries."""
    first = checks["primary"]
    opening = (
        f"Primary comparison: the LSTM {_compared(first)} The test would find a skill of "
        f"{first['smallest_effect']:.3f} in 80 % of samples. With Harvey's correction, which the "
        f"protocol first named, {p_words(first['p_harvey'])}."
    )
    return [opening, *(f"{words} {_compared(checks[name])}" for name, words in CHECKS.items())]


def _compared(found: Mapping[str, Any]) -> str:
    return (
        f"{found['verdict']} no change on {found['n']} days: skill {found['skill']:+.4f} (95 % "
        f"interval {found['low']:+.4f} to {found['high']:+.4f}), {p_words(found['p'])}."
    )


def holm_sentence(tables: Tables, tasks: tuple[str, ...] = ("change", "direction")) -> str:
    """How many of the tests of some tasks say better or worse after Holm, among all tasks."""
    stacked = pd.concat({task: pd.concat(tables[task]) for task in tasks})
    skill = pd.concat([stacked.loc[[task], f"skill_{BASELINES[task]}"] for task in tasks])
    sure = stacked["p_holm"] < SIZE
    total = sum(table["p"].notna().sum() for task in tables.values() for table in task.values())
    return (
        f"Of {stacked['p'].notna().sum()} tests of {' and '.join(tasks)}, after Holm's correction "
        f"for all {total}, {(sure & (skill > 0)).sum()} find a model better than its baseline and "
        f"{(sure & (skill < 0)).sum()} find one worse."
    )


def clark_west_sentence(tables: Mapping[str, pd.DataFrame]) -> str:
    """Whether the inputs of the regressions are worth anything for the change."""
    told = [
        f"{display_name(series)} {model_name(name)} {p_words(row['p_clark_west'])}"
        for series, table in tables.items()
        for name, row in table.dropna(subset=["p_clark_west"]).iterrows()
    ]
    return (
        "Do the inputs of a regression add anything to the mean of changes, before the cost of "
        f"estimating their weights (Clark-West, not corrected)? {'; '.join(told)}."
    )


def superior_sentence(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Where any model at all beats the baseline, for targets that are no control."""
    told, surprises = [], []
    for task in ("change", "direction"):
        for series, each in found[task].items():
            told.append(f"{task} of {display_name(series)} {p_words(each['p_spa'])}")
            surprises += [f"{model_name(m)} ({told[-1]})" for m in each["superior"]]
    return (
        "Does any model beat the baseline (superior predictive ability; one test per target and "
        f"series, not corrected for their number)? {'; '.join(told)}. The stepwise test names "
        f"{', '.join(surprises) or 'none'}."
    )


def control_sentence(tables: Mapping[str, pd.DataFrame]) -> str:
    """The positive control: the range's skill on every series."""
    told = []
    for series, table in tables.items():
        low, value, high = (
            table.loc["lstm", f"skill_train_mean{e}"] for e in ("_low", "", "_high")
        )
        har = table.loc["har", "skill_train_mean"]
        told.append(f"{display_name(series)} {value:.3f} ({low:.3f} to {high:.3f}; HAR {har:.3f})")
    above = all(t.loc["lstm", "skill_train_mean_low"] > 0 for t in tables.values())
    holds = "holds on every series" if above else "FAILS, so a lack of skill elsewhere says nothing"
    return f"The positive control {holds}: LSTM's skill for the range is {'; '.join(told)}."


def direction_sentence(tables: Mapping[str, pd.DataFrame]) -> str:
    """The LSTM's accuracy beside that of the majority class on every series."""
    told = []
    for series, table in tables.items():
        row = table.loc["lstm"]
        told.append(
            f"{display_name(series)} {row['accuracy']:.3f} against "
            f"{row['accuracy'] - row['accuracy_difference']:.3f} (difference "
            f"{row['accuracy_difference']:+.3f}, {row['accuracy_difference_low']:+.3f} to "
            f"{row['accuracy_difference_high']:+.3f}; McNemar {p_words(row['p_mcnemar'])}, "
            f"Pesaran-Timmermann {p_words(row['p_pesaran_timmermann'])}; n = {row['n']:.0f})"
        )
    return f"The LSTM's accuracy against the majority of days so far: {'; '.join(told)}."


def regime_sentence(regimes: pd.DataFrame, model: str = "lstm") -> str:
    """In how many regimes the interval of a model's skill is above or below zero."""
    part = regimes[regimes["model"] == model]
    return (
        f"Of {len(part)} years and regimes (some days are in several, nothing is corrected), the "
        f"{model_name(model)}'s interval is above zero in {(part['low'] > 0).sum()} and below in "
        f"{(part['high'] < 0).sum()}."
    )


def shift_sentences(finds: pd.DataFrame, networks: pd.DataFrame) -> list[str]:
    """What is found in shifted targets, and from which planted signal on."""
    null, planted = finds[finds["r2"] == 0], finds[finds["r2"] > 0]
    runs = null["shifts"].sum()
    error = (SIZE * (1 - SIZE) / null["shifts"].iloc[0]) ** 0.5
    shares = planted.pivot_table(["better", "clark_west"], "r2", "model")
    told = "; ".join(
        f"R2 {r2:.1%}: AR {row['better', 'ar']:.0%} ({row['clark_west', 'ar']:.0%}), ridge "
        f"{row['better', 'ridge']:.0%} ({row['clark_west', 'ridge']:.0%})"
        for r2, row in shares.iterrows()
    )
    seen = networks.groupby("r2")["better"].agg(["sum", "size"])
    found = ", ".join(f"{row['sum']} of {row['size']} at {r2:.1%}" for r2, row in seen.iterrows())
    rates = null["clark_west"]
    nothing = (
        f"Targets shifted at random, {runs} tests: the Clark-West test, whose nominal rate is 5 %, "
        f"rejects in {rates.mean():.1%} ({rates.min():.1%} to {rates.max():.1%} by series and "
        f"model; one such rate has a standard error of {error:.1%} by the number of shifts), and a "
        f"model seems better than no change in {null['better'].mean():.1%}."
    )
    return [
        nothing,
        f"Planted signals found as better than no change (in brackets, by Clark-West): {told}.",
        f"The LSTM was found better than no change on planted series: {found}.",
    ]


def coverage_sentence(coverage: pd.DataFrame) -> str:
    """How often the conformal intervals of the LSTM held."""
    part = coverage[coverage["model"] == "lstm"]
    hits = (part["coverage"] * part["n"]).sum() / part["n"].sum()
    return (
        f"Conformal intervals at 90 % around the LSTM's forecast held {hits:.1%} of "
        f"{part['n'].sum()} targets, {part['coverage'].min():.0%} to "
        f"{part['coverage'].max():.0%} by fold."
    )


def strategy_sentence(
    tables: Mapping[str, pd.DataFrame],
    cost_bps: float,
    name: str = "lstm_change_long_flat",
    signal: str = "the LSTM's change",
) -> str:
    """What the timing of a long-or-flat strategy was worth, on each series."""
    told = []
    for series, table in tables.items():
        row = table[(table["strategy"] == name) & (table["cost_bps"] == cost_bps)].iloc[0]
        told.append(
            f"{display_name(series)} {row['timing']:+.2f} ({row['timing_low']:+.2f} to "
            f"{row['timing_high']:+.2f}; Sharpe {row['sharpe']:.2f} ({row['low']:.2f} to "
            f"{row['high']:.2f}), break-even of timing {row['timing_break_even_bps']:.0f} bp, "
            f"{row['random_share']:.0%} of random strategies earn as much, n = {row['n']:.0f})"
        )
    return (
        f"Long or flat by {signal}, at {cost_bps:g} basis points, against the same "
        f"exposure held constantly, in return a year: {'; '.join(told)}."
    )


def readme_table(tables: Tables) -> str:
    """Markdown: the LSTM for each target and series, beside the best simple model."""
    rows = []
    for task, of_task in tables.items():
        column = f"skill_{BASELINES[task]}"
        for series, table in of_task.items():
            row = table.loc["lstm"]
            simple = table[table["seeds"].isna() & table["p"].notna()]
            best = simple[column].idxmax()
            ends = f"{row[f'{column}_low']:+.3f} to {row[f'{column}_high']:+.3f}"
            rows.append(
                {
                    "next day's": task,
                    "series": display_name(series),
                    "days": f"{row['n']:.0f}",
                    "LSTM's skill (95 % interval)": f"{row[column]:+.3f} ({ends})",
                    "p (Holm)": p_words(row["p_holm"]).removeprefix("p ").removeprefix("= "),
                    "smallest skill that would show": f"{row['smallest_effect']:.3f}",
                    "best simple model, picked afterwards": (
                        f"{model_name(best)} {simple.loc[best, column]:+.3f}"
                    ),
                }
            )
    return pd.DataFrame(rows).to_markdown(index=False, tablefmt="github", disable_numparse=True)


def headlines(checks: Checks, tables: Tables) -> str:
    """The notebook's part of the README."""
    note = (
        "Skill is 1 - loss / loss of the baseline on the same days: MAE against no change, Brier "
        "score against the share of ups so far, MAE of the log range against its mean so far."
    )
    agree = sum(checks[name]["verdict"] == checks["primary"]["verdict"] for name in REPEATS)
    sentences = (
        f"{primary_sentences(checks)[0]} {agree} of {len(REPEATS)} repetitions say the "
        "same: by the squared error, on days that the demos had not seen, and on twelve years of "
        f"bitcoin's closes. {holm_sentence(tables)}"
    )
    return f"{sentences} {note}\n\n{readme_table(tables)}"
