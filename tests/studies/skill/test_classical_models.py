import numpy as np
import pandas as pd
import pytest
from makers import make_prices

from coincast.evaluation.losses import losses
from coincast.evaluation.walk_forward import folds, walk_forward
from coincast.studies.skill.models import classical_models
from coincast.studies.skill.tasks import coin_table, task_windows

PRICES = make_prices(190, seed=5)
SETTINGS = {"refit_days": 30, "train_days": None, "validation_share": 0.2}


def forecasts(table, task, test_start="2017-05-01"):
    every = folds(task_windows(table, task, 3), test_start=test_start, **SETTINGS)
    return walk_forward({"bitcoin": every}, classical_models(task))


@pytest.mark.parametrize("task", ["change", "direction", "range", "volume"])
def test_classical_models_do_not_look_ahead(task):
    """Whatever happens after a day, the forecasts for days up to it and the next are the same."""
    day = pd.Timestamp("2017-06-10")
    later = PRICES.index > day
    changed = PRICES.copy()
    other = make_prices(190, seed=77)
    changed.loc[later] = other.loc[later]
    before, after = (forecasts(coin_table(each), task) for each in (PRICES, changed))
    known = before["date"] <= day + pd.Timedelta(days=1)
    columns = ["model", "date", "forecast"]
    pd.testing.assert_frame_equal(before.loc[known, columns], after.loc[known, columns])
    assert not np.allclose(before.loc[~known, "forecast"], after.loc[~known, "forecast"])


def planted_table(r2, days=700, seed=2):
    """Return features of which one tells a share `r2` of the next day's change."""
    random = np.random.default_rng(seed)
    signal, noise = random.normal(size=(2, days))
    change = 0.04 * (np.sqrt(r2) * np.roll(signal, 1) + np.sqrt(1 - r2) * noise)
    table = coin_table(make_prices(days + 29, seed)).assign(close_off_high=signal)
    return table.assign(daily_change=change)


def skill(table, model, baseline="no_change"):
    found = losses(forecasts(table, "change", "2018-01-01"), ["squared"])
    means = found.groupby("model", observed=True)["squared"].mean()
    return 1 - means[model] / means[baseline]


def test_ridge_finds_a_planted_signal_and_none_in_noise():
    assert skill(planted_table(0.2), "ridge") == pytest.approx(0.2, abs=0.07)
    assert skill(planted_table(0.0), "ridge") == pytest.approx(0, abs=0.03)


def test_baselines_are_what_they_say():
    table = coin_table(PRICES)
    found = forecasts(table, "change").set_index(["model", "date"])["forecast"]
    day = pd.Timestamp("2017-06-10")
    assert found["no_change", day] == 0
    assert found["last_change", day] == table.loc["2017-06-09", "daily_change"]
    train = table.loc[:"2017-05-30", "daily_change"]  # of the fold from 31 May on
    lagged = np.column_stack([train.shift(k) for k in (3, 2, 1)] + [np.ones(len(train))])[3:]
    slopes = np.linalg.lstsq(lagged, train.iloc[3:], rcond=None)[0]
    history = [*table.loc["2017-06-07":"2017-06-09", "daily_change"], 1]
    assert found["ar", day] == pytest.approx(float(history @ slopes))
