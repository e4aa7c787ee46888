"""A network, drawn from the Keras model itself."""

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from coincast.figures.style import BLUE, styled

if TYPE_CHECKING:
    import keras  # whoever hands in a model has paid for the import

__all__ = ["network"]


@styled
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
