"""The older notebook's experiment on prices that can be worked out by hand, and by law."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import make_prices

from coincast.errors import InputError
from coincast.figures import seed_plots
from coincast.studies import ancestor

CLOSES = [4.0, 5.0, 8.0, 2.0, 4.0, 6.0, 3.0, 3.0]
TEST_START = "2018-01-05"  # the fifth day


def make_pair(seed=0, days=60):
    """Return prices of two coins on the same days from 2018-01-01."""
    index = pd.date_range("2018-01-01", periods=days, name="date")
    return {
        coin: make_prices(days, seed=seed + i).set_axis(index)
        for i, coin in enumerate(("bitcoin", "ethereum"))
    }


def make_small():
    """Return eight days of one coin, each opening at 4."""
    index = pd.date_range("2018-01-01", periods=len(CLOSES), name="date")
    table = pd.DataFrame({"close": CLOSES, "open": 4.0, "volume": [2.0, 3.0] * 4}, index=index)
    return {"bitcoin": table.assign(high=10.0, low=1.0)}


def test_make_study_equals_a_hand_worked_example():
    study = ancestor.make_study(make_small(), "bitcoin", TEST_START, lags=2)
    names = ("bitcoin_close", "bitcoin_volume", "bitcoin_close_off_high", "bitcoin_volatility")
    assert study.train.features == names
    assert study.train.inputs[:, :, 0].tolist() == [[0, 5 / 4 - 1], [0, 8 / 5 - 1]]
    assert study.train.inputs[:, :, 1].tolist() == [[0, 0.5], [0, 2 / 3 - 1]]
    assert set(study.train.inputs[:, :, 3].ravel()) == {9 / 4}
    assert study.train.targets.tolist() == [8 / 4 - 1, 2 / 5 - 1]
    assert study.test.targets.tolist() == [3 / 4 - 1, 3 / 6 - 1]
    assert study.steps.tolist() == [0.0, 0.25, 1.0, -0.5]


def test_make_study_shares_no_day_between_train_and_test():
    study = ancestor.make_study(make_pair(), "ethereum", "2018-02-01", lags=10)
    first_test_day = study.test.dates[0] - pd.Timedelta(days=9)
    assert study.train.target_dates[-1] < first_test_day == pd.Timestamp("2018-02-01")
    assert (len(study.train), len(study.test)) == (31 - 10, 29 - 10)


@pytest.mark.parametrize(
    ("test_start", "message"),
    [
        ("2018-01-03", "2 days before the test period's first, '2018-01-03', are too few"),
        ("2018-01-07", "2 days from the test period's first, '2018-01-07', are too few"),
        ("", "0 days before the test period's first, '', are too few"),
        ("soon", "test_start 'soon' is not a day"),
    ],
)
def test_make_study_refuses_a_border_that_leaves_too_little(test_start, message):
    with pytest.raises(InputError, match=message):
        ancestor.make_study(make_small(), "bitcoin", test_start, lags=2)


def test_persistence_carries_the_last_close_forward():
    prices = make_small()
    walks = ancestor.forecast_walks(ancestor.make_study(prices, "bitcoin", TEST_START, 2), range(3))
    assert walks["persistence"].tolist() == [6 / 4 - 1, 3 / 6 - 1]
    assert walks["first_close"].tolist() == [0, 0]


def test_random_walks_draw_the_same_steps_from_either_start():
    study = ancestor.make_study(make_small(), "bitcoin", TEST_START, 2)
    walks = ancestor.forecast_walks(study, range(4000))
    steps = walks["random_walk_published"]
    changes = np.array([0.0, 0.25, 1.0, -0.5])
    assert steps.mean() == pytest.approx(changes.mean(), abs=0.02)  # four standard errors
    assert steps.std() == pytest.approx(
        np.sqrt((changes**2).mean() - changes.mean() ** 2), abs=0.02
    )
    assert not np.array_equal(steps[0], steps[1])
    moved = walks["random_walk_from_close"] - walks["persistence"]  # in units of the first close
    np.testing.assert_allclose(moved[:, 0], 6 / 4 * steps[:, 0])
    np.testing.assert_allclose(moved[:, 1], 3 / 6 * steps[:, 1])


@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
def test_scaling_all_prices_of_a_coin_changes_nothing(scale, seed):
    prices = make_pair(seed)
    columns = ["open", "high", "low", "close"]
    scaled = prices | {"ethereum": prices["ethereum"].copy()}
    scaled["ethereum"][columns] *= scale
    made = [ancestor.make_study(p, "ethereum", "2018-02-01") for p in (prices, scaled)]
    np.testing.assert_allclose(made[0].train.inputs, made[1].train.inputs, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(made[0].test.targets, made[1].test.targets, rtol=1e-6, atol=1e-9)
    walks = [ancestor.forecast_walks(study, range(2)) for study in made]
    for name, forecast in walks[0].items():
        np.testing.assert_allclose(forecast, walks[1][name], rtol=1e-6, atol=1e-9)


def make_table(runs=3, seed=0):
    """Return a study, forecasts that each miss by a known distance, and their table."""
    study = ancestor.make_study(make_pair(), "bitcoin", "2018-02-01", lags=5)
    misses = np.linspace(0.5, 0.9, runs)[:, None]
    lstm = study.test.targets + misses
    return study, misses.ravel(), ancestor.score(study, lstm, range(4), seed=seed)


def test_score_keeps_runs_and_days_apart():
    study, misses, table = make_table()
    row = table.loc["lstm"]
    np.testing.assert_allclose(row["by_run"], misses)
    assert row["mae"] == pytest.approx(misses.mean())
    assert row["run_sd"] == pytest.approx(np.std(misses, ddof=1))
    assert row["standard_error"] == pytest.approx(0, abs=1e-12)  # each day is missed by as much
    assert (row["runs"], row["n"], table.loc["persistence", "runs"]) == (3, len(study.test), 1)
    assert table.loc[["first_close", "persistence"], "run_sd"].tolist() == [0, 0]


def test_score_counts_the_runs_below_persistence():
    study, _, _ = make_table()
    error = np.abs(study.test.last("bitcoin_close") - study.test.targets).mean()
    lstm = study.test.targets + np.array([0.5, 0.99, 1.01, 2.0])[:, None] * error
    table = ancestor.score(study, lstm, range(4))
    assert table.loc["lstm", "runs_below_persistence"] == 2
    assert table.loc["lstm", "skill"] == pytest.approx(1 - np.mean([0.5, 0.99, 1.01, 2.0]))


def test_sentences_quote_what_was_published_only_for_the_coin_it_was_published_of():
    _, _, table = make_table()
    network, walk, *others = ancestor.sentences({"bitcoin": table, "litecoin": table})
    assert network.startswith("Bitcoin: LSTM as published is worse than persistence on 24 test")
    assert "mean of 3 seeds (published: about 0.04), sd 0.2000 between them; 0 of them" in network
    assert "(published: about 0.13), no change at all" in walk
    assert "published: about" not in " ".join(others)


def test_ancestor_figure_shows_every_run_and_the_published_errors():
    _, misses, table = make_table()
    published = {"bitcoin": {"lstm": 0.04, "random_walk_published": 0.13}, "litecoin": {}}
    panels = seed_plots.ancestor({"bitcoin": table, "litecoin": table}, published).axes
    assert [axes.get_title(loc="left") for axes in panels] == ["Bitcoin", "Litecoin"]
    shown = [
        part.get_positions() for part in panels[0].collections if hasattr(part, "get_positions")
    ]
    assert shown[list(table.index).index("lstm")] == pytest.approx(misses)
    marks = [line for axes in panels for line in axes.lines if line.get_marker() == "v"]
    assert [line.get_xdata().tolist() for line in marks] == [[0.04, 0.13], []]
    names = [label.get_text() for label in panels[0].get_yticklabels()]
    assert names[1:3] == ["persistence", "random walk as published, 4 runs"]
