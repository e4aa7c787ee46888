"""Forecasts beside what happened, and their errors."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from coincast.evaluation.scoring import row_shares
from coincast.figures.style import BLUE, GREEN, GREY, LIGHT_BLUE, RED, styled
from coincast.records.names import display_name

__all__ = ["confusion_matrix", "mae", "prediction"]

FloatArray = npt.NDArray[np.float64]
DARK = 0.6  # share above which a cell is dark enough for white text


@styled
def prediction(
    dates: pd.DatetimeIndex, actual: FloatArray, forecasts: Mapping[str, FloatArray]
) -> Figure:
    """Draw the actual daily change and the forecasts of it, in per cent, against time."""
    figure = Figure(figsize=(9, 4.8))
    axes = figure.subplots()
    axes.axhline(0, color="black", linewidth=0.8)
    axes.plot(dates, actual, color=GREEN, linewidth=2, label="actual")
    for (name, values), color in zip(forecasts.items(), (BLUE, LIGHT_BLUE, RED), strict=False):
        axes.plot(dates, values, color=color, label=name)
    axes.set(ylabel="change of the day\n(close - open) / open", xlabel="date (UTC)")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(ncols=2)
    return figure


@styled
def mae(table: pd.DataFrame, baseline: str) -> Figure:
    """Draw the test MAE of every forecast with its interval, and the baseline's as a line.

    Args:
        table: as `scoring.mae_table` gives it.
        baseline: name of the row that skill is relative to.
    """
    figure = Figure(figsize=(8, 0.42 * len(table) + 1.3))
    axes = figure.subplots()
    positions = np.arange(len(table))[::-1]
    colors = [RED if name.startswith("lstm") else BLUE for name in table.index]
    axes.axvline(
        table.loc[baseline, "mae"], color=GREY, linestyle="--", label=display_name(baseline)
    )
    axes.hlines(positions, table["low"], table["high"], color=colors, linewidth=2)
    axes.scatter(table["mae"], positions, color=colors, zorder=3)
    axes.set_yticks(positions, [display_name(name) for name in table.index])
    axes.set(
        xlim=(0, None),
        xlabel=f"test MAE (fraction of the price) with 95 % interval, n = {table['n'].iloc[0]}",
    )
    axes.legend(loc="upper left")
    return figure


@styled
def confusion_matrix(matrices: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw confusion matrices side by side: shares of each row, with the counts of days.

    Args:
        matrices: name -> counts, as `scoring.confusion` gives them.
    """
    figure = Figure(figsize=(3.3 * len(matrices), 3.6))
    panels = figure.subplots(1, len(matrices), squeeze=False)[0]
    for axes, (name, counts) in zip(panels, matrices.items(), strict=True):
        _matrix(axes, counts)
        axes.set(title=name, xlabel="forecast")
    panels[0].set_ylabel("true")
    return figure


def _matrix(axes: Axes, counts: pd.DataFrame) -> None:
    shares = row_shares(counts).to_numpy()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.grid(visible=False)
    axes.set_xticks(range(len(counts.columns)), list(counts.columns))
    axes.set_yticks(range(len(counts)), [f"{n}\n{counts.loc[n].sum()} days" for n in counts.index])
    for (row, column), share in np.ndenumerate(shares):
        text = f"{share:.0%}\n{counts.iloc[row, column]} days"
        color = "white" if share > DARK else "black"
        axes.text(column, row, text, ha="center", va="center", color=color)
