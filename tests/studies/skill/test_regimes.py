import pandas as pd
import pytest
from forecasts import forecast_table
from makers import make_prices

from coincast.studies.skill.comparisons import daily_losses
from coincast.studies.skill.regimes import regime_skill, regimes
from coincast.studies.skill.tasks import coin_table


def test_regimes_know_only_the_days_before():
    table = coin_table(make_prices(300, seed=4))
    changed = table.copy()
    day = table.index[200]
    changed.loc[day:] = table.loc[day:] * 0.1
    before, after = (regimes(each, "2017-06-30") for each in (table, changed))
    pd.testing.assert_frame_equal(before.loc[:day], after.loc[:day])
    assert not before.loc[day:, "trend"].equals(after.loc[day:, "trend"])
    assert before.loc["2017-06-30", "demos"] == "seen"
    assert before.loc["2017-07-01", "demos"] == "not seen"
    assert set(regimes(table, "")) == set(before) - {"demos"}


def test_regime_skill_splits_the_days():
    forecasts = forecast_table(
        {"no_change": 0, "ridge": -0.1, "lstm": (0.1, 0.3)}, "bitcoin", seed=1
    )
    tables = {"bitcoin": coin_table(make_prices(430, seed=4, start="2016-12-02"))}
    daily = daily_losses({"change": forecasts})["change"]
    found = regime_skill(daily, tables, "2017-06-30", seed=1)
    days = found[(found["model"] == "lstm")].groupby("kind")["n"].sum()
    assert days["demos"] == days["trend"] == days["range"] == 400
    assert found.loc[found["model"] == "ridge", "skill"].tolist() == pytest.approx([-0.1] * 8)
