import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from coincast.errors import InputError
from coincast.evaluation import scoring
from coincast.evaluation.significance import diebold_mariano


def make_forecasts(n=80, seed=0):
    rng = np.random.default_rng(seed)
    targets = rng.normal(0, 0.05, n)
    return targets, {
        "train_mean": np.full(n, 0.01),
        "lstm": targets + rng.normal(0, 0.01, n),
        "no_change": np.zeros(n),
    }


def make_directions(n=97, seed=0):
    rng = np.random.default_rng(seed)
    targets = (rng.random(n) < 0.6).astype(float)
    guess = np.where(rng.random(n) < 0.7, targets, 1 - targets)
    return targets, {"majority_class": np.ones(n), "cnn_lstm_last": guess, "oracle": targets}


def test_mae_table_equals_plain_formulas():
    targets, forecasts = make_forecasts()
    table = scoring.mae_table(forecasts, targets)
    for name, forecast in forecasts.items():
        errors = [abs(f - t) for f, t in zip(forecast, targets, strict=True)]
        mean = sum(errors) / 80
        assert table.loc[name, "mae"] == pytest.approx(mean)
        spread = (sum((e - mean) ** 2 for e in errors) / 79) ** 0.5  # these days are independent
        assert table.loc[name, "standard_error"] == pytest.approx(spread / 80**0.5, rel=0.25)


def test_mae_table_is_exact_for_the_truth_and_for_the_baseline():
    targets, forecasts = make_forecasts()
    table = scoring.mae_table(forecasts | {"oracle": targets}, targets, baselines=["no_change"])
    columns = ["skill_no_change", "skill_no_change_low", "skill_no_change_high"]
    assert table.loc["oracle", ["mae", "low", "high", *columns]].tolist() == [0, 0, 0, 1, 1, 1]
    assert table.loc["no_change", columns].tolist() == [0, 0, 0]


def test_mae_table_tests_each_forecast_against_each_baseline():
    targets, forecasts = make_forecasts()
    table = scoring.mae_table(forecasts | {"itself": forecasts["no_change"]}, targets)
    losses, mean = (np.abs(forecasts[name] - targets) for name in ("lstm", "train_mean"))
    test = diebold_mariano(losses, mean)
    row = table.loc["lstm"]
    assert row["skill_train_mean_p"] == test["p_value"]
    assert row["skill_train_mean_smallest"] * mean.mean() == pytest.approx(
        test["smallest_difference"]
    )
    assert row["skill_train_mean_p"] != row["skill_no_change_p"]
    assert table.loc[["itself", "no_change"], "skill_no_change_p"].isna().all()


def test_mae_table_interval_covers_the_true_error_as_often_as_it_says():
    """Mean absolute error of zero on normal targets is sigma sqrt(2 / pi)."""
    truth, hits = (2 / np.pi) ** 0.5, 0
    for seed in range(60):
        targets = np.random.default_rng(seed).normal(size=120)
        forecasts = {"train_mean": np.zeros(120)}
        row = scoring.mae_table(forecasts, targets, baselines=["train_mean"]).iloc[0]
        hits += row["low"] <= truth <= row["high"]
    assert 50 <= hits <= 60  # 95 % of 60 is 57; below 50 has a chance of 2 in 10,000


@pytest.mark.parametrize("n", [1, 9])
def test_mae_table_refuses_too_few_rows(n):
    targets, forecasts = make_forecasts(n)
    with pytest.raises(InputError, match=f"{n} test rows"):
        scoring.mae_table(forecasts, targets)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.1, 0.2, "beats"), (-0.2, -0.1, "is worse than"), (-0.1, 0.1, "cannot be told apart from")],
)
def test_skill_sentence_says_what_the_interval_says(low, high, verdict):
    targets, forecasts = make_forecasts()
    table = scoring.mae_table(forecasts, targets)
    table.loc["lstm", ["skill_train_mean_low", "skill_train_mean_high"]] = low, high
    sentence = scoring.skill_sentence(table, "lstm", "train_mean")
    assert sentence.startswith(f"LSTM as published {verdict} the train mean on 80 test days")


def test_mae_table_averages_the_errors_of_runs_day_by_day():
    targets, forecasts = make_forecasts()
    runs = np.stack([forecasts["lstm"], forecasts["no_change"]])
    row = scoring.mae_table({**forecasts, "runs": runs}, targets).loc["runs"]
    of_days = [abs(runs[:, day] - target).sum() / 2 for day, target in enumerate(targets)]
    assert row["mae"] == pytest.approx(np.mean(of_days))
    error = np.std(of_days, ddof=1) / np.sqrt(len(targets))
    assert row["standard_error"] == pytest.approx(error, rel=0.25)
    assert row["mae"] != pytest.approx(np.abs(runs.mean(axis=0) - targets).mean())


def test_accuracy_table_equals_plain_formulas():
    targets, forecasts = make_directions(seed=1)
    row = scoring.accuracy_table(forecasts, targets).loc["cnn_lstm_last"]
    said = forecasts["cnn_lstm_last"]
    counts = {(t, s): sum((targets == t) & (said == s)) for t in (0, 1) for s in (0, 1)}
    tn, fp, fn, tp = counts[0, 0], counts[0, 1], counts[1, 0], counts[1, 1]
    assert (row["correct"], row["n"]) == (tp + tn, 97)
    assert row["accuracy"] == pytest.approx((tp + tn) / 97)
    assert row["balanced_accuracy"] == pytest.approx((tp / (tp + fn) + tn / (tn + fp)) / 2)
    scale = math.sqrt(float(tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    assert row["mcc"] == pytest.approx((tp * tn - fp * fn) / scale)
    majority = targets == 1
    assert row["difference"] == pytest.approx((tp + tn) / 97 - majority.mean())
    first, second = ((said == targets) & ~majority).sum(), ((said != targets) & majority).sum()
    tail = binomtest(min(first, second), first + second).pvalue
    assert row["p_value"] == pytest.approx(tail)


def test_accuracy_table_knows_a_constant_and_the_truth():
    targets, forecasts = make_directions()
    table = scoring.accuracy_table(forecasts, targets)
    columns = ["accuracy", "balanced_accuracy", "mcc"]
    assert table.loc["majority_class", columns].tolist() == [targets.mean(), 0.5, 0]
    assert table.loc["oracle", columns].tolist() == [1, 1, 1]
    assert table.loc["oracle", "p_value"] < 1e-9
    assert table.loc["majority_class", ["difference", "p_value"]].tolist() == [0, 1]
    assert np.isnan(table.loc["majority_class", "smallest_difference"])


def test_accuracy_table_refuses_test_rows_of_one_class():
    with pytest.raises(InputError, match="all 12 test rows"):
        scoring.accuracy_table({"majority_class": np.ones(12)}, np.ones(12))


@pytest.mark.parametrize(
    ("right", "verdict"),
    [(97, "beats"), (60, "cannot be told apart from"), (20, "is worse than")],
)
def test_accuracy_sentences_say_what_the_test_says(right, verdict):
    targets, forecasts = make_directions()
    forecasts["cnn_lstm_last"] = np.where(np.arange(97) * 13 % 97 < right, targets, 1 - targets)
    table = scoring.accuracy_table(forecasts, targets)
    (sentence,) = scoring.accuracy_sentences(table, "next day")
    assert f"last epoch {verdict} the majority class: {right} of 97 test days" in sentence


@given(rows=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=50))
def test_row_shares_sum_to_one_and_give_the_counts_back(rows):
    targets, said = np.array(rows, dtype=float).T
    counts = scoring.confusion(targets, said)
    assert counts.to_numpy().sum() == len(rows)
    assert counts.loc["up", "down"] == sum(pair == (1, 0) for pair in rows)
    shares, sums = scoring.row_shares(counts), counts.sum(axis=1)
    np.testing.assert_allclose(shares.sum(axis=1), (sums > 0).astype(float))
    np.testing.assert_allclose(shares.mul(sums, axis=0), counts)


def test_class_report_equals_plain_formulas():
    targets, said = np.array([1, 1, 1, 0, 0.0]), np.array([1, 1, 0, 1, 0.0])
    report = scoring.class_report(targets, said)
    assert report.loc["up", ["precision", "recall", "support"]].tolist() == [2 / 3, 2 / 3, 3]
    assert report.loc["down", ["precision", "recall", "support"]].tolist() == [1 / 2, 1 / 2, 2]
    assert report.loc["macro avg", "f1-score"] == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_constant_scores_are_the_cross_entropy_and_accuracy_of_the_train_share():
    found = scoring.constant_scores(np.array([1, 1, 1, 0.0]), np.array([1, 0.0]))
    assert found["loss"] == pytest.approx(-(math.log(0.75) + math.log(0.25)) / 2)
    assert found["accuracy"] == 0.5
