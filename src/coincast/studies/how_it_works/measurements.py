"""What networks do once they are trained: how far gradients reach, what order and time are worth.

All are trained on the windows `fit`, in this order, and measured on `held_out`; errors are mean
squared errors. `norms` and `facts` are what `measure` gives.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from coincast.datasets.windows import FloatArray, Windows
from coincast.errors import InputError
from coincast.studies.how_it_works.normalised_windows import RECALL, tasks
from coincast.studies.how_it_works.numpy_networks import Network, TrainingSettings, train
from coincast.studies.how_it_works.recurrent_networks import CELLS, Recurrent, initial_recurrent

__all__ = [
    "TIMES",
    "UNTRAINED",
    "by_lag",
    "decay",
    "factors",
    "longer_training",
    "measure",
    "order_losses",
    "order_verdict",
    "reach_table",
    "recorded",
    "shares",
]

UNTRAINED = "untrained"
RADII = (0.5, 1.0, 2.0)  # below, at and above 1
TIMES = 5  # how often the longer training repeats the shorter one


def measure(
    fit: Windows, held_out: Windows, *, units: int, seeds: Sequence[int], settings: TrainingSettings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The gradients of plain and LSTM networks, untrained and trained on each of `tasks`.

    Each seed draws the first weights of one network of each kind.

    Returns:
        Gradients: index `network, task, seed, lag`, columns as in `by_lag`. Facts: index `network,
        task, seed`; `loss`, the error (NaN untrained), and `kept`, the share of the first day's
        cell state that the forget gates alone keep to the end in the unit that keeps most (NaN for
        a plain cell).

    Raises:
        InputError: no seed, units below 1, or a loss that is not finite.
    """
    if not len(seeds):
        raise InputError("there is no seed to measure; set seeds to 1 or more")
    norms, facts = {}, {}
    fit_targets, targets = tasks(fit), tasks(held_out)
    for kind, seed in itertools.product(CELLS, seeds):
        start = initial_recurrent(kind, fit.inputs.shape[2], units, seed)
        networks = {UNTRAINED: start} | {
            task: train(start, fit.inputs, fit_targets[task], settings)[0] for task in fit_targets
        }
        for task, network in networks.items():
            norms[kind, task, seed] = by_lag(network, held_out.inputs)
            found = facts[kind, task, seed] = {"loss": np.nan, "kept": np.nan}
            if task != UNTRAINED:
                found["loss"] = network.loss(held_out.inputs, targets[task])
            if kind == "LSTM":
                forget = network.forward(held_out.inputs).gates["forget"]
                found["kept"] = forget[1:].prod(axis=0).mean(axis=0).max()
    names = ["network", "task", "seed"]
    return pd.concat(norms, names=names), pd.DataFrame(facts).T.rename_axis(names)


def by_lag(network: Recurrent, inputs: FloatArray) -> pd.DataFrame:
    """How much the output depends on each day of the window.

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


def shares(norms: pd.DataFrame) -> pd.DataFrame:
    """Gradients of the input as shares of lag 0: index `network, task, seed`, a column per lag."""
    order = norms.index.droplevel("lag").unique()
    table = norms["input"].unstack("lag").loc[order]  # noqa: PD010 - a Series has no pivot_table
    return table.div(table[0], axis=0)


def decay(norms: pd.DataFrame) -> pd.DataFrame:
    """How the gradient of the input fades from the last day to the first.

    Returns:
        Index `network, task`; `median`, `low`, `high` over seeds of the largest lag's share of
        lag 0, and `a_day`: the daily factor that compounds to `median`.
    """
    table = shares(norms)
    groups = table[table.columns[-1]].groupby(["network", "task"], sort=False)
    summary = groups.agg(["median", "min", "max"]).set_axis(["median", "low", "high"], axis=1)
    return summary.assign(a_day=summary["median"] ** (1 / (len(table.columns) - 1)))


def factors(networks: Sequence[Recurrent], inputs: FloatArray) -> pd.DataFrame:
    """What weights and tanh each do to the gradient in a day, in plain untrained networks.

    One day back, the gradient with respect to the state is first multiplied by the derivative of
    tanh and then by the recurrent matrix, which is orthogonal. The two are measured one after the
    other.

    Returns:
        Index `radius`, the spectral radius that the recurrent matrices are scaled to; by how much
        the length of the gradient changes a day, geometric means over days, windows and networks:
        `derivatives`, `weights` and their product `a_day`; over all days: `window`, and
        `window_without_tanh`, which the weights alone would give.

    Source: Pascanu, Mikolov and Bengio, 2013, arXiv 1211.5063.
    """
    rows = {}
    for radius in RADII:
        logs = []
        for network in networks:
            kernel, recurrent, *rest = network.weights
            scaled = replace(network, weights=[kernel, radius * recurrent, *rest])
            slopes = 1 - scaled.forward(inputs).states[1:] ** 2  # (days, windows, units)
            later = scaled.output_gradients(inputs).states
            steps = np.stack([later[1:], later[1:] * slopes[1:], later[:-1]])
            lengths = np.log(np.linalg.norm(steps, axis=-1))  # (3, days - 1, windows)
            logs.append(np.diff(lengths, axis=0).mean(axis=(1, 2)))
        rows[radius] = np.exp(np.mean(logs, axis=0))
    table = pd.DataFrame(rows, index=["derivatives", "weights"]).T.rename_axis("radius")
    table["a_day"] = table["weights"] * table["derivatives"]
    days = inputs.shape[1] - 1
    return table.assign(window=table["a_day"] ** days, window_without_tanh=table["weights"] ** days)


def longer_training(
    fit: Windows, held_out: Windows, starts: Mapping[int, Network], settings: TrainingSettings
) -> pd.Series:
    """Errors of plain networks that recall the first close, after `TIMES` as many epochs.

    `starts` are the networks before training, by seed; so is what is given.
    """
    longer = replace(settings, epochs=TIMES * settings.epochs)
    losses = {}
    for seed, start in starts.items():
        trained, _ = train(start, fit.inputs, tasks(fit)[RECALL], longer)
        losses[seed] = trained.loss(held_out.inputs, tasks(held_out)[RECALL])
    return pd.Series(losses, name=f"RNN,\n{TIMES} x as long").rename_axis("seed")


def order_losses(
    fit: Windows,
    held_out: Windows,
    starts: Mapping[str, Mapping[int, Network]],
    settings: TrainingSettings,
) -> pd.DataFrame:
    """Errors with the days as they are and in another order, from the same first weights.

    Each seed draws one permutation and applies it to every window, for training and for measuring.
    The targets stay. `starts` are the networks before training, by name and seed.

    Returns:
        Index `task, network, seed`; columns `in_order` and `permuted`.
    """
    rows = {}
    fit_targets, targets = tasks(fit), tasks(held_out)
    for task, name in itertools.product(targets, starts):
        for seed, start in starts[name].items():
            days = np.random.default_rng(seed).permutation(fit.inputs.shape[1])
            losses = []
            for order in (np.sort(days), days):
                trained, _ = train(start, fit.inputs[:, order], fit_targets[task], settings)
                losses.append(trained.loss(held_out.inputs[:, order], targets[task]))
            rows[task, name, seed] = losses
    table = pd.DataFrame(rows, index=["in_order", "permuted"]).T
    return table.rename_axis(["task", "network", "seed"])


def order_verdict(losses: pd.DataFrame) -> str:
    """Where order is of use: where every seed loses something. From what `order_losses` gives."""
    worse = losses["permuted"] > losses["in_order"]
    every = worse.groupby(["task", "network"], sort=False).all()
    lost = ", ".join(f"{network} ({task})" for task, network in every.index[every])
    return (
        f"Permuting the days costs every seed something in: {lost or 'no case'}. In no other case "
        "do the seeds agree that order is of use."
    )


def reach_table(norms: pd.DataFrame, facts: pd.DataFrame, baselines: pd.DataFrame) -> str:
    """Reach and loss as a Markdown table, one row per network and task."""
    rows = []
    for (network, task), row in decay(norms).iterrows():
        cells = {
            "network": network,
            "trained to predict": f"({task})",
            "gradient of the first day's input as a share of the last day's, median (range)": (
                f"{row['median']:.1e} ({row['low']:.1e} to {row['high']:.1e})"
            ),
            "factor a day": f"{row['a_day']:.2f}",
            "held-out squared error, median (range)": "",
            "without a network": "",
        }
        if task != UNTRAINED:
            losses = facts["loss"].xs((network, task), level=("network", "task"))
            baseline = baselines.loc[task]
            cells["trained to predict"] = task
            cells["held-out squared error, median (range)"] = (
                f"{losses.median():.3f} ({losses.min():.3f} to {losses.max():.3f})"
            )
            cells["without a network"] = f"{baseline['held_out']:.3f} ({baseline['forecast']})"
        rows.append(cells)
    return pd.DataFrame(rows).to_markdown(index=False, tablefmt="github", disable_numparse=True)


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
