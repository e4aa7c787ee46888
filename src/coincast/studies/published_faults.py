"""The four faults of the Bitcoin demo's code, each run beside what was meant.

Every public function returns a comparison of both. The faulty code is private to this module
and nothing else may call it.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binomtest

from coincast.datasets.features import rises
from coincast.datasets.windows import make_windows, split_share
from coincast.evaluation.scoring import CLASSES, row_shares

__all__ = [
    "FAULTY",
    "RIGHT",
    "epoch_choice",
    "gap_sentence",
    "label_code",
    "label_days",
    "matrix_axis",
    "published_sentence",
]

FAULTY, RIGHT = "as published", "as meant"
PUBLISHED_MATRIX = ((37, 12), (23, 26))  # days, from the printed shares of rows of 49
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int_]


def label_code(prices: pd.DataFrame, horizon_days: int) -> pd.DataFrame:
    """Compare the printed label code, whose `else` is missing, with labels of both classes.

    Without the `else` every label is overwritten by the second one: a network that always says
    "down" is then right every time.

    Returns:
        Rows `FAULTY` and `RIGHT`; columns: how many labels are `down` and `up`, and
        `always_down`, the accuracy of a forecast that never changes.
    """
    close = prices["close"].to_numpy()
    meant = rises(prices, horizon_days).dropna().to_numpy()
    pairs = zip(close, close[horizon_days:], strict=False)
    printed = np.array([_overwritten_label(last, later) for last, later in pairs])
    rows = {name: _count(labels) for name, labels in ((FAULTY, printed), (RIGHT, meant))}
    return pd.DataFrame.from_dict(rows, orient="index")


def _overwritten_label(last_close: float, next_close: float) -> int:
    label = int(last_close < next_close)
    label = 0  # what the printed code does whatever the comparison said
    return label  # noqa: RET504 - the fault is the line above


def _count(labels: FloatArray | IntArray) -> dict[str, float]:
    counts = {name: int((labels == number).sum()) for number, name in enumerate(CLASSES)}
    return counts | {"always_down": counts["down"] / len(labels)}


def matrix_axis(counts: pd.DataFrame) -> pd.DataFrame:
    """Compare a confusion matrix divided along the wrong axis with shares of rows.

    The demo divides column j by the sum of row j. Where the rows have as many days each, as in
    its own result, nobody sees it.

    Args:
        counts: as `evaluation.confusion` gives it.

    Returns:
        Rows: `FAULTY` and `RIGHT`, each true class; columns: a forecast class each, and their
        `sum`, which is 1 where the cells are shares of the row.
    """
    printed = pd.DataFrame(_divided(counts.to_numpy()), counts.index, counts.columns)
    both = pd.concat({FAULTY: printed, RIGHT: row_shares(counts)})
    both.index = pd.Index([f"{code}: true {name}" for code, name in both.index])
    return both.assign(sum=both.sum(axis=1)).rename_axis(columns=None)


def _divided(counts: IntArray) -> FloatArray:
    sums = counts.sum(axis=1)  # one a row, but NumPy lines them up with the columns
    return np.divide(counts, sums, out=np.zeros(counts.shape), where=sums > 0)


def label_days(prices: pd.DataFrame, window: int, share: float) -> pd.DataFrame:
    """Compare the label that FORECAST = 1 makes by the printed indices with the next day's.

    Returns:
        Rows `FAULTY` and `RIGHT`; columns: `days_ahead` of the window's last row, `test_rows`
        and `always_up`, the accuracy of always saying "up" on them.
    """
    features = prices[["close"]]
    _, meant = split_share(make_windows(features, rises(prices, 1), window), share)
    ahead, printed = _labels_by_printed_indices(prices["close"].tolist(), window, share)
    rows = {
        FAULTY: {"days_ahead": ahead, "test_rows": len(printed), "always_up": np.mean(printed)},
        RIGHT: {
            "days_ahead": meant.horizon_days,
            "test_rows": len(meant),
            "always_up": meant.targets.mean(),
        },
    }
    return pd.DataFrame.from_dict(rows, orient="index").astype({"days_ahead": int})


def _labels_by_printed_indices(
    close: list[float], window: int, share: float, forecast: int = 1
) -> tuple[int, list[bool]]:
    """Return days ahead and test labels with the indices as printed (and the `else` restored)."""
    rows = range(len(close) - window - forecast)
    labels = [close[i + window + forecast] > close[i + window - 1] for i in rows]
    return (window + forecast) - (window - 1), labels[int(len(labels) * share) :]


def epoch_choice(
    classes: npt.ArrayLike, targets: FloatArray, *, draws: int = 2000, seed: int = 0
) -> dict[str, float]:
    """Compare the epoch chosen on the rows that it is scored on with fair ways to score a fit.

    Args:
        classes: (epochs, n), the forecast of each test row after each epoch.
        targets: (n,), 1 for up and 0 for not.
        draws: how often the targets are shuffled.
        seed: of the shuffling.

    Returns:
        `best`: accuracy of the epoch with the most right rows (the fault), `best_epoch`: which,
        from 1, the first of equals; `last`: of the last epoch, where nothing is chosen; `gap` =
        best - last; `other_rows`: what the epoch chosen on one half of the rows (every other)
        reaches on the rows between, mean of both ways; `gap_by_chance`: the mean gap where the
        targets are shuffled, so that no forecast can know anything; `p_value`: the share of
        shuffles with a gap as large.
    """
    said = np.asarray(classes, dtype=np.float64)
    right = said == targets  # (epochs, n)
    scores = right.mean(axis=1)
    even = np.arange(len(targets)) % 2 == 0
    other_rows = [
        right[right[:, chosen].sum(axis=1).argmax(), ~chosen].mean() for chosen in (even, ~even)
    ]
    random = np.random.default_rng(seed)
    shuffled = np.array([random.permutation(targets) for _ in range(draws)])  # (draws, n)
    agreement = (2 * said - 1) @ (2 * shuffled - 1).T / len(targets)  # (epochs, draws)
    gaps = (agreement.max(axis=0) - agreement[-1]) / 2
    gap = scores.max() - scores[-1]
    return {
        "best": float(scores.max()),
        "best_epoch": int(scores.argmax()) + 1,
        "last": float(scores[-1]),
        "gap": float(gap),
        "other_rows": float(np.mean(other_rows)),
        "gap_by_chance": float(gaps.mean()),
        "p_value": float((gaps > gap - 1e-9).mean()),
    }


def gap_sentence(choice: Mapping[str, float]) -> str:
    """Return in words where the gap that `epoch_choice` found comes from."""
    verdict = (
        "so the choice alone explains it"
        if choice["p_value"] > 1 / 20
        else "so the choice alone does not explain all of it"
    )
    return (
        f"Last epoch {choice['last']:.3f}, best epoch on the test rows {choice['best']:.3f} "
        f"(epoch {choice['best_epoch']}): the same fit, a gap of {choice['gap']:.3f}. With the "
        "test labels shuffled, where nothing can be known, the same choice gains "
        f"{choice['gap_by_chance']:.3f} on average and at least as much in "
        f"{choice['p_value']:.0%} of the shuffles, {verdict}. The epoch that is best on every "
        f"other test row reaches {choice['other_rows']:.3f} on the rows between."
    )


def published_sentence(rate: float) -> str:
    """Return how surprising the demo's own matrix is where a constant is right at `rate`.

    >>> published_sentence(0.62)[-9:]
    'p = 0.36.'
    """
    counts = np.array(PUBLISHED_MATRIX)
    right, days = int(np.trace(counts)), int(counts.sum())
    p_value = binomtest(right, days, rate, alternative="greater").pvalue
    return (
        f"The demo's own matrix has {right} of {days} days right ({right / days:.3f}); where a "
        f"constant is right {rate:.3f} of the time, that or better has p = {p_value:.2f}."
    )
