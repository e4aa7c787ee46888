"""The figures of notebook 04: layers, cells and gradients."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from coincast.datasets.windows import FloatArray
from coincast.figures.style import BLUE, GREEN, GREY, LIGHT_BLUE, RED, styled
from coincast.prices.schema import OHLC
from coincast.studies.how_it_works import measurements
from coincast.studies.how_it_works.convolution import Layers, receptive_field
from coincast.studies.how_it_works.normalised_windows import LABELS, RECALL, ExampleWindow
from coincast.studies.how_it_works.seven_steps import SevenSteps

__all__ = ["cell_losses", "lstm_gates", "seven_steps", "vanishing_gradient"]

COLORS = {"RNN": RED, "LSTM": BLUE}
SECONDS_PER_DAY = 86400


@styled
def seven_steps(steps: SevenSteps, example: ExampleWindow) -> Figure:
    """Draw the window and what each step makes of it, above the days that each value depends on.

    The frames mark the largest pooled value and, in earlier steps, everything it depends on.
    """
    figure = Figure(figsize=(9, 9.6))
    panels = figure.subplots(6, 1, height_ratios=[1.1, 1, 1, 1, 1, 0.9])
    (width, stride), (pool, _) = steps.layers
    titles = {
        "window": "1 Input volume: each column in standard deviations from its window's mean",
        "convolution": f"2 Convolution: {width} days wide, stride {stride}",
        "relu": "3 ReLU: nothing below zero",
        "pooling": f"4 Max pooling: the larger of {pool}",
        "dropout": "5 Dropout, as in training: x is switched off, the rest is multiplied by "
        f"1 / (1 - {steps.rate:g}) = {1 / (1 - steps.rate):.3g}",
    }
    start = example.days[0].timestamp() / SECONDS_PER_DAY  # matplotlib's unit of dates
    for axes, (name, title) in zip(panels, titles.items(), strict=False):
        depth = {"window": 0, "convolution": 1, "relu": 1}.get(name, 2)
        _draw_table(axes, steps.tables[name], start, steps.layers[:depth])
        _frame(axes, steps, start, depth)
        axes.set_title(title)
    for piece, kernel in np.argwhere(~steps.kept):
        place = start + _centre(int(piece), steps.layers)
        panels[4].text(place, kernel, "x", ha="center", va="center", color="black")
    for axes in panels[1:5]:
        axes.sharex(panels[0])
    for axes in panels[:5]:
        axes.grid(visible=False)
        axes.xaxis_date()
    for axes in panels[1:4]:
        axes.tick_params(labelbottom=False)
    for axes in panels[1:5]:
        axes.xaxis.get_offset_text().set_visible(False)  # the days stand below the last one
    told = "every value is drawn in the middle of the days that it sees"
    panels[4].set_xlabel(f"{_dates(example)}; {told}")
    _draw_chances(panels[5], steps)
    return figure


def _dates(example: ExampleWindow) -> str:
    return f"{example.days[0]:%Y-%m-%d} to {example.days[-1]:%Y-%m-%d} (UTC)"


def _draw_table(axes: Axes, table: FloatArray, start: float, layers: Layers) -> None:
    """Draw a table of values, one column per piece; behind the first layer, write them too."""
    centres = start + np.array([_centre(piece, layers) for piece in range(len(table))])
    step = _step(layers)
    edges = np.append(centres - step / 2, centres[-1] + step / 2)
    limit = max(float(np.abs(table).max()), 1e-9)
    norm = TwoSlopeNorm(0, -limit, limit)
    rows = np.arange(table.shape[1] + 1) - 0.5
    mesh = axes.pcolormesh(edges, rows, table.T, cmap="PuOr_r", norm=norm, edgecolors="white")
    axes.invert_yaxis()
    bar = axes.figure.colorbar(mesh, ax=axes, pad=0.01, aspect=8)
    bar.locator = MaxNLocator(3)
    bar.ax.set_ylim(-limit if table.min() < 0 else 0, limit)
    names = [f"filter {k + 1}" for k in range(table.shape[1])] if layers else OHLC
    axes.set_yticks(range(len(names)), names)
    for (piece, row), value in np.ndenumerate(table):
        if layers and value:
            color = "white" if abs(value) > 0.6 * limit else "black"
            text = f"{round(float(value), 1) + 0:.1f}"  # + 0: never "-0.0"
            place = (float(centres[piece]), row)
            axes.text(*place, text, ha="center", va="center", fontsize=7.5, color=color)


def _centre(piece: int, layers: Layers) -> float:
    """The middle of the days that a piece depends on, in days from the window's first."""
    return sum(receptive_field(piece, layers)) / 2


def _step(layers: Layers) -> float:
    """Days from one piece to the next."""
    return float(np.prod([stride for _, stride in layers]))


def _frame(axes: Axes, steps: SevenSteps, start: float, depth: int) -> None:
    """Frame what the largest pooled value is made of, in the table behind `depth` layers."""
    piece, kernel = steps.strongest
    before, after = steps.layers[:depth], steps.layers[depth:]
    first, last = receptive_field(piece, after)
    step = _step(before)
    left = start + _centre(first, before) - step / 2
    top, rows = (kernel, 1) if depth else (0, len(OHLC))
    size = ((last - first + 1) * step, rows)
    axes.add_patch(
        Rectangle((left, top - 0.5), *size, fill=False, edgecolor=GREEN, lw=2.5, clip_on=False)
    )


def _draw_chances(axes: Axes, steps: SevenSteps) -> None:
    colors = [RED if name == steps.label else GREY for name in LABELS]
    bars = axes.barh(LABELS, steps.tables["softmax"], color=colors, height=0.6)
    axes.invert_yaxis()
    axes.bar_label(bars, fmt="%.2f", padding=4)
    axes.set(xlim=(0, 1), xlabel="probability (the two add up to 1)")
    axes.set_title(f"6 Softmax (nothing dropped) and 7 the most likely label: {steps.label}")


@styled
def vanishing_gradient(norms: pd.DataFrame) -> Figure:
    """Draw how much the output depends on each day back, one panel per task.

    Args:
        norms: as `measurements.measure` gives them; `input` is drawn as a share of lag 0.
    """
    shares = measurements.shares(norms)
    tasks = list(shares.index.unique("task"))
    figure = Figure(figsize=(10, 4.2))
    panels = np.atleast_1d(figure.subplots(1, len(tasks), sharey=True))
    for axes, task in zip(panels, tasks, strict=True):
        for network in shares.index.unique("network"):
            of_seeds = shares.loc[network].xs(task, level="task")
            color = COLORS[network]
            axes.fill_between(
                shares.columns, of_seeds.min(), of_seeds.max(), color=color, alpha=0.2, linewidth=0
            )
            axes.plot(shares.columns, of_seeds.median(), color=color, label=network)
        title = task if task == measurements.UNTRAINED else f"trained: {task}"
        axes.set(title=title, xlabel="lag (days before the last day)", yscale="log")
        axes.set_xlim(0, shares.columns[-1])
    seeds = shares.index.unique("seed").size
    panels[0].set_ylabel("gradient of the output by that day's input\n(share of the last day's)")
    panels[0].legend(title=f"median and range\nof {seeds} seeds", loc="lower left")
    return figure


@styled
def lstm_gates(gates: Mapping[str, FloatArray], example: ExampleWindow) -> Figure:
    """Draw closes, gates and cell state over the days of the window, one thin line per unit.

    Args:
        gates: "input", "forget", "output", "carry" -> (days, units).
        example: the window.
    """
    figure = Figure(figsize=(9, 9.5))
    panels = figure.subplots(5, 1, sharex=True, height_ratios=[1.2, 1, 1, 1, 1.2])
    panels[0].plot(example.days, example.prices["close"], "o-", color=GREEN, markersize=3)
    panels[0].set(ylabel="close, USD", title=f"{example.prices.attrs.get('coin', 'price')}")
    meanings = {
        "input": "Input gate: how much of the day is written",
        "forget": "Forget gate: how much of yesterday's cell state is kept (1: all)",
        "output": "Output gate: how much of the cell state is shown",
        "carry": "Cell state",
    }
    for axes, (name, meaning) in zip(panels[1:], meanings.items(), strict=True):
        units = axes.plot(example.days, gates[name], color=LIGHT_BLUE, linewidth=0.9)
        units[0].set_label("each unit")
        mean = gates[name].mean(axis=1)
        axes.plot(example.days, mean, color=BLUE, linewidth=2.2, label="mean of the units")
        axes.set(title=meaning, ylabel="cell state" if name == "carry" else "share, 0 to 1")
        if name != "carry":
            axes.set_ylim(0, 1)
    for axes in panels:
        axes.axvline(example.day, color=RED, linestyle="--", linewidth=1)
    told = f"{example.move:+.1%} on {example.day:%Y-%m-%d}"
    panels[0].set_title(told, loc="right", color=RED)
    panels[0].set_xlim(example.days[0], example.days[-1])
    panels[1].legend(ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
    panels[4].set_xlabel(_dates(example))
    return figure


@styled
def cell_losses(
    by_hand: Mapping[str, Sequence[float]],
    of_keras: Mapping[str, Sequence[float]],
    *,
    baselines: pd.DataFrame,
    facts: pd.DataFrame,
    longer: pd.Series,
) -> Figure:
    """Draw the losses in NumPy and in Keras, and how well each kind of network recalls.

    Args:
        by_hand: kind -> loss of each epoch in NumPy.
        of_keras: the same in Keras.
        baselines: as `normalised_windows.baselines` gives them.
        facts: as `measurements.measure` gives them.
        longer: as `measurements.longer_training` gives them.
    """
    figure = Figure(figsize=(9, 4))
    left, right = figure.subplots(1, 2, width_ratios=[1.6, 1])
    for kind, losses in by_hand.items():
        epochs = np.arange(1, len(losses) + 1)
        left.plot(epochs, losses, color=COLORS[kind], label=f"{kind}, NumPy")
        left.plot(epochs, of_keras[kind], "o", color=COLORS[kind], fillstyle="none",
                  label=f"{kind}, Keras")  # fmt: skip
    trained = baselines.loc["next close"]
    left.axhline(trained["fit"], color=GREY, linestyle="--", label=trained["forecast"])
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    title = "Predict the next close:\nsame weights, same data, two programs"
    left.set(title=title, xlabel="epoch", ylim=(0, None))
    left.set_ylabel("mean squared error\n(squared window units)")
    left.legend()
    left.set_xlim(0.8, None)
    recall = facts["loss"].xs(RECALL, level="task")
    shown = {"RNN": recall["RNN"], longer.name: longer, "LSTM": recall["LSTM"]}
    _draw_seeds(right, shown, baselines.loc[RECALL])
    right.set_title(f"{RECALL.capitalize()}:\neach seed, and the median")
    return figure


def _draw_seeds(axes: Axes, losses: Mapping[str, pd.Series], baseline: pd.Series) -> None:
    """Draw the held-out losses of each kind of network as dots, their median as a line."""
    for place, (name, of_kind) in enumerate(losses.items()):
        color = COLORS["LSTM" if name == "LSTM" else "RNN"]
        spread = place + np.linspace(-0.15, 0.15, len(of_kind))
        axes.plot(spread, of_kind, "o", color=color, alpha=0.7)
        axes.hlines(of_kind.median(), place - 0.25, place + 0.25, color=color, linewidth=2)
    axes.axhline(baseline["held_out"], color=GREY, linestyle="--")
    corner = (len(losses) - 0.45, baseline["held_out"])
    axes.annotate(baseline["forecast"], corner, xytext=(0, -4), textcoords="offset points",
                  ha="right", va="top", color=GREY)  # fmt: skip
    axes.set_xticks(range(len(losses)), losses)
    highest = max(baseline["held_out"], *(of_kind.max() for of_kind in losses.values()))
    axes.set(ylim=(0, 1.05 * highest), xlim=(-0.45, len(losses) - 0.45))
    axes.set_ylabel("mean squared error, held-out windows\n(squared window units)")
