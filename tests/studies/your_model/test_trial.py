import keras
import numpy as np
import pandas as pd
import pytest
from forecasts import forecast_table
from makers import make_prices
from sklearn.linear_model import LinearRegression, LogisticRegression

from coincast.datasets.windows import Windows
from coincast.ensemble import Plan
from coincast.errors import InputError
from coincast.evaluation.significance import diebold_mariano
from coincast.evaluation.walk_forward import Fold
from coincast.studies.skill import comparisons
from coincast.studies.your_model import reading, trial
from coincast.studies.your_model.one_by_one import forecast_one_by_one
from coincast.studies.your_model.own_features import feature_tables

SIZES = {"lags": 3, "train_days": 100, "refit_days": 60, "latest": None}
PRICES = {"bitcoin": make_prices(260, seed=3), "litecoin": make_prices(230, seed=4)}
PROTOCOL = trial.make_protocol(feature_tables(PRICES, lambda p: p[["open"]]), **SIZES)
PLAN = trial.make_plan("change", 2, 64, 0.01)
MODELS = {"no_change": 0.0}


def tables(knowledge, coins=("bitcoin", "ethereum")):
    """Return tables of skill of a model that knows a share of the target of each coin."""
    parts = [
        forecast_table(MODELS | {trial.YOURS: knowledge}, coin, seed=number, days=300)
        for number, coin in enumerate(coins)
    ]
    return comparisons.skill_tables({"change": pd.concat(parts)}, seed=1)["change"]


def autoregression(count, days, r2, seed, *, train_days=365, refit_days=90):
    """Return targets and forecasts of many series, (count, days) each, refitted as in the trial."""
    random = np.random.default_rng(seed)
    signal, noise = random.standard_t(4, (2, count, train_days + days)) / 2**0.5
    targets = 0.04 * (r2**0.5 * signal + (1 - r2) ** 0.5 * noise)
    told = []
    for start in range(0, days, refit_days):
        x, y = (of[:, start : start + train_days] for of in (signal, targets))
        centre, mean = x.mean(axis=1, keepdims=True), y.mean(axis=1, keepdims=True)
        slope = ((x - centre) * y).sum(axis=1) / ((x - centre) ** 2).sum(axis=1)
        until = min(start + refit_days, days) + train_days
        told.append(mean + slope[:, None] * (signal[:, start + train_days : until] - centre))
    return targets[:, train_days:], np.hstack(told)


def beats(targets, told):
    """Say whether the trial's verdict finds skill; the slow bootstrap only where a test does."""
    test = diebold_mariano(np.abs(targets - told), np.abs(targets))
    if test["p_value"] >= 0.05 or test["difference"] < 0:
        return False
    day = {"date": pd.date_range("2017-01-01", periods=len(targets)), "target": targets}
    parts = [
        pd.DataFrame({"coin": "any", "fold": 0, "seed": 0, "model": model, "forecast": forecast})
        for model, forecast in (("no_change", 0.0 * told), (trial.YOURS, told))
    ]
    found = comparisons.skill_tables({"change": pd.concat(p.assign(**day) for p in parts)}, 1)
    return trial.verdicts(found["change"], "change")["verdict"].iloc[0] == "beats"


def test_verdict_finds_skill_in_at_most_5_percent_of_noise():
    noise = [beats(*each) for each in zip(*autoregression(300, 900, 0.0, seed=1), strict=True)]
    targets = np.random.default_rng(9).normal(0, 0.04, (200, 900))
    told = np.random.default_rng(8).normal(0, 0.001, targets.shape)  # it hardly costs a thing
    costless = [beats(*each) for each in zip(targets, told, strict=True)]
    assert np.mean(noise) <= 0.05
    assert 0 < np.mean(costless) <= 0.05


def test_verdict_finds_a_planted_signal_of_5_percent():
    planted = autoregression(2, 2000, 0.05, seed=2)
    assert all(beats(*each) for each in zip(*planted, strict=True))


def test_verdicts_correct_for_the_number_of_coins():
    few, many = (trial.verdicts(tables(0.05, coins), "change") for coins in (["a"], "abcd"))
    assert many.loc["a", "p_holm"] >= few.loc["a", "p_holm"] == few.loc["a", "p"]
    assert many.loc["a", "p"] == few.loc["a", "p"]


@pytest.mark.parametrize(
    ("knowledge", "verdict"), [(0.2, "beats"), (-0.2, "is worse than"), (0, "cannot be told apart")]
)
def test_verdicts_follow_from_test_and_interval(knowledge, verdict):
    rows = trial.verdicts(tables(knowledge), "change")
    assert rows["verdict"].str.startswith(verdict).all()
    sentence = reading.verdict_sentence(rows, "any.py:mine", "change")
    assert sentence.startswith("mine ")
    assert ("has skill" in sentence) == (knowledge > 0)
    assert sentence.count("300 days") == 2


def test_verdict_cannot_be_decided_where_no_plausible_skill_would_show():
    found = {c: t.assign(smallest_effect=0.1) for c, t in tables(0.0).items()}
    rows = trial.verdicts(found, "change")
    assert set(rows["verdict"]) == {"cannot be decided"}
    assert "cannot be decided" in reading.verdict_sentence(rows, "any.py:mine", "change")


def test_forecasts_run_own_features_beside_the_standard_ones():
    found = trial.forecasts(PROTOCOL, "change", LinearRegression(), PLAN, [1])
    counts = found.groupby("model", observed=True).size()
    assert set(counts.index) > {"ridge", "no_change", trial.YOURS, trial.STANDARD}
    assert set(counts) == {counts.iloc[0]}
    (fold, *_) = PROTOCOL.folds("change", rolling=False)["bitcoin"]
    opens = {"train": fold.train, "test": fold.test}
    x = {k: w.without(set(w.features) - {"your_open"}).flat for k, w in opens.items()}
    expected = LinearRegression().fit(x["train"], fold.train.targets).predict(x["test"])
    rows = found.query("coin == 'bitcoin' and model == @trial.YOURS and fold == 0")
    np.testing.assert_allclose(rows["forecast"], expected)


def test_a_classifier_gives_probabilities_and_a_regression_is_refused():
    found = trial.forecasts(PROTOCOL, "direction", LogisticRegression(), PLAN, [1])
    assert found["forecast"].between(0, 1).all()
    with pytest.raises(InputError, match="no probability"):
        trial.forecasts(PROTOCOL, "direction", LinearRegression(), PLAN, [1])


@pytest.mark.parametrize("target", ["height", "volume"])
def test_plan_refuses_a_target_that_has_no_rule(target):
    with pytest.raises(InputError, match=f"'{target}'.*change, direction, range$"):
        trial.make_plan(target, 2, 64, 0.01)


def test_protocol_says_which_coin_is_too_short():
    with pytest.raises(InputError, match=r"litecoin has 201 days .* 213"):
        trial.make_protocol(feature_tables(PRICES), **SIZES | {"refit_days": 109})


def test_first_fold_has_just_enough_windows():
    folds = PROTOCOL.folds("change", rolling=True)["bitcoin"]
    assert len(folds[0].train) == 100
    assert folds[0].train.dates[0] == PROTOCOL.tables["bitcoin"].index[2]


class Branching(keras.layers.Layer):
    """A layer that does one thing or another by what it sees, so that it cannot be traced."""

    def compute_output_shape(self, shape):
        return shape

    def call(self, inputs):
        return inputs if keras.ops.sum(inputs) > 0 else inputs * 1.0


def test_networks_one_by_one_learn_what_is_there():
    inputs = np.random.default_rng(1).normal(size=(140, 2, 1))
    days = pd.date_range("2017-01-01", periods=141)
    windows = Windows(inputs, 5 + 2 * inputs[:, -1, 0], days[:-1], days[1:], ("a",))
    parts = [range(100), range(100, 120), range(120), range(120, 140)]
    fold = Fold(0, *(windows.take(part) for part in parts))

    def build(lags, features):
        layers = [Branching(), keras.layers.Flatten(), keras.layers.Dense(1)]
        return keras.Sequential([keras.Input((lags, features)), *layers])

    (told,) = forecast_one_by_one([fold], build, Plan(9, 20, keras.optimizers.Adam(0.1)), [1])
    assert told.shape == (1, 20)
    assert np.abs(told - fold.test.targets).mean() < 0.2
