"""Forecasts beside what happened, and their errors."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from coincast.datasets.windows import FloatArray
from coincast.evaluation.scoring import row_shares
from coincast.figures.style import BLUE, GREEN, GREY, LIGHT_BLUE, RED, styled
from coincast.records.names import display_name

__all__ = ["confusion_matrix", "mae", "prediction"]

DARK = 0.6  # share above which a cell is dark enough for white text


@styled
def prediction(
    dates: pd.DatetimeIndex,
    actual: FloatArray,
    members: FloatArray,
    lines: Mapping[str, FloatArray],
) -> Figure:
    """Draw the actual daily change and what many seeds forecast, in per cent, against time.

    Args:
        dates: (n,), days of the change.
        actual: (n,), fractions.
        members: (members, n), forecasts; their median and the middle 90 % of them are drawn.
        lines: name -> (n,), further forecasts.
    """
    low, median, high = np.quantile(members, [0.05, 0.5, 0.95], axis=0)
    figure = Figure(figsize=(9, 4.8))
    axes = figure.subplots()
    axes.axhline(0, color="black", linewidth=0.8, label="no change")
    band = f"middle 90 % of {len(members)} LSTMs"
    axes.fill_between(dates, low, high, color=LIGHT_BLUE, alpha=0.35, linewidth=0, label=band)
    axes.plot(dates, actual, color=GREEN, linewidth=1.6, label="actual")
    axes.plot(dates, median, color=BLUE, linewidth=2, label="median of the LSTMs")
    for name, values in lines.items():
        axes.plot(dates, values, color=RED, linewidth=0.8, label=display_name(name))
    axes.set(ylabel="change of the day\n(close - open) / open", xlabel="date (UTC)")
    axes.margins(x=0.01)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


@styled
def mae(table: pd.DataFrame, published: Mapping[str, float]) -> Figure:
    """Draw every forecast's test MAE, and its skill against no change on the same days.

    Args:
        table: as `scoring.mae_table` gives it.
        published: name of a row -> its published error, on other prices.
    """
    figure = Figure(figsize=(9.5, 0.42 * len(table) + 1.5))
    errors, skills = figure.subplots(1, 2, sharey=True)
    places = np.arange(len(table))[::-1]
    colors = [BLUE if name.startswith("lstm") else GREY for name in table.index]
    for axes, value, ends in (
        (errors, "mae", ("low", "high")),
        (skills, "skill_no_change", ("skill_no_change_low", "skill_no_change_high")),
    ):
        axes.hlines(places, *(table[end] for end in ends), color=colors, linewidth=2)
        axes.scatter(table[value], places, color=colors, zorder=3)
    marks = places[table.index.get_indexer(list(published))]
    errors.plot(published.values(), marks, "v", color=RED, label="published, on other prices")
    skills.axvline(0, color="black", linewidth=0.8)
    errors.set_yticks(places, [display_name(name) for name in table.index])
    errors.set(xlim=(0, None), xlabel="test MAE (fraction of the price)")
    skills.set(xlabel="skill against no change, same days")
    figure.legend(
        *errors.get_legend_handles_labels(),
        title=f"lines: 95 % intervals, n = {table['n'].iloc[0]} test days",
        loc="outside lower center",
    )
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
