"""How many days back the gradient of a recurrent network reaches, measured."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coincast.datasets.windows import Windows
from coincast.errors import InputError
from coincast.studies.how_it_works.normalised_windows import tasks
from coincast.studies.how_it_works.recurrent_cells import CELLS
from coincast.studies.how_it_works.recurrent_network import (
    Network,
    TrainingSettings,
    initial_network,
    train,
)

__all__ = [
    "UNTRAINED",
    "by_lag",
    "decay",
    "decay_sentences",
    "factors",
    "factors_sentence",
    "loss_sentences",
    "measure",
    "recorded",
    "shares",
]

FloatArray = npt.NDArray[np.float64]
UNTRAINED = "untrained"
RADII = (0.5, 1.0, 2.0)  # below, at and above 1


def measure(
    fit: Windows, held_out: Windows, *, units: int, seeds: Sequence[int], settings: TrainingSettings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The gradients of plain and LSTM networks, untrained and trained on each of `tasks`.

    Args:
        fit: windows to train on, in this order.
        held_out: windows to measure on.
        units: width of the state.
        seeds: of the first weights; one network of each kind per seed and task.
        settings: of all trainings.

    Returns:
        Gradients: index `network, task, seed, lag`, columns as in `by_lag`. Facts: index `network,
        task, seed`; `loss`, the mean squared error (NaN untrained), and `kept`, the share of the
        first day's cell state that the forget gates alone keep to the end (NaN for a plain cell).

    Raises:
        InputError: no seed, units below 1, or a loss that is not finite.
    """
    if not len(seeds):
        raise InputError("there is no seed to measure; set seeds to 1 or more")
    norms, facts = {}, {}
    fit_targets, targets = tasks(fit), tasks(held_out)
    for kind, seed in itertools.product(CELLS, seeds):
        start = initial_network(kind, fit.inputs.shape[2], units, seed)
        networks = {UNTRAINED: start} | {
            task: train(start, fit.inputs, fit_targets[task], settings)[0] for task in fit_targets
        }
        for task, network in networks.items():
            trained = task != UNTRAINED
            loss = network.loss(held_out.inputs, targets[task]) if trained else np.nan
            norms[kind, task, seed] = by_lag(network, held_out.inputs)
            facts[kind, task, seed] = {"loss": loss, "kept": _kept_by_gates(network, held_out)}
    names = ["network", "task", "seed"]
    return pd.concat(norms, names=names), pd.DataFrame(facts).T.rename_axis(names)


def by_lag(network: Network, inputs: FloatArray) -> pd.DataFrame:
    """How much the output depends on each day of the window.

    Args:
        network: trained or not.
        inputs: (windows, days, features).

    Returns:
        Index `lag` (0: the last day), columns `input` and `state`: the Euclidean norm of the
        gradient of the output with respect to that day's features, and to the state after it
        (h and c together for an LSTM), mean over the windows.

    Source: Bengio, Simard and Frasconi, 1994, 10.1109/72.279181; Pascanu, Mikolov and Bengio,
    2013, arXiv 1211.5063.
    """
    back = network.output_gradients(inputs)
    state = np.sqrt((back.states**2 + back.carries**2).sum(axis=2)).mean(axis=1)  # (days,)
    norms = {"input": np.linalg.norm(back.inputs, axis=2).mean(axis=0)[::-1], "state": state[::-1]}
    return pd.DataFrame(norms).rename_axis("lag")


def _kept_by_gates(network: Network, windows: Windows) -> float:
    """The product of the forget gate over all later days, for the unit that keeps most."""
    gates = network.cell.forward(windows.inputs).gates
    if not gates:
        return np.nan
    return float(gates["forget"][1:].prod(axis=0).mean(axis=0).max())


def shares(norms: pd.DataFrame) -> pd.DataFrame:
    """The gradients of the input as shares of lag 0: index `network, task, seed`, one lag a column.

    Args:
        norms: as `measure` gives them.
    """
    order = norms.index.droplevel("lag").unique()
    table = norms["input"].unstack("lag").loc[order]  # noqa: PD010 - a Series has no pivot_table
    return table.div(table[0], axis=0)


def decay(norms: pd.DataFrame) -> pd.DataFrame:
    """How the gradient of the input fades from the last day to the first.

    Args:
        norms: as `measure` gives them.

    Returns:
        Index `network, task`; `median`, `low`, `high` over seeds of the largest lag's share of
        lag 0, and `a_day`: the daily factor that compounds to `median`.
    """
    table = shares(norms)
    groups = table[table.columns[-1]].groupby(["network", "task"], sort=False)
    summary = groups.agg(["median", "min", "max"]).set_axis(["median", "low", "high"], axis=1)
    return summary.assign(a_day=summary["median"] ** (1 / (len(table.columns) - 1)))


def factors(
    networks: Sequence[Network], inputs: FloatArray, radii: Sequence[float] = RADII
) -> pd.DataFrame:
    """What a plain cell's weights and its activation each do to the gradient in a day.

    One day back, the gradient with respect to the state is first multiplied by the derivative of
    the activation and then by the recurrent matrix. The two are measured one after the other.

    Args:
        networks: untrained and of kind "RNN", so that their recurrent matrices are orthogonal.
        inputs: (windows, days, features).
        radii: spectral radii that the recurrent matrices are scaled to.

    Returns:
        Index `activation` (tanh, or identity, whose derivative is 1), `radius`; by how much the
        length of the gradient changes a day, geometric means over days, windows and networks:
        `weights`, `derivatives` and their product `a_day`; `window`: the product over all days.

    Source: Pascanu, Mikolov and Bengio, 2013, arXiv 1211.5063.
    """
    rows = {}
    for activation, radius in itertools.product(["tanh", "identity"], radii):
        logs = [_log_factors(network, inputs, activation, radius) for network in networks]
        rows[activation, radius] = np.exp(np.mean(logs, axis=0))
    columns = ["derivatives", "weights"]
    table = pd.DataFrame(rows, index=columns).T.rename_axis(["activation", "radius"])
    a_day = table["weights"] * table["derivatives"]
    return table.assign(a_day=a_day, window=a_day ** (inputs.shape[1] - 1))


def _log_factors(
    network: Network, inputs: FloatArray, activation: str, radius: float
) -> FloatArray:
    """Logarithms of the two factors, derivatives first, mean over days and windows: (2,)."""
    kernel, recurrent, *rest = network.weights
    scaled = replace(network, weights=[kernel, radius * recurrent, *rest])
    slopes = 1 - scaled.cell.forward(inputs).states[1:] ** 2  # (days, windows, units)
    later, logs = np.repeat(network.weights[3].T, len(inputs), axis=0), []
    for slope in slopes[:0:-1]:  # from the last day back to the second
        bent = later * slope if activation == "tanh" else later
        earlier = bent @ scaled.weights[1].T
        lengths = [np.linalg.norm(vectors, axis=1) for vectors in (later, bent, earlier)]
        logs.append(np.diff(np.log(lengths), axis=0).mean(axis=1))
        later = earlier
    return np.asarray(np.mean(logs, axis=0))


def factors_sentence(table: pd.DataFrame, networks: int) -> str:
    """Which factors make the gradient vanish or explode, from a table as `factors` gives it."""
    told = []
    for activation, rows in table.groupby("activation", sort=False):
        each = [
            f"{row['weights']:.2f} x {row['derivatives']:.2f} = {row['a_day']:.2f} a day, so "
            f"{row['window']:.1e} over the window at radius {radius:g}"
            for (_, radius), row in rows.iterrows()
        ]
        told.append(f"with {activation}, {'; '.join(each)}")
    return (
        "The gradient's two factors, recurrent weights x derivative of the activation: "
        f"{'. And '.join(told)} (geometric means over {networks} untrained networks)."
    )


def decay_sentences(norms: pd.DataFrame, facts: pd.DataFrame) -> list[str]:
    """How far the gradients reach, one sentence per task; arguments as `measure` gives them."""
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


def loss_sentences(facts: pd.DataFrame, baselines: pd.DataFrame) -> list[str]:
    """How well each kind of network does each task, one sentence per task, beside its baseline.

    Args:
        facts: as `measure` gives them.
        baselines: as `normalised_windows.baselines` gives them.
    """
    seeds = facts.index.unique("seed").size
    sentences = []
    for task, baseline in baselines.iterrows():
        groups = facts["loss"].xs(task, level="task").groupby("network", sort=False)
        told = ", ".join(f"{network} {_median_and_range(losses)}" for network, losses in groups)
        sentences.append(
            f"{task}: mean squared error on held-out windows, median and range of {seeds} seeds: "
            f"{told}; {baseline['forecast']}: {baseline['held_out']:.3f}."
        )
    return sentences


def _median_and_range(losses: pd.Series) -> str:
    return f"{losses.median():.3f} ({losses.min():.3f} to {losses.max():.3f})"


def recorded(norms: pd.DataFrame, facts: pd.DataFrame) -> dict[str, Any]:
    """What `measure` found, ready to be written: network -> task -> numbers.

    Both norms by lag (median and range over seeds) and the facts of each seed that exist.
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
