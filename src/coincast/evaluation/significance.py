"""Tests of whether one forecast is better than another on the same days.

A loss is one number per day and forecast, and less is better. A p-value is NaN where there is
nothing to test: two forecasts that are the same, or a direction that never changes.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from arch.bootstrap import MCS, SPA
from scipy.fft import dct
from scipy.stats import binom, norm, t
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.tsa.stattools import diebold_mariano_test

from coincast.evaluation.bootstrap import DRAWS, block_length

__all__ = [
    "clark_west",
    "confidence_set",
    "diebold_mariano",
    "harvey_p_value",
    "holm",
    "mcnemar",
    "p_words",
    "pesaran_timmermann",
    "smallest_difference",
    "superior_forecasts",
]

FloatArray = npt.NDArray[np.float64]
SIZE, POWER = 0.05, 0.8
TWO_SIDED = float(norm.ppf(1 - SIZE / 2))  # standard errors on each side of a 95 % interval


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


def diebold_mariano(losses: FloatArray, baseline_losses: FloatArray) -> dict[str, float]:
    """Diebold-Mariano test that a forecast and its baseline have the same expected loss.

    Under the null it rejects 5 % of the time, also on 60 days and where days are dependent.

    Args:
        losses: (n,), of the forecast, in order of time.
        baseline_losses: (n,), of the baseline on the same days.

    Returns:
        `difference`: mean loss of the baseline less that of the forecast, so more is better; its
        two-sided `p_value`; `smallest_difference`: the smallest true difference that the test finds
        in 80 % of samples.

    Source: Diebold and Mariano, 1995, 10.1080/07350015.1995.10524599; with the standard error of
    `_mean_and_error`, as Coroneo and Iacone, 2020, 10.1002/jae.2756, advise for few days.
    """
    difference, error, freedom = _mean_and_error(baseline_losses - losses)
    return {
        "difference": difference,
        "p_value": float(2 * t.sf(abs(_ratio(difference, error)), freedom)),
        "smallest_difference": error * (t.isf(SIZE / 2, freedom) + t.isf(1 - POWER, freedom)),
    }


def harvey_p_value(losses: FloatArray, baseline_losses: FloatArray) -> float:
    """p-value of the Diebold-Mariano test as most papers have it, to compare with them.

    With Newey and West's standard error and Harvey's correction. Under the null it rejects 6.5 %
    of the time on 60 days, 5.5 % on 1,000, and more often where days are dependent.

    Args:
        losses: (n,), of the forecast, in order of time.
        baseline_losses: (n,), of the baseline on the same days.

    Source: Harvey, Leybourne and Newbold, 1997, 10.1016/S0169-2070(96)00719-4.
    """
    nothing = np.zeros(len(losses))  # the losses are given: no forecast is left to compare
    test = diebold_mariano_test(
        nothing, baseline_losses, losses, criterion=lambda _, loss: loss, harvey_adj=True
    )
    return float(test.pvalue)


def clark_west(targets: FloatArray, forecast: FloatArray, baseline: FloatArray) -> float:
    """One-sided p-value that a model adds something to the baseline that it contains.

    A larger model has the larger squared error where its extra inputs are worthless, because it
    has to estimate their weights. This test takes that out, so it asks whether the inputs are
    worth something, not whether the forecast is the better one. Under the null it rejects 2 to
    4 % of the time: its authors' normal limit is cautious.

    Args:
        targets: (n,), in order of time.
        forecast: (n,), of the model.
        baseline: (n,), of a special case of the model, such as the mean or zero.

    Source: Clark and West, 2007, 10.1016/j.jeconom.2006.05.023.
    """
    gains = (targets - baseline) ** 2 - (targets - forecast) ** 2 + (baseline - forecast) ** 2
    return _above_zero(gains)


def pesaran_timmermann(targets: npt.ArrayLike, forecast: npt.ArrayLike) -> float:
    """One-sided p-value that a forecast of up or down goes with what happens.

    It tests whether forecast and target are independent, so a constant forecast, however often
    it is right, has nothing to test. Under the null it rejects 5 % of the time.

    Args:
        targets: (n,), 1 for up and 0 for not, in order of time.
        forecast: (n,), likewise.

    Source: Pesaran and Timmermann, 1992, 10.1080/07350015.1992.10509922, as the covariance of the
    two, which allows for dependent days: Blaskowitz and Herwartz, 2014,
    10.1016/j.ijforecast.2013.06.001.
    """
    ups, said = np.asarray(targets, dtype=float), np.asarray(forecast, dtype=float)
    return _above_zero((ups - ups.mean()) * (said - said.mean()))


def superior_forecasts(
    losses: pd.DataFrame, benchmark: str, *, seed: int = 0
) -> tuple[float, list[str]]:
    """Whether any of many forecasts beats the benchmark, and which.

    Both tests allow for the number of forecasts tried, and for how alike they are. With four that
    are no better they reject 3 to 6 % of the time, on 500 days and on 1,400, whether days are
    independent or each depends on the one before.

    Args:
        losses: (n, forecasts), in order of time.
        benchmark: one of the columns.
        seed: of the bootstrap.

    Returns:
        p-value of the test of superior predictive ability (consistent form), whose null is that
        no forecast beats the benchmark; and the forecasts that do by the stepwise test, wrong
        about any at all in 5 % of samples. NaN and none if all equal the benchmark.

    Source: Hansen, 2005, 10.1198/073500105000000063; Romano and Wolf, 2005,
    10.1111/j.1468-0262.2005.00615.x.
    """
    worse = losses.drop(columns=benchmark).sub(losses[benchmark], axis=0)
    worse = worse.loc[:, worse.std() > 0]
    if worse.empty:
        return float("nan"), []
    worse /= worse.std()  # so that a wild forecast does not hide a steady one: arch 8 does not
    size = block_length(worse)
    test = SPA(np.zeros(len(worse)), worse, block_size=size, reps=DRAWS, seed=seed)
    test.compute()
    p_value = float(test.pvalues["consistent"])
    # The steps of arch's StepM, which fails where the last of them finds all that are left.
    superior = np.zeros(worse.shape[1], dtype=bool)
    while len(found := test.better_models(SIZE)):
        superior[found] = True
        if superior.all():
            break
        test.subset(~superior)
        test.compute()
    return p_value, worse.columns[superior].tolist()


def confidence_set(losses: pd.DataFrame, *, seed: int = 0) -> pd.Series:
    """p-value of each forecast in the model confidence set.

    Those with more than .05 make up a set that should hold the best forecast, or all the best if
    several are equal, in 95 % of samples: with five equal ones on 500 days it was 95 % where days
    were independent, 92 % where each depended on the one before, also on 1,400.

    Args:
        losses: (n, forecasts), in order of time.
        seed: of the bootstrap.

    Returns:
        Forecast -> p-value, in the order of the columns. Forecasts with the same losses share it.

    Source: Hansen, Lunde and Nason, 2011, 10.3982/ECTA5771.
    """
    distinct = losses.T.drop_duplicates().T
    if distinct.shape[1] == 1:
        return pd.Series(1.0, index=losses.columns)
    differences = distinct.sub(distinct.mean(axis=1), axis=0)
    size = block_length(differences)
    found = MCS(distinct, SIZE, reps=DRAWS, block_size=size, method="max", seed=seed)
    found.compute()
    twins = {name: distinct.eq(losses[name], axis=0).all().idxmax() for name in losses}
    return pd.Series({name: found.pvalues.loc[twin, "Pvalue"] for name, twin in twins.items()})


def holm(p_values: pd.Series) -> pd.Series:
    """p-values for many tests at once: any below .05 by chance in at most 5 % of samples.

    NaN, which is nothing to test, stays NaN and does not count as a test.

    Source: Holm, 1979, www.jstor.org/stable/4615733.

    >>> holm(pd.Series([0.01, 0.04, float("nan")])).tolist()
    [0.02, 0.04, nan]
    """
    tested = p_values.dropna()
    if tested.empty:
        return p_values
    adjusted = multipletests(tested, method="holm")[1]
    return pd.Series(adjusted, index=tested.index).reindex(p_values.index)


def p_words(p_value: float) -> str:
    """A p-value as a reader sees it.

    >>> p_words(0.0312), p_words(0.0021), p_words(1e-7), p_words(float("nan"))
    ('p = 0.03', 'p = 0.002', 'p < 0.001', 'nothing to test')
    """
    if np.isnan(p_value):
        return "nothing to test"
    if p_value < 1e-3:  # noqa: PLR2004
        return "p < 0.001"
    return f"p = {p_value:.3f}" if p_value < 1e-2 else f"p = {p_value:.2f}"  # noqa: PLR2004


def _above_zero(values: FloatArray) -> float:
    """One-sided p-value that the expected value is above 0."""
    mean, error, freedom = _mean_and_error(values)
    return float(t.sf(_ratio(mean, error), freedom))


def _ratio(mean: float, error: float) -> float:
    """NaN where all values are 0; infinite where they are the same and not 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.divide(mean, error))


def _mean_and_error(values: FloatArray) -> tuple[float, float, int]:
    """Mean, its standard error, which allows for dependent days, and its degrees of freedom.

    The variance of the mean is that of the slowest swings: the mean square of the first
    0.41 n^(2/3) cosine coefficients. Unlike Newey and West's it is not too small on few days.

    Source: Lazarus, Lewis, Stock and Watson, 2018, 10.1080/07350015.2018.1506926.
    """
    freedom = max(1, int(0.41 * len(values) ** (2 / 3)))
    swings = dct(values, norm="ortho")[1 : freedom + 1]
    error = np.sqrt(np.mean(swings**2) / len(values)) if np.ptp(values) else 0.0
    return float(values.mean()), float(error), freedom
