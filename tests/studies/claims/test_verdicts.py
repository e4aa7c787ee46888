"""The rule, branch by branch, at and beside each border."""

from dataclasses import replace

import numpy as np
import pytest

from coincast.studies.claims.verdicts import (
    VERDICTS,
    Finding,
    plausible_range,
    rule_text,
    verdict,
)

SOUND = Finding(
    tested=True, published=0.05, low=0.04, high=0.06, claimed=0.2, smallest=0.1,
    skill_low=0.05, p_holm=0.01,
)  # fmt: skip
NO_BETTER = "reproduced, but no better than a constant"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "reproduced"),
        ({"tested": False}, "not checked here"),
        ({"of_others": True}, "not the author's claim (the Apple matrix)"),
        ({"smallest": 0.2}, "reproduced"),  # just large enough to have shown
        ({"smallest": 0.21}, "cannot be decided"),
        ({"claimed": 0.0, "smallest": 0.21}, "reproduced"),  # no effect is claimed
        ({"claimed": -0.1, "smallest": 0.21, "skill_low": -0.1}, NO_BETTER),
        ({"opponent_low": 0.0, "opponent_high": 0.1}, "cannot be decided"),
        ({"opponent_low": -0.1, "opponent_high": 0.0}, "cannot be decided"),
        ({"opponent_low": 0.01, "opponent_high": 0.1}, "reproduced"),
        ({"opponent_low": -0.2, "opponent_high": -0.1}, "not reproduced"),
        ({"published": 0.04}, "reproduced"),  # at the ends is inside
        ({"published": 0.06}, "reproduced"),
        ({"published": 0.039}, "not reproduced"),
        ({"published": 0.061}, "not reproduced"),
        ({"published": float("nan")}, "reproduced"),
        ({"skill_low": 0.0}, NO_BETTER),
        ({"p_holm": 0.05}, NO_BETTER),
        ({"p_holm": float("nan")}, NO_BETTER),
    ],
)
def test_verdict_at_each_border_of_the_rule(changed, expected):
    assert verdict(replace(SOUND, **changed)) == expected


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"tested": False}, {"of_others": True}),
        ({"of_others": True}, {"smallest": 0.9}),
        ({"smallest": 0.9}, {"published": 0.9}),
        ({"published": 0.9}, {"skill_low": -1.0}),
    ],
)
def test_earlier_rule_wins_over_a_later_one(earlier, later):
    assert verdict(replace(SOUND, **earlier, **later)) == verdict(replace(SOUND, **earlier))
    assert verdict(replace(SOUND, **later)) != verdict(replace(SOUND, **earlier))


def test_rule_tells_every_verdict_in_its_own_words():
    text = " ".join(rule_text().split())
    assert all(f"*{one}*" in text for one in VERDICTS)


def test_plausible_range_holds_single_runs_on_other_days_as_often_as_it_says():
    rng = np.random.default_rng(0)
    mean, error, deviation = 0.06, 0.007, 0.012
    runs = rng.normal(mean, error, (20_000, 1)) + rng.normal(0, deviation, (20_000, 25))
    for published, count in ((runs[:, 0], 1), (runs.mean(axis=1), 25)):
        low, high = plausible_range(mean, error, deviation, runs=count)
        assert ((low <= published) & (published <= high)).mean() == pytest.approx(0.95, abs=0.006)
