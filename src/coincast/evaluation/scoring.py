"""What forecasts are worth: errors with their n, their uncertainty and their skill."""

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
    "mean_absolute_error",
    "row_shares",
    "skill_sentence",
]

FloatArray = npt.NDArray[np.float64]
CLASSES = ("down", "up")  # of labels 0 and 1; an unchanged close counts as down
MINIMUM_ROWS = 10  # below, a block bootstrap has nothing to draw from
DRAWS = 2000
LEVEL = 0.95


def mean_absolute_error(targets: FloatArray, forecast: FloatArray | float) -> float:
    """Return the mean absolute difference of forecast and targets, in their unit.

    >>> mean_absolute_error(np.array([0.1, -0.2]), 0.0)
    0.15000000000000002
    """
    return float(np.abs(forecast - targets).mean())


def mae_table(
    forecasts: Mapping[str, FloatArray],
    targets: FloatArray,
    *,
    baseline: str = "train_mean",
    seed: int = 0,
) -> pd.DataFrame:
    """Return the mean absolute error of each forecast, how sure it is, and its skill.

    Args:
        forecasts: name -> (n,), in the unit of the targets; or (runs, n), whose errors are
            averaged over the runs day by day: what one run of them has to be expected to miss by.
        targets: (n,), in order of time.
        baseline: the forecast that skill is measured against.
        seed: of the bootstrap.

    Returns:
        One row a forecast, in the given order: `mae`; `n`; `standard_error` of the mean, as if
        days were independent; `low`, `high`: 95 % interval of `mae`; `skill` = 1 - MAE / MAE of
        the baseline, with `skill_low`, `skill_high`. The intervals are percentiles of a
        stationary bootstrap over blocks of days; all forecasts share the drawn days, so
        `skill` is compared day by day.

    Raises:
        InputError: fewer than 10 rows, which no interval can be drawn from.

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
    draws = _bootstrap_means(errors, seed)  # (draws, k)
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
    """Return the mean of each column in each draw: (draws, columns)."""
    varying = errors.loc[:, errors.std() > 0]  # errors that are all the same have no memory
    blocks = optimal_block_length(varying)["stationary"] if varying.size else pd.Series([1.0])
    block = round(np.clip(blocks.max(), 1, len(errors) / 3))
    bootstrap = StationaryBootstrap(block, errors.to_numpy(), seed=np.random.default_rng(seed))
    return np.asarray(bootstrap.apply(lambda sample: sample.mean(axis=0), DRAWS))


def skill_sentence(table: pd.DataFrame, name: str, baseline: str = "train_mean") -> str:
    """Return in one sentence whether a row of `mae_table` beats its baseline."""
    row = table.loc[name]
    if row["skill_low"] > 0:
        verdict = "beats"
    elif row["skill_high"] < 0:
        verdict = "is worse than"
    else:
        verdict = "cannot be told apart from"
    article = "" if baseline in ("zero", "persistence") else "the "
    return (
        f"{display_name(name)} {verdict} {article}{display_name(baseline)} on {row['n']:.0f} test days: MAE "
        f"{row['mae']:.4f} (95 % interval {row['low']:.4f} to {row['high']:.4f}) against "
        f"{table.loc[baseline, 'mae']:.4f}, skill {row['skill']:+.3f} "
        f"({row['skill_low']:+.3f} to {row['skill_high']:+.3f})."
    )


def accuracy_table(
    forecasts: Mapping[str, FloatArray],
    targets: FloatArray,
    *,
    baseline: str = "majority_class",
) -> pd.DataFrame:
    """Return how often each up-or-down forecast is right, how sure that is, and against what.

    Args:
        forecasts: name -> (n,), 1 for up and 0 for not.
        targets: (n,), likewise.
        baseline: the forecast whose share of right days the others are tested against.

    Returns:
        One row a forecast, in the given order: `accuracy`, `correct` and `n`; `low`, `high`:
        the 95 % Wilson interval; `balanced_accuracy`, the mean of the shares of ups and of
        downs that are found (a constant has 1/2); `mcc`, Matthews' correlation (a constant has
        0); `p_value` of the exact binomial test that the share of right days is no higher than
        the baseline's. Both take days as independent; labels more than one day ahead overlap,
        so there the truth is less certain than the interval says.

    Raises:
        InputError: all targets are of one class, with which every forecast of it looks perfect.

    Source: Wilson, 1927, 10.1080/01621459.1927.10502953.
    """
    _require_both_classes(targets)
    correct = {name: int((forecast == targets).sum()) for name, forecast in forecasts.items()}
    rate = correct[baseline] / len(targets)
    rows = {}
    for name, forecast in forecasts.items():
        test = binomtest(correct[name], len(targets), rate, alternative="greater")
        interval = binomtest(correct[name], len(targets)).proportion_ci(LEVEL, method="wilson")
        rows[name] = {
            "accuracy": correct[name] / len(targets),
            "correct": correct[name],
            "n": len(targets),
            "low": interval.low,
            "high": interval.high,
            "balanced_accuracy": balanced_accuracy_score(targets, forecast),
            "mcc": matthews_corrcoef(targets, forecast),
            "p_value": test.pvalue,
        }
    return pd.DataFrame.from_dict(rows, orient="index").astype({"correct": int, "n": int})


def _require_both_classes(targets: FloatArray) -> None:
    if len(set(targets.tolist())) < len(CLASSES):
        raise InputError(
            f"all {len(targets)} test rows are of one class; "
            "use a longer period, another coin or another horizon_days"
        )


def confusion(targets: FloatArray, forecast: FloatArray) -> pd.DataFrame:
    """Return the counts of days: a row a true class, a column a forecast one.

    >>> confusion(np.array([1.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])).to_numpy().tolist()
    [[1, 0], [1, 1]]
    """
    counts = confusion_matrix(targets, forecast, labels=[0, 1])
    names = pd.Index(CLASSES)
    return pd.DataFrame(counts, names.rename("true"), names.rename("forecast"))


def row_shares(counts: pd.DataFrame) -> pd.DataFrame:
    """Return each count as a share of its row, so that every row with a count sums to 1.

    >>> row_shares(pd.DataFrame([[37, 12], [23, 26]])).round(3).to_numpy().tolist()
    [[0.755, 0.245], [0.469, 0.531]]
    """
    return counts.div(counts.sum(axis=1), axis=0).fillna(0.0)


def class_report(targets: FloatArray, forecast: FloatArray) -> pd.DataFrame:
    """Return precision, recall, f1-score and support of each class, and their means.

    A class that is never forecast has precision 0.
    """
    report = classification_report(
        targets, forecast, labels=[0, 1], target_names=CLASSES, output_dict=True, zero_division=0
    )
    return pd.DataFrame({name: report[name] for name in (*CLASSES, "macro avg")}).T


def constant_scores(train_targets: FloatArray, targets: FloatArray) -> dict[str, float]:
    """Return what the train rows alone can say of other rows, without any input.

    Returns:
        `loss`: cross-entropy, in nats, of always giving the train rows' share of ups as the
        probability; `accuracy` of always saying their majority class.
    """
    share = train_targets.mean()
    probabilities = np.full(len(targets), share)
    return {
        "loss": float(log_loss(targets, probabilities, labels=[0, 1])),
        "accuracy": float(((share > 1 / 2) == targets).mean()),
    }


def accuracy_sentences(
    table: pd.DataFrame, question: str, baseline: str = "majority_class"
) -> list[str]:
    """Return in a sentence a fitted forecast whether it beats the baseline.

    Args:
        table: as `accuracy_table` gives it.
        question: what the label is, for the reader.
        baseline: the row that the others were tested against.
    """
    fitted = [n for n in table.index if n.startswith(("cnn_lstm", "logistic"))]
    return [_accuracy_sentence(table, name, question, baseline) for name in fitted]


def _accuracy_sentence(table: pd.DataFrame, name: str, question: str, baseline: str) -> str:
    row, rate = table.loc[name], table.loc[baseline, "accuracy"]
    verdict = "beats" if row["p_value"] < 1 - LEVEL else "does not beat"
    return (
        f"{question}: {display_name(name)} {verdict} the {display_name(baseline)}: {row['correct']:.0f} of "
        f"{row['n']:.0f} test days right, {row['accuracy']:.3f} (95 % interval {row['low']:.3f} "
        f"to {row['high']:.3f}) against {rate:.3f}, p = {row['p_value']:.2f}; "
        f"MCC {row['mcc']:+.3f}."
    )
