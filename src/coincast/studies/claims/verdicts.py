"""From a finding to a verdict, by one written rule."""

import inspect
from dataclasses import dataclass

import numpy as np

from coincast.evaluation.significance import SIZE, TWO_SIDED

__all__ = ["NOT_CHECKED", "VERDICTS", "Finding", "plausible_range", "rule", "rule_text", "verdict"]

REPRODUCED = "reproduced"
NO_BETTER = "reproduced, but no better than a constant"
NOT_REPRODUCED = "not reproduced"
OF_OTHERS = "not the author's claim (the Apple matrix)"
UNDECIDED = "cannot be decided"
NOT_CHECKED = "not checked here"
VERDICTS = (REPRODUCED, NO_BETTER, NOT_REPRODUCED, OF_OTHERS, UNDECIDED, NOT_CHECKED)
BY_RULE = {
    1: NOT_CHECKED,
    2: OF_OTHERS,
    3: UNDECIDED,
    4: NOT_REPRODUCED,
    5: REPRODUCED,
    6: NO_BETTER,
}
NAN = float("nan")


@dataclass(frozen=True)
class Finding:
    """All that a verdict depends on; NaN where a claim has no such thing.

    Attributes:
        tested: whether a number of ours is recorded.
        of_others: whether the published number counts other test rows than the author's.
        published: the published number.
        low: lower end of what other seeds and days would plausibly give in its place.
        high: upper end of it.
        claimed: skill of the published number against the strictest constant, as the claim has it.
        smallest: the smallest skill that these days would probably have shown.
        opponent_low: where the claim is that one forecast beats another: lower end of the 95 %
            interval of its skill against the other.
        opponent_high: upper end.
        skill_low: lower end of the 95 % interval of the skill against the strictest constant.
        p_holm: p-value that it is no better, after Holm.
    """

    tested: bool
    of_others: bool = False
    published: float = NAN
    low: float = NAN
    high: float = NAN
    claimed: float = NAN
    smallest: float = NAN
    opponent_low: float = NAN
    opponent_high: float = NAN
    skill_low: float = NAN
    p_holm: float = NAN


def verdict(finding: Finding) -> str:
    """The verdict on a claim: that of the `rule` which applies."""
    return BY_RULE[rule(finding)]


def rule(finding: Finding) -> int:
    """The first of these rules that applies gives the verdict on a claim.

    1. No number of ours by the same protocol is recorded: *not checked here*.
    2. The published number counts the test rows of another asset than the author's: *not the
       author's claim (the Apple matrix)*.
    3. The data cannot tell: *cannot be decided*. That is so if the published number would beat the
       best constant, but by less than the smallest skill that these days would probably have
       shown; or if the claim is that one forecast beats another, and the 95 % interval of that
       skill holds zero.
    4. The published number lies outside what other seeds and other days plausibly give under the
       same protocol, or the forecast that should win is worse than the other: *not reproduced*.
    5. Under the same protocol we beat every constant: the skill against the best of them has a 95 %
       interval above zero, and the largest of the p-values against each of them, and against
       the forecast that the claim names, is below .05 after Holm over all tested claims:
       *reproduced*.
    6. Otherwise: *reproduced, but no better than a constant*.
    """
    # Comparisons with NaN are false, so a rule passes over what a claim does not have.
    if not finding.tested:
        return 1
    if finding.of_others:
        return 2
    too_few_days = 0 < finding.claimed < finding.smallest
    if too_few_days or finding.opponent_low <= 0 <= finding.opponent_high:
        return 3
    outside = finding.published < finding.low or finding.published > finding.high
    if outside or finding.opponent_high < 0:
        return 4
    if finding.skill_low > 0 and finding.p_holm < SIZE:
        return 5
    return 6


def rule_text() -> str:
    """The rules as a reader sees them: what `rule` says of itself."""
    return inspect.cleandoc(str(rule.__doc__))


def plausible_range(
    mean: float, standard_error: float, seed_sd: float, *, runs: int = 1, rounding: float = 0.0
) -> tuple[float, float]:
    """Where a mean of some runs would fall on other days and with other seeds, 95 % of the time.

    Args:
        mean: ours, over our seeds.
        standard_error: of it, from other days.
        seed_sd: between single runs.
        runs: that the published number is a mean of.
        rounding: half a unit of its last digit.

    >>> low, high = plausible_range(0.05, 0.003, 0.004, rounding=0.0002)
    >>> round(low, 4), round(high, 4)
    (0.04, 0.06)
    """
    half = TWO_SIDED * np.sqrt(standard_error**2 + seed_sd**2 / runs) + rounding
    return round(float(mean - half), 12), round(float(mean + half), 12)
