"""Results -> matplotlib figures. Nothing here loads, trains or chooses anything."""

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ParamSpec

import numpy as np
import numpy.typing as npt
import pandas as pd
import seaborn as sns
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.ticker import MaxNLocator, PercentFormatter

from coincast.evaluation import title
from coincast.paths import PACKAGE
from coincast.prices import volume_in_usd

if TYPE_CHECKING:
    import keras  # whoever hands in a model has paid for the import

__all__ = [
    "feature_rows",
    "loss",
    "mae",
    "network",
    "prediction",
    "price",
    "training",
    "venues",
    "volume",
]

Arguments = ParamSpec("Arguments")
FloatArray = npt.NDArray[np.float64]
BLUE, RED, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"


def _styled(draw: Callable[Arguments, Figure]) -> Callable[Arguments, Figure]:
    """Draw in the repository's style, whatever the user's own settings are."""

    @functools.wraps(draw)
    def styled(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Figure:
        with style.context(["default", PACKAGE / "coincast.mplstyle"]):
            figure = draw(*args, **kwargs)
            figure.set_dpi(150)
            return figure

    return styled


@_styled
def price(prices: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw closing prices (USD, logarithmic) against time, one line a coin."""
    closes = pd.DataFrame({coin: table["close"] for coin, table in prices.items()})
    return _lines(closes, "close, USD")


@_styled
def volume(prices: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw daily traded volume (USD, logarithmic) against time, one line a coin."""
    volumes = pd.DataFrame({coin: volume_in_usd(table) for coin, table in prices.items()})
    return _lines(volumes.where(volumes > 0), "volume, USD a day")


def _lines(table: pd.DataFrame, label: str) -> Figure:
    figure = Figure()
    axes = figure.subplots()
    sns.lineplot(table, ax=axes, dashes=False, errorbar=None)
    axes.set(yscale="log", ylabel=label, xlabel="date (UTC)")
    axes.legend(title=None)
    return figure


@_styled
def feature_rows(table: pd.DataFrame, units: Mapping[str, str], heading: str) -> Figure:
    """Draw the rows of a table, one line a day, with a unit under each column's name."""
    figure = Figure(figsize=(9, 0.27 * (len(table) + 4)))
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_title(heading)
    header = ["date (UTC)", *(f"{name}\n{units[name]}" for name in table.columns)]
    cells = [
        [f"{day:%Y-%m-%d}", *(_cell(value) for value in row)]
        for day, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    drawn = axes.table(
        cells, colLabels=header, loc="upper center", cellLoc="right", edges="horizontal"
    )
    drawn.auto_set_font_size(False)  # noqa: FBT003 - matplotlib's own signature
    drawn.set_fontsize(9)
    drawn.scale(1, 1.25)
    for column in range(len(header)):
        drawn[0, column].set(height=drawn[0, column].get_height() * 1.8, facecolor="#EEEEEE")
    return figure


def _cell(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4f}"  # noqa: PLR2004


@_styled
def venues(closes: pd.DataFrame, reference: str) -> Figure:
    """Draw each venue's close as a gap to the reference venue's, in per cent, with its median.

    Args:
        closes: index `date`, a column a venue, USD, NaN where a venue has no data.
        reference: the column that the others are compared with.
    """
    gaps = closes.drop(columns=reference).div(closes[reference], axis=0) - 1
    figure = Figure(figsize=(8, 5.5))
    for axes, venue in zip(figure.subplots(gaps.shape[1], sharex=True), gaps.columns, strict=True):
        axes.plot(gaps.index, gaps[venue], ".", markersize=2, color=GREY, label="each day")
        median = gaps[venue].rolling(30, center=True, min_periods=15).median()
        axes.plot(median.index, median, color=BLUE, label="30-day median")
        axes.axhline(0, color="black", linewidth=0.8)
        axes.set(ylabel=f"gap to {reference}", title=venue)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    axes.set_xlabel("date (UTC)")
    return figure


@_styled
def training(prices: pd.DataFrame, train: pd.DatetimeIndex, test: pd.DatetimeIndex) -> Figure:
    """Draw the coin's close (USD, logarithmic), train and test days in their colours."""
    figure = Figure()
    axes = figure.subplots()
    axes.plot(prices.index, prices["close"], color=GREY, linewidth=0.8, label="history only")
    for days, color, name in ((train, BLUE, "train"), (test, GREEN, "test")):
        label = f"{name}: {len(days)} days, {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}"
        axes.plot(days, prices["close"].reindex(days), color=color, linewidth=2, label=label)
    axes.set(yscale="log", ylabel=f"{prices.attrs['coin']} close, USD", xlabel="date (UTC)")
    axes.legend(loc="upper left")
    return figure


@_styled
def network(model: "keras.Model") -> Figure:
    """Draw the layers of a model from the model itself: kind, settings, shape, parameters."""
    layers = model.layers
    figure = Figure(figsize=(1.95 * len(layers), 2.3))
    axes = figure.subplots()
    axes.set(xlim=(0, len(layers)), ylim=(0, 1))
    axes.set_axis_off()
    for position, layer in enumerate(layers):
        _box(axes, position, layer)
        if position:
            start, end = (position - 0.09, 0.5), (position + 0.09, 0.5)
            axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=12))
    axes.set_title(f"{model.name}: {model.count_params():,} parameters")
    return figure


def _box(axes: Axes, position: int, layer: "keras.Layer") -> None:
    corner, size = (position + 0.12, 0.12), (0.76, 0.76)
    axes.add_patch(
        FancyBboxPatch(
            corner, *size, boxstyle="round,pad=0.02", facecolor="#EAF3FA", edgecolor=BLUE
        )
    )
    lines = [*_settings(layer), f"output {_shape(layer.output.shape)}"]
    if layer.count_params():
        lines.append(f"{layer.count_params():,} parameters")
    centre = position + 0.5
    axes.text(centre, 0.74, type(layer).__name__, ha="center", va="center", weight="bold")
    axes.text(centre, 0.4, "\n".join(lines), ha="center", va="center", fontsize=8.5)


def _settings(layer: "keras.Layer") -> list[str]:
    """Return the settings that a reader asks for, as the layer's own configuration has them."""
    config = layer.get_config()
    shown = {"units": "units: {}", "rate": "drops {:.0%}", "activation": "{}"}
    return [
        form.format(config[name])
        for name, form in shown.items()
        if config.get(name) not in (None, "linear")
    ]


def _shape(shape: tuple[int | None, ...]) -> str:
    return " x ".join("n" if size is None else str(size) for size in shape)


@_styled
def loss(
    histories: Mapping[str, pd.DataFrame],
    validation: Mapping[str, str],
    constant: Mapping[str, float],
) -> Figure:
    """Draw the loss against the epoch, one panel a protocol, with a constant's.

    Args:
        histories: protocol -> table with `loss` and `val_loss`, index `epoch`.
        validation: protocol -> what its validation rows are.
        constant: protocol -> MAE of the train mean on those validation rows.
    """
    figure = Figure(figsize=(9, 4.2))
    panels = figure.subplots(1, len(histories), sharey=True)
    for axes, (protocol, history) in zip(panels, histories.items(), strict=True):
        axes.plot(history.index, history["loss"], color=BLUE, label="train rows, with dropout")
        axes.plot(history.index, history["val_loss"], color=GREEN, label=validation[protocol])
        axes.axhline(constant[protocol], color=GREY, linestyle="--", label="train mean, same rows")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(title=protocol, xlabel="epoch")
        axes.legend(fontsize=8, loc="upper right")
    panels[0].set_ylabel("mean absolute error\n(fraction of the price)")
    panels[0].set_ylim(bottom=0)
    return figure


@_styled
def prediction(
    dates: pd.DatetimeIndex, actual: FloatArray, forecasts: Mapping[str, FloatArray]
) -> Figure:
    """Draw the actual daily change and each forecast of it, in per cent, against time."""
    figure = Figure(figsize=(9, 4.8))
    axes = figure.subplots()
    axes.axhline(0, color="black", linewidth=0.8)
    axes.plot(dates, actual, color=GREEN, linewidth=2, label="actual")
    for (name, values), color in zip(forecasts.items(), (BLUE, "#56B4E9", RED), strict=False):
        axes.plot(dates, values, color=color, label=name)
    axes.set(ylabel="change of the day\n(close - open) / open", xlabel="date (UTC)")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(ncols=2)
    return figure


@_styled
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
    axes.axvline(table.loc[baseline, "mae"], color=GREY, linestyle="--", label=title(baseline))
    axes.hlines(places, table["low"], table["high"], color=colors, linewidth=2)
    axes.scatter(table["mae"], places, color=colors, zorder=3)
    axes.set_yticks(places, [title(name) for name in table.index])
    axes.set(
        xlim=(0, None),
        xlabel=f"test MAE (fraction of the price) with 95 % interval, n = {table['n'].iloc[0]}",
    )
    axes.legend(loc="upper left")
    return figure
