"""The figures of notebook 05: the test scores of many seeds."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from coincast.datasets.windows import FloatArray
from coincast.figures.style import BLUE, GREEN, GREY, LIGHT_BLUE, RED, styled
from coincast.records.names import display_name
from coincast.studies.bitcoin_direction.chosen_epochs import CHOICES

__all__ = ["ancestor", "best_epoch", "seeds"]

SHORT = {
    "best_accuracy": "best accuracy\non test rows",
    "least_loss": "least loss\non test rows",
    "last": "last\nepoch",
    "honest": "least loss on\nvalidation rows",
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
def best_epoch(
    choices: Mapping[str, Mapping[str, pd.DataFrame]],
    constants: Mapping[str, float],
    published: Mapping[str, float],
) -> Figure:
    """Draw the test accuracy of every seed by how its epoch was chosen, one panel per network.

    Args:
        choices: asset -> network -> as `chosen_epochs.choose_epochs` gives them.
        constants: asset -> accuracy of the best constant on its test rows.
        published: asset -> published accuracy, where there is one.
    """
    networks = list(next(iter(choices.values())))
    figure = Figure(figsize=(4.6 * len(networks), 1 + 3.1 * len(choices)))
    panels = figure.subplots(len(choices), len(networks), sharex="col", sharey="row", squeeze=False)
    for row, (asset, of_asset) in zip(panels, choices.items(), strict=True):
        for axes, (network, table) in zip(row, of_asset.items(), strict=True):
            _draw_choices(axes, table.dropna(axis=1, how="all"))
            axes.axhline(constants[asset], color=GREEN, linestyle="--")
            if asset in published:
                axes.axhline(published[asset], color=RED, linewidth=1)
            axes.set_title(f"{asset}: {network}")
        shown = [(constants[asset], GREEN, f"constant,\n{constants[asset]:.3f}")]
        if asset in published:
            shown.append((published[asset], RED, f"copied\nmatrix,\n{published[asset]:.3f}"))
        for value, color, text in shown:
            row[-1].annotate(
                text, (1, value), (4, 0), xycoords=("axes fraction", "data"), color=color,
                textcoords="offset points", va="center", fontsize=8,
            )  # fmt: skip
        row[0].set_ylabel("accuracy on the test rows")
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    return figure


def _draw_choices(axes: Axes, table: pd.DataFrame) -> None:
    for labels, color, shift in (("true", BLUE, -0.2), ("shuffled", GREY, 0.2)):
        part = table[table["labels"] == labels].drop(columns="labels")
        for place, values in enumerate(part.to_numpy(dtype=np.float64).T):
            spread = place + shift + np.linspace(-0.13, 0.13, len(values))
            name = f"{labels} labels, {len(values)} seeds" if place == 0 else None
            axes.plot(spread, values, "o", color=color, alpha=0.6, markersize=3, label=name)
            ends = place + shift - 0.17, place + shift + 0.17
            axes.hlines(values.mean(), *ends, color=color, linewidth=2)
    axes.set_xticks(range(len(CHOICES)), [SHORT[name] for name in CHOICES])
