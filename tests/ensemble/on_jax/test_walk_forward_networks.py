"""The networks of the walk-forward study: what they see, and what they can find."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
from makers import make_prices

from coincast.datasets.windows import Windows
from coincast.ensemble import Plan
from coincast.evaluation.losses import losses
from coincast.evaluation.walk_forward import folds, per_fold, walk_forward
from coincast.studies.skill.comparisons import count_networks, task_forecasts
from coincast.studies.skill.controls import network_finds
from coincast.studies.skill.models import network_models
from coincast.studies.skill.protocol import Protocol
from coincast.studies.skill.tasks import FEATURES, coin_table

PLAN = Plan(8, 16, keras.optimizers.Adam(0.01))
SPLIT = {"test_start": "2017-06-15", "refit_days": 60, "train_days": 140, "validation_share": 0.2}

PROTOCOL = Protocol(
    {"bitcoin": coin_table(make_prices(330, seed=8))}, {"bitcoin": "2017-08-15"}, {"bitcoin": 60},
    lags=4, train_days=140, validation_share=0.2,
)  # fmt: skip


def make_folds(r2, days=300, seed=1):
    """Return folds whose targets follow from one feature of the last day, with noise."""
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(days, 4, len(FEATURES)))
    noise = random.normal(size=days)
    targets = 0.04 * (np.sqrt(r2) * inputs[:, -1, 1] + np.sqrt(1 - r2) * noise)
    dates = pd.date_range("2017-01-01", periods=days, name="date")
    made = Windows(inputs, targets, dates, dates + pd.Timedelta(days=1), tuple(FEATURES))
    return folds(made, **SPLIT)


def skill(r2, name):
    models = {name: network_models("change", PLAN, [1, 2])[name]}
    models["no_change"] = per_fold(lambda _, test: np.zeros(len(test)))
    found = losses(walk_forward({"bitcoin": make_folds(r2)}, models), ["squared"])
    means = found.groupby("model", observed=True)["squared"].mean()
    return 1 - means[name] / means["no_change"]


@pytest.mark.parametrize("name", ["lstm", "cnn_lstm"])
def test_networks_find_a_planted_signal_and_none_in_noise(name):
    assert skill(0.7, name) > 0.4
    assert skill(0.0, name) < 0.05


def test_networks_without_levels_are_blind_to_them():
    every = make_folds(0.5)
    rows = np.isin(FEATURES, ["close", "volume"])
    changed = [
        fold.apply(lambda w: replace(w, inputs=np.where(rows, w.inputs**2 + 3, w.inputs)))
        for fold in every
    ]
    models = network_models("change", PLAN, [1])
    for name, blind in (("lstm", True), ("lstm_with_levels", False)):
        before, after = (np.concatenate(models[name](each), axis=1) for each in (every, changed))
        assert (before.tolist() == after.tolist()) is blind


def test_networks_give_probabilities_for_the_direction():
    def rises(windows):
        return replace(windows, targets=(windows.targets > 0).astype(float))

    every = [fold.apply(rises) for fold in make_folds(0.7)]
    plan = replace(PLAN, loss="binary_crossentropy")
    forecasts = network_models("direction", plan, [1])["lstm"](every)
    table = walk_forward({"bitcoin": every}, {"lstm": lambda _: forecasts})
    assert table["forecast"].between(0, 1).all()
    assert losses(table, ["brier"])["brier"].mean() < 0.2


def test_task_forecasts_train_networks_on_the_last_year_beside_the_same_regression():
    table = task_forecasts(PROTOCOL, "change", PLAN, [1, 2])
    folds_of = PROTOCOL.folds("change", rolling=True)["bitcoin"]
    assert count_networks({"change": table}) == {"trained": 4 * 2 * len(folds_of), "failed": 0}
    days = table.groupby("model", observed=True)["date"].nunique()
    assert set(days) == {sum(len(fold.test) for fold in folds_of)}
    told = table.pivot_table("forecast", "date", "model", observed=True)
    assert not np.allclose(told["ridge"], told["ridge_last_year"])


def test_network_finds_a_strong_planted_signal_alone():
    found = network_finds(PROTOCOL, PLAN, [1, 2], [0.0, 0.9], seed=3).set_index("r2")
    assert not found.loc[0.0, "better"]
    assert found.loc[0.9, "better"]
    assert found.loc[0.9, "skill"] > 0.3
