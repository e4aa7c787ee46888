"""Added skill: found where it is planted, nothing known ahead, paired on the same days."""

import keras
import numpy as np
import pandas as pd
import pytest
from forecasts import forecast_table
from makers import make_prices

from coincast.ensemble import Plan
from coincast.figures.skill.other_data_plots import other_data
from coincast.studies.other_data import added_skill, inputs, reading
from coincast.studies.skill.protocol import Protocol

PLAN = Plan(1, 64, keras.optimizers.Adam(0.01))
STARTS = {"a": "2018-04-01", "b": "2018-04-01"}


def planted(days=640):
    """Two coins; `searches` tell tomorrow's change of volume of "a", `posts` tell nothing."""
    prices = {coin: make_prices(days, seed=i, start="2017-01-01") for i, coin in enumerate("ab")}
    random = np.random.default_rng(0)
    tables = {coin: inputs.other_table(coin, prices, {}) for coin in prices}
    for coin, table in tables.items():
        signal = table["volume_change"].shift(-1).fillna(0.0) if coin == "a" else 0.0
        table["searches:x"] = signal + 0.3 * random.normal(size=len(table))
        table["posts:y"] = random.normal(size=len(table))
    return tables


def forecasts(tables, task="volume"):
    settings = (STARTS, dict.fromkeys(tables, 60), 3, 200, 0.2)
    return added_skill.group_forecasts(Protocol(tables, *settings), task, PLAN, [1])


@pytest.fixture(scope="module")
def tables():
    return planted()


@pytest.fixture(scope="module")
def found(tables):
    return {task: forecasts(tables, task) for task in ("volume", "direction")}


@pytest.fixture(scope="module")
def added(found, tables):
    return added_skill.added_skill(found, tables, 60, 1)


def test_added_skill_is_found_where_it_is_planted_and_not_in_its_placebo(added):
    row = added.set_index(["task", "coin", "group", "placebo"]).sort_index()
    real, false = (row.loc[("volume", "a", "searches", placebo)] for placebo in (False, True))
    assert real["low"] > 0.2
    assert real["p_holm"] < 0.01
    assert abs(false["skill"]) < 0.1
    assert row.loc[("volume", "b", "searches", False)]["skill"] < 0.1


def test_added_skill_pairs_the_days_of_both_forecasts(found, added):
    table = found["volume"]
    table = table[table["coin"] == "a"].set_index(["model", "date"])
    errors = (table["forecast"] - table["target"]).abs()
    expected = 1 - errors["linear+all"].mean() / errors["linear"].mean()
    row = added.query("task == 'volume' and coin == 'a' and group == 'all' and not placebo")
    assert row["skill"].item() == pytest.approx(expected)
    assert row["n"].item() == len(errors["linear"])


def test_no_forecast_knows_later_values_of_a_series(tables, found):
    day = pd.Timestamp("2018-06-10")
    changed = {coin: table.copy() for coin, table in tables.items()}
    for table in changed.values():
        table.loc[table.index > day, ["searches:x", "posts:y"]] = 9.0
    before, after = found["volume"], forecasts(changed)
    real = ~before["model"].str.contains("placebo")
    known = real & (before["date"] <= day + pd.Timedelta(days=1))
    pd.testing.assert_frame_equal(before[known], after[known])
    assert not before[real].equals(after[real])


def test_directions_are_probabilities(found):
    assert found["direction"]["forecast"].between(0, 1).all()


def test_reading_and_figure_tell_every_group(added, found):
    real = added[~added["placebo"]]
    assert "searches for volume of a" in reading.found_sentence(real, ("range", "volume"))
    assert "1 of 4 cases" in reading.attention_sentence(real)
    figure = other_data(added)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["A: volume", "A: direction", "B: volume", "B: direction"]
    names = added_skill.by_name(added)
    assert names["groups"]["volume"]["a"]["searches"]["linear"]["n"] == real["n"].iloc[0]
    alone = added_skill.alone_skill(found, 1)
    assert set(alone["baseline"]) == {"train_mean", "train_share"}


def test_claim_table_pairs_the_mean_over_seeds_with_prices_alone():
    models = {"lstm": (0.1, 0.3), "lstm+coins": 0.5, "lstm+all": -0.4, "no_change": 0.0}
    table = forecast_table(models, "a", days=20)
    found = added_skill.claim_table(table, "a", 1)
    assert found["n"].unique() == [20]
    assert found.loc["prices_alone", "skill_no_change"] == pytest.approx(0.2)
    assert found.loc["coins", "skill_prices_alone"] == pytest.approx(1 - 0.5 / 0.8)
    assert found.loc["all", "skill_prices_alone_high"] < 0
