"""The runs of a sweep side by side, with the constant forecasts that each must beat."""

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import offset_copy

from coincast.figures.style import BLUE, GREEN, GREY, LIGHT_BLUE, RED, styled
from coincast.records.names import display_name

__all__ = ["MOST_DRAWN", "comparison"]

MOST_DRAWN = 24  # runs that fit on a page
CONSTANTS = {"no_change": "s", "train_mean": "D", "majority_class": "D"}  # name -> marker
COLORS = (RED, BLUE, GREEN, LIGHT_BLUE)
AXES = {
    "mae": ("test MAE (fraction of the price)", (0, None)),
    "accuracy": ("test accuracy (share of days)", (0, 1)),
}
WARNING = "The best of many runs looks better than it is: to choose it is to choose on test rows."


@styled
def comparison(scores: pd.DataFrame, heading: str) -> Figure:
    """Draw every run's test scores with their intervals: models in colour, constants in grey.

    One panel per question, one band per run, one line per forecast.

    Args:
        scores: one row per run, question and forecast: `run`, `question`, `forecast`, `measure`,
            `score`, `low`, `high`, `n`. Only the first 24 runs are drawn.
        heading: what was run, with which parameters.
    """
    runs = list(dict.fromkeys(scores["run"]))
    drawn = runs[:MOST_DRAWN]
    shown = scores[scores["run"].isin(drawn)]
    questions = list(dict.fromkeys(shown["question"]))
    lines = shown.groupby("question")["forecast"].nunique().max()
    height = 1.6 + 0.2 * lines + max(0.5, 0.17 * lines) * len(drawn)  # margins, legend, bands
    figure = Figure(figsize=(2.5 + 5.5 * len(questions), height))
    panels = figure.subplots(1, len(questions), sharey=True, squeeze=False)[0]
    models = [name for name in dict.fromkeys(shown["forecast"]) if name not in CONSTANTS]
    colors = dict(zip(models, itertools.cycle(COLORS), strict=False))
    for axes, question in zip(panels, questions, strict=True):
        _panel(axes, shown[shown["question"] == question], drawn, colors)
        axes.set_title(question)
    panels[0].set_yticks(range(len(drawn)), [run.replace(", ", "\n") for run in drawn])
    panels[0].set_ylim(len(drawn) - 0.5, -0.5)
    left_out = f"; the first {len(drawn)} of {len(runs)} runs" if len(drawn) < len(runs) else ""
    figure.suptitle(f"{heading}{left_out}", x=0.01, ha="left", fontsize=11)
    figure.supxlabel(WARNING, x=0.01, ha="left", fontsize=8, color=GREY)
    return figure


def _panel(axes: Axes, part: pd.DataFrame, runs: list[str], colors: Mapping[str, str]) -> None:
    """Draw one question, the forecasts of each run below one another in its band."""
    forecasts = list(dict.fromkeys(part["forecast"]))
    shifts = np.linspace(-0.5, 0.5, len(forecasts) + 2)[1:-1]
    for forecast, shift in zip(forecasts, shifts, strict=True):
        rows = part[part["forecast"] == forecast]
        places = rows["run"].map(runs.index).to_numpy() + shift
        color, marker = colors.get(forecast, GREY), CONSTANTS.get(forecast, "o")
        axes.hlines(places, rows["low"], rows["high"], color=color, linewidth=1.6)
        axes.plot(
            rows["score"], places, marker, color=color, markersize=5, label=display_name(forecast)
        )
    for run, n in part.groupby("run")["n"].first().items():
        beside = axes.get_yaxis_transform()
        axes.text(1.01, runs.index(run), f"n = {n}", transform=beside, va="center", fontsize=8)
    for border in range(1, len(runs)):
        axes.axhline(border - 0.5, color="#BBBBBB", linewidth=0.8)
    measure = part["measure"].iloc[0]
    label, limits = AXES.get(measure, (f"test {measure}", (None, None)))
    axes.set(xlabel=f"{label} with 95 % interval", xlim=limits)
    axes.grid(visible=False, axis="y")
    below = offset_copy(axes.transAxes, axes.get_figure(root=True), y=-36, units="points")
    axes.legend(loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=below)
