"""The figure of notebook 10: a model of your own on one page."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from coincast.figures.skill.walk_forward_plots import draw_confidence, draw_skill, draw_wealth
from coincast.figures.style import styled
from coincast.records.names import display_name

__all__ = ["your_model"]


@styled
def your_model(
    regimes: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    superior: Mapping[str, Mapping[str, Any]],
    paths: Mapping[str, pd.DataFrame],
    *,
    baseline: str,
    cost_bps: float,
) -> Figure:
    """Draw skill through time, the model confidence set and wealth after costs.

    Args:
        regimes: as `regime_skill` gives it for two models, yours first.
        tables: series -> as `skill_tables` gives it.
        superior: series -> as `superior_models` gives it.
        paths: series -> as `trading.wealth` gives it; empty where nothing can be traded on.
        baseline: what skill is against.
        cost_bps: costs that the strategy pays, in basis points.
    """
    count = len(tables)
    figure = Figure(figsize=(4 + 3.4 * count, 8))
    grid = figure.add_gridspec(2, count + 1)
    first, *_ = above = [figure.add_subplot(grid[0, i]) for i in range(count)]
    models = tuple(regimes["model"].unique())
    for axes, (series, table) in zip(above, tables.items(), strict=True):
        part = regimes[regimes["series"] == series]
        draw_skill(axes, part, table, models, baseline)
    first.set_ylabel(f"skill against {display_name(baseline)}")
    confidence = figure.add_subplot(grid[:, count] if paths else grid[0, count])
    draw_confidence(
        confidence, pd.DataFrame({s: each["confidence"] for s, each in superior.items()})
    )
    confidence.set_title("Model confidence set: filled if in it")
    for column, (series, path) in enumerate(paths.items()):
        axes = figure.add_subplot(grid[1, column])
        draw_wealth(axes, path, f"your model, long or flat, {cost_bps:g} bp")
        axes.set_title(f"{display_name(series).capitalize()}, {len(path)} days traded")
        locator = AutoDateLocator(maxticks=5)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(
            ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]
        )
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        if not column:
            axes.set_ylabel("wealth, from 1")
    entries: dict[str, Any] = {}
    for one in (first, axes):
        entries |= dict(zip(*reversed(one.get_legend_handles_labels()), strict=True))
    handles = list(entries.values())
    figure.legend(handles, list(entries), loc="outside lower center", ncols=4)
    return figure
