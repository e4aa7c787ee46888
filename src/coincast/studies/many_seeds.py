"""How much of a result is choosing an epoch on the test rows."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from coincast.datasets.windows import Windows

__all__ = [
    "choice_sentence",
    "choose_epochs",
    "repeat_windows",
]

FloatArray = npt.NDArray[np.float64]
CHOICES = {
    "best_on_test": "by the best epoch on the test rows",
    "last": "by the last",
    "honest": "by the honest choice",
}


def repeat_windows(windows: Windows, count: int, *, seed: int) -> list[Windows]:
    """`count` copies of the windows, then `count` with their targets in random orders.

    Nothing that a model learns from shuffled targets holds on other rows: whatever it appears to
    know there comes from the way it was evaluated.
    """
    random = np.random.default_rng(seed)
    orders = [random.permutation(len(windows)) for _ in range(count)]
    return [windows] * count + [replace(windows, targets=windows.targets[o]) for o in orders]


def choose_epochs(history: Mapping[str, FloatArray]) -> pd.DataFrame:
    """Test accuracy of each member by how its epoch was chosen.

    Args:
        history: measure -> (members, epochs), with `val_loss` and `test_accuracy`, of members
            trained on what `repeat_windows` gives.

    Returns:
        One row per member: `best_on_test` (the fault), `last` (no choice), `honest` (the epoch with
        the least validation loss), `labels` ("true" or "shuffled").
    """
    accuracy = history["test_accuracy"]
    chosen = history["val_loss"].argmin(axis=1)
    return pd.DataFrame(
        {
            "best_on_test": accuracy.max(axis=1),
            "last": accuracy[:, -1],
            "honest": accuracy[np.arange(len(accuracy)), chosen],
            "labels": np.repeat(["true", "shuffled"], len(accuracy) // 2),
        }
    )


def choice_sentence(choices: pd.DataFrame, published: float, baseline: float, *, n: int) -> str:
    """What choosing on the test rows adds, also where there is nothing to learn.

    Args:
        choices: as `choose_epochs` gives them.
        published: the published accuracy.
        baseline: accuracy of the majority class on the test rows.
        n: test rows.
    """
    told = {
        labels: ", ".join(
            f"{part[way].mean():.3f} (sd {part[way].std():.3f}) {words}"
            for way, words in CHOICES.items()
        )
        for labels, part in choices.groupby("labels")
    }
    return (
        f"Published {published:.3f}; the majority class has {baseline:.3f} on {n} test days, where "
        f"one accuracy has a standard error of {np.sqrt(baseline * (1 - baseline) / n):.3f}. Mean "
        f"of {len(choices) // 2} seeds on true labels: {told['true']}. On shuffled labels, which "
        f"tell nothing but the share of ups: {told['shuffled']}."
    )
