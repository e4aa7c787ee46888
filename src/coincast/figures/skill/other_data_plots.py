"""Figure of notebook 09: the skill that other series add."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from coincast.figures.style import BLUE, GREEN, GREY, RED, styled
from coincast.records.names import model_name

__all__ = ["other_data"]

MODELS = {"linear": (BLUE, -0.25), "boosting": (RED, 0.0), "lstm": (GREEN, 0.25)}
LEAST_REACH = 0.02  # of the axis on each side, in units of skill


@styled
def other_data(added: pd.DataFrame) -> Figure:
    """Draw the skill that each group of series adds to prices alone, and that its placebo adds.

    Args:
        added: as `added_skill.added_skill` gives it.
    """
    coins, tasks, groups = (list(added[name].unique()) for name in ("coin", "task", "group"))
    figure = Figure(figsize=(12, 1.2 + 0.42 * len(groups) * len(coins) + 1.2 * len(coins)))
    panels = figure.subplots(len(coins), len(tasks), squeeze=False, sharey=True)
    for axes, (coin, task) in zip(panels.flat, [(c, t) for c in coins for t in tasks], strict=True):
        part = added[(added["coin"] == coin) & (added["task"] == task)]
        _panel(axes, part, groups)
        axes.set_title(f"{coin.capitalize()}: {task}")
    panels[0, 0].set_yticks(range(len(groups)), groups)
    panels[0, 0].set_ylim(len(groups) - 0.5, -0.5)
    figure.supxlabel("skill added to the same model with prices alone, 95 % interval", fontsize=10)
    handles = {
        label: line
        for axes in panels.flat
        for line, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles, loc="outside upper center", ncols=len(handles))
    return figure


def _panel(axes: Axes, part: pd.DataFrame, groups: list[str]) -> None:
    for (model, placebo), rows in part.groupby(["model", "placebo"], sort=False):
        color, shift = MODELS[model]
        heights = rows["group"].map(groups.index) + shift + 0.1 * placebo
        ends = np.abs(rows[["low", "high"]].sub(rows["skill"], axis=0).to_numpy().T)
        axes.errorbar(
            rows["skill"], heights, xerr=ends, fmt="none" if placebo else "o", markersize=4,
            color=GREY if placebo else color, linewidth=1 if placebo else 1.5,
            label="placebo" if placebo else model_name(model),
        )  # fmt: skip
        if placebo:
            axes.plot(rows["skill"], heights, "|", color=GREY, markersize=5)
    axes.axvline(0, color="black", linewidth=0.8)
    reach = max(LEAST_REACH, 1.3 * part["skill"].abs().max())
    axes.set_xlim(-reach, reach)
    axes.locator_params(axis="x", nbins=5)
