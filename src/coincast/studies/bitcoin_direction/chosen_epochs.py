"""How much of an accuracy comes from choosing the epoch on the rows that score it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import norm

from coincast.datasets.features import rises
from coincast.datasets.windows import FloatArray, Windows, make_windows, normalise_each, split_share
from coincast.ensemble import Plan, train_members
from coincast.evaluation.significance import POWER, TWO_SIDED
from coincast.models import networks
from coincast.studies.bitcoin_direction.borrowed_matrix import RIGHT as MATRIX_RIGHT
from coincast.studies.bitcoin_direction.borrowed_matrix import ROWS as MATRIX_ROWS

__all__ = [
    "CHOICES",
    "MATRIX_ACCURACY",
    "apple_sentences",
    "bitcoin_sentences",
    "choose_epochs",
    "direction_rows",
    "repeat_windows",
    "score_choice",
    "summarise",
    "train_networks",
]

TRAIN_SHARE = 0.9
MATRIX_ACCURACY = MATRIX_RIGHT / MATRIX_ROWS
# How an epoch is chosen -> how a reader sees it.
CHOICES = {
    "best_accuracy": "best accuracy on the test rows",
    "least_loss": "least loss on the test rows",
    "last": "last epoch",
    "honest": "least loss on validation rows",
}


def direction_rows(
    table: pd.DataFrame, window: int, horizon_days: int, *, share_border: bool = False
) -> tuple[Windows, Windows]:
    """Train and test windows of both demos: each normalised on its own, nine tenths to train.

    Args:
        table: the columns that the network sees, with `close`; one row per day of trading.
        window: rows in a window.
        horizon_days: rows from a window to its label, which is 1 if the close has risen.
        share_border: let the last train labels belong to test rows, as both demos do.
    """
    made = make_windows(table, rises(table, horizon_days), window, horizon_days)
    return split_share(normalise_each(made), TRAIN_SHARE, share_border=share_border)


def repeat_windows(windows: Windows, count: int, *, seed: int) -> list[Windows]:
    """`count` copies of the windows, then `count` with their targets in random orders.

    Nothing that a model learns from shuffled targets holds on other rows: whatever it appears to
    know there comes from the way it was evaluated.
    """
    random = np.random.default_rng(seed)
    orders = [random.permutation(len(windows)) for _ in range(count)]
    return [windows] * count + [replace(windows, targets=windows.targets[o]) for o in orders]


def train_networks(
    fit: Windows,
    validation: Windows,
    plan: Plan,
    seeds: Sequence[int],
    *,
    test: Windows | None = None,
) -> dict[str, pd.DataFrame]:
    """Both networks trained on true and on shuffled labels, their epochs chosen in every way.

    Args:
        fit: what the weights are fitted to.
        validation: what the plan's rules watch.
        plan: settings, with accuracy.
        seeds: of the members on true labels; those on shuffled labels follow the last.
        test: where the epochs are scored; None for the validation rows, as both demos do.

    Returns:
        Network -> as `choose_epochs` gives them: the parent's "CNN", and the "CNN-LSTM".
    """
    own = repeat_windows(fit, len(seeds), seed=seeds[0])
    members = range(seeds[0], seeds[0] + len(own))
    watch = None if test is None else {"test": test}
    builders = {"CNN": networks.cnn, "CNN-LSTM": networks.cnn_lstm}
    return {
        name: choose_epochs(
            train_members(build, own, validation, plan, members, watch=watch).history
        )
        for name, build in builders.items()
    }


def choose_epochs(history: Mapping[str, FloatArray]) -> pd.DataFrame:
    """Test accuracy of each member by how its epoch was chosen.

    Args:
        history: measure -> (members, epochs) of members trained on what `repeat_windows` gives:
            `test_accuracy`, `test_loss` and `val_loss`; without the first two, the validation
            rows are the test rows.

    Returns:
        One row per member: its accuracy in the epoch of `best_accuracy` and of `least_loss` on the
        test rows (the fault), in the `last` (no choice) and in the `honest` one (the least loss on
        validation rows that are not test rows; NaN where there are none); `labels`, "true" or
        "shuffled".
    """
    rows = "test" if "test_loss" in history else "val"
    accuracy, loss = history[f"{rows}_accuracy"], history[f"{rows}_loss"]
    members = np.arange(len(accuracy))
    honest = accuracy[members, history["val_loss"].argmin(axis=1)]
    return pd.DataFrame(
        {
            "best_accuracy": accuracy.max(axis=1),
            "least_loss": accuracy[members, loss.argmin(axis=1)],
            "last": accuracy[:, -1],
            "honest": honest if rows == "test" else np.nan,
            "labels": np.repeat(["true", "shuffled"], len(accuracy) // 2),
        }
    )


def summarise(choices: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Mean and spread over seeds of each choice, and how often it reaches the copied matrix.

    Args:
        choices: network -> as `choose_epochs` gives them, all of the same test rows.

    Returns:
        One row per network, labels and choice, with `seeds`, `mean`, `sd` and `reached`, the share
        of seeds that are right as often as the matrix.
    """
    long = pd.concat(choices, names=["network"]).reset_index("network")
    long = long.melt(["network", "labels"], var_name="choice", value_name="accuracy").dropna()
    grouped = long.groupby(["network", "labels", "choice"], sort=False)["accuracy"]
    return grouped.agg(
        seeds="size",
        mean="mean",
        sd="std",
        reached=lambda accuracy: (accuracy > MATRIX_ACCURACY - 1e-9).mean(),
    ).reset_index()


def score_choice(choices: pd.DataFrame, choice: str, n: int) -> dict[str, float]:
    """Accuracy by one choice, against the same choice where there is nothing to know.

    A constant makes no choice, so it is too low a bar for an epoch chosen on the test rows.

    Args:
        choices: of one network, as `choose_epochs` gives them.
        choice: a key of `CHOICES`.
        n: test rows.

    Returns:
        `accuracy`, the mean of the seeds on true labels; `seed_sd` between them; `n`; the
        `standard_error` of other days; `difference` to the mean on shuffled labels, with
        `difference_low`, `difference_high`, `p_value` and `smallest_difference` as if the true
        labels were one more shuffle: seeds that share labels are not independent.
    """
    true, shuffled = (choices.loc[choices["labels"] == of, choice] for of in ("true", "shuffled"))
    accuracy, error = true.mean(), shuffled.std()
    difference = accuracy - shuffled.mean()
    return {
        "accuracy": accuracy,
        "seed_sd": true.std(),
        "n": n,
        "standard_error": np.sqrt(accuracy * (1 - accuracy) / n),
        "difference": difference,
        "difference_low": difference - TWO_SIDED * error,
        "difference_high": difference + TWO_SIDED * error,
        "p_value": 2 * norm.sf(abs(difference) / error),
        "smallest_difference": (TWO_SIDED + norm.ppf(POWER)) * error,
    }


def bitcoin_sentences(summary: pd.DataFrame, majority: float, n: int) -> list[str]:
    """One sentence per network on what choosing on the test rows adds.

    Args:
        summary: as `summarise` gives it.
        majority: accuracy of the majority class on the test rows.
        n: test rows.
    """
    found = []
    for network, part in summary.groupby("network", sort=False):
        told = {labels: _means(rows) for labels, rows in part.groupby("labels")}
        found.append(
            f"{network} on {n} test rows, where the majority class has {majority:.3f}: mean of "
            f"{part['seeds'].iloc[0]} seeds on true labels {told['true']}. On shuffled labels, "
            f"which tell nothing but the share of ups, {told['shuffled']}."
        )
    return found


def _means(rows: pd.DataFrame) -> str:
    return ", ".join(
        f"{row.mean:.3f} (sd {row.sd:.3f}) by the {CHOICES[row.choice]}"
        for row in rows.itertuples(index=False)
    )


def apple_sentences(summary: pd.DataFrame, constant: float, n: int) -> list[str]:
    """One sentence per network on how often a choice alone reaches the copied matrix.

    Args:
        summary: as `summarise` gives it, `reached` for the accuracy of the matrix.
        constant: accuracy of a constant on the test rows.
        n: test rows.
    """
    found = []
    for network, part in summary.groupby("network", sort=False):
        share = part.set_index(["labels", "choice"])["reached"]
        found.append(
            f"{network} on Apple's {n} test rows, of which a constant has {constant * n:.0f} "
            f"right: {MATRIX_RIGHT} or more are right in {share['true', 'least_loss']:.0%} of "
            f"{part['seeds'].iloc[0]} seeds if the epoch of least loss on the test rows is kept, "
            f"as the parent does, in {share['true', 'best_accuracy']:.0%} at the epoch of best "
            f"accuracy, and in {share['true', 'last']:.0%} at the last epoch. On shuffled labels, "
            f"where nothing can be known: {share['shuffled', 'least_loss']:.0%}, "
            f"{share['shuffled', 'best_accuracy']:.0%} and {share['shuffled', 'last']:.0%}."
        )
    return found
