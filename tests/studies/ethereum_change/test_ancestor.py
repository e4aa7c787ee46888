import numpy as np
import pandas as pd
import pytest
from makers import make_prices

from coincast.errors import InputError
from coincast.studies.ethereum_change import ancestor

CLOSES = [4.0, 5.0, 8.0, 2.0, 4.0, 6.0, 3.0, 3.0]
TEST_START = "2018-01-05"  # the fifth day
PAIR = {
    coin: make_prices(60, seed, start="2018-01-01")
    for seed, coin in enumerate(["bitcoin", "ethereum"])
}


def make_small():
    """Return eight days of one coin, each opening at 4."""
    index = pd.date_range("2018-01-01", periods=len(CLOSES), name="date")
    table = pd.DataFrame({"close": CLOSES, "open": 4.0, "volume": [2.0, 3.0] * 4}, index=index)
    return {"bitcoin": table.assign(high=10.0, low=1.0)}


def test_coin_data_equals_a_hand_worked_example():
    data = ancestor.coin_data(make_small(), "bitcoin", TEST_START, lags=2)
    names = ("bitcoin_close", "bitcoin_volume", "bitcoin_close_off_high", "bitcoin_volatility")
    assert data.train.features == names
    assert data.train.inputs[:, :, 0].tolist() == [[0, 5 / 4 - 1], [0, 8 / 5 - 1]]
    assert data.train.inputs[:, :, 1].tolist() == [[0, 0.5], [0, 2 / 3 - 1]]
    assert set(data.train.inputs[:, :, 3].ravel()) == {9 / 4}
    assert data.train.targets.tolist() == [8 / 4 - 1, 2 / 5 - 1]
    assert data.test.targets.tolist() == [3 / 4 - 1, 3 / 6 - 1]
    assert data.steps.tolist() == [0.0, 0.25, 1.0, -0.5]


@pytest.mark.parametrize(
    ("test_start", "named"),
    [
        ("2018-01-03", "no train window of 2 days .* '2018-01-03'"),
        ("2018-01-07", "no test window of 2 days .* '2018-01-07'"),
        ("", "no train window .* ''"),
        ("soon", "test_start 'soon'"),
    ],
)
def test_coin_data_refuses_a_border_that_leaves_too_little(test_start, named):
    with pytest.raises(InputError, match=named):
        ancestor.coin_data(make_small(), "bitcoin", test_start, lags=2)


def test_random_walks_draw_the_same_steps_from_either_start():
    data = ancestor.coin_data(make_small(), "bitcoin", TEST_START, 2)
    walks = ancestor.forecast_walks(data, range(4000))
    assert walks["no_change"].tolist() == [6 / 4 - 1, 3 / 6 - 1]
    assert walks["first_close"].tolist() == [0, 0]
    steps = walks["random_walk_published"]
    changes = np.array([0.0, 0.25, 1.0, -0.5])
    assert steps.mean() == pytest.approx(changes.mean(), abs=0.02)  # four standard errors
    assert steps.std() == pytest.approx(np.std(changes), abs=0.02)
    assert not np.array_equal(steps[0], steps[1])
    moved = walks["random_walk_from_close"] - walks["no_change"]  # in units of the first close
    np.testing.assert_allclose(moved, [6 / 4, 3 / 6] * steps)


def make_scores(misses):
    """Return one coin's data and the scores of runs that miss every target by the same."""
    data = ancestor.coin_data(PAIR, "bitcoin", "2018-02-01", lags=5)
    lstm = data.test.targets + np.array(misses)[:, None]
    return data, ancestor.score(data, lstm, range(4))


def test_score_keeps_runs_and_days_apart():
    data, table = make_scores([0.5, 0.7, 0.9])
    row = table.loc["lstm"]
    assert row["by_run"] == pytest.approx([0.5, 0.7, 0.9])
    assert row["mae"] == pytest.approx(0.7)
    assert row["run_sd"] == pytest.approx(0.2)
    assert row["standard_error"] == pytest.approx(0, abs=1e-12)  # each day is missed by as much
    assert (row["runs"], row["n"], table.loc["no_change", "runs"]) == (3, len(data.test), 1)
    assert table.loc[["first_close", "no_change"], "run_sd"].tolist() == [0, 0]


def test_score_counts_the_runs_below_no_change():
    _, other = make_scores([0.5])
    shares = np.array([0.5, 0.99, 1.01, 2.0])
    _, table = make_scores(shares * other.loc["no_change", "mae"])
    assert table.loc["lstm", "runs_below_no_change"] == 2
    assert table.loc["lstm", "skill_no_change"] == pytest.approx(1 - shares.mean())


def test_sentences_quote_what_was_published_only_for_the_coin_it_was_published_of():
    _, table = make_scores([0.5, 0.7, 0.9])
    network, walk, *others = ancestor.sentences({"bitcoin": table, "litecoin": table})
    assert network.startswith("Bitcoin: LSTM as published is worse than no change on 24 test")
    assert "mean of 3 seeds (published: about 0.04), sd 0.2000 between them; 0 of them" in network
    assert "(published: about 0.13), no change since the first close" in walk
    assert "published: about" not in " ".join(others)
