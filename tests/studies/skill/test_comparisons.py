import numpy as np
import pandas as pd
import pytest
from forecasts import forecast_table

from coincast.studies.skill import comparisons

CHANGES = {"no_change": 0, "train_mean": 0.001, "ar": 0.1, "ridge": -0.1, "lstm": (0.1, 0.3)}
FORECASTS = {
    "change": pd.concat(
        [forecast_table(CHANGES, coin, seed=n) for n, coin in enumerate(["litecoin", "bitcoin"])]
    ),
    "direction": forecast_table(
        {"train_share": 0.0, "logistic": -0.2, "lstm": (0.1, 0.1)}, probability=True
    ),
}


def test_skill_tables_hold_skill_of_the_mean_forecast_and_its_tests():
    row = comparisons.skill_tables(FORECASTS, seed=1)["change"]["bitcoin"].loc["lstm"]
    assert row["skill_no_change"] == pytest.approx(0.2)  # the mean of two seeds knows a fifth
    assert row["skill_no_change_low"] < 0.2 + 1e-9 < row["skill_no_change_high"] + 2e-9
    assert (row["n"], row["seeds"]) == (400, 2)
    target = FORECASTS["change"].query("coin == 'bitcoin' and model == 'lstm'")["target"]
    assert row["sd_seeds"] == pytest.approx(0.2 / np.sqrt(2) * target.abs().mean())
    assert row["p"] < row["p_holm"] < 1e-6
    assert 0 < row["smallest_effect"] < 0.2


def test_skill_tables_correct_all_tests_together_and_none_of_the_baselines():
    tables = comparisons.skill_tables(FORECASTS, seed=1)
    stacked = pd.concat([table for of_task in tables.values() for table in of_task.values()])
    tested = stacked.dropna(subset=["p"]).sort_values("p")
    assert len(tested) == 4 + 4 + 2
    assert tested["p_holm"].iloc[0] == pytest.approx(10 * tested["p"].iloc[0])
    assert stacked.loc[["no_change", "train_share"], "p"].isna().all()


def test_skill_tables_pair_directions_with_the_majority():
    table = comparisons.skill_tables(FORECASTS, seed=1)["direction"]["bitcoin"]
    ups = FORECASTS["direction"].query("model == 'lstm' and seed == 0")["target"]
    assert table.loc["lstm", "accuracy"] == 1
    assert table.loc["lstm", "accuracy_difference"] == pytest.approx(ups.mean())
    assert table.loc["logistic", "accuracy"] == 0
    assert table.loc["lstm", "p_pesaran_timmermann"] < 1e-6
    assert np.isnan(table.loc["train_share", "p_pesaran_timmermann"])


def test_daily_losses_keep_the_order_of_the_series():
    table = FORECASTS["change"].astype({"coin": "category"})
    daily = comparisons.daily_losses({"change": table})["change"]
    assert daily["coin"].unique().tolist() == ["litecoin", "bitcoin"]


def test_panel_averages_over_the_coins_of_each_day():
    late = forecast_table(CHANGES, "ethereum", days=200, start="2017-07-20", seed=9)
    daily = comparisons.daily_losses({"change": pd.concat([FORECASTS["change"], late])})["change"]
    primary = ["change", "lstm", "no_change", "absolute"]
    found = comparisons.panel(daily, primary, ["bitcoin", "ethereum"], seed=1)
    assert found["n"] == 400
    targets = {c: t.groupby("date")["target"].first().abs() for c, t in daily.groupby("coin")}
    means = pd.DataFrame(targets)[["bitcoin", "ethereum"]].mean(axis=1).dropna()
    assert found["baseline_loss"] == pytest.approx(means.mean())
    assert found["skill"] == pytest.approx(0.2)
    assert found["verdict"] == "beats"


def test_primary_checks_use_only_days_after_those_seen():
    table = forecast_table(CHANGES | {"ridge_last_year": 0.0}, "bitcoin", seed=3)
    parts = [table, table.assign(coin="bitcoin_long")]
    daily = comparisons.daily_losses({"change": pd.concat(parts)})["change"]
    primary = ["change", "lstm", "no_change", "absolute"]
    found = comparisons.primary_checks(daily, primary, ["bitcoin"], "2017-12-31", seed=1)
    assert found["not_seen"]["n"] == 35
    assert found["ridge_last_year"]["skill"] == pytest.approx(0)
    assert found["squared"]["skill"] == pytest.approx(1 - 0.8**2)


def test_superior_models_find_the_ones_that_know_something():
    daily = comparisons.daily_losses({"change": FORECASTS["change"]})
    found = comparisons.superior_models(daily, seed=1)["change"]["bitcoin"]
    assert found["p_spa"] < 0.01
    assert set(found["superior"]) >= {"lstm", "ar"}
    assert found["confidence"]["lstm"] == 1
    assert found["confidence"]["no_change"] < 0.05


def test_count_networks_counts_folds_and_seeds_and_failures():
    table = forecast_table({"lstm": (0.1, 0.2), "ridge": 0.1}, days=180)
    table.loc[(table["seed"] == 1) & (table["fold"] == 1), "forecast"] = np.nan
    assert comparisons.count_networks({"change": table}) == {"trained": 4, "failed": 1}


def test_plain_rows_leave_out_what_is_missing():
    table = pd.DataFrame({"n": [5.0, 5.0], "p": [0.5, np.nan]}, index=["lstm", "no_change"])
    assert comparisons.plain_rows(table) == {"lstm": {"n": 5, "p": 0.5}, "no_change": {"n": 5}}
