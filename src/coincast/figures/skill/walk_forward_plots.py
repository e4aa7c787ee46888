"""The figures of notebook 06: skill through time, the best models, the range, and trading."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from coincast.figures.style import BLUE, GREEN, GREY, LIGHT_BLUE, RED, styled
from coincast.records.names import display_name, model_name

__all__ = [
    "confidence_set", "draw_confidence", "draw_skill", "draw_wealth", "skill", "strategy",
    "volatility",
]  # fmt: skip

IN_SET = 0.05
NETWORKS = ("lstm", "cnn_lstm", "your_model")


def _color(model: str) -> str:
    return BLUE if model.startswith(NETWORKS) else GREY


def _title(series: str) -> str:
    return display_name(series).capitalize()


@styled
def skill(regimes: pd.DataFrame, overall: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the skill of changes by year and regime, and over all days as a band.

    Args:
        regimes: as `regime_skill` gives it.
        overall: series -> as `skill_tables` gives it for changes.
    """
    figure = Figure(figsize=(11, 8))
    panels = figure.subplots(2, 2, sharey=True).flat
    for axes, (series, part) in zip(panels, regimes.groupby("series", sort=False), strict=True):
        draw_skill(axes, part, overall[series], ("lstm", "ridge"), "no_change")
    axes.set_ylim(-0.13, 0.09)
    for left in figure.axes[::2]:
        left.set_ylabel("skill against no change")
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    return figure


def draw_skill(
    axes: Axes, part: pd.DataFrame, overall: pd.DataFrame, models: tuple[str, str], baseline: str
) -> None:
    """Draw the skill of two models on one series by year and regime, the first also over all days.

    Args:
        axes: where to.
        part: rows of `regime_skill` of the series.
        overall: as `skill_tables` gives it for the series.
        models: the first is drawn in blue, the second in red.
        baseline: what skill is against.
    """
    labels = part.drop_duplicates(["kind", "part"])
    kinds = labels["kind"].ne(labels["kind"].shift()).cumsum() - 1  # a gap between kinds
    places = pd.Series(np.arange(len(labels)) + 0.7 * kinds.to_numpy(), labels["part"])
    for model, color, shift in zip(models, (BLUE, RED), (-0.15, 0.15), strict=True):
        rows = part[part["model"] == model]
        ends = np.abs(rows[["low", "high"]].sub(rows["skill"], axis=0).to_numpy().T)
        x = places[rows["part"]].to_numpy() + shift
        style: dict[str, Any] = {"fmt": "o", "color": color, "markersize": 4, "capsize": 2}
        axes.errorbar(x, rows["skill"], yerr=ends, label=model_name(model), **style)
    row, name = overall.loc[models[0]], f"skill_{baseline}"
    axes.axhspan(
        row[f"{name}_low"], row[f"{name}_high"], color=LIGHT_BLUE, alpha=0.3,
        label=f"{model_name(models[0])}, all days",
    )  # fmt: skip
    axes.axhline(0, color=GREEN, linestyle="--", label=model_name(baseline))
    axes.set_xticks(places, places.index, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_title(f"{_title(str(part['series'].iloc[0]))}, {row['n']:.0f} test days")


@styled
def confidence_set(found: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw which models of each task and series may be the best.

    Args:
        found: task -> series -> as `superior_models` gives it.
    """
    tables = {
        task: pd.DataFrame({series: each["confidence"] for series, each in of_task.items()})
        for task, of_task in found.items()
    }
    widths = [len(table.columns) for table in tables.values()]
    figure = Figure(figsize=(11.5, 4.6))
    grid = {"width_ratios": widths}
    panels = figure.subplots(1, len(tables), squeeze=False, gridspec_kw=grid)[0]
    for axes, (task, table) in zip(panels, tables.items(), strict=True):
        draw_confidence(axes, table)
        axes.set_title(f"{task.capitalize()} of the next day")
    return figure


def draw_confidence(axes: Axes, table: pd.DataFrame) -> None:
    """Draw p-values in the model confidence set: a row per model, a column per series."""
    for row, (name, values) in enumerate(table.iterrows()):
        for column, p_value in enumerate(values):
            inside = p_value > IN_SET
            color = _color(str(name))
            fill = color if inside else "none"
            axes.scatter(column, row, s=60, marker="o", color=fill, edgecolor=color)
            place = (column + 0.16, row)
            axes.annotate(f"{p_value:.2f}", place, fontsize=7, va="center", color="black")
    axes.set_xticks(range(len(table.columns)), [_title(s) for s in table], rotation=30)
    axes.set_yticks(range(len(table)), [model_name(str(name)) for name in table.index])
    axes.set(ylim=(len(table) - 0.4, -0.6), xlim=(-0.4, len(table.columns) - 0.3))
    axes.grid(visible=False)


@styled
def volatility(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the skill of every model that forecasts the range, with intervals.

    Args:
        tables: series -> as `skill_tables` gives it for the range.
    """
    figure = Figure(figsize=(11, 4))
    panels = figure.subplots(1, len(tables), sharey=True, sharex=True)
    for axes, (series, table) in zip(panels, tables.items(), strict=True):
        shown = table.drop(index="train_mean")
        _intervals(axes, shown, "skill_train_mean")
        axes.set_title(f"{_title(series)}, {table['n'].iloc[0]:.0f} days")
    figure.supxlabel("skill against the mean so far, 95 % interval", fontsize=10)
    return figure


def _intervals(axes: Axes, table: pd.DataFrame, column: str) -> None:
    for place, (name, row) in enumerate(table.iterrows()):
        color, ends = _color(str(name)), (row[f"{column}_low"], row[f"{column}_high"])
        axes.hlines(place, *ends, color=color, linewidth=2)
        axes.plot(row[column], place, "o", color=color, markersize=5)
    axes.axvline(0, color=GREEN, linestyle="--")
    axes.set_yticks(range(len(table)), [model_name(str(name)) for name in table.index])
    axes.set_ylim(len(table) - 0.4, -0.6)


@styled
def strategy(paths: Mapping[str, pd.DataFrame], cost_bps: float) -> Figure:
    """Draw what 1 becomes by trading, and by what it is compared with.

    Args:
        paths: series -> as `trading.wealth` gives it.
        cost_bps: costs that the strategy pays, in basis points.
    """
    figure = Figure(figsize=(11, 7))
    for axes, (series, table) in zip(figure.subplots(2, 2).flat, paths.items(), strict=True):
        draw_wealth(axes, table, f"LSTM, long or flat, {cost_bps:g} bp")
        axes.set_title(f"{_title(series)}, {len(table)} days")
    for left in figure.axes[::2]:
        left.set_ylabel("wealth, from 1")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def draw_wealth(axes: Axes, table: pd.DataFrame, name: str) -> None:
    """Draw the paths of `trading.wealth`; `name` is what the legend calls the strategy."""
    lines = {
        "strategy": (BLUE, name),
        "buy_and_hold": (RED, "buy and hold"),
        "constant": (GREEN, "same exposure, constant, no costs"),
    }
    axes.fill_between(
        table.index, table["random_low"], table["random_high"], color=GREY, alpha=0.25,
        label="5 to 95 % of random strategies of equal turnover", linewidth=0,
    )  # fmt: skip
    for column, (color, label) in lines.items():
        axes.plot(table[column], color=color, label=label)
    axes.set_yscale("log")
