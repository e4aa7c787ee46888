"""A network, drawn from the Keras model itself, and the course of its training."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.ticker import MaxNLocator

from coincast.figures.style import BLUE, GREEN, GREY, RED, styled

if TYPE_CHECKING:
    import keras  # slow to import; a caller who has a model has imported it

__all__ = ["loss", "model_accuracy", "model_loss", "network"]

Runs = Mapping[str, tuple[pd.DataFrame, str, Mapping[str, float]]]
LAYERS_PER_ROW = 6
LONG_NAME = 14  # letters of a layer's kind above which it is written smaller
SETTINGS = {  # of a layer's configuration -> how the drawing shows them
    "filters": "filters: {}",
    "kernel_size": "width: {0[0]}",
    "pool_size": "one of {0[0]} rows",
    "units": "units: {}",
    "rate": "drops {:.0%}",
    "activation": "{}",
    "negative_slope": "{:.2g} x below 0",
}


@styled
def network(model: "keras.Model") -> Figure:
    """Draw each layer of a model with its kind, settings, output shape and parameters."""
    layers = model.layers
    rows, columns = -(-len(layers) // LAYERS_PER_ROW), min(len(layers), LAYERS_PER_ROW)
    figure = Figure(figsize=(1.95 * columns, 2.3 * rows))
    axes = figure.subplots()
    axes.set(xlim=(0, columns), ylim=(0, rows))
    axes.set_axis_off()
    for position, layer in enumerate(layers):
        row, column = divmod(position, LAYERS_PER_ROW)
        bottom = rows - 1 - row
        _box(axes, column, bottom, layer)
        if column:
            _arrow(axes, column - 0.09, column + 0.09, bottom)
        elif row:
            _arrow(axes, columns - 0.09, columns, bottom + 1)
            _arrow(axes, 0, 0.09, bottom)
    axes.set_title(f"{model.name}: {model.count_params():,} parameters")
    return figure


def _arrow(axes: Axes, start: float, end: float, bottom: int) -> None:
    ends = (start, bottom + 0.5), (end, bottom + 0.5)
    axes.add_patch(FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=12))


def _box(axes: Axes, column: int, bottom: int, layer: "keras.Layer") -> None:
    corner, style = (column + 0.12, bottom + 0.12), "round,pad=0.02"
    axes.add_patch(
        FancyBboxPatch(corner, 0.76, 0.76, boxstyle=style, facecolor="#EAF3FA", edgecolor=BLUE)
    )
    config = layer.get_config()
    shown = {name: config.get(name) for name in SETTINGS}
    shape = " x ".join("n" if size is None else str(size) for size in layer.output.shape)
    lines = [
        *(SETTINGS[name].format(v) for name, v in shown.items() if v not in (None, "linear")),
        f"output {shape}",
    ]
    if layer.count_params():
        lines.append(f"{layer.count_params():,} parameters")
    kind = type(layer).__name__
    size = 8.5 if len(kind) > LONG_NAME else 10
    centred: dict[str, Any] = {"ha": "center", "va": "center"}
    axes.text(column + 0.5, bottom + 0.74, kind, weight="bold", fontsize=size, **centred)
    axes.text(column + 0.5, bottom + 0.4, "\n".join(lines), fontsize=8.5, **centred)


@styled
def loss(runs: Runs, epochs_used: Mapping[str, int]) -> Figure:
    """Draw the mean absolute error against the epoch, one panel per protocol.

    Args:
        runs: protocol -> (history with `loss` and `val_loss`, index `epoch`; name of its
            validation rows; `loss`: MAE of the train mean on these rows).
        epochs_used: protocol -> the epoch whose weights are used.
    """
    figure = _panels(runs, "loss", "train mean, same rows", 4.2, epochs_used)
    for axes in figure.axes:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(fontsize=8, loc="upper right")
    figure.axes[0].set_ylabel("mean absolute error\n(fraction of the price)")
    figure.axes[0].set_ylim(bottom=0)
    return figure


@styled
def model_loss(runs: Runs) -> Figure:
    """Draw the cross-entropy against the epoch, one panel per protocol.

    Args:
        runs: protocol -> (history with `loss`, `val_loss`, `accuracy` and `val_accuracy`, index
            `epoch`; name of its validation rows; `scoring.constant_scores` of these rows).
    """
    figure = _panels(runs, "loss", "share of ups in the train rows")
    figure.axes[0].set_ylabel("loss (cross-entropy, nats)")
    return figure


@styled
def model_accuracy(runs: Runs) -> Figure:
    """Draw the accuracy against the epoch, one panel per protocol; `runs` as in `model_loss`."""
    figure = _panels(runs, "accuracy", "majority class of the train rows")
    figure.axes[0].set_ylabel("accuracy (share of days)")
    return figure


def _panels(
    runs: Runs,
    column: str,
    constant: str,
    height: float = 4.8,
    epochs_used: Mapping[str, int] | None = None,
) -> Figure:
    """Draw a column of each history with a constant's score and one epoch marked."""
    figure = Figure(figsize=(9, height))
    panels = figure.subplots(1, len(runs), sharey=True, squeeze=False)[0]
    for axes, (protocol, (history, rows, constants)) in zip(panels, runs.items(), strict=True):
        epoch, marked = history["val_loss"].idxmin(), f"least loss on the {rows}"
        if epochs_used:
            epoch, marked = epochs_used[protocol], "used"
        measured = history[f"val_{column}"]
        axes.plot(history.index, history[column], color=BLUE, label="train rows, with dropout")
        axes.plot(history.index, measured, color=GREEN, label=rows)
        axes.axhline(constants[column], color=GREY, linestyle="--", label=constant)
        label = f"{marked}: epoch {epoch}"
        axes.plot(epoch, measured[epoch], "o", color=RED, zorder=3, label=label)
        axes.set(title=protocol, xlabel="epoch")
        axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14))
    return figure
