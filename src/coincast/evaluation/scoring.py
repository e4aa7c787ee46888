"""Scores of forecasts with their n, their uncertainty and their skill."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from arch.bootstrap import StationaryBootstrap, optimal_block_length
from scipy.stats import binomtest
from sklearn.metrics import (
    balanced_accuracy_score,
    classification_report,
    confusion_matrix,
    log_loss,
    matthews_corrcoef,
)

from coincast.errors import InputError
from coincast.records.names import display_name

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
]

FloatArray = npt.NDArray[np.float64]
CLASSES = ("down", "up")  # labels 0 and 1; an unchanged close counts as down
MINIMUM_ROWS = 10  # too few rows for a block bootstrap below this
DRAWS = 2000
LEVEL = 0.95


def mae_table(
    forecasts: Mapping[str, FloatArray],
    targets: FloatArray,
    *,
    baseline: str = "train_mean",
    seed: int = 0,
) -> pd.DataFrame:
    """Mean absolute error of each forecast with its interval and its skill.

    Args:
        forecasts: name -> (n,), in the unit of the targets; or (runs, n), whose errors are
            averaged over the runs day by day.
        targets: (n,), in order of time.
        baseline: name of the forecast that skill is relative to.
        seed: of the bootstrap.

    Returns:
        One row per forecast, in the given order: `mae`; `n`; `standard_error` of the mean, for
        independent days; `low`, `high`: 95 % interval of `mae`; `skill` = 1 - MAE / MAE of the
        baseline, with `skill_low`, `skill_high`. The intervals are percentiles of a stationary
        block bootstrap. All forecasts share the same resampled days, so `skill` is paired.

    Raises:
        InputError: fewer than 10 rows.

    Source: Politis and Romano, 1994, 10.1080/01621459.1994.10476870; block length by Politis
    and White, 2004, as corrected by Patton, Politis and White, 2009.
    """
    if len(targets) < MINIMUM_ROWS:
        raise InputError(
            f"{len(targets)} test rows are too few for an interval; "
            f"use a test period of at least {MINIMUM_ROWS} days with a known next day"
        )
    errors = pd.DataFrame(
        {name: np.atleast_2d(np.abs(f - targets)).mean(axis=0) for name, f in forecasts.items()}
    )  # (n, forecasts)
    draws = _bootstrap_means(errors, seed)  # (draws, forecasts)
    skills = 1 - draws / draws[:, [errors.columns.get_loc(baseline)]]
    mae = errors.mean()
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    low, high = np.quantile(draws, tails, axis=0)
    skill_low, skill_high = np.quantile(skills, tails, axis=0)
    return pd.DataFrame(
        {
            "mae": mae,
            "n": len(targets),
            "standard_error": errors.std() / np.sqrt(len(targets)),
            "low": low,
            "high": high,
            "skill": 1 - mae / mae[baseline],
            "skill_low": skill_low,
            "skill_high": skill_high,
        }
    )


def _bootstrap_means(errors: pd.DataFrame, seed: int) -> FloatArray:
    """Mean of each column in each bootstrap sample: (draws, columns)."""
    varying = errors.loc[:, errors.std() > 0]  # a block length needs errors that vary
    blocks = optimal_block_length(varying)["stationary"] if varying.size else pd.Series([1.0])
    block = round(np.clip(blocks.max(), 1, len(errors) / 3))
    bootstrap = StationaryBootstrap(block, errors.to_numpy(), seed=np.random.default_rng(seed))
    return np.asarray(bootstrap.apply(lambda sample: sample.mean(axis=0), DRAWS))


def skill_sentence(table: pd.DataFrame, name: str, baseline: str = "train_mean") -> str:
    """One sentence on whether a row of `mae_table` beats its baseline."""
    row = table.loc[name]
    if row["skill_low"] > 0:
        verdict = "beats"
    elif row["skill_high"] < 0:
        verdict = "is worse than"
    else:
        verdict = "cannot be told apart from"
    article = "" if baseline in ("zero", "persistence") else "the "
    return (
        f"{display_name(name)} {verdict} {article}{display_name(baseline)} "
        f"on {row['n']:.0f} test days: MAE "
        f"{row['mae']:.4f} (95 % interval {row['low']:.4f} to {row['high']:.4f}) against "
        f"{table.loc[baseline, 'mae']:.4f}, skill {row['skill']:+.3f} "
        f"({row['skill_low']:+.3f} to {row['skill_high']:+.3f})."
    )


def accuracy_table(forecasts: Mapping[str, FloatArray], targets: FloatArray) -> pd.DataFrame:
    """Accuracy of each up-or-down forecast with its interval and a test.

    Args:
        forecasts: name -> (n,), 1 for up and 0 for not; `majority_class` is the baseline.
        targets: (n,), likewise.

    Returns:
        One row per forecast, in the given order: `accuracy`, `correct` and `n`; `low`, `high`:
        95 % Wilson interval; `balanced_accuracy` (1/2 for a constant forecast); `mcc`, Matthews'
        correlation coefficient (0 for a constant); `p_value` of the exact binomial test that the
        accuracy is no higher than the baseline's. Interval and test take days as independent, so
        they are too narrow for overlapping labels, which look more than one day ahead.

    Raises:
        InputError: all targets are of one class.

    Source: Wilson, 1927, 10.1080/01621459.1927.10502953.
    """
    n = len(targets)
    if len(set(targets.tolist())) < len(CLASSES):
        raise InputError(
            f"all {n} test rows are of one class; "
            "use a longer period, another coin or another horizon_days"
        )
    correct = {name: int((forecast == targets).sum()) for name, forecast in forecasts.items()}
    rate = correct["majority_class"] / n
    rows = {}
    for name, forecast in forecasts.items():
        interval = binomtest(correct[name], n).proportion_ci(LEVEL, method="wilson")
        rows[name] = {
            "accuracy": correct[name] / n,
            "correct": correct[name],
            "n": n,
            "low": interval.low,
            "high": interval.high,
            "balanced_accuracy": balanced_accuracy_score(targets, forecast),
            "mcc": matthews_corrcoef(targets, forecast),
            "p_value": binomtest(correct[name], n, rate, alternative="greater").pvalue,
        }
    return pd.DataFrame.from_dict(rows, orient="index").astype({"correct": int, "n": int})


def accuracy_sentences(table: pd.DataFrame, question: str) -> list[str]:
    """One sentence per fitted forecast of `accuracy_table` on whether it beats the majority class.

    Args:
        table: as `accuracy_table` gives it.
        question: what the label is, for the reader.
    """
    rate = table.loc["majority_class", "accuracy"]
    sentences = []
    for name, row in table.iterrows():
        if name.startswith(("cnn_lstm", "logistic")):
            verdict = "beats" if row["p_value"] < 1 - LEVEL else "does not beat"
            sentences.append(
                f"{question}: {display_name(name)} {verdict} the majority class: "
                f"{row['correct']:.0f} of {row['n']:.0f} test days right, {row['accuracy']:.3f} "
                f"(95 % interval {row['low']:.3f} to {row['high']:.3f}) against {rate:.3f}, "
                f"p = {row['p_value']:.2f}; MCC {row['mcc']:+.3f}."
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
