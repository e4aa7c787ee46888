import numpy as np
import pytest

from coincast.errors import InputError
from coincast.evaluation import scoring


def make_forecasts(n=80, seed=0):
    rng = np.random.default_rng(seed)
    targets = rng.normal(0, 0.05, n)
    return targets, {
        "train_mean": np.full(n, 0.01),
        "lstm": targets + rng.normal(0, 0.01, n),
        "zero": np.zeros(n),
    }


def test_mae_table_equals_plain_formulas():
    targets, forecasts = make_forecasts()
    table = scoring.mae_table(forecasts, targets)
    for name, forecast in forecasts.items():
        errors = [abs(f - t) for f, t in zip(forecast, targets, strict=True)]
        mean = sum(errors) / 80
        assert table.loc[name, "mae"] == pytest.approx(mean)
        spread = (sum((e - mean) ** 2 for e in errors) / 79) ** 0.5
        assert table.loc[name, "standard_error"] == pytest.approx(spread / 80**0.5)


def test_mae_table_has_no_error_for_the_targets_themselves():
    targets, forecasts = make_forecasts()
    row = scoring.mae_table(forecasts | {"oracle": targets}, targets).loc["oracle"]
    assert (row["mae"], row["low"], row["high"], row["skill"]) == (0, 0, 0, 1)


def test_mae_table_skill_of_the_baseline_is_exactly_zero():
    targets, forecasts = make_forecasts()
    row = scoring.mae_table(forecasts, targets, baseline="zero").loc["zero"]
    assert (row["skill"], row["skill_low"], row["skill_high"]) == (0, 0, 0)


def test_mae_table_intervals_hold_the_mae_and_repeat_by_seed():
    targets, forecasts = make_forecasts()
    table, again = (scoring.mae_table(forecasts, targets, seed=4) for _ in range(2))
    assert (table["low"] < table["mae"]).all()
    assert (table["mae"] < table["high"]).all()
    assert table.equals(again)


def test_mae_table_interval_covers_the_true_error_as_often_as_it_says():
    """Mean absolute error of zero on normal targets is sigma sqrt(2 / pi)."""
    truth, hits = (2 / np.pi) ** 0.5, 0
    for seed in range(60):
        targets = np.random.default_rng(seed).normal(size=120)
        row = scoring.mae_table({"train_mean": np.zeros(120)}, targets).iloc[0]
        hits += row["low"] <= truth <= row["high"]
    assert 50 <= hits <= 60  # 95 % of 60 is 57; below 50 has a chance of 2 in 10,000


@pytest.mark.parametrize("n", [1, 9])
def test_mae_table_refuses_too_few_rows(n):
    targets, forecasts = make_forecasts(n)
    with pytest.raises(InputError, match=f"{n} test rows are too few"):
        scoring.mae_table(forecasts, targets)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.1, 0.2, "beats"), (-0.2, -0.1, "is worse than"), (-0.1, 0.1, "cannot be told apart from")],
)
def test_skill_sentence_says_what_the_interval_says(low, high, verdict):
    targets, forecasts = make_forecasts()
    table = scoring.mae_table(forecasts, targets)
    table.loc["lstm", ["skill_low", "skill_high"]] = low, high
    sentence = scoring.skill_sentence(table, "lstm")
    assert sentence.startswith(f"LSTM as published {verdict} the train mean on 80 test days")


def test_mae_table_averages_the_errors_of_runs_day_by_day():
    targets, forecasts = make_forecasts()
    runs = np.stack([forecasts["lstm"], forecasts["zero"]])
    row = scoring.mae_table({**forecasts, "runs": runs}, targets).loc["runs"]
    of_days = [abs(runs[:, day] - target).sum() / 2 for day, target in enumerate(targets)]
    assert row["mae"] == pytest.approx(np.mean(of_days))
    assert row["standard_error"] == pytest.approx(np.std(of_days, ddof=1) / np.sqrt(len(targets)))
    assert row["mae"] != pytest.approx(np.abs(runs.mean(axis=0) - targets).mean())
