import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, norm, t

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


def test_accuracy_of_labels_that_overlap_is_told_apart_in_at_most_five_per_cent(monkeypatch):
    monkeypatch.setattr(bootstrap, "DRAWS", 300)  # enough here, and faster
    random, blocks, told = np.random.default_rng(5), [], []
    for targets, forecast in zip(*walks(97, random, 600), strict=True):
        right, majority = forecast == targets, targets == 1
        wins = right.astype(float) - majority
        blocks.append(bootstrap.flip_blocks(wins, 4) < 0.05)
        told.append(blocks[-1] and significance.mcnemar(right, majority) < 0.05)
    assert 0.02 < np.mean(blocks) < 0.06
    assert np.mean(told) < 0.06


def test_flip_blocks_finds_one_more_day_of_six_right():
    random, found = np.random.default_rng(6), []
    for targets, noise in zip(*walks(365, random, 60), strict=True):
        forecast = np.where(random.random(365) < 0.35, targets, noise)
        wins = (forecast == targets).astype(float) - (noise == targets)
        found.append(bootstrap.flip_blocks(wins, 4) < 0.05)
    assert np.mean(found) > 0.8


def test_interval_of_the_difference_holds_zero_where_labels_overlap(monkeypatch):
    monkeypatch.setattr(bootstrap, "DRAWS", 300)  # enough here, and faster
    random, missed = np.random.default_rng(4), []
    for targets, forecast in zip(*walks(200, random, 150), strict=True):
        forecasts = {"majority_class": np.ones(200), "network": forecast}
        row = scoring.accuracy_table(forecasts, targets, horizon_days=2).loc["network"]
        missed.append(not row["difference_low"] <= 0 <= row["difference_high"])
    assert 0.01 <= np.mean(missed) <= 0.11  # 5 % +- 3 standard errors of 150 samples


def t_values(values):
    """Return mean / standard error of each row by plain cosine sums, and degrees of freedom."""
    n = values.shape[1]
    freedom = int(0.41 * n ** (2 / 3))
    waves = np.cos(np.pi * np.outer(np.arange(n) + 0.5, np.arange(1, freedom + 1)) / n)
    variance = (values @ waves) ** 2 * 2 / n  # (rows, freedom)
    return values.mean(axis=1) / np.sqrt(variance.mean(axis=1) / n), freedom


def test_diebold_mariano_equals_plain_formulas():
    mine, other = np.abs(np.random.default_rng(2).normal(size=(2, 365))) + np.array([[0], [0.1]])
    found = significance.diebold_mariano(mine, other)
    (value,), freedom = t_values((other - mine)[None])
    assert freedom == 20
    assert found["p_value"] == pytest.approx(2 * t.sf(abs(value), 20))
    assert found["difference"] == pytest.approx((other - mine).mean())
    share = found["smallest_difference"] / found["difference"] * value
    assert share == pytest.approx(t.isf(0.025, 20) + t.isf(0.2, 20))
    assert significance.harvey_p_value(mine, other) == pytest.approx(found["p_value"], abs=0.05)


@pytest.mark.parametrize("n", [60, 365, 1000])
@pytest.mark.parametrize("weight", [0, 0.3])
def test_diebold_mariano_rejects_five_per_cent_where_nothing_differs(n, weight):
    """Also where each day depends on the day before, by a moving average."""
    noise = np.random.default_rng(3).standard_t(4, size=(4000, n + 1))
    values, freedom = t_values(noise[:, 1:] + weight * noise[:, :-1])
    assert (2 * t.sf(abs(values), freedom) < 0.05).mean() == pytest.approx(0.05, abs=0.01)


def test_smallest_difference_of_losses_is_found_in_four_of_five_samples():
    noise = np.random.default_rng(4).normal(size=(4000, 365))
    truth = (t.isf(0.025, 20) + t.isf(0.2, 20)) / np.sqrt(365)  # for days of variance 1
    values, freedom = t_values(noise + truth)
    found = 2 * t.sf(abs(values), freedom) < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.02)


def autoregressions(weight, n, samples, window=250):
    """Return targets, rolling forecasts from the day before, and rolling means: (samples, n)."""
    targets = np.random.default_rng(5).normal(size=(samples, n + window + 1))
    for day in range(1, targets.shape[1]):
        targets[:, day] += weight * targets[:, day - 1]
    past, now = targets[:, :-1], targets[:, 1:]

    def rolling(values):
        sums = np.cumsum(values, axis=1)
        return (sums[:, window - 1 : -1] - np.pad(sums, ((0, 0), (1, 0)))[:, :n]) / window

    mean, before = rolling(now), rolling(past)
    slope = (rolling(now * past) - mean * before) / (rolling(past**2) - before**2)
    return now[:, window:], mean + slope * (past[:, window:] - before), mean


def gains(targets, forecast, mean):
    return (targets - mean) ** 2 - (targets - forecast) ** 2 + (mean - forecast) ** 2


def test_clark_west_equals_plain_formulas():
    made = [part[0] for part in autoregressions(0.2, 365, 1)]
    (value,), freedom = t_values(gains(*made)[None])
    assert significance.clark_west(*made) == pytest.approx(t.sf(value, freedom))


@pytest.mark.parametrize(
    ("weight", "low", "high"),
    [(0.0, 0.02, 0.04), (0.1, 0.7, 0.8)],  # cautious under the null; a planted R2 of 1 %
)
def test_clark_west_rejects_where_the_larger_model_is_true(weight, low, high):
    values, freedom = t_values(gains(*autoregressions(weight, 1000, 1200)))
    assert low < (t.sf(values, freedom) < 0.05).mean() < high


def directions(days, samples, knows=0.0, *, n=365, often=0.7):
    """Return one- or two-day labels and forecasts of up, and the products of both, centred."""
    noise = np.random.default_rng(6).normal(size=(2, samples, n + days - 1))
    noise[1] = knows * noise[0] + np.sqrt(1 - knows**2) * noise[1]
    sums = sum(noise[:, :, day : n + day] for day in range(days)) / np.sqrt(days)
    ups, said = sums[0] > 0, sums[1] > norm.isf(often)
    return ups, said, (ups - ups.mean(1, keepdims=True)) * (said - said.mean(1, keepdims=True))


@pytest.mark.parametrize("days", [1, 2])
def test_pesaran_timmermann_equals_plain_formulas(days):
    ups, said, together = directions(days, 1, 0.1)
    (value,), freedom = t_values(together)
    found = significance.pesaran_timmermann(ups[0], said[0])
    assert found == pytest.approx(t.sf(value, freedom))


def test_pesaran_timmermann_is_the_published_statistic_for_one_day_labels():
    ups, said, _ = (part[0] for part in directions(1, 1, 0.1, n=3000))
    up, say = ups.mean(), said.mean()
    chance = up * say + (1 - up) * (1 - say)
    spread = (2 * up - 1) ** 2 * say * (1 - say) + (2 * say - 1) ** 2 * up * (1 - up)
    spread = chance * (1 - chance) - spread - 4 * up * say * (1 - up) * (1 - say) / 3000
    expected = ((ups == said).mean() - chance) / np.sqrt(spread / 3000)
    found = norm.isf(significance.pesaran_timmermann(ups, said))
    assert found == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize(
    ("days", "knows", "low", "high"),
    [(1, 0, 0.04, 0.06), (2, 0, 0.04, 0.06), (1, 0.3, 0.9, 1), (2, 0.3, 0.9, 1)],
)
def test_pesaran_timmermann_rejects_where_the_forecast_knows(days, knows, low, high):
    values, freedom = t_values(directions(days, 4000, knows)[2])
    assert low < (t.sf(values, freedom) < 0.05).mean() < high


@pytest.mark.parametrize("forecast", [np.ones(50), np.zeros(50)])
def test_a_constant_forecast_has_nothing_to_test(forecast):
    targets = np.arange(50) % 3 > 0
    p_value = significance.pesaran_timmermann(targets, forecast)
    assert significance.p_words(p_value) == "nothing to test"
    same = significance.diebold_mariano(np.ones(50), np.ones(50))
    assert np.isnan(same["p_value"])
    assert np.isnan(significance.clark_west(np.arange(50.0), np.ones(50), np.ones(50)))


def losses(better, n=120, seed=0, *, spread=(1, 1, 1, 1)):
    """Return losses of four forecasts, the second less by `better`, with different spreads."""
    noise = np.random.default_rng(seed).normal(size=(n, 4)) * spread
    return pd.DataFrame(noise - [0, better, 0, 0], columns=["zero", "b", "c", "d"])


def test_tests_of_many_forecasts_are_wrong_as_often_as_they_say(monkeypatch):
    """Measured on 600 samples and more: 5 to 6 %, and 6 % for the confidence set."""
    monkeypatch.setattr(significance, "DRAWS", 100)
    wrong = []
    for seed in range(100):
        table = losses(0, 80, seed)
        p_value, superior = significance.superior_forecasts(table, "zero", seed=seed)
        left_out = significance.confidence_set(table, seed=seed) <= 0.05
        wrong.append([p_value < 0.05, bool(superior), left_out.any()])
    assert (np.sum(wrong, axis=0) <= 12).all()  # more than 12 of 100 at 5 %: 1 in 700


def test_tests_of_many_forecasts_find_the_better_one():
    table = losses(0.5)
    p_value, superior = significance.superior_forecasts(table, "zero")
    assert p_value < 0.01
    assert superior == ["b"]
    found = significance.confidence_set(table)
    assert found.index.tolist() == ["zero", "b", "c", "d"]
    assert (found > 0.05).tolist() == [False, True, False, False]


def test_a_wild_forecast_does_not_hide_a_steady_one():
    table = losses(0.5, seed=1, spread=(0, 1, 100, 100))
    assert significance.superior_forecasts(table, "zero")[1] == ["b"]


def test_every_forecast_may_beat_the_benchmark():
    """The second only once the first is out; arch's own StepM fails after the last one."""
    table = losses(0, spread=(0, 1, 1, 1))[["zero", "b", "c"]] - [0, 3, 0.25]
    assert significance.superior_forecasts(table, "zero")[1] == ["b", "c"]


def test_forecasts_with_the_same_losses_share_their_verdict():
    table = losses(0.5).assign(twin=lambda made: made["b"])
    found = significance.confidence_set(table)
    assert found["twin"] == found["b"]
    assert significance.superior_forecasts(table, "zero")[1] == ["b", "twin"]
    p_value, superior = significance.superior_forecasts(table[["b", "twin"]], "b")
    assert np.isnan(p_value)
    assert superior == []
    assert significance.confidence_set(table[["b", "twin"]]).tolist() == [1, 1]


def test_holm_multiplies_by_the_number_of_tests_left():
    p_values = pd.Series([0.03, np.nan, 0.01, 0.02], index=list("abcd"))
    found = significance.holm(p_values)
    assert found[["c", "d", "a"]].tolist() == pytest.approx([0.03, 0.04, 0.04])
    assert np.isnan(found["b"])
    assert significance.holm(p_values[["b"]]).isna().all()
