"""Prices and the features computed from them."""

from collections.abc import Mapping

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from matplotlib.transforms import Bbox

from coincast.figures.style import BLUE, GREEN, GREY, LIGHT_BLUE, styled
from coincast.prices.load import volume_in_usd
from coincast.prices.venues import gaps

__all__ = ["feature_rows", "price", "training", "venues", "volume"]


@styled
def price(prices: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw closing prices (USD, logarithmic) against time, one line per coin."""
    closes = pd.DataFrame({coin: table["close"] for coin, table in prices.items()})
    return _lines(closes, "close, USD")


@styled
def volume(prices: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw daily traded volume (USD, logarithmic) against time, one line per coin."""
    volumes = pd.DataFrame({coin: volume_in_usd(table) for coin, table in prices.items()})
    return _lines(volumes.where(volumes > 0), "volume, USD a day")


def _lines(table: pd.DataFrame, label: str) -> Figure:
    figure = Figure()
    axes = figure.subplots()
    sns.lineplot(table, ax=axes, dashes=False, errorbar=None)
    axes.set(yscale="log", ylabel=label, xlabel="date (UTC)")
    axes.margins(x=0)
    axes.legend(title=None)
    return figure


@styled
def feature_rows(table: pd.DataFrame, units: Mapping[str, str], heading: str) -> Figure:
    """Draw the rows of a daily table, with a unit under each column's name."""
    figure = Figure(figsize=(9, 0.27 * (len(table) + 3)))
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_title(heading)
    header = ["date (UTC)", *(f"{name}\n{units[name]}" for name in table.columns)]
    cells = [
        [f"{day:%Y-%m-%d}", *(_cell(value) for value in row)]
        for day, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    drawn = axes.table(
        cells, colLabels=header, bbox=Bbox.unit(), cellLoc="right", edges="horizontal"
    )
    drawn.auto_set_font_size(False)  # noqa: FBT003 - matplotlib's own signature
    drawn.set_fontsize(9)
    for cell in drawn.get_celld().values():
        cell.set(edgecolor=GREY, linewidth=0.6)
    for column in range(len(header)):
        drawn[0, column].set_height(drawn[0, column].get_height() * 1.8)
    return figure


def _cell(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4f}"  # noqa: PLR2004


@styled
def venues(
    closes: pd.DataFrame, reference: str, shaded: tuple[str, str] | list[str], label: str
) -> Figure:
    """Draw the gap of each venue's close to the reference venue's, in per cent, with its median.

    Args:
        closes: index `date`, one column per venue, USD, NaN where a venue has no data.
        reference: column that the others are compared with.
        shaded: first and last day of a period to shade.
        label: what that period is.
    """
    found = gaps(closes, reference)
    first, last = map(pd.Timestamp, shaded)
    figure = Figure(figsize=(8, 5.5))
    panels = figure.subplots(found.shape[1], sharex=True, sharey=True)
    for axes, venue in zip(panels, found.columns, strict=True):
        axes.axvspan(first, last, color=LIGHT_BLUE, alpha=0.35, linewidth=0)
        axes.plot(found.index, found[venue], ".", markersize=2, color=GREY, label="each day")
        median = found[venue].rolling(30, center=True, min_periods=15).median()
        axes.plot(median.index, median, color=BLUE, label="30-day median")
        axes.axhline(0, color="black", linewidth=0.8)
        axes.set(ylabel=f"gap to {reference}", title=venue)
        axes.margins(x=0)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    panels[0].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    panels[0].annotate(
        label, (last, 1), xycoords=("data", "axes fraction"), xytext=(4, -4),
        textcoords="offset points", va="top", color=BLUE,
    )  # fmt: skip
    axes.set_xlabel("date (UTC)")
    return figure


@styled
def training(prices: pd.DataFrame, train: pd.DatetimeIndex, test: pd.DatetimeIndex) -> Figure:
    """Draw the coin's close (USD, logarithmic) with train and test days in colour."""
    figure = Figure()
    axes = figure.subplots()
    axes.plot(prices.index, prices["close"], color=GREY, linewidth=0.8, label="history only")
    for days, color, name in ((train, BLUE, "train"), (test, GREEN, "test")):
        label = f"{name}: {len(days)} days, {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}"
        axes.plot(days, prices["close"].reindex(days), color=color, linewidth=2, label=label)
    axes.set(yscale="log", ylabel=f"{prices.attrs['coin']} close, USD", xlabel="date (UTC)")
    axes.legend(loc="upper left")
    return figure
