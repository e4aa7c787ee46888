import pytest
from forecasts import forecast_table

from coincast.studies.skill import comparisons
from coincast.studies.your_model import reading
from coincast.studies.your_model.trial import STANDARD, YOURS, verdicts

MODELS = {"last_change": -0.1, "no_change": 0.0, YOURS: 0.1, STANDARD: 0.0}
FORECASTS = {"change": forecast_table(MODELS, days=200)}
TABLES = comparisons.skill_tables(FORECASTS, seed=1)["change"]


def test_trial_table_begins_with_the_baseline():
    lines = reading.trial_table(TABLES, "change").splitlines()
    assert len(lines) == 2 + 4
    assert [cell.strip() for cell in lines[2].split("|")[1:5]] == [
        "bitcoin", "no change", "200", "baseline",
    ]  # fmt: skip
    assert "| +0.1000" in lines[-2]


def test_headlines_name_the_model_and_have_a_row_per_coin():
    told = reading.headlines(verdicts(TABLES, "change"), "some/folder/mine.py:dense", "change")
    assert told.startswith("dense, next day's change. The rule:")
    assert len(told.splitlines()) == 2 + 3
    assert "beats" in told.splitlines()[-1]


def test_standard_sentences_compare_the_features_if_there_are_own_ones():
    daily = comparisons.daily_losses(FORECASTS)["change"]
    (told,) = reading.standard_sentences(daily, "change", ["bitcoin"], seed=1)
    assert "beats itself" in told
    assert "+0.1000" in told
    without = daily[daily["model"] != STANDARD]
    assert reading.standard_sentences(without, "change", ["bitcoin"], seed=1) == []


@pytest.mark.parametrize(("p_value", "told"), [(0.06, "yes (others in it: 1)"), (0.05, "no (oth")])
def test_confidence_sentence_counts_the_others(p_value, told):
    confidence = {YOURS: p_value, "ridge": 1.0, "ar": 0.01}
    assert told in reading.confidence_sentence({"bitcoin": {"confidence": confidence}})


def test_leak_sentence_tells_what_was_checked():
    assert "your 3 features" in reading.leak_sentence(3)
    assert "standard features" in reading.leak_sentence(0)
