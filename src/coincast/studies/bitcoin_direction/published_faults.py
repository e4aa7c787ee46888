"""What is wrong in the Bitcoin demo's code as printed, each compared with the code as meant.

One is no fault of the author's: the missing `else` is damage of the surviving copy, like the lost
`try`, `break`, `X.append` and `model.fit(`; the code that the demo was adapted from has them all.
The others come from that code: the axis, the label of two days, and the epoch chosen on the test
rows, the last only if the demo loads its checkpoint as its parent does.

The faulty code is private to this module.

Source of the parent: A. Honchar, Deep-Trading, multivariate/multivariate.py, 6 June 2017.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from coincast.datasets.features import rises
from coincast.datasets.windows import FloatArray, make_windows, split_share
from coincast.evaluation.bootstrap import permute_blocks
from coincast.evaluation.scoring import CLASSES, row_shares

__all__ = [
    "FAULTY",
    "RIGHT",
    "epoch_choice",
    "epoch_sentence",
    "label_code",
    "label_days",
    "matrix_axis",
]

FAULTY, RIGHT = "as printed", "as meant"
BLOCK_DAYS = 7  # longer than any label looks ahead, short enough for many orders


def label_code(prices: pd.DataFrame, horizon_days: int) -> pd.DataFrame:
    """Class counts of the printed label code, whose `else` is lost, and of the right labels.

    The copy lost it, not the author. Without it the second label overwrites the first, so all are
    "down".

    Returns:
        Rows `FAULTY` and `RIGHT`; columns: counts of `down` and `up`, and `always_down`, the
        accuracy of always saying "down".
    """
    meant = rises(prices, horizon_days).dropna()
    printed = [_overwritten_label(row) for row in meant]
    rows = {}
    for name, labels in ((FAULTY, pd.Series(printed)), (RIGHT, meant)):
        counts = {side: int((labels == number).sum()) for number, side in enumerate(CLASSES)}
        rows[name] = counts | {"always_down": counts["down"] / len(labels)}
    return pd.DataFrame.from_dict(rows, orient="index")


def _overwritten_label(rise: float) -> int:
    label = int(rise)
    label = 0  # the printed code sets this whatever the comparison gave
    return label  # noqa: RET504 - the fault is the line above


def matrix_axis(counts: pd.DataFrame) -> pd.DataFrame:
    """Confusion matrix divided along the wrong axis, and as shares of rows.

    The code, the parent's as well as the demo's, divides column j by the sum of row j. Both rows of
    the matrix printed below it have 49 days, which hides the fault.

    Args:
        counts: as `scoring.confusion` gives it.

    Returns:
        One row per code (`FAULTY`, `RIGHT`) and true class; one column per forecast class, and
        their `sum`, which is 1 for shares of a row.
    """
    sums = counts.sum(axis=1)
    printed = counts.div(sums.where(sums > 0), axis="columns").fillna(0.0)
    both = pd.concat({FAULTY: printed, RIGHT: row_shares(counts)})
    both.index = pd.Index([f"{code}: true {name}" for code, name in both.index])
    return both.assign(sum=both.sum(axis=1)).rename_axis(columns=None)


def label_days(prices: pd.DataFrame, window: int, share: float) -> pd.DataFrame:
    """Test labels of the parent's FORECAST = 1 by the printed indices, and of the next day.

    Returns:
        Rows `FAULTY` and `RIGHT`; columns: `days_ahead` of the window's last row, `test_rows`
        and `always_up`, the accuracy of always saying "up" on them.
    """
    _, meant = split_share(make_windows(prices[["close"]], rises(prices, 1), window), share)
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
    """Days ahead, and test labels by the printed indices (with the `else` restored)."""
    rows = range(len(close) - window - forecast)
    labels = [close[i + window + forecast] > close[i + window - 1] for i in rows]
    return (window + forecast) - (window - 1), labels[int(len(labels) * share) :]


def epoch_choice(
    classes: npt.ArrayLike,
    targets: FloatArray,
    *,
    horizon_days: int = 1,
    draws: int = 2000,
    seed: int = 0,
) -> dict[str, float]:
    """Accuracy of the epoch chosen on the test rows, beside fair choices, and what it is made of.

    An epoch that forecasts a share r of ups, where a share p of the targets is up, is right
    p r + (1 - p)(1 - r) of the time if it knows nothing; the best epoch on the test rows is
    also the one whose share of ups suits them, and beyond that the luckiest.

    Args:
        classes: (epochs, n), the forecast of each test row after each epoch.
        targets: (n,), 1 for up and 0 for not, in order of time.
        horizon_days: days that the targets look ahead.
        draws: number of permutations of the targets.
        seed: of the permutations.

    Returns:
        `best`: accuracy of the best epoch on these rows (the fault); `best_epoch`: its number,
        from 1, the first of equals; `last`: accuracy of the last epoch; `other_half`: accuracy on
        one half of the rows of the epoch chosen on the other, `horizon_days` rows apart, mean of
        both directions; `best_by_chance`: mean accuracy of the best epoch where blocks of the
        targets are permuted, so nothing can be known; `p_value`: share of these permutations (and
        the targets themselves) with a best epoch at least as accurate. The gap best - last is
        the sum of `share_of_ups` (a better share of ups than the last epoch's), `selection` (the
        luckiest of many epochs) and `remainder` (which neither explains).
    """
    forecasts = np.asarray(classes, dtype=np.float64)
    right = forecasts == targets  # (epochs, n)
    scores = right.mean(axis=1)
    half = len(targets) // 2
    halves = slice(0, half), slice(half + horizon_days, None)
    other_half = [
        right[right[:, chosen].sum(axis=1).argmax(), scored].mean()
        for chosen, scored in (halves, halves[::-1])
    ]
    permuted = permute_blocks(targets, BLOCK_DAYS, draws, seed)  # (draws, n)
    agreement = (2 * forecasts - 1) @ (2 * permuted - 1).T / len(targets)  # (epochs, draws)
    best_of_draws = (1 + agreement.max(axis=0)) / 2
    best, last, ups = scores.max(), scores[-1], targets.mean()
    said = forecasts.mean(axis=1)  # share of ups that each epoch forecasts
    knowing_nothing = ups * said + (1 - ups) * (1 - said)
    share = knowing_nothing.max() - knowing_nothing[-1]
    selection = best_of_draws.mean() - knowing_nothing.max()
    return {
        "best": float(best),
        "best_epoch": int(scores.argmax()) + 1,
        "last": float(last),
        "other_half": float(np.mean(other_half)),
        "best_by_chance": float(best_of_draws.mean()),
        "p_value": float((1 + (best_of_draws > best - 1e-9).sum()) / (1 + draws)),
        "share_of_ups": float(share),
        "selection": float(selection),
        "remainder": float(best - last - share - selection),
    }


def epoch_sentence(choice: Mapping[str, float]) -> str:
    """What the best epoch on the test rows is worth, in words, from `epoch_choice`."""
    verdict = (
        "no more than the choice alone gives"
        if choice["p_value"] > 1 / 20
        else "more than the choice alone gives"
    )
    return (
        f"Last epoch {choice['last']:.3f}, best epoch on the test rows {choice['best']:.3f} "
        f"(epoch {choice['best_epoch']:.0f}), {verdict}: with the test labels permuted in blocks "
        f"of {BLOCK_DAYS} days, where nothing can be known, the best epoch has "
        f"{choice['best_by_chance']:.3f} on average, and p = {choice['p_value']:.2f}. Of the "
        f"difference to the last epoch {choice['share_of_ups']:+.3f} is a share of ups that suits "
        f"these days better, {choice['selection']:+.3f} the luckiest of many epochs, and "
        f"{choice['remainder']:+.3f} neither. The epoch that is best on one half of the test rows "
        f"has {choice['other_half']:.3f} on the other."
    )
