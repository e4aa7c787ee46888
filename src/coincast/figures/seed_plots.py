"""The figures of notebook 05: the test scores of many seeds."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from coincast.figures.style import BLUE, GREEN, GREY, LIGHT_BLUE, RED, styled
from coincast.records.names import display_name

__all__ = ["ancestor", "best_epoch", "seeds"]

FloatArray = npt.NDArray[np.float64]
CHOICES = {
    "best_on_test": "best epoch on\nthe test rows",
    "last": "last epoch",
    "honest": "honest\nchoice",
}


@styled
def seeds(errors: FloatArray, scores: pd.DataFrame, published: float) -> Figure:
    """Draw the test errors of all seeds, and beside them every baseline and the published run.

    Args:
        errors: (members,), mean absolute errors of the LSTM as published.
        scores: as `lstm_variants.score` gives them; single forecasts are the baselines.
        published: the error of the published run.
    """
    row, single = scores.loc["lstm"], scores[scores["seeds"] == 1]
    marks = [(mae, GREY, f"{display_name(name)}, {mae:.4f}") for name, mae in single["mae"].items()]
    marks.append((published, RED, f"published run, {published:.4f}"))
    figure = Figure(figsize=(9, 6))
    above, below = figure.subplots(2, sharex=True, height_ratios=[6, 1])
    counts, _, _ = above.hist(errors, bins=40, color=LIGHT_BLUE)
    # The further left a line, the higher it ends, so no line crosses another's label.
    for place, (mae, color, label) in enumerate(sorted(marks, reverse=True), start=1):
        height = counts.max() * (1 + 0.11 * place)
        above.vlines(mae, 0, height, color=color, linewidth=1.2)
        above.annotate(
            label, (mae, height), (3, 0), textcoords="offset points", color=color, va="top"
        )
    above.set(
        ylabel=f"seeds of the LSTM (of {len(errors)})",
        ylim=(0, counts.max() * (1.03 + 0.11 * len(marks))),
    )
    spans = [
        (row["mae"] - row["seed_sd"], row["mae"] + row["seed_sd"]), (row["low"], row["high"]),
    ]  # fmt: skip
    below.hlines([1, 0], *zip(*spans, strict=True), color=BLUE, linewidth=2)
    below.plot([row["mae"]] * 2, [1, 0], "o", color=BLUE)
    below.set_yticks([1, 0], ["sd between seeds", "95 %, other days"])
    below.set(ylim=(-0.6, 1.6), xlabel=f"test MAE (fraction of the price), n = {row['n']:.0f} days")
    return figure


@styled
def ancestor(
    tables: Mapping[str, pd.DataFrame], published: Mapping[str, Mapping[str, float]]
) -> Figure:
    """Draw the test errors of every run of the networks and random walks against no change.

    Args:
        tables: coin -> as `ancestor.score` gives them.
        published: coin -> forecast -> published mean absolute error.
    """
    figure = Figure(figsize=(9, 1.4 + 2.4 * len(tables)))
    panels = figure.subplots(len(tables), sharex=True, squeeze=False)[:, 0]
    for axes, (coin, table) in zip(panels, tables.items(), strict=True):
        places = np.arange(len(table))
        style = {"linelengths": 0.4, "linewidths": 1, "color": BLUE}
        runs = axes.eventplot(table["by_run"], lineoffsets=places, **style)
        runs[0].set_label("one run")
        axes.plot(table["mae"], places + 0.35, "o", color=BLUE, markersize=4, label="mean of runs")
        axes.hlines(places + 0.35, table["low"], table["high"], GREY, label="95 % over test days")
        axes.axvline(table.loc["no_change", "mae"], color=GREEN, ls="--", label="no change")
        marks = table.index.get_indexer(list(published[coin])) - 0.35
        axes.plot(published[coin].values(), marks, "v", color=RED, label="published, about")
        counts = [f", {count} runs" if count > 1 else "" for count in table["runs"]]
        names = [display_name(name) for name in table.index]
        axes.set_yticks(places, [name + count for name, count in zip(names, counts, strict=True)])
        axes.set(title=coin.capitalize(), ylim=(len(table) - 0.4, -0.6))
    panels[-1].set(xlabel="test MAE (fraction of the window's first close)", xlim=(0, None))
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


@styled
def best_epoch(choices: pd.DataFrame, baseline: float, published: float) -> Figure:
    """Draw the test accuracy of every seed by how its epoch was chosen, true and shuffled labels.

    Args:
        choices: as `many_seeds.choose_epochs` gives them.
        baseline: accuracy of the majority class on the test rows.
        published: the published accuracy.
    """
    figure = Figure(figsize=(9, 4.2))
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (labels, color) in zip(panels, {"true": BLUE, "shuffled": GREY}.items(), strict=True):
        part = choices[choices["labels"] == labels]
        for place, name in enumerate(CHOICES):
            spread = place + np.linspace(-0.2, 0.2, len(part))
            axes.plot(spread, part[name], "o", color=color, alpha=0.6, markersize=4)
            axes.hlines(part[name].mean(), place - 0.3, place + 0.3, color=color, linewidth=2)
        axes.axhline(published, color=RED, label=f"published, {published:.3f}")
        axes.axhline(baseline, color=GREEN, linestyle="--", label=f"majority class, {baseline:.3f}")
        axes.set_xticks(range(len(CHOICES)), CHOICES.values())
        axes.set_title(f"{labels.capitalize()} labels, {len(part)} seeds")
    panels[0].set_ylabel("accuracy on the test rows")
    panels[0].legend(loc="lower left")
    return figure
