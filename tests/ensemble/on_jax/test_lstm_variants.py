"""What the variants of the Ethereum LSTM may see, on a study small enough to train."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coincast.datasets.windows import Windows
from coincast.ensemble import Plan
from coincast.studies.ethereum_change.lstm_variants import baseline_runs, train_variants

FEATURES = ("bitcoin_close", "ethereum_close", "ethereum_daily_change", "bitcoin_daily_change")


def make(rows, seed):
    random = np.random.default_rng(seed)
    days = pd.date_range("2017-01-01", periods=rows, name="date")
    inputs, targets = random.normal(size=(rows, 3, 4)), random.normal(0, 0.05, rows)
    return Windows(inputs, targets, days, days + pd.Timedelta(days=1), FEATURES)


def train(test):
    given = {"driver": "bitcoin", "strict_train": make(29, 1)}
    return train_variants(make(30, 1), test, Plan(3, 6), [4, 5], **given)


@pytest.fixture(scope="module")
def runs():
    return train(make(12, 2))


def test_variants_have_one_member_per_seed_and_epochs_within_the_plan(runs):
    assert len(runs) == 7
    for run in runs.values():
        assert run.forecasts.shape == (2, 12)
        assert not np.array_equal(*run.forecasts)
        assert ((run.epochs >= 1) & (run.epochs <= 3)).all()
    np.testing.assert_array_equal(runs["lstm_honest"].epochs, runs["lstm_honest_refitted"].epochs)


def test_no_variant_looks_at_test_targets(runs):
    test = make(12, 2)
    again = train(replace(test, targets=test.targets[::-1]))
    for name, run in runs.items():
        np.testing.assert_array_equal(again[name].forecasts, run.forecasts)


@pytest.mark.parametrize(
    ("variant", "unseen"),
    [
        ("lstm_without_driver", [0, 3]),
        ("lstm_without_levels", [0, 1]),
        ("lstm_without_levels_or_driver", [0, 1, 3]),
    ],
)
def test_variant_does_not_see_what_it_goes_without(runs, variant, unseen):
    test = make(12, 2)
    test.inputs[:, :, unseen] = 9.0
    again = train(test)
    np.testing.assert_array_equal(again[variant].forecasts, runs[variant].forecasts)
    assert not np.allclose(again["lstm"].forecasts, runs["lstm"].forecasts)


def test_baselines_are_runs_of_one_member_with_errors_on_their_own_train_rows():
    data = make(30, 1)
    found = baseline_runs(data, make(12, 2), "ethereum")
    assert found["no_change"].train_mae == pytest.approx(np.abs(data.targets).mean())
    assert {len(run.forecasts) for run in found.values()} == {1}
    assert found["linear_regression"].train_mae < found["no_change"].train_mae
