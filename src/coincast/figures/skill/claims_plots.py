"""Figure of the published claims."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from coincast.figures.style import BLUE, GREEN, GREY, RED, styled
from coincast.records.names import named

__all__ = ["claims"]

# Column -> marker, colour, label; where a row has ends, they are drawn as a line.
SERIES = {
    "skill_published": ("v", RED, "published"),
    "skill_same": ("o", BLUE, "ours, same protocol"),
    "skill_honest": ("D", GREEN, "ours, honest protocol"),
    "opponent_skill": ("s", GREY, "ours, against the forecast that the claim names"),
}
WIDTH = 60  # characters of a claim in a line beside the axis
RAISED = {"skill_published": 0.24, "skill_same": 0.0, "skill_honest": -0.24, "opponent_skill": 0.24}


@styled
def claims(table: pd.DataFrame) -> Figure:
    """Draw each tested claim against its best constant, with the verdict beside it.

    Args:
        table: as `assessment.assess` gives it; rows without a number of ours are left out.
    """
    tested = table[table["same"].notna()]
    places = pd.Series(np.arange(len(tested))[::-1], tested.index, dtype=float)
    figure = Figure(figsize=(12, 0.62 * len(tested) + 1.6))
    axes = figure.subplots()
    axes.axvline(0, color="black", linewidth=0.8, label="the best constant")
    for column, (marker, color, label) in SERIES.items():
        heights = places + RAISED[column]
        axes.plot(tested[column], heights, marker, color=color, label=label)
        if f"{column}_low" in tested:  # a published number has no interval
            ends = tested[f"{column}_low"], tested[f"{column}_high"]
            axes.hlines(heights, *ends, color=color, linewidth=1.5)
    axes.hlines(places[1:] + 0.5, 0, 1, GREY, linewidth=0.3, transform=axes.get_yaxis_transform())
    labels = [_label(row) for _, row in tested.iterrows()]
    axes.set_yticks(places, labels, fontsize="small")
    axes.set(ylim=(-0.6, len(tested) - 0.4))
    # Forecasts far worse than a constant would squeeze all others together.
    axes.set_xscale("symlog", linthresh=0.5, linscale=1.5)
    marks = [-2, -1, -0.5, -0.25, 0, 0.25]
    axes.set_xticks(marks, [f"{mark:+g}" if mark else "0" for mark in marks])
    axes.minorticks_off()
    verdicts = axes.secondary_yaxis("right")
    verdicts.set_yticks(places, tested["verdict"], fontsize="small")
    for one in (axes, verdicts):
        one.tick_params(axis="y", length=0)
    axes.set_xlabel(
        "better (+) or worse (-) than the best constant, in units of it:\n"
        "1 - MAE / its MAE, or accuracy less its accuracy; logarithmic left of -0.5"
    )
    figure.legend(
        *axes.get_legend_handles_labels(), loc="outside lower center", ncols=5,
        title="lines: 95 % intervals of the paired difference, from other days",
    )  # fmt: skip
    return figure


def _label(row: pd.Series) -> str:
    """Who claims what, and what it is compared with."""
    claim = fill(f"{row['who']}: {row['says']}", WIDTH)
    return f"{claim}\nagainst {named(row['baseline'])}, n = {row['n']:.0f}"
