import pandas as pd
import pytest
from forecasts import forecast_table

from coincast.studies.skill import comparisons, reading

KNOWN = {"lstm": (0.2, 0.3), "ridge": -0.3, "har": 0.1, "ar": 0.0}
TABLES = comparisons.skill_tables(
    {
        "change": forecast_table({"no_change": 0, "train_mean": 0.01, **KNOWN}),
        "direction": forecast_table(
            {"train_share": 0.0, "logistic": 0.1, "lstm": (-0.2, -0.1)}, probability=True
        ),
        "range": forecast_table({"train_mean": 0.0, **KNOWN}, seed=4),
    },
    seed=1,
)
CHECK = {"n": 80, "skill": 0.02, "low": -0.01, "high": 0.05, "p": 0.2, "p_harvey": 0.17,
         "smallest_effect": 0.03,
         "verdict": "cannot be told apart from"}  # fmt: skip
CHECKS = dict.fromkeys(["primary", *reading.CHECKS], CHECK)


def test_primary_sentences_tell_verdict_interval_and_what_would_show():
    found = reading.primary_sentences(CHECKS)
    assert len(found) == len(CHECKS)
    words = "the LSTM cannot be told apart from no change on 80 days: skill +0.0200"
    assert words in found[0]
    assert "-0.0100 to +0.0500), p = 0.20" in found[0]
    assert "skill of 0.030 in 80 %" in found[0]
    assert found[0].endswith("first named, p = 0.17.")


def test_headlines_count_the_repetitions_that_agree():
    better = {**CHECK, "verdict": "beats"}
    assert "0 of 3 repetitions say the same" in reading.headlines(
        CHECKS | {"primary": better}, TABLES
    )
    assert "3 of 3 repetitions say the same" in reading.headlines(CHECKS, TABLES)


def test_holm_sentence_counts_better_and_worse():
    found = reading.holm_sentence(TABLES)
    # AR is no change itself, so there is nothing to test.
    assert found.startswith("Of 6 tests of change and direction")
    assert "for all 9, 4 find a model better than its baseline and 2 find one worse" in found


def test_superior_sentence_names_models_with_their_test():
    found = {"p_spa": 0.5, "superior": []}
    told = reading.superior_sentence(
        {"change": {"bitcoin": found}, "direction": {"litecoin": found}}
    )
    assert "litecoin p = 0.50. The stepwise test names none" in told
    found = {"p_spa": 0.03, "superior": ["lstm"]}
    told = reading.superior_sentence({"change": {"bitcoin": found}, "direction": {}})
    assert "names LSTM (change of bitcoin p = 0.03)" in told


def test_control_sentence_says_when_the_control_fails():
    table = TABLES["range"]["bitcoin"]
    assert "holds on every series" in reading.control_sentence({"bitcoin": table})
    failed = table.assign(skill_train_mean_low=-0.1)
    assert "FAILS" in reading.control_sentence({"bitcoin": table, "litecoin": failed})


def test_direction_sentence_pairs_the_accuracy_with_the_majority():
    row = TABLES["direction"]["bitcoin"].loc["lstm"]
    told = reading.direction_sentence(TABLES["direction"])
    majority = row["accuracy"] - row["accuracy_difference"]
    assert f"bitcoin 0.000 against {majority:.3f}" in told


def test_shift_sentences_tell_rates_with_their_standard_error():
    row = {"series": "bitcoin", "shifts": 100, "better": 0.01}
    finds = pd.DataFrame(
        [
            {**row, "r2": r2, "model": model, "clark_west": rate}
            for r2, model, rate in (
                (0.0, "ar", 0.04), (0.0, "ridge", 0.08), (0.05, "ar", 0.9), (0.05, "ridge", 0.8),
            )
        ]
    )  # fmt: skip
    networks = pd.DataFrame({"r2": 0.05, "better": [True, False, True]})
    nothing, planted, network = reading.shift_sentences(finds, networks)
    assert "200 tests" in nothing
    assert "rejects in 6.0% (4.0% to 8.0% by series and model" in nothing
    assert "standard error of 2.2%" in nothing
    assert "R2 5.0%: AR 1% (90%), ridge 1% (80%)" in planted
    assert "2 of 3 at 5.0%" in network


def test_regime_and_coverage_sentences_count():
    regimes = pd.DataFrame({"model": "lstm", "low": [0.1, -0.1, -0.3], "high": [0.2, 0.1, -0.2]})
    assert "Of 3 years" in (told := reading.regime_sentence(regimes))
    assert "above zero in 1 and below in 1" in told
    coverage = pd.DataFrame({"model": "lstm", "n": [10, 30], "coverage": [1.0, 0.8]})
    assert "held 85.0% of 40 targets, 80% to 100%" in reading.coverage_sentence(coverage)


def test_readme_table_has_a_row_per_task_and_series():
    lines = reading.readme_table(TABLES).splitlines()
    assert len(lines) == 2 + 3
    assert "har" not in lines[2]
    assert "HAR +0.100" in lines[2]
    assert "| 400" in lines[2]


@pytest.mark.parametrize("cost", [0, 10])
def test_strategy_sentence_tells_the_row_of_the_cost(cost):
    columns = ["timing", "timing_low", "timing_high", "sharpe", "low", "high",
               "timing_break_even_bps", "random_share", "n"]  # fmt: skip
    table = pd.DataFrame(0.5, index=range(2), columns=columns)
    table = table.assign(strategy="lstm_change_long_flat", cost_bps=[0, 10], timing=[0.25, -0.75])
    told = reading.strategy_sentence({"bitcoin": table}, cost)
    assert f"at {cost} basis points" in told
    assert f"bitcoin {0.25 if cost == 0 else -0.75:+.2f}" in told
