import numpy as np
import pandas as pd
import pytest
from members import make_windows

from coincast.prices.closes import load_closes
from coincast.studies.bitcoin_direction import chosen_epochs


def test_direction_rows_of_apple_are_those_of_the_copied_matrix():
    train, test = chosen_epochs.direction_rows(
        load_closes("apple").to_frame(), 30, 2, share_border=True
    )
    assert (len(train), len(test), test.targets.sum()) == (877, 98, 49)
    _, next_day = chosen_epochs.direction_rows(load_closes("apple").to_frame(), 30, 1)
    assert (len(next_day), next_day.targets.sum()) == (98, 44)


def test_repeat_windows_shuffles_only_the_last_half():
    windows = make_windows(30, seed=1)
    made = chosen_epochs.repeat_windows(windows, 2, seed=5)
    assert [np.array_equal(w.targets, windows.targets) for w in made] == [True, True, False, False]
    assert not np.array_equal(made[2].targets, made[3].targets)
    for copy in made:
        assert np.array_equal(np.sort(copy.targets), np.sort(windows.targets))
        assert np.array_equal(copy.inputs, windows.inputs)


def make_history(rows):
    return {
        f"{rows}_accuracy": np.array([[0.5, 0.7, 0.6], [0.4, 0.3, 0.2]]),
        f"{rows}_loss": np.array([[0.3, 0.2, 0.1], [0.1, 0.3, 0.2]]),
    }


def test_choose_epochs_tells_the_choices_apart():
    history = make_history("test") | {"val_loss": np.array([[0.1, 0.2, 0.3], [0.3, 0.1, 0.2]])}
    found = chosen_epochs.choose_epochs(history)
    assert found.loc[0].tolist() == [0.7, 0.6, 0.6, 0.5, "true"]
    assert found.loc[1].tolist() == [0.4, 0.4, 0.2, 0.3, "shuffled"]


def test_choose_epochs_has_no_honest_choice_where_the_test_rows_validate():
    found = chosen_epochs.choose_epochs(make_history("val"))
    assert found["least_loss"].tolist() == [0.6, 0.4]
    assert found["honest"].isna().all()


def make_choices():
    names = ["best_accuracy", "least_loss", "last", "honest"]
    rows = [[64 / 98, 63 / 98, 0.5, np.nan], [0.6, 0.5, 0.4, np.nan]] * 2
    labels = ["true", "true", "shuffled", "shuffled"]
    return {"CNN": pd.DataFrame(rows, columns=names).assign(labels=labels)}


def test_summarise_gives_mean_spread_and_how_often_the_matrix_is_reached():
    summary = chosen_epochs.summarise(make_choices())
    assert len(summary) == 6  # two labels, three choices: there is no honest one
    row = summary.iloc[0]
    assert row[["network", "labels", "choice", "seeds"]].tolist() == [
        "CNN",
        "true",
        "best_accuracy",
        2,
    ]
    assert row["mean"] == pytest.approx((64 / 98 + 0.6) / 2)
    assert row["sd"] == pytest.approx(np.std([64 / 98, 0.6], ddof=1))
    assert summary["reached"].tolist() == [0.5, 0.5, 0.5, 0.5, 0, 0]


def test_apple_sentence_tells_how_often_each_choice_reaches_the_matrix():
    summary = chosen_epochs.summarise(make_choices())
    (told,) = chosen_epochs.apple_sentences(summary, 0.5, 98)
    assert "of which a constant has 49 right: 63 or more are right in 50% of 2 seeds" in told
    assert told.endswith("nothing can be known: 50%, 50% and 0%.")


def test_bitcoin_sentence_tells_both_labels_and_the_majority():
    summary = chosen_epochs.summarise(make_choices())
    (told,) = chosen_epochs.bitcoin_sentences(summary, 0.629, 97)
    assert "on 97 test rows, where the majority class has 0.629" in told
    true, shuffled = told.split("On shuffled labels")
    assert "0.450 (sd 0.071) by the last epoch" in true
    assert "0.450 (sd 0.071) by the last epoch" in shuffled


def test_score_choice_is_about_the_same_choice_on_shuffled_labels():
    """On labels that tell nothing, true ones are one more shuffle: found in about 5 % of cases."""
    rng = np.random.default_rng(0)
    labels = np.repeat(["true", "shuffled"], 200)
    found = []
    for _ in range(400):
        accuracy = rng.normal(0.55, 0.03, 400)
        accuracy[:200] = accuracy[0] + rng.normal(0, 1e-4, 200)  # seeds share their labels
        table = pd.DataFrame({"last": accuracy, "labels": labels})
        found.append(chosen_epochs.score_choice(table, "last", 98))
    assert np.mean([row["p_value"] < 0.05 for row in found]) == pytest.approx(0.05, abs=0.03)
    for row in found[:5]:
        outside = row["difference_low"] > 0 or row["difference_high"] < 0
        assert outside == (row["p_value"] < 0.05)
        assert row["smallest_difference"] == pytest.approx(2.8 * 0.03, rel=0.15)
