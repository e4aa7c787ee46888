"""Forecasts of a class: the course of training, and what is taken for what."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from coincast.evaluation.scoring import row_shares
from coincast.figures.style import BLUE, GREEN, GREY, RED, styled

__all__ = ["confusion_matrix", "model_accuracy", "model_loss"]

Runs = Mapping[str, tuple[pd.DataFrame, str, Mapping[str, float]]]
DARK = 0.6  # share from which a cell is dark enough for white text


@styled
def model_loss(runs: Runs) -> Figure:
    """Draw the loss against the epoch, one panel a protocol, with a constant's.

    Args:
        runs: protocol -> (history with `loss`, `val_loss`, `accuracy` and `val_accuracy`, index
            `epoch`; what its validation rows are; `evaluation.constant_scores` of those rows).
    """
    figure = _panels(runs, "loss", "share of ups in the train rows")
    figure.axes[0].set_ylabel("loss (cross-entropy, nats)")
    return figure


@styled
def model_accuracy(runs: Runs) -> Figure:
    """Draw the accuracy against the epoch, one panel a protocol, with the majority class's.

    Args:
        runs: as `model_loss` takes them.
    """
    figure = _panels(runs, "accuracy", "majority class of the train rows")
    figure.axes[0].set_ylabel("accuracy (share of days)")
    return figure


def _panels(runs: Runs, column: str, constant: str) -> Figure:
    figure = Figure(figsize=(9, 4.8))
    panels = figure.subplots(1, len(runs), sharey=True, squeeze=False)[0]
    for axes, (protocol, run) in zip(panels, runs.items(), strict=True):
        history, rows, constants = run
        measured = history[f"val_{column}"]
        epoch = history["val_loss"].idxmin()
        axes.plot(history.index, history[column], color=BLUE, label="train rows, with dropout")
        axes.plot(history.index, measured, color=GREEN, label=rows)
        axes.axhline(constants[column], color=GREY, linestyle="--", label=constant)
        label = f"least loss on the {rows}: epoch {epoch}"
        axes.plot(epoch, measured[epoch], "o", color=RED, zorder=3, label=label)
        axes.set(title=protocol, xlabel="epoch")
        axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14))
    return figure


@styled
def confusion_matrix(matrices: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw confusion matrices side by side: shares of each row, with the counts of days.

    Args:
        matrices: name -> counts, as `evaluation.confusion` gives them.
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
    for (row, column), share in dict(zip(_cells(counts), shares.ravel(), strict=True)).items():
        axes.text(
            column,
            row,
            f"{share:.0%}\n{counts.iloc[row, column]} days",
            ha="center",
            va="center",
            color="white" if share > DARK else "black",
        )


def _cells(counts: pd.DataFrame) -> list[tuple[int, int]]:
    rows, columns = counts.shape
    return [(row, column) for row in range(rows) for column in range(columns)]
