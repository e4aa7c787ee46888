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
    for side, color, label in (
        ("fit", RED, "fit, one after another"),
        ("fit_tuned", GREY, "tuned fit, one after another"),
    ):
        runs = table[table["side"] == side]
        each = runs["cold"].sum() / runs["members"].sum()
        timed = int(runs["members"].sum())
        axes.plot(members, each * members, color=color, linestyle="--",
                  label=f"{label} (mean of {timed})")  # fmt: skip
        axes.plot(timed, each * timed, "o", color=color)
    axes.plot(members, program["cold"], "o-", color=BLUE, label="one program, compiling counted")
    axes.plot(members, program["warm"], "o-", color=GREEN, label="one program, compiled before")
    axes.set(xscale="log", yscale="log", xlabel="Ethereum LSTMs trained", ylabel="seconds")
    axes.set_xticks(members, map(str, members))
    axes.minorticks_off()
    axes.set_ylim(top=axes.get_ylim()[1] * 30)
    axes.legend(loc="upper left")


def _draw_losses(axes: Axes, sides: Mapping[str, Sequence[float]]) -> None:
    for place, (values, color) in enumerate(zip(sides.values(), (RED, GREEN), strict=True)):
        spread = place + np.linspace(-0.25, 0.25, len(values))
        axes.plot(spread, values, "o", color=color, alpha=0.6, markersize=4)
        axes.hlines(np.mean(values), place - 0.35, place + 0.35, color=color, linewidth=2)
    named = [f"{side}\nn = {len(values)}" for side, values in sides.items()]
    axes.set_xticks(range(len(named)), named)
    axes.set_xlim(-0.6, len(named) - 0.4)
