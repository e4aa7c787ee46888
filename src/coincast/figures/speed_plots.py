"""Training time against the number of models."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from coincast.figures.style import BLUE, GREEN, GREY, RED, styled

__all__ = ["speed"]


@styled
def speed(table: pd.DataFrame, losses: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Draw seconds against members, and the final losses of both sides.

    Args:
        table: runs of the Ethereum workload, as `studies.speed.reading.timing_table` gives them.
        losses: what was trained -> side -> final validation loss of each model.
    """
    figure = Figure(figsize=(10, 4.4))
    seconds, *others = figure.subplots(1, 1 + len(losses), width_ratios=[2.4, *[1] * len(losses)])
    _draw_seconds(seconds, table)
    for axes, (what, sides) in zip(others, losses.items(), strict=True):
        _draw_losses(axes, sides)
        axes.set_title(what)
    others[0].set_ylabel("validation loss after the last epoch")
    return figure


def _draw_seconds(axes: Axes, table: pd.DataFrame) -> None:
    program = table[table["side"] == "program"].groupby("members")[["cold", "warm"]].max()
    members = program.index.to_numpy()
    for side, color, label, above in (
        ("fit", RED, "fit, one after another", True),
        ("fit_tuned", GREY, "tuned fit", False),
    ):
        runs = table[table["side"] == side]
        each = runs["cold"].sum() / runs["members"].sum()
        timed = int(runs["members"].sum())
        axes.plot(timed, each * timed, "o", color=color)
        line = pd.Series(each * members, members)
        _draw_line(axes, line, f"{label} (mean of {timed})", above=above, color=color, style="--")
    _draw_line(axes, program["cold"], "one program, compiling counted", above=True, color=BLUE)
    _draw_line(axes, program["warm"], "one program, compiled before", above=False, color=GREEN)
    axes.set(xscale="log", yscale="log", xlabel="Ethereum LSTMs trained", ylabel="seconds")
    axes.set_xticks(members, map(str, members))
    axes.minorticks_off()


def _draw_line(
    axes: Axes, seconds: pd.Series, label: str, *, above: bool, color: str, style: str = "o-"
) -> None:
    """Draw a rising line, named at the left above it or at the right below it."""
    axes.plot(seconds, style, color=color)
    end = -2 if above else len(seconds) // 3
    axes.annotate(
        label, (seconds.index[end], seconds.iloc[end]), color=color, textcoords="offset points",
        xytext=(-6, 4) if above else (6, -4), ha="right" if above else "left",
        va="bottom" if above else "top",
    )  # fmt: skip


def _draw_losses(axes: Axes, sides: Mapping[str, Sequence[float]]) -> None:
    for place, (values, color) in enumerate(zip(sides.values(), (RED, GREEN), strict=True)):
        spread = place + np.linspace(-0.25, 0.25, len(values))
        axes.plot(spread, values, "o", color=color, alpha=0.6, markersize=4)
        axes.hlines(np.mean(values), place - 0.35, place + 0.35, color=color, linewidth=2)
    named = [f"{side}\nn = {len(values)}" for side, values in sides.items()]
    axes.set_xticks(range(len(named)), named)
    axes.set_xlim(-0.6, len(named) - 0.4)
