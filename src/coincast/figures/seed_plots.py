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
def seeds(
    errors: FloatArray, baselines: Mapping[str, float], standard_error: float, published: float
) -> Figure:
    """Draw the test errors of all seeds with the baselines and the published run.

    Args:
        errors: (members,), mean absolute errors.
        baselines: name -> mean absolute error on the same rows.
        standard_error: of a mean over the test days.
        published: the error of the published run.
    """
    figure = Figure(figsize=(9, 4.2))
    axes = figure.subplots()
    axes.hist(errors, bins=40, color=LIGHT_BLUE, label=f"LSTM, {len(errors)} seeds")
    top = axes.get_ylim()[1]
    mean, deviation = errors.mean(), errors.std(ddof=1)
    axes.errorbar(
        mean, top * 1.08, xerr=deviation, color=BLUE, capsize=4, fmt="o",
        label="mean and deviation between seeds",
    )  # fmt: skip
    axes.errorbar(
        mean, top * 1.18, xerr=standard_error, color=GREEN, capsize=4, fmt="o",
        label="mean and standard error from the test days",
    )  # fmt: skip
    axes.axvline(published, color=RED, linewidth=2, label=f"published run, {published:.4f}")
    styles = ("-", "--", ":", "-.", (0, (1, 4)), (0, (5, 5)), (0, (8, 2)))
    for (name, mae), line in zip(baselines.items(), styles, strict=False):
        axes.axvline(mae, color=GREY, linestyle=line, label=f"{display_name(name)}, {mae:.4f}")
    axes.set(xlabel="test MAE (fraction of the price)", ylabel="seeds", ylim=(0, top * 1.3))
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
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
