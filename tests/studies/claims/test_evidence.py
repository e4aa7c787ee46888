"""From recorded rows to what the rule sees."""

import math
from dataclasses import replace

import pytest
from claim_records import (
    make_accuracy_row,
    make_label_counts,
    make_records,
    make_row,
)

from coincast.errors import InputError
from coincast.studies.claims import CLAIMS
from coincast.studies.claims.evidence import counts_others, finding, look_up, skill_against

SKILLS = {"no_change": (0.1, 0.05, 0.2, 0.001, 0.04), "train_mean": (0.02, -0.1, 0.1, 0.6, 0.09)}


@pytest.mark.parametrize(
    ("path", "missing"),
    [("02_study:scores.lstm.rmse", "rmse"), ("02_study:scores.cnn.mae", "cnn"), ("9:a", "9")],
)
def test_missing_path_names_the_key_and_the_notebook(path, missing):
    records = {"02_study": {"scores": {"lstm": {"mae": 0.05}}}}
    with pytest.raises(InputError, match=f"'{missing}' is missing") as error:
        look_up(records, path)
    assert path.partition(":")[0] in str(error.value)


def test_skill_is_against_the_hardest_constant_and_needs_all_tests():
    skill = skill_against(make_row(0.049, SKILLS | {"x": (0, 0, 0, None, None)}), SKILLS)
    assert (skill.baseline, skill.skill, skill.low) == ("train_mean", 0.02, -0.1)
    assert skill.p_value == 0.6
    assert skill.level == pytest.approx(0.05)
    other_way = SKILLS | {"no_change": (0.1, 0.05, 0.2, 0.9, 0.04)}
    assert skill_against(make_row(0.049, other_way), SKILLS).p_value == 0.9


def test_accuracy_is_compared_by_differences():
    skill = skill_against(make_accuracy_row(0.6, 0.02), ["majority_class"], "accuracy")
    assert (skill.baseline, skill.level, skill.skill) == ("majority_class", 0.58, 0.02)


def test_finding_combines_seeds_days_and_rounding():
    claim = replace(CLAIMS["sheehan_bitcoin_lstm_mae"], runs=4, rounding=0.001, value=0.04)
    row = make_row(0.05, {"no_change": SKILLS["no_change"]}, run_sd=0.006)
    found = finding({"05_many_seeds": {"ancestor": {"bitcoin": {"lstm": row}}}}, claim)
    half = 1.959964 * math.sqrt(0.008**2 + 0.006**2 / 4) + 0.001
    assert (found.low, found.high) == pytest.approx((0.05 - half, 0.05 + half))
    assert found.claimed == pytest.approx(1 - 0.04 / (0.05 / 0.9))
    assert (found.skill_low, found.p_holm, found.smallest) == (0.05, 0.001, 0.04)
    assert math.isnan(found.opponent_low)


def test_claim_on_two_forecasts_needs_both_tests():
    records = make_records()
    against = {"lstm_without_driver": (0.1, 0.05, 0.2, 0.03, 0.1)}
    records["05_many_seeds"]["seeds"]["lstm"] |= make_row(0.06, against)
    found = finding(records, CLAIMS["hahn_bitcoin"])
    assert (found.opponent_low, found.opponent_high, found.skill_low) == (0.05, 0.2, -0.3)
    assert found.p_holm == 0.03  # against the constants it is .01


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (make_label_counts(), True),
        (make_label_counts(fewest=49), False),  # bitcoin could have 49 of 98
        (make_label_counts(ups=48), False),  # no asset has
        (make_label_counts() | {"2": {"asset": "bitcoin", "test_rows": 98, "ups": 49,
                                      "fewest_ups": 61}}, False),
        ({}, False),
    ],
)  # fmt: skip
def test_matrix_is_of_others_only_if_it_cannot_be_the_authors(table, expected):
    assert counts_others(table) is expected
