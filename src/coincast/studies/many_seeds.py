"""How much of a result is the seed, and how much is choosing an epoch on the test rows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coincast.datasets.windows import Windows
from coincast.evaluation.bootstrap import bootstrap_means

__all__ = [
    "choice_sentence",
    "choose_epochs",
    "repeat_windows",
    "seed_errors",
    "seed_summary",
    "seeds_sentence",
]

FloatArray = npt.NDArray[np.float64]
CHOICES = {
    "best_on_test": "by the best epoch on the test rows",
    "last": "by the last",
    "honest": "by the honest choice",
}


def seed_errors(forecasts: FloatArray, targets: FloatArray) -> FloatArray:
    """Mean absolute error of each member: (members,), from forecasts (members, n)."""
    return np.asarray(np.abs(forecasts - targets).mean(axis=1))


def seed_summary(
    forecasts: FloatArray, targets: FloatArray, baselines: Mapping[str, float], published: float
) -> dict[str, Any]:
    """The spread over seeds, and separately the uncertainty from the test days.

    Args:
        forecasts: (members, n).
        targets: (n,).
        baselines: name -> mean absolute error on the same rows.
        published: an error to rank among the seeds.

    Returns:
        `seeds`, `n`; `mean`, `sd`, `low` and `high` (5th and 95th percentile) of the members'
        errors; `standard_error` of the members' mean error on other days, from blocks of days;
        `better_than`: baseline -> share of seeds below it; `below_published`.
    """
    errors = seed_errors(forecasts, targets)
    of_days = pd.DataFrame({"error": np.abs(forecasts - targets).mean(axis=0)})  # (n, 1)
    low, high = np.quantile(errors, [0.05, 0.95])
    return {
        "seeds": len(errors),
        "n": len(targets),
        "mean": float(errors.mean()),
        "sd": float(errors.std(ddof=1)),
        "low": float(low),
        "high": float(high),
        "standard_error": float(bootstrap_means(of_days).std()),
        "better_than": {name: float((errors < mae).mean()) for name, mae in baselines.items()},
        "below_published": float((errors < published).mean()),
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


def seeds_sentence(summary: Mapping[str, Any]) -> str:
    """How much seeds and days move the error, and what share of seeds beats each baseline."""
    better = summary["better_than"]
    shares = ", ".join(f"{name.replace('_', ' ')} {share:.0%}" for name, share in better.items())
    return (
        f"{summary['seeds']} seeds on {summary['n']} test days: MAE {summary['mean']:.4f} on "
        f"average, sd {summary['sd']:.4f} between seeds; other days alone would move it by a "
        f"standard error of {summary['standard_error']:.4f}. Share of seeds that beat: {shares}."
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
