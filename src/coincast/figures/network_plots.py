"""A network, drawn from the Keras model itself."""

from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from coincast.figures.style import BLUE, styled

if TYPE_CHECKING:
    import keras  # whoever hands in a model has paid for the import

__all__ = ["network"]

ROW = 6  # layers drawn side by side
LONG_NAME = 14  # letters of a layer's kind from which it is written smaller


@styled
def network(model: "keras.Model") -> Figure:
    """Draw the layers of a model from the model itself: kind, settings, shape, parameters.

    Deep models go on in the next row; an arrow leaves the one and enters the other.
    """
    layers = model.layers
    rows, columns = -(-len(layers) // ROW), min(len(layers), ROW)
    figure = Figure(figsize=(1.95 * columns, 2.3 * rows))
    axes = figure.subplots()
    axes.set(xlim=(0, columns), ylim=(0, rows))
    axes.set_axis_off()
    for position, layer in enumerate(layers):
        row, column = divmod(position, ROW)
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


def _box(axes: Axes, position: int, bottom: int, layer: "keras.Layer") -> None:
    corner, extent = (position + 0.12, bottom + 0.12), (0.76, 0.76)
    axes.add_patch(
        FancyBboxPatch(
            corner, *extent, boxstyle="round,pad=0.02", facecolor="#EAF3FA", edgecolor=BLUE
        )
    )
    lines = [*_settings(layer), f"output {_shape(layer.output.shape)}"]
    if layer.count_params():
        lines.append(f"{layer.count_params():,} parameters")
    centre = position + 0.5
    kind = type(layer).__name__
    size = 8.5 if len(kind) > LONG_NAME else 10
    middle: dict[str, Any] = {"ha": "center", "va": "center"}
    axes.text(centre, bottom + 0.74, kind, weight="bold", fontsize=size, **middle)
    axes.text(centre, bottom + 0.4, "\n".join(lines), fontsize=8.5, **middle)


def _settings(layer: "keras.Layer") -> list[str]:
    """Return the settings that a reader asks for, as the layer's own configuration has them."""
    config = layer.get_config()
    shown = {
        "filters": "filters: {}",
        "kernel_size": "width: {0[0]}",
        "pool_size": "one of {0[0]} rows",
        "units": "units: {}",
        "rate": "drops {:.0%}",
        "activation": "{}",
        "negative_slope": "{:.2g} x below 0",
    }
    return [
        form.format(config[name])
        for name, form in shown.items()
        if config.get(name) not in (None, "linear")
    ]


def _shape(shape: tuple[int | None, ...]) -> str:
    return " x ".join("n" if size is None else str(size) for size in shape)
