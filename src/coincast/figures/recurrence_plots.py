"""What a convolution and a recurrent cell do with one window, and how far gradients reach."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from coincast.figures.style import BLUE, GREEN, GREY, LIGHT_BLUE, RED, styled
from coincast.prices.schema import OHLC
from coincast.studies.how_it_works import gradients
from coincast.studies.how_it_works.layers_by_hand import receptive_field
from coincast.studies.how_it_works.price_windows import LABELS, Example

if TYPE_CHECKING:
    from coincast.studies.how_it_works.walkthrough import Steps

__all__ = ["cell_losses", "lstm_gates", "seven_steps", "vanishing_gradient"]

FloatArray = npt.NDArray[np.float64]
COLORS = {"RNN": RED, "LSTM": BLUE}


@styled
def seven_steps(steps: "Steps", example: Example) -> Figure:
    """Draw the window and what each step makes of it, all over the days that they see.

    The frames show the largest pooled value and, in the steps before, all that it sees.
    """
    figure = Figure(figsize=(9, 9.6))
    panels = figure.subplots(6, 1, height_ratios=[1.1, 1, 1, 1, 1, 0.9])
    width, stride = steps.layers[0]
    convolved = steps.layers[:1]
    filters = [f"filter {k + 1}" for k in range(steps.tables["convolution"].shape[1])]
    for name, title, rows, layers in (
        (
            "window",
            "1 Input volume: each column in standard deviations from its window's mean",
            OHLC,
            [],
        ),
        ("convolution", f"2 Convolution: {width} days wide, stride {stride}", filters, convolved),
        ("relu", "3 ReLU: nothing below zero", filters, convolved),
        ("pooling", f"4 Max pooling: the larger of {steps.layers[1][0]}", filters, steps.layers),
        ("dropout", "5 Dropout, as in training: x is switched off", filters, steps.layers),
    ):
        axes = panels[list(steps.tables).index(name)]
        _map(axes, steps.tables[name], example.days, layers)
        axes.set_yticks(range(len(rows)), rows)
        axes.set_title(title)
        _frame(axes, steps, name, example.days)
    for piece, kernel in np.argwhere(~steps.kept):
        place = _centre(int(piece), steps.layers, example.days)
        panels[4].text(place, kernel, "x", ha="center", va="center", color="black")
    for axes in panels[1:5]:
        axes.sharex(panels[0])
    for axes in panels[:5]:
        axes.grid(visible=False)
        axes.xaxis_date()
    for axes in panels[1:4]:
        axes.tick_params(labelbottom=False)
        axes.xaxis.get_offset_text().set_visible(False)
    panels[4].set_xlabel("date (UTC); every value is drawn in the middle of the days that it sees")
    _label(panels[5], steps)
    return figure


def _map(
    axes: Axes, table: FloatArray, days: pd.DatetimeIndex, layers: Sequence[tuple[int, int]]
) -> None:
    """Draw a table of values, one column a piece, with numbers where there is room."""
    step = float(np.prod([stride for _, stride in layers]))
    centres = np.array([_centre(piece, layers, days) for piece in range(len(table))])
    edges = np.append(centres - step / 2, centres[-1] + step / 2)
    limit = max(float(np.abs(table).max()), 1e-9)
    norm = TwoSlopeNorm(0, -limit, limit)
    rows = np.arange(table.shape[1] + 1) - 0.5
    mesh = axes.pcolormesh(edges, rows, table.T, cmap="PuOr_r", norm=norm, edgecolors="white")
    axes.invert_yaxis()
    axes.figure.colorbar(mesh, ax=axes, pad=0.01, aspect=8).locator = MaxNLocator(3)
    if layers:
        _write_values(axes, table, centres, limit)


def _write_values(axes: Axes, table: FloatArray, centres: FloatArray, limit: float) -> None:
    """Write every value that is not zero into its place."""
    for (piece, row), value in np.ndenumerate(table):
        color = "white" if abs(value) > 0.6 * limit else "black"
        text = f"{round(float(value), 1) + 0:.1f}" if value else ""  # + 0: never "-0.0"
        place = (float(centres[piece]), row)
        axes.text(*place, text, ha="center", va="center", fontsize=7.5, color=color)


def _centre(piece: int, layers: Sequence[tuple[int, int]], days: pd.DatetimeIndex) -> float:
    first, last = receptive_field(piece, layers)
    return _number(days[0]) + (first + last) / 2


def _number(day: pd.Timestamp) -> float:
    """Return a day as matplotlib counts them: from 1970-01-01."""
    return (day - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1)


def _frame(axes: Axes, steps: "Steps", name: str, days: pd.DatetimeIndex) -> None:
    """Frame what the largest pooled value is made of in this table."""
    piece, kernel = steps.strongest
    pool = steps.layers[1][0]
    start = _number(days[0])
    if name == "window":
        first, last = steps.receptive_field
        corner, size = (start + first - 0.5, -0.5), (last - first + 1, len(OHLC))
    elif name in {"convolution", "relu"}:
        stride = steps.layers[0][1]
        left = _centre(piece * pool, steps.layers[:1], days) - stride / 2
        corner, size = (left, kernel - 0.5), (pool * stride, 1)
    else:
        stride = steps.layers[0][1] * pool
        corner, size = (_centre(piece, steps.layers, days) - stride / 2, kernel - 0.5), (stride, 1)
    axes.add_patch(
        Rectangle(corner, *size, fill=False, edgecolor=GREEN, linewidth=2.5, clip_on=False)
    )


def _label(axes: Axes, steps: "Steps") -> None:
    chances = steps.tables["softmax"]
    colors = [RED if name == steps.label else GREY for name in LABELS]
    bars = axes.barh(LABELS, chances, color=colors, height=0.6)
    axes.invert_yaxis()
    axes.bar_label(bars, fmt="%.2f", padding=4)
    axes.set(xlim=(0, 1), xlabel="probability (the two add up to 1)")
    axes.set_title(f"6 Softmax (nothing dropped) and 7 the most likely label: {steps.label}")


@styled
def vanishing_gradient(norms: pd.DataFrame) -> Figure:
    """Draw how much the output depends on each day back, one panel a task.

    Args:
        norms: as `gradients.measure` gives them; `input` is drawn as a share of lag 0.
    """
    shares = gradients.shares(norms)
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
        title = task if task == gradients.UNTRAINED else f"trained: {task}"
        axes.set(title=title, xlabel="lag (days before the last day)", yscale="log")
    seeds = shares.index.unique("seed").size
    panels[0].set_ylabel("gradient of the output by that day's input\n(share of the last day's)")
    panels[0].legend(title=f"median and range\nof {seeds} seeds", loc="lower left")
    return figure


@styled
def lstm_gates(gates: Mapping[str, FloatArray], example: Example) -> Figure:
    """Draw closes, gates and cell state over the days of the window, one thin line a unit.

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
    panels[0].annotate(
        f"{example.move:+.1%}\n{example.day:%Y-%m-%d}", (example.day, 1), color=RED, xytext=(6, -4),
        xycoords=("data", "axes fraction"), textcoords="offset points", va="top",
    )  # fmt: skip
    panels[1].legend(ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
    panels[4].set_xlabel("date (UTC)")
    return figure


@styled
def cell_losses(
    by_hand: Mapping[str, Sequence[float]],
    of_keras: Mapping[str, Sequence[float]],
    baselines: pd.DataFrame,
    facts: pd.DataFrame,
    task: str,
) -> Figure:
    """Draw the loss of the cells by hand and of Keras's, and how well each kind does a task.

    Args:
        by_hand: kind -> loss of each epoch in NumPy.
        of_keras: the same in Keras.
        baselines: index task, columns `forecast`, `fit` and `held_out`.
        facts: as `gradients.measure` gives them.
        task: the one shown on the right.
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
    left.set(
        title="Predict the next close:\nsame weights, same data, two programs",
        xlabel="epoch",
        ylim=(0, None),
    )
    left.set_ylabel("mean squared error\n(squared window units)")
    left.legend()
    kinds = list(facts.index.unique("network"))
    for place, kind in enumerate(kinds):
        losses = facts["loss"].xs((kind, task), level=("network", "task"))
        spread = place + np.linspace(-0.15, 0.15, len(losses))
        right.plot(spread, losses, "o", color=COLORS[kind], alpha=0.7)
        right.hlines(losses.median(), place - 0.25, place + 0.25, color=COLORS[kind], linewidth=2)
    other = baselines.loc[task]
    right.axhline(other["held_out"], color=GREY, linestyle="--", label=other["forecast"])
    right.legend(loc="upper right")
    right.set_xticks(range(len(kinds)), kinds)
    top = 1.3 * max(other["held_out"], facts["loss"].xs(task, level="task").max())
    right.set(title=f"{task.capitalize()}:\neach seed, and the median", ylim=(0, top))
    right.set_xlim(-0.6, len(kinds) - 0.4)
    right.set_ylabel("mean squared error, held-out windows\n(squared window units)")
    return figure
