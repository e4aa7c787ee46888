"""What is told of seeds; `tests/ensemble/on_jax/test_lstm_variants.py` trains them."""

import numpy as np
import pytest

from coincast.studies.ethereum_change.lstm_variants import (
    Run,
    fit_sentence,
    mean_forecasts,
    published_sentence,
    score,
    sentences,
)

TARGETS = np.tile([0.1, -0.1], 10)
WITHOUT = ("driver", "levels", "levels_or_driver")
NAMES = ("lstm", *(f"lstm_without_{what}" for what in WITHOUT), "lstm_three_layers", "lstm_honest")
NOISE = np.random.default_rng(0).normal(0, 0.02, 20)


def make_run(*scales, train_mae=0.05):
    """Return members that are right up to a scale, plus a little noise."""
    forecasts = np.array([scale * TARGETS + NOISE for scale in scales])
    return Run(forecasts, np.full(len(scales), train_mae), np.arange(len(scales)) + 3)


def make_runs(*scales):
    runs = {"no_change": Run(np.zeros((1, 20)), np.array([0.1]), np.zeros(1, int))}
    runs["train_mean"] = Run(np.full((1, 20), 0.05), np.array([0.08]), np.zeros(1, int))
    runs["linear_regression_without_levels"] = runs["linear_regression"] = make_run(0.5)
    return runs | {name: make_run(*scales) for name in (*NAMES, "lstm_honest_refitted")}


def test_score_keeps_seeds_and_days_apart():
    runs = make_runs(1.0, -1.0, 0.5)
    row = score(runs, TARGETS, published=0.07, seed=1).loc["lstm"]
    errors = [np.mean(np.abs((scale - 1) * TARGETS + NOISE)) for scale in (1.0, -1.0, 0.5)]
    assert (row["seeds"], row["n"], row["epochs"]) == (3, 20, 4)
    assert row["mae"] == pytest.approx(np.mean(errors))
    assert row["seed_sd"] == pytest.approx(np.std(errors, ddof=1))
    assert row["train_mae"] == pytest.approx(0.05)
    assert row["low"] <= row["mae"] <= row["high"]
    shares = row[["below_no_change", "below_train_mean", "below_published"]]
    assert shares.tolist() == [np.mean(np.array(errors) < limit) for limit in (0.1, 0.1, 0.07)]
    assert set(shares) != {0.0, 1.0}


def test_mean_forecast_is_scored_as_one_forecast():
    """Opposite errors cancel: the mean of two bad seeds is right where both are wrong."""
    runs = make_runs(3.0, -1.0)
    means = mean_forecasts(runs, TARGETS, seed=0)
    assert means.loc["lstm", "mae"] == pytest.approx(np.abs(NOISE).mean())
    assert score(runs, TARGETS, 0.05, seed=0).loc["lstm", "mae"] > 0.15


@pytest.mark.parametrize(
    ("below", "verdict"),
    [(0.096, "an ordinary lucky one, not a false one"), (0.01, "a rare one"), (0.0, "no run here")],
)
def test_published_sentence_leads_with_the_share_and_judges_it(below, verdict):
    scores = score(make_runs(1.0, 0.9), TARGETS, 0.05, seed=0)
    scores.loc["lstm", "below_published"] = below
    told = published_sentence(scores, 0.0531)
    assert told.startswith(f"{below:.1%} of 2 seeds have a test MAE below the published 0.0531")
    assert verdict in told


@pytest.mark.parametrize(
    ("train_mae", "scale", "verdict"),
    [(0.09, 1.0, "it underfits"), (0.02, -1.0, "does not carry over"), (0.02, 1.0, "no sign of")],
)
def test_fit_sentence_compares_train_and_test_with_a_constant(train_mae, scale, verdict):
    runs = make_runs(scale) | {"lstm": make_run(scale, train_mae=train_mae)}
    told = fit_sentence(score(runs, TARGETS, 0.05, seed=0))
    assert verdict in told
    assert f"{train_mae:.4f} on its own train rows" in told


def test_sentences_pair_each_variant_with_its_own_opponent():
    runs = make_runs(1.0, 1.1) | {"lstm_without_driver": make_run(-1.0, -0.9)}
    told = sentences(score(runs, TARGETS, 0.05, seed=0), mean_forecasts(runs, TARGETS, seed=0))
    bitcoin, _, layers = (one for one in told if "driving coin" in one or "three layers" in one)
    assert "LSTM as published beats the LSTM without the driving coin" in bitcoin
    assert "LSTM of three layers cannot be told apart from the LSTM as published" in layers
    assert sum("mean forecast of 2 seeds" in one for one in told) == 2
