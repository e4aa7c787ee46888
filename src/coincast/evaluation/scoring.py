"""Scores of forecasts with their n, their uncertainty and their skill."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import (
    balanced_accuracy_score,
    classification_report,
    confusion_matrix,
    log_loss,
    matthews_corrcoef,
)

from coincast.errors import InputError
from coincast.evaluation import significance
from coincast.evaluation.bootstrap import bootstrap_means, flip_blocks, interval, paired_skill
from coincast.records.names import display_name, named

__all__ = [
    "CLASSES",
    "MINIMUM_ROWS",
    "accuracy_sentences",
    "accuracy_table",
    "class_report",
    "confusion",
    "constant_scores",
    "mae_table",
    "row_shares",
    "skill_sentence",
    "verdict",
]

FloatArray = npt.NDArray[np.float64]
CLASSES = ("down", "up")  # labels 0 and 1; an unchanged close counts as down
MINIMUM_ROWS = 10  # too few rows for a block bootstrap below this


def mae_table(
    forecasts: Mapping[str, FloatArray],
    targets: FloatArray,
    *,
    baselines: Sequence[str] = ("no_change", "train_mean"),
    seed: int = 0,
) -> pd.DataFrame:
    """Mean absolute error of each forecast with its interval and its skill.

    Args:
        forecasts: name -> (n,), in the unit of the targets; or (runs, n), whose errors are
            averaged over the runs day by day.
        targets: (n,), in order of time.
        baselines: names of the forecasts that skill is relative to.
        seed: of the bootstrap.

    Returns:
        One row per forecast, in the given order: `mae`; `n`; its `standard_error`; `low`, `high`:
        95 % interval; and for each baseline b `skill_b` = 1 - MAE / MAE of the baseline, with
        `skill_b_low` and `skill_b_high`; `skill_b_p`, the p-value of the Diebold-Mariano test that
        both are equally good (None for the baseline itself); `skill_b_smallest`, the smallest skill
        that the test would probably have found. Errors and intervals come from one block
        bootstrap whose resampled days all forecasts share, so `skill` is paired.

    Raises:
        InputError: fewer than 10 rows.
    """
    if len(targets) < MINIMUM_ROWS:
        raise InputError(
            f"{len(targets)} test rows are too few for an interval; "
            f"use a test period of at least {MINIMUM_ROWS} days with a known next day"
        )
    errors = pd.DataFrame(
        {name: np.atleast_2d(np.abs(f - targets)).mean(axis=0) for name, f in forecasts.items()}
    )  # (n, forecasts)
    draws = bootstrap_means(errors, seed=seed)  # (draws, forecasts)
    low, high = interval(draws)
    table = pd.DataFrame(
        {
            "mae": errors.mean(),
            "n": len(targets),
            "standard_error": draws.std(axis=0),
            "low": low,
            "high": high,
        }
    )
    for baseline in baselines:
        table = table.join(paired_skill(errors, baseline, draws))
        tests = [_compare(own, errors[baseline]) for _, own in errors.items()]
        table[f"skill_{baseline}_p"], table[f"skill_{baseline}_smallest"] = zip(*tests, strict=True)
    return table


def _compare(errors: pd.Series, baseline: pd.Series) -> tuple[float | None, float | None]:
    """p-value that two forecasts are equally good, and the smallest skill that would have shown."""
    if errors.equals(baseline):
        return None, None
    test = significance.diebold_mariano(errors.to_numpy(), baseline.to_numpy())
    return test["p_value"], test["smallest_difference"] / baseline.mean()


def skill_sentence(table: pd.DataFrame, name: str, baseline: str = "no_change") -> str:
    """One sentence on whether a row of `mae_table` beats a baseline."""
    row = table.loc[name]
    skill, low, high = (row[f"skill_{baseline}{end}"] for end in ("", "_low", "_high"))
    return (
        f"{display_name(name)} {verdict(low, high)} {named(baseline)} "
        f"on {row['n']:.0f} test days: MAE "
        f"{row['mae']:.4f} (95 % interval {row['low']:.4f} to {row['high']:.4f}) against "
        f"{table.loc[baseline, 'mae']:.4f}, skill {skill:+.3f} ({low:+.3f} to {high:+.3f})."
    )


def verdict(low: float, high: float, p_value: float = 0.0) -> str:
    """What an interval of a paired difference says, where more is better, and a test if it agrees.

    >>> verdict(0.1, 0.2), verdict(0.1, 0.2, p_value=0.3)
    ('beats', 'cannot be told apart from')
    """
    if p_value < significance.SIZE and low > 0:
        return "beats"
    if p_value < significance.SIZE and high < 0:
        return "is worse than"
    return "cannot be told apart from"


def accuracy_table(
    forecasts: Mapping[str, FloatArray],
    targets: FloatArray,
    *,
    horizon_days: int = 1,
    seed: int = 0,
) -> pd.DataFrame:
    """Accuracy of each up-or-down forecast, paired with that of the majority class.

    Args:
        forecasts: name -> (n,), 1 for up and 0 for not; `majority_class` is the baseline.
        targets: (n,), likewise, in order of time.
        horizon_days: days that the labels look ahead; more than one and neighbours overlap.
        seed: of the bootstrap.

    Returns:
        One row per forecast, in the given order: `accuracy`, `correct` and `n`; its
        `standard_error` and 95 % interval `low`, `high`, from blocks of days no shorter than the
        horizon; `balanced_accuracy` (1/2 for a constant forecast); `mcc`, Matthews' correlation
        coefficient (0 for a constant); `difference` to the accuracy of the majority class on the
        same days, with `difference_low`, `difference_high`; `p_value` of the exact McNemar test
        of that difference, which takes days as independent, so it is too bold for overlapping
        labels; `p_blocks` of the same with the signs of blocks of days flipped, twice as long as
        labels look ahead where they overlap; `smallest_difference` that these days would
        probably have shown.

    Raises:
        InputError: all targets are of one class.
    """
    n = len(targets)
    if len(set(targets.tolist())) < len(CLASSES):
        raise InputError(
            f"all {n} test rows are of one class; "
            "use a longer period, another coin or another horizon_days"
        )
    right = pd.DataFrame({name: forecast == targets for name, forecast in forecasts.items()})
    draws = bootstrap_means(right.astype(np.float64), seed=seed, least_block=horizon_days)
    majority = right["majority_class"]
    differences = draws - draws[:, [right.columns.get_loc("majority_class")]]
    accuracy = right.mean()
    (low, high), (difference_low, difference_high) = interval(draws), interval(differences)
    pairs = [(column, majority) for _, column in right.items()]
    wins = right.astype(np.float64).sub(majority.astype(np.float64), axis=0)
    block = 1 if horizon_days == 1 else 2 * horizon_days
    return pd.DataFrame(
        {
            "accuracy": accuracy,
            "correct": right.sum(),
            "n": n,
            "standard_error": draws.std(axis=0),
            "low": low,
            "high": high,
            "balanced_accuracy": [balanced_accuracy_score(targets, f) for f in forecasts.values()],
            "mcc": [matthews_corrcoef(targets, f) for f in forecasts.values()],
            "difference": accuracy - accuracy["majority_class"],
            "difference_low": difference_low,
            "difference_high": difference_high,
            "p_value": [significance.mcnemar(*pair) for pair in pairs],
            "p_blocks": [flip_blocks(wins[name].to_numpy(), block, seed=seed) for name in wins],
            "smallest_difference": [significance.smallest_difference(*pair) for pair in pairs],
        }
    )


def accuracy_sentences(table: pd.DataFrame, question: str) -> list[str]:
    """One sentence per fitted forecast of `accuracy_table` on whether it beats the majority class.

    A difference counts only if the McNemar test and the one by blocks of days agree.

    Args:
        table: as `accuracy_table` gives it.
        question: what the label is, for the reader.
    """
    rate = table.loc["majority_class", "accuracy"]
    sentences = []
    for name, row in table.iterrows():
        if name.startswith(("cnn_lstm", "logistic")):
            bounds = row["difference_low"], row["difference_high"]
            difference, p_value = row["difference"], max(row["p_value"], row["p_blocks"])
            found = verdict(difference, difference, p_value)
            shown = row["smallest_difference"]
            power = (
                "The two disagree on too few days for any difference to show."
                if np.isnan(shown)
                else f"{row['n']:.0f} days would probably have shown a difference of {shown:.3f}."
            )
            sentences.append(
                f"{question}: {display_name(name)} {found} the majority class: "
                f"{row['correct']:.0f} of {row['n']:.0f} test days right, {row['accuracy']:.3f} "
                f"(95 % interval {row['low']:.3f} to {row['high']:.3f}) against {rate:.3f}, a "
                f"difference of {difference:+.3f} ({bounds[0]:+.3f} to {bounds[1]:+.3f}), "
                f"p = {row['p_value']:.2f}, by blocks {row['p_blocks']:.2f}. {power}"
            )
    return sentences


def confusion(targets: FloatArray, forecast: FloatArray) -> pd.DataFrame:
    """Confusion matrix in days: true classes as rows, forecast classes as columns.

    >>> confusion(np.array([1.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])).to_numpy().tolist()
    [[1, 0], [1, 1]]
    """
    counts = confusion_matrix(targets, forecast, labels=[0, 1])
    names = pd.Index(CLASSES)
    return pd.DataFrame(counts, names.rename("true"), names.rename("forecast"))


def row_shares(counts: pd.DataFrame) -> pd.DataFrame:
    """Counts as shares of their row; a row without counts gives zeros.

    >>> row_shares(pd.DataFrame([[37, 12], [23, 26]])).round(3).to_numpy().tolist()
    [[0.755, 0.245], [0.469, 0.531]]
    """
    return counts.div(counts.sum(axis=1), axis=0).fillna(0.0)


def class_report(targets: FloatArray, forecast: FloatArray) -> pd.DataFrame:
    """Precision, recall, f1-score and support of each class, and their unweighted means.

    A class that is never forecast has precision 0.
    """
    report = classification_report(
        targets, forecast, labels=[0, 1], target_names=CLASSES, output_dict=True, zero_division=0
    )
    return pd.DataFrame({name: report[name] for name in (*CLASSES, "macro avg")}).T


def constant_scores(train_targets: FloatArray, targets: FloatArray) -> dict[str, float]:
    """Scores of the best constants that the train targets give.

    Returns:
        `loss`: cross-entropy, in nats, of the train share of ups as the probability;
        `accuracy` of the train majority class.
    """
    share = train_targets.mean()
    probabilities = np.full(len(targets), share)
    return {
        "loss": float(log_loss(targets, probabilities, labels=[0, 1])),
        "accuracy": float(((share > 1 / 2) == targets).mean()),
    }
