import numpy as np
import pytest
from scipy.stats import binomtest

from coincast.evaluation import bootstrap, scoring, significance


def test_mcnemar_equals_the_binomial_test_on_the_days_that_differ():
    random = np.random.default_rng(0)
    right, other = random.random((2, 97)) < [[0.6], [0.5]]
    wins = int((right & ~other).sum())
    expected = binomtest(wins, int((right != other).sum())).pvalue
    assert significance.mcnemar(right, other) == pytest.approx(expected)
    assert significance.mcnemar(right, right) == 1


def rejected(share, discordant, samples=20_000):
    """Return how often the test rejects where the first forecast wins a share of the days."""
    wins = np.random.default_rng(1).binomial(discordant, share, samples)
    p_values = [
        significance.mcnemar(
            [1] * won + [0] * (discordant - won), [0] * won + [1] * (discordant - won)
        )
        for won in range(discordant + 1)
    ]
    return np.mean(np.array(p_values)[wins] <= 0.05)


@pytest.mark.parametrize("discordant", [20, 40, 60])
def test_mcnemar_rejects_at_most_five_per_cent_where_nothing_differs(discordant):
    """An exact test of a count cannot hit 5 % exactly; it stays below."""
    assert 0.02 < rejected(0.5, discordant) <= 0.055


@pytest.mark.parametrize("discordant", [20, 40, 60])
def test_smallest_difference_is_found_in_four_of_five_samples(discordant):
    right = np.arange(97) < discordant
    difference = significance.smallest_difference(right, np.zeros(97))
    share = (1 + difference * 97 / discordant) / 2
    assert rejected(share, discordant) == pytest.approx(0.8, abs=0.015)


def test_smallest_difference_is_unknown_where_too_few_days_differ():
    assert np.isnan(significance.smallest_difference(np.arange(97) < 5, np.zeros(97)))


def walks(n, random, samples):
    """Return labels two days ahead, and forecasts that know nothing but change as slowly."""
    steps = random.normal(size=(2, samples, n + 1))
    return (steps[:, :, 1:] + steps[:, :, :-1] > 0).astype(float)


def test_interval_of_the_difference_holds_zero_where_labels_overlap(monkeypatch):
    monkeypatch.setattr(bootstrap, "DRAWS", 300)  # enough here, and faster
    random, missed = np.random.default_rng(4), []
    for targets, forecast in zip(*walks(200, random, 150), strict=True):
        forecasts = {"majority_class": np.ones(200), "network": forecast}
        row = scoring.accuracy_table(forecasts, targets, horizon_days=2).loc["network"]
        missed.append(not row["difference_low"] <= 0 <= row["difference_high"])
    assert 0.01 <= np.mean(missed) <= 0.11  # 5 % +- 3 standard errors of 150 samples
