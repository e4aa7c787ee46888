"""Forecasts of a number: the course of training, the forecasts, their errors."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from coincast.figures.style import BLUE, GREEN, GREY, LIGHT_BLUE, RED, styled
from coincast.records.names import display_name

__all__ = ["loss", "mae", "prediction"]

FloatArray = npt.NDArray[np.float64]


@styled
def loss(
    histories: Mapping[str, pd.DataFrame],
    validation: Mapping[str, str],
    constant: Mapping[str, float],
    chosen: Mapping[str, int],
) -> Figure:
    """Draw the loss against the epoch, one panel a protocol, with a constant's.

    Args:
        histories: protocol -> table with `loss` and `val_loss`, index `epoch`.
        validation: protocol -> what its validation rows are.
        constant: protocol -> MAE of the train mean on those validation rows.
        chosen: protocol -> the epoch whose weights are used.
    """
    figure = Figure(figsize=(9, 4.2))
    panels = figure.subplots(1, len(histories), sharey=True)
    for axes, (protocol, history) in zip(panels, histories.items(), strict=True):
        axes.plot(history.index, history["loss"], color=BLUE, label="train rows, with dropout")
        axes.plot(history.index, history["val_loss"], color=GREEN, label=validation[protocol])
        axes.axhline(constant[protocol], color=GREY, linestyle="--", label="train mean, same rows")
        epoch = chosen[protocol]
        axes.plot(epoch, history["val_loss"][epoch], "o", color=RED, label=f"used: epoch {epoch}")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(title=protocol, xlabel="epoch")
        axes.legend(fontsize=8, loc="upper right")
    panels[0].set_ylabel("mean absolute error\n(fraction of the price)")
    panels[0].set_ylim(bottom=0)
    return figure


@styled
def prediction(
    dates: pd.DatetimeIndex, actual: FloatArray, forecasts: Mapping[str, FloatArray]
) -> Figure:
    """Draw the actual daily change and each forecast of it, in per cent, against time."""
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
        table: as `evaluation.mae_table` gives it.
        baseline: the row that skill is measured against.
    """
    figure = Figure(figsize=(8, 0.42 * len(table) + 1.3))
    axes = figure.subplots()
    places = np.arange(len(table))[::-1]
    colors = [RED if name.startswith("lstm") else BLUE for name in table.index]
    axes.axvline(
        table.loc[baseline, "mae"], color=GREY, linestyle="--", label=display_name(baseline)
    )
    axes.hlines(places, table["low"], table["high"], color=colors, linewidth=2)
    axes.scatter(table["mae"], places, color=colors, zorder=3)
    axes.set_yticks(places, [display_name(name) for name in table.index])
    axes.set(
        xlim=(0, None),
        xlabel=f"test MAE (fraction of the price) with 95 % interval, n = {table['n'].iloc[0]}",
    )
    axes.legend(loc="upper left")
    return figure
