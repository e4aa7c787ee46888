import numpy as np
import pandas as pd
import pytest

from coincast.studies.ethereum_change import published_number as demo

DAYS = pd.date_range("2017-11-16", "2018-01-05", name="date")  # 15, 31 and 5 days
TARGETS = np.random.default_rng(3).normal(0, 0.05, len(DAYS))


def veering(first, then):
    """Return errors of these sizes in the first month and after it, of changing sign."""
    sizes = np.where(DAYS < "2017-12-01", first, then)
    return TARGETS + sizes * np.where(np.arange(len(DAYS)) % 2, 1, -1)


def tables(forecast):
    forecasts = {"no_change": 0 * TARGETS, "train_mean": 0 * TARGETS + 0.01, "line": forecast}
    return demo.monthly_mae(forecasts, TARGETS, DAYS)


def test_monthly_mae_scores_each_month_with_enough_days_alone():
    table = tables(veering(0.02, 0.3))
    assert table.index.unique("month").tolist() == ["2017-11", "2017-12"]
    assert table["n"].xs("line", level="forecast").tolist() == [15, 31]
    assert table["mae"].xs("line", level="forecast").tolist() == pytest.approx([0.02, 0.3])
    zero = np.abs(TARGETS[:15]).mean()
    assert table.loc[("2017-11", "no_change"), "mae"] == pytest.approx(zero)


@pytest.mark.parametrize(
    ("first", "then", "words"),
    [
        (0.001, 0.3, ["beats no change in the first month", "falls behind after it"]),
        (0.3, 0.001, ["worse than no change even in the first", "does not fall behind"]),
    ],
)
def test_monthly_sentence_says_whether_the_claim_holds(first, then, words):
    told = demo.monthly_sentence(tables(veering(first, then)), "line")
    assert all(word in told for word in words)
    assert "2017-11 (n = 15)" in told


def test_monthly_sentence_of_a_short_period_scores_nothing():
    table = demo.monthly_mae({"line": TARGETS[:5]}, TARGETS[:5], DAYS[:5])
    assert "No month" in demo.monthly_sentence(table, "line")


@pytest.mark.parametrize(
    ("mae", "words"),
    [(0.1219962962266932, "repeats the published one"), (0.0788, "not the published prices")],
)
def test_published_sentence_tells_last_digits_from_other_prices(mae, words):
    comparison = demo.compare_published(mae, 0.12199629622669292)
    assert words in demo.published_sentence(comparison, "linear_regression", "csv")
