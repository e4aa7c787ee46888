"""What small networks lose or gain when one condition of their training changes."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LinearRegression

from coincast.datasets.windows import Windows
from coincast.studies.how_it_works.normalised_windows import tasks
from coincast.studies.how_it_works.recurrent_network import (
    Network,
    Trainable,
    TrainingSettings,
    initial_network,
    train,
)

__all__ = [
    "Convolution",
    "column_difference",
    "column_sentence",
    "first_networks",
    "initial_convolution",
    "longer_sentence",
    "longer_training",
    "order_losses",
    "order_sentences",
]

FloatArray = npt.NDArray[np.float64]
RECALL = "recall the first close"
TIMES = 5  # how often the longer training repeats the shorter one
ROUNDING = 9  # digits; sums in another order differ by less


@dataclass(frozen=True)
class Convolution:
    """A convolution, ReLU, max pooling and one linear output, in NumPy.

    Attributes:
        stride: days from one piece to the next.
        pool: pieces pooled into one.
        weights: kernel (width x features, filters), bias (filters,), and of the output
            (pools x filters, 1) and (1,).
    """

    stride: int
    pool: int
    weights: Sequence[FloatArray]

    def predict(self, inputs: FloatArray) -> FloatArray:
        """The output for each window: (windows,)."""
        return self._forward(inputs)[-1]

    def loss(self, inputs: FloatArray, targets: FloatArray) -> float:
        """The mean squared error."""
        return float(np.mean((self.predict(inputs) - targets) ** 2))

    def loss_gradients(
        self, inputs: FloatArray, targets: FloatArray
    ) -> tuple[float, list[FloatArray]]:
        """The mean squared error and its gradient with respect to each of `weights`."""
        pieces, groups, pooled, output = self._forward(inputs)
        errors = output - targets
        by_output = (2 * errors / len(errors))[:, None]
        by_pooled = (by_output @ self.weights[2].T).reshape(pooled.shape)
        # Only the largest of a pool passes a gradient on, and only if ReLU left it above zero.
        chosen = (groups == pooled[:, :, None]) & (groups > 0)
        by_maps = (chosen * by_pooled[:, :, None]).reshape(len(inputs), -1, pooled.shape[-1])
        gradients = [
            np.tensordot(pieces[:, : by_maps.shape[1]], by_maps, ([0, 1], [0, 1])),
            by_maps.sum(axis=(0, 1)),
            pooled.reshape(len(inputs), -1).T @ by_output,
            by_output.sum(axis=0),
        ]
        return float(np.mean(errors**2)), gradients

    def _forward(self, inputs: FloatArray) -> tuple[FloatArray, ...]:
        """Pieces, positive maps in groups of `pool`, pooled maps and the output."""
        kernel, bias, dense, last = self.weights
        width = len(kernel) // inputs.shape[2]
        views = np.lib.stride_tricks.sliding_window_view(inputs, width, axis=1)
        pieces = views[:, :: self.stride].swapaxes(2, 3).reshape(len(inputs), -1, len(kernel))
        maps = np.maximum(pieces @ kernel + bias, 0)
        whole = maps.shape[1] // self.pool * self.pool  # a remainder is dropped, as in Keras
        groups = maps[:, :whole].reshape(len(inputs), -1, self.pool, maps.shape[2])
        pooled = groups.max(axis=2)
        output = pooled.reshape(len(inputs), -1) @ dense + last
        return pieces, groups, pooled, output[:, 0]


def initial_convolution(
    shape: tuple[int, int], filters: int, layers: Sequence[tuple[int, int]], *, seed: int
) -> Convolution:
    """A convolution before training, drawn as Keras draws it (Glorot); biases are zero.

    Args:
        shape: days and features of a window.
        filters: patterns to look for.
        layers: (width, stride) of convolution and pooling.
        seed: of the random weights.
    """
    (days, features), ((width, stride), (pool, _)) = shape, layers
    pools = ((days - width) // stride + 1) // pool
    random, weights = np.random.default_rng(seed), []
    # Keras counts a kernel's width towards its inputs and its outputs.
    sizes = [(width * features, filters, width * filters), (pools * filters, 1, 1)]
    for rows, columns, outputs in sizes:
        limit = np.sqrt(6 / (rows + outputs))
        weights += [random.uniform(-limit, limit, (rows, columns)), np.zeros(columns)]
    return Convolution(stride, pool, weights)


def first_networks(
    windows: Windows,
    seeds: Iterable[int],
    *,
    units: int,
    filters: int,
    layers: Sequence[tuple[int, int]],
) -> dict[str, dict[int, Trainable]]:
    """Convolutions and LSTMs before training: "CNN", "LSTM" -> seed -> network.

    Args:
        windows: whose shape they fit.
        seeds: of the random weights.
        units: width of the LSTM's state.
        filters: of the convolution.
        layers: (width, stride) of convolution and pooling.
    """
    _, days, features = windows.inputs.shape
    networks: dict[str, dict[int, Trainable]] = {"CNN": {}, "LSTM": {}}
    for seed in seeds:
        networks["CNN"][seed] = initial_convolution((days, features), filters, layers, seed=seed)
        networks["LSTM"][seed] = initial_network("LSTM", features, units, seed)
    return networks


def order_losses(
    fit: Windows,
    held_out: Windows,
    starts: Mapping[str, Mapping[int, Trainable]],
    settings: TrainingSettings,
) -> pd.DataFrame:
    """Held-out errors with the days as they are and in another order, from the same first weights.

    Each seed draws one permutation and applies it to every window, for training and for measuring.
    The targets stay. The linear regression on all numbers of a window needs no seed; to it a
    permutation only renames columns.

    Args:
        fit: windows to train on, in this order.
        held_out: windows to measure on.
        starts: network -> seed -> the network before training.
        settings: of all trainings.

    Returns:
        Index `task, network, seed`; `in_order` and `permuted`: mean squared errors.
    """
    rows = {}
    fit_targets, targets = tasks(fit), tasks(held_out)
    networks: dict[str, Mapping[int, Trainable | None]] = {
        **starts,
        "linear": dict.fromkeys(next(iter(starts.values()))),
    }
    cases = [(name, *case) for name, of_seeds in networks.items() for case in of_seeds.items()]
    for task, (name, seed, start) in itertools.product(fit_targets, cases):
        days = np.random.default_rng(seed).permutation(fit.inputs.shape[1])
        rows[task, name, seed] = {
            column: _held_out_loss(
                start,
                (fit.inputs[:, order], fit_targets[task]),
                (held_out.inputs[:, order], targets[task]),
                settings,
            )
            for column, order in {"in_order": np.sort(days), "permuted": days}.items()
        }
    return pd.DataFrame(rows).T.rename_axis(["task", "network", "seed"])


def _held_out_loss(
    start: Trainable | None,
    fit: tuple[FloatArray, FloatArray],
    held_out: tuple[FloatArray, FloatArray],
    settings: TrainingSettings,
) -> float:
    """Train from `start`, or fit a linear regression if it is None, and measure."""
    if start is not None:
        return train(start, *fit, settings)[0].loss(*held_out)
    flat, other = (inputs.reshape(len(inputs), -1) for inputs, _ in (fit, held_out))
    forecast = LinearRegression().fit(flat, fit[1]).predict(other)
    return float(np.mean((forecast - held_out[1]) ** 2))


def column_difference(network: Trainable, inputs: FloatArray, seed: int) -> float:
    """Largest change of an output when columns and kernel rows are permuted alike: rounding.

    A kernel has one weight per column and treats no two as neighbours. So for every network there
    is one for the permuted columns that does the same, and its first weights are as likely.
    """
    features = inputs.shape[2]
    columns = np.random.default_rng(seed).permutation(features)
    kernel, *rest = network.weights
    by_column = kernel.reshape(-1, features, kernel.shape[1])[:, columns]
    renamed = replace(network, weights=[by_column.reshape(kernel.shape), *rest])
    return float(np.abs(renamed.predict(inputs[:, :, columns]) - network.predict(inputs)).max())


def column_sentence(networks: Mapping[str, Mapping[int, Trainable]], inputs: FloatArray) -> str:
    """Whether the order of the columns matters to any of the networks, as `first_networks`."""
    changed = [
        name
        for name, of_seeds in networks.items()
        if any(round(column_difference(n, inputs, s), ROUNDING) for s, n in of_seeds.items())
    ]
    return (
        "With the columns permuted, and the kernel's rows alike, the outputs change in: "
        f"{', '.join(changed) or 'no network'} (of {', '.join(networks)})."
    )


def order_sentences(losses: pd.DataFrame, baselines: pd.DataFrame, held_out: Windows) -> list[str]:
    """What the permuted days cost each network: one sentence per task, and the verdict.

    Args:
        losses: as `order_losses` gives them.
        baselines: as `normalised_windows.baselines` gives them.
        held_out: the windows that they were measured on.
    """
    apart = len(held_out) // held_out.inputs.shape[1]
    sentences, lost = [], []
    for task, rows in losses.groupby("task", sort=False):
        told = []
        for network, found in rows.groupby("network", sort=False):
            more = (found["permuted"] - found["in_order"]).round(ROUNDING) + 0.0  # never -0.0
            lost += [f"{network} ({task})"] if (more > 0).all() else []
            told.append(
                f"{network} {found['in_order'].median():.3f} in order, "
                f"{found['permuted'].median():.3f} permuted (change of a seed {more.min():+.3f} to "
                f"{more.max():+.3f}, worse in {(more > 0).sum()} of {len(more)} seeds)"
            )
        baseline = baselines.loc[task]
        sentences.append(
            f"{task}, days permuted: median squared error on {len(held_out)} held-out windows, "
            f"{apart} of which fit side by side: {'; '.join(told)}; {baseline['forecast']}: "
            f"{baseline['held_out']:.3f}."
        )
    verdict = f"Permuting the days costs every seed something in: {', '.join(lost) or 'no case'}."
    return [*sentences, f"{verdict} In no other case do the seeds agree that order is of use."]


def longer_training(
    fit: Windows,
    held_out: Windows,
    starts: Mapping[int, Network],
    settings: TrainingSettings,
    times: int = TIMES,
) -> pd.Series:
    """Held-out errors of recalling the first close after so many times the epochs.

    Args:
        fit: windows to train on, in this order.
        held_out: windows to measure on.
        starts: seed -> the network before training.
        settings: those of the shorter training.
        times: the epochs are multiplied by this.

    Returns:
        Mean squared error, index `seed`; its name says what was trained.
    """
    longer = replace(settings, epochs=times * settings.epochs)
    before, after = ((part.inputs, tasks(part)[RECALL]) for part in (fit, held_out))
    losses = {seed: _held_out_loss(start, before, after, longer) for seed, start in starts.items()}
    return pd.Series(losses, name=f"RNN,\n{times} x as long").rename_axis("seed")


def longer_sentence(losses: pd.Series, facts: pd.DataFrame, times: int = TIMES) -> str:
    """Whether the plain network recalls if it is trained longer.

    Args:
        losses: as `longer_training` gives them.
        facts: as `gradients.measure` gives them.
        times: as in `longer_training`.
    """
    recall = facts["loss"].xs(RECALL, level="task")
    plain, lstm = recall["RNN"], recall["LSTM"]
    better, level = (losses < plain).sum(), (losses <= lstm.max()).sum()
    return (
        f"{RECALL}, trained {times} times as long: the RNN's error is {losses.median():.3f} "
        f"({losses.min():.3f} to {losses.max():.3f}; before {plain.median():.3f}), lower "
        f"than before in {better} of {len(losses)} seeds and "
        f"within the range of the LSTM's shorter training "
        f"(up to {lstm.max():.3f}) in {level}."
    )
