import numpy as np
import pandas as pd
import pytest
from members import make_windows

from coincast.studies import many_seeds

TARGETS = np.array([1.0, 2.0, 4.0] * 20)
FORECASTS = np.tile([[1.0, 2.0, 1.0], [0.0, 2.0, 4.0]], 20)  # errors 0, 0, 3 and 1, 0, 0


def test_seed_summary_keeps_seeds_and_days_apart():
    found = many_seeds.seed_summary(FORECASTS, TARGETS, {"no_change": 7 / 3, "close": 0.5}, 1.5)
    assert (found["seeds"], found["n"]) == (2, 60)
    assert found["mean"] == pytest.approx(2 / 3)
    assert found["sd"] == pytest.approx(np.std([1, 1 / 3], ddof=1))
    assert 0 < found["standard_error"] < np.std([0.5, 0, 1.5], ddof=1) / np.sqrt(60)  # they repeat
    assert found["better_than"] == {"no_change": 1.0, "close": 0.5}
    assert found["below_published"] == 1.0
    assert "2 seeds on 60 test days: MAE 0.6667" in many_seeds.seeds_sentence(found)


def test_repeat_windows_shuffles_only_the_last_half():
    windows = make_windows(30, seed=1)
    made = many_seeds.repeat_windows(windows, 2, seed=5)
    assert [np.array_equal(w.targets, windows.targets) for w in made] == [True, True, False, False]
    assert not np.array_equal(made[2].targets, made[3].targets)
    for copy in made:
        assert np.array_equal(np.sort(copy.targets), np.sort(windows.targets))
        assert np.array_equal(copy.inputs, windows.inputs)


def test_choose_epochs_tells_the_choices_apart():
    history = {
        "test_accuracy": np.array([[0.5, 0.7, 0.6], [0.4, 0.3, 0.2]]),
        "val_loss": np.array([[0.1, 0.2, 0.3], [0.3, 0.1, 0.2]]),
    }
    found = many_seeds.choose_epochs(history)
    assert found.loc[0].tolist() == [0.7, 0.6, 0.5, "true"]
    assert found.loc[1].tolist() == [0.4, 0.2, 0.3, "shuffled"]


def test_choice_sentence_tells_means_spread_and_the_doubt_of_the_test_days():
    table = {
        "best_on_test": [0.7, 0.6, 0.5, 0.3],
        "last": [0.5] * 4,
        "honest": [0.1, 0.3, 0.6, 0.6],
    }
    choices = pd.DataFrame(table).assign(labels=["true", "true", "shuffled", "shuffled"])
    told = many_seeds.choice_sentence(choices, 0.643, 0.8, n=100)
    assert "0.800 on 100 test days, where one accuracy has a standard error of 0.040" in told
    true, shuffled = told.split("On shuffled labels")
    assert "Mean of 2 seeds on true labels: 0.650 (sd 0.071) by the best epoch" in true
    assert "0.200 (sd 0.141) by the honest choice" in true
    assert "share of ups: 0.400 (sd 0.141) by the best epoch" in shuffled
