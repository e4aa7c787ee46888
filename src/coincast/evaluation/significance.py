"""Tests of whether one forecast is better than another on the same days."""

import numpy as np
import numpy.typing as npt
from scipy.stats import binom
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

__all__ = ["mcnemar", "smallest_difference"]

SIZE, POWER = 0.05, 0.8


def mcnemar(right: npt.ArrayLike, other_right: npt.ArrayLike) -> float:
    """p-value of the exact two-sided McNemar test that two forecasts are right equally often.

    It looks only at the days on which just one of them is right. It takes days as independent.

    Args:
        right: (n,), whether the first forecast is right.
        other_right: (n,), whether the second is, on the same days.

    Source: McNemar, 1947, 10.1007/BF02295996.

    >>> mcnemar([1, 1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 0, 0])
    0.03125
    """
    first, second = _discordant(right, other_right)
    return float(statsmodels_mcnemar([[0, first], [second, 0]], exact=True).pvalue)


def smallest_difference(right: npt.ArrayLike, other_right: npt.ArrayLike) -> float:
    """Smallest true difference in accuracy that the McNemar test finds in 80 % of samples.

    Args:
        right: (n,), whether the first forecast is right.
        other_right: (n,), whether the second is, on the same days. As many days as here are
            taken to be discordant: one forecast right, the other not.

    Returns:
        A share of the n days; NaN where too few days are discordant for any difference to show.
    """
    days = sum(_discordant(right, other_right))
    counts = np.arange(days + 1)
    # The most days that the worse forecast may win for the test to reject.
    critical = int(np.sum(2 * binom.cdf(counts, days, 0.5) <= SIZE)) - 1
    if critical < 0:
        return float("nan")
    shares = np.linspace(0.5, 1, 1001)  # of the discordant days that the better forecast wins
    power = binom.cdf(critical, days, 1 - shares)
    share = shares[np.argmax(power >= POWER)]
    return float((2 * share - 1) * days / np.size(right))


def _discordant(right: npt.ArrayLike, other_right: npt.ArrayLike) -> tuple[int, int]:
    """Days on which only the first, and only the second, is right."""
    first, second = np.asarray(right, dtype=bool), np.asarray(other_right, dtype=bool)
    return int((first & ~second).sum()), int((second & ~first).sum())
