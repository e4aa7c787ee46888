"""What other series added, in sentences and in the README's table."""

import pandas as pd

from coincast.evaluation.significance import SIZE, p_words
from coincast.records.names import model_name
from coincast.studies.other_data.added_skill import ALL

__all__ = ["headlines", "readme_table", "sentences"]

ATTENTION = ("searches", "posts")
PRICE_TASKS = ("change", "direction")


def sentences(added: pd.DataFrame, alone: pd.DataFrame, lags: pd.DataFrame, coin: str) -> list[str]:
    """The reading of the notebook.

    Args:
        added: as `added_skill` gives it.
        alone: as `alone_skill` gives it.
        lags: as `lead_lag` gives it.
        coin: whose volume the lags are of.
    """
    real, shuffled = added[~added["placebo"]], added[added["placebo"]]
    found = [
        control_sentence(alone),
        *(found_sentence(real, tasks) for tasks in (PRICE_TASKS, ("range", "volume"))),
    ]
    found.append(placebo_sentence(real, shuffled))
    found += (
        [attention_sentence(real), lag_sentence(lags, coin)]
        if set(ATTENTION) & set(real["group"])
        else []
    )
    return [*found, short_sentence(real)]


def control_sentence(alone: pd.DataFrame) -> str:
    """The positive control: the range's skill with prices alone."""
    rows = alone[alone["task"] == "range"]
    told = "; ".join(
        f"{row['coin']} {model_name(row['model'])} {_skill(row)}" for _, row in rows.iterrows()
    )
    holds = (
        "holds" if (rows["low"] > 0).all() else "FAILS, so a lack of skill elsewhere says nothing"
    )
    return f"The positive control {holds}: skill for the range against its mean so far: {told}."


def found_sentence(real: pd.DataFrame, tasks: tuple[str, ...]) -> str:
    """How many comparisons of some targets are sure after Holm's correction, and which."""
    part = real[real["task"].isin(tasks)]
    sure = part[part["p_holm"] < SIZE]
    better, worse = sure[sure["skill"] > 0], sure[sure["skill"] < 0]
    return (
        f"{' and '.join(tasks).capitalize()}: of {part['p'].notna().sum()} comparisons with prices "
        f"alone, after Holm's correction for all {real['p'].notna().sum()}, other series make "
        f"{len(better)} better{_names(better)} and {len(worse)} worse{_names(worse)}; the largest "
        f"gain is {_named(part.loc[part['skill'].idxmax()])}, the largest loss "
        f"{_named(part.loc[part['skill'].idxmin()])}."
    )


def placebo_sentence(real: pd.DataFrame, shuffled: pd.DataFrame) -> str:
    """How often an interval lies off zero, before any correction, beside the placebos."""
    counts = {
        name: f"above zero in {(table['low'] > 0).sum()} and below in {(table['high'] < 0).sum()} "
        f"of {len(table)} (median {table['skill'].median():+.4f})"
        for name, table in (("real", real), ("placebo", shuffled))
    }
    return (
        "Before any correction, the interval of the added skill lies "
        f"{counts['real']} comparisons; for placebos of equal size, {counts['placebo']}."
    )


def attention_sentence(real: pd.DataFrame) -> str:
    """The second positive control: what attention adds for volume and range."""
    part = real[real["group"].isin(ATTENTION) & real["task"].isin(["volume", "range"])]
    linear = part[part["model"] == "linear"]
    told = "; ".join(
        f"{_named(row)}, {p_words(row['p'])}, after Holm {p_words(row['p_holm'])}"
        for _, row in linear.iterrows()
    )
    leads = linear[(linear["p_holm"] < SIZE) & (linear["skill"] > 0)]
    answer = f"it does in {len(leads)} of {len(linear)} cases"
    return f"Does attention lead volume or range? For the linear model {answer}: {told}."


def lag_sentence(lags: pd.DataFrame, coin: str) -> str:
    """On which day attention and volume go together."""
    told = "; ".join(
        f"{name.partition(':')[2]} {row['0']:+.2f} on the same day, {row['1']:+.2f} with the next "
        f"day's, {row['-1']:+.2f} with the day before's (n = {row['n']:.0f})"
        for name, row in lags.iterrows()
    )
    return f"Rank correlation of changes in attention with {coin}'s change of volume: {told}."


def short_sentence(real: pd.DataFrame) -> str:
    """What each group could have shown at all."""
    part = real[(real["model"] == "lstm") & (real["task"] == "change")]
    told = "; ".join(
        f"{row['group']} for {row['coin']} {row['smallest_effect']:.3f} on {row['n']} days"
        for _, row in part.iterrows()
    )
    return (
        "The smallest skill added to the LSTM's forecast of the change that the test finds in "
        f"80 % of samples: {told}."
    )


def readme_table(added: pd.DataFrame, coin: str) -> str:
    """Markdown: what each group adds for one coin, one row per group."""
    part = added[~added["placebo"] & (added["coin"] == coin)].set_index(["group", "model", "task"])
    rows = []
    for group in part.index.unique("group"):
        of_group = part.loc[group]
        cells = {
            f"{model_name(model)}, {task}": _skill(of_group.loc[(model, task)], digits=3)
            for model, task in (("linear", "change"), ("lstm", "change"), ("linear", "volume"))
        }
        first = of_group.loc[("lstm", "change")]
        smallest = f"{first['smallest_effect']:.3f}"
        rows.append(
            {
                "added": group,
                "days": first["n"],
                **cells,
                "smallest that would show (LSTM, change)": smallest,
            }
        )
    return pd.DataFrame(rows).to_markdown(index=False, tablefmt="github", disable_numparse=True)


def headlines(added: pd.DataFrame, coin: str) -> str:
    """The notebook's part of the README."""
    real = added[~added["placebo"]]
    return (
        f"{found_sentence(real, PRICE_TASKS)} Skill added for {coin}, 1 - loss / loss of the same "
        f"model with prices alone on the same days, with 95 % intervals; `{ALL}` is all groups.\n\n"
        f"{readme_table(added, coin)}"
    )


def _skill(row: pd.Series, digits: int = 4) -> str:
    low, value, high = (f"{row[name]:+.{digits}f}" for name in ("low", "skill", "high"))
    return f"{value} ({low} to {high})"


def _named(row: pd.Series) -> str:
    return (
        f"{row['group']} for {row['task']} of {row['coin']}, {model_name(row['model'])} "
        f"{_skill(row)}, n = {row['n']}"
    )


def _names(rows: pd.DataFrame) -> str:
    told = [
        f"{r['group']} for {r['task']} of {r['coin']} ({model_name(r['model'])})"
        for _, r in rows.iterrows()
    ]
    return f" ({'; '.join(told)})" if told else ""
