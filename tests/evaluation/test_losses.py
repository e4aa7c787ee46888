import numpy as np
import pytest
from forecasts import forecast_table
from sklearn.metrics import brier_score_loss, log_loss

from coincast.evaluation.losses import LOSSES, losses, seed_spread


def make_table():
    return forecast_table({"lstm": (0.2, 0.5, 0.7), "train_share": 0.1}, days=40, probability=True)


def test_losses_are_those_of_the_mean_forecast():
    table = make_table()
    found = losses(table, ["brier", "log_score"])
    lstm = found[found.model == "lstm"]
    mean = table[table.model == "lstm"].groupby("date")["forecast"].mean()
    assert lstm["brier"].mean() == pytest.approx(brier_score_loss(lstm["target"], mean))
    assert lstm["log_score"].mean() == pytest.approx(log_loss(lstm["target"], mean))
    assert set(lstm["seeds"]) == {3}
    assert len(found) == 80


def test_losses_count_the_seeds_that_could_be_trained():
    table = make_table()
    table.loc[(table.model == "lstm") & (table.seed == 1), "forecast"] = np.nan
    found = losses(table, ["absolute"])
    assert set(found[found.model == "lstm"]["seeds"]) == {2}
    assert found["absolute"].notna().all()


def test_qlike_is_least_at_the_mean_of_the_quantity_and_ignores_its_unit():
    values = np.random.default_rng(1).lognormal(size=4000)
    grid = np.linspace(-1, 2, 301)
    found = [LOSSES["qlike"](guess, np.log(values)).mean() for guess in grid]
    assert grid[np.argmin(found)] == pytest.approx(np.log(values.mean()), abs=0.01)
    assert LOSSES["qlike"](0.3, 0.7) == pytest.approx(np.exp(0.4) - 0.4 - 1)


def test_log_score_of_a_wrong_certainty_is_finite():
    assert LOSSES["log_score"](np.array([0.0, 1.0]), np.array([1.0, 1.0])).max() < 15


def test_seed_spread_is_over_the_mean_losses_of_seeds():
    table = make_table()
    row = seed_spread(table, "absolute").iloc[0]
    lstm = table[table.model == "lstm"]
    means = [(part.forecast - part.target).abs().mean() for _, part in lstm.groupby("seed")]
    assert (row["model"], row["seeds"]) == ("lstm", 3)
    assert row["sd"] == pytest.approx(np.std(means, ddof=1))
    assert row["mean"] == pytest.approx(np.mean(means))
