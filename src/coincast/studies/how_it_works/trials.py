"""What small networks lose or gain when one condition of their training changes.

They are trained on the windows `fit`, in this order; errors are mean squared errors on `held_out`.
"""

import itertools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from coincast.datasets.windows import Windows
from coincast.studies.how_it_works.normalised_windows import RECALL, tasks
from coincast.studies.how_it_works.numpy_networks import Network, TrainingSettings, train

__all__ = ["TIMES", "longer_training", "order_losses", "order_verdict"]

TIMES = 5  # how often the longer training repeats the shorter one


def order_losses(
    fit: Windows,
    held_out: Windows,
    starts: Mapping[str, Mapping[int, Network]],
    settings: TrainingSettings,
) -> pd.DataFrame:
    """Errors with the days as they are and in another order, from the same first weights.

    Each seed draws one permutation and applies it to every window, for training and for measuring.
    The targets stay.

    Args:
        fit: windows to train on.
        held_out: windows to measure on.
        starts: network -> seed -> the network before training.
        settings: of all trainings.

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
