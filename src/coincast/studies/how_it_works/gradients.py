"""How far back in time a recurrent network's gradient reaches, measured."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coincast.datasets.windows import Windows
from coincast.errors import InputError
from coincast.studies.how_it_works.networks_by_hand import Network, initial, train
from coincast.studies.how_it_works.recurrent_cells import CELLS

__all__ = [
    "UNTRAINED",
    "by_lag",
    "decay",
    "decay_sentences",
    "finite_difference_error",
    "kept_by_gates",
    "loss_sentence",
    "measure",
    "recorded",
    "shares",
]

FloatArray = npt.NDArray[np.float64]
Task = Callable[[Windows], FloatArray]
UNTRAINED = "untrained"


def by_lag(network: Network, inputs: FloatArray) -> pd.DataFrame:
    """Return how much the output depends on each day of the window.

    Args:
        network: trained or not.
        inputs: (windows, days, features).

    Returns:
        Index `lag` (0: the last day), columns `input` and `state`: the Euclidean norm of the
        gradient of the output with respect to that day's features, and to the state after it
        (for an LSTM the state is h and c together), mean over the windows.

    Source: Bengio, Simard and Frasconi, 1994, 10.1109/72.279181; Pascanu, Mikolov and Bengio,
    2013, arXiv 1211.5063.
    """
    back = network.output_gradients(inputs)
    state = np.sqrt((back.states**2 + back.carries**2).sum(axis=2)).mean(axis=1)  # (days,)
    norms = {"input": np.linalg.norm(back.inputs, axis=2).mean(axis=0)[::-1], "state": state[::-1]}
    return pd.DataFrame(norms).rename_axis("lag")


def measure(
    fit: Windows,
    held_out: Windows,
    tasks: Mapping[str, Task],
    *,
    units: int,
    seeds: Sequence[int],
    epochs: int,
    batch_size: int,
    learning_rate: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure the gradients of plain and LSTM networks, untrained and trained on each task.

    Args:
        fit: windows that networks are trained on, in this order.
        held_out: windows that everything is measured on.
        tasks: name -> function that returns the targets of windows: (windows,).
        units: width of the state.
        seeds: one network of each kind for each; all start from weights of their own.
        epochs: passes over `fit`.
        batch_size: windows a step.
        learning_rate: length of a step.

    Returns:
        The gradients: index `network, task, seed, lag`, columns as `by_lag`; and of each
        network, task and seed: `loss`, the mean squared error (NaN untrained), and `kept`, as
        `kept_by_gates` gives it (NaN for a plain cell).

    Raises:
        InputError: no seed, or what `train` refuses.
    """
    if not len(seeds):
        raise InputError("there is no seed to measure; set seeds to 1 or more")
    norms, facts = {}, {}
    for kind, seed in itertools.product(CELLS, seeds):
        start = initial(kind, fit.inputs.shape[2], units, seed)
        norms[kind, UNTRAINED, seed] = by_lag(start, held_out.inputs)
        facts[kind, UNTRAINED, seed] = {"loss": np.nan, "kept": kept_by_gates(start, held_out)}
        for task, targets in tasks.items():
            network, _ = train(
                start,
                fit.inputs,
                targets(fit),
                epochs=epochs,
                batch_size=batch_size,
                learning_rate=learning_rate,
            )
            norms[kind, task, seed] = by_lag(network, held_out.inputs)
            facts[kind, task, seed] = {
                "loss": network.loss(held_out.inputs, targets(held_out)),
                "kept": kept_by_gates(network, held_out),
            }
    names = ["network", "task", "seed"]
    return pd.concat(norms, names=names), pd.DataFrame(facts).T.rename_axis(names)


def kept_by_gates(network: Network, windows: Windows) -> float:
    """Return how much of the first day's cell state the forget gates alone leave at the end.

    The product of the forget gate over all later days, mean over windows, of the unit that
    keeps most; NaN for a cell without gates.
    """
    gates = network.cell.forward(windows.inputs).gates
    if not gates:
        return np.nan
    return float(gates["forget"][1:].prod(axis=0).mean(axis=0).max())


def shares(norms: pd.DataFrame, column: str = "input") -> pd.DataFrame:
    """Return each norm as a share of that at lag 0: index `network, task, seed`, a column a lag.

    Args:
        norms: as `measure` gives them.
        column: "input" or "state".
    """
    order = norms.index.droplevel("lag").unique()
    table = norms[column].unstack("lag").loc[order]  # noqa: PD010 - a Series has no pivot_table
    return table.div(table[0], axis=0)


def decay(norms: pd.DataFrame, column: str = "input") -> pd.DataFrame:
    """Return how the gradient fades from the last day to the first.

    Args:
        norms: as `measure` gives them.
        column: "input" or "state".

    Returns:
        Index `network, task`; `median`, `low`, `high` over seeds of the norm at the largest lag
        as a share of that at lag 0, and `a_day`: the factor that, once a day, gives `median`.
    """
    table = shares(norms, column)
    groups = table[table.columns[-1]].groupby(["network", "task"], sort=False)
    summary = groups.agg(["median", "min", "max"]).set_axis(["median", "low", "high"], axis=1)
    days = max(len(table.columns) - 1, 1)
    return summary.assign(a_day=summary["median"] ** (1 / days))


def decay_sentences(norms: pd.DataFrame, facts: pd.DataFrame) -> list[str]:
    """Return in words how far the gradients reach, one sentence a task; as `measure` gives them."""
    lag = norms.index.get_level_values("lag").max()
    faded = decay(norms)
    seeds = facts.index.unique("seed").size
    sentences = []
    for task in faded.index.unique("task"):
        told = [
            f"{row['median']:.1e} for the {network} ({row['low']:.1e} to {row['high']:.1e}; a "
            f"factor of {row['a_day']:.2f} a day)"
            for network, row in faded.xs(task, level="task").iterrows()
        ]
        kept = facts["kept"].xs(task, level="task").median()
        sentences.append(
            f"{task}: {lag} days back the gradient is, as a share of the last day's, "
            f"{' and '.join(told)}; the LSTM's forget gates alone would leave {kept:.1e} of the "
            f"first day in the unit that keeps most (medians of {seeds} seeds, ranges over them)."
        )
    return sentences


def loss_sentence(facts: pd.DataFrame, task: str, baselines: pd.DataFrame) -> str:
    """Return in words how well each kind of network does a task, beside a baseline.

    Args:
        facts: as `measure` gives them.
        task: which one.
        baselines: index task, columns `forecast` (its name) and `held_out` (its loss).
    """
    baseline = baselines.loc[task]
    groups = facts["loss"].xs(task, level="task").groupby("network", sort=False)
    told = ", ".join(
        f"{network} {losses.median():.3f} ({losses.min():.3f} to {losses.max():.3f})"
        for network, losses in groups
    )
    return (
        f"{task}: mean squared error on held-out windows, median and range of "
        f"{facts.index.unique('seed').size} seeds: {told}; "
        f"{baseline['forecast']}: {baseline['held_out']:.3f}."
    )


def recorded(norms: pd.DataFrame, facts: pd.DataFrame) -> dict[str, Any]:
    """Return what `measure` found, ready to be written: network -> task -> numbers.

    Of each lag the median and range over seeds of both norms, as they are; of each seed its
    facts, without those that do not exist.
    """
    faded = decay(norms)
    content: dict[str, Any] = {}
    for network, task in faded.index:
        of_lags = norms.loc[network].xs(task, level="task").groupby("lag")
        of_seeds = facts.loc[network].xs(task, level="task").dropna(axis="columns")
        content.setdefault(network, {})[task] = {
            "share_of_last_day": faded.loc[(network, task)],
            "by_lag": {
                column: of_lags[column].agg(["median", "min", "max"]) for column in norms.columns
            },
            "by_seed": of_seeds,
        }
    return content


def finite_difference_error(
    network: Network, inputs: FloatArray, targets: FloatArray, step: float = 1e-5
) -> float:
    """Return how far back-propagation is from trying it out, as a share of the largest gradient.

    Each weight is moved a little both ways, and the loss's change is compared with what
    `loss_gradients` says of it.
    """
    _, gradients = network.loss_gradients(inputs, targets)
    weights = network.weights
    worst = 0.0
    for index, gradient in enumerate(gradients):
        for place in np.ndindex(gradient.shape):
            tried = (
                _moved(network, weights, index, place, change).loss(inputs, targets)
                for change in (step, -step)
            )
            slope = (next(tried) - next(tried)) / (2 * step)
            worst = max(worst, abs(float(slope - gradient[place])))
    return worst / max(float(np.abs(gradient).max()) for gradient in gradients)


def _moved(
    network: Network,
    weights: Sequence[FloatArray],
    index: int,
    place: tuple[int, ...],
    change: float,
) -> Network:
    changed = [weight.copy() for weight in weights]
    changed[index][place] += change
    return Network.from_weights(network.kind, changed)
