"""Each fault of the Bitcoin demo has the effect that we say it has."""

import numpy as np
import pandas as pd
import pytest
from makers import make_prices

from coincast.prices.load import load_prices
from coincast.studies import published_faults
from coincast.studies.published_faults import FAULTY, RIGHT, epoch_choice, label_code, matrix_axis


def matrix(cells):
    return pd.DataFrame(cells, index=["down", "up"], columns=["down", "up"])


def test_label_code_leaves_one_class_where_the_right_code_leaves_two():
    prices = make_prices(50, seed=2)
    table = label_code(prices, 2)
    close = prices["close"].tolist()
    ups = sum(later > now for now, later in zip(close, close[2:], strict=False))
    assert table.loc[FAULTY].tolist() == [48, 0, 1.0]
    assert table.loc[RIGHT].tolist() == [48 - ups, ups, (48 - ups) / 48]


def test_matrix_axis_is_hidden_where_rows_have_the_same_size():
    table = matrix_axis(matrix(published_faults.PUBLISHED_MATRIX)).to_numpy()
    np.testing.assert_allclose(table[:2], table[2:])
    np.testing.assert_allclose(table[0], [0.75510204, 0.24489796, 1])


def test_matrix_axis_shows_where_rows_differ():
    table = matrix_axis(matrix([[10, 20], [30, 60]]))
    assert table["sum"].tolist()[2:] == [1, 1]
    np.testing.assert_allclose(table.to_numpy()[0], [10 / 30, 20 / 90, 10 / 30 + 20 / 90])
    assert matrix_axis(matrix([[0, 0], [3, 1]])).to_numpy()[1].tolist() == [0, 1 / 4, 1 / 4]


def test_label_days_are_two_as_printed_and_lift_always_up():
    prices = load_prices("bitcoin", "2014-11-28", "2017-08-23", venue="bitstamp")
    table = published_faults.label_days(prices, 30, 0.9)
    assert table["days_ahead"].tolist() == [2, 1]
    assert table["test_rows"].tolist() == [97, 97]
    assert (table["always_up"] * 97).round().tolist() == [61, 53]


def test_epoch_choice_equals_a_loop_on_a_small_case():
    targets = np.array([1, 0, 1, 1.0])
    classes = [[1, 1, 1, 1], [1, 0, 1, 0], [0, 0, 1, 1], [0, 1, 0, 1]]
    found = epoch_choice(classes, targets, draws=10)
    assert (found["best"], found["best_epoch"], found["last"]) == (3 / 4, 1, 1 / 4)
    # Rows 0 and 2 choose epoch 1, right on one of rows 1 and 3; those choose epoch 3: one of two.
    assert found["other_rows"] == 1 / 2
    assert found["gap"] == 1 / 2


def test_epoch_choice_has_no_gap_where_every_epoch_says_the_same():
    targets = np.array([1, 0, 1, 1.0])
    found = epoch_choice([[1, 1, 0, 1]] * 5, targets)
    assert (found["gap"], found["gap_by_chance"], found["p_value"]) == (0, 0, 1)


def test_epoch_choice_on_noise_gains_only_on_the_rows_that_chose():
    rng = np.random.default_rng(0)
    gains, others = [], []
    for seed in range(40):
        classes, targets = rng.integers(0, 2, (100, 97)), rng.integers(0, 2, 97).astype(float)
        found = epoch_choice(classes, targets, draws=50, seed=seed)
        gains.append(found["gap"] - found["gap_by_chance"])
        others.append(found["other_rows"])
        assert found["best"] > 0.57
    assert np.mean(gains) == pytest.approx(0, abs=0.02)
    assert np.mean(others) == pytest.approx(0.5, abs=0.02)


def test_gap_sentence_says_whether_the_choice_is_enough():
    choice = epoch_choice([[1, 1, 1, 0], [1, 0, 0, 0]], np.array([1, 1, 1, 0.0]), draws=20)
    assert "explain" in published_faults.gap_sentence(choice | {"p_value": 0.01})
    assert "does not" not in published_faults.gap_sentence(choice | {"p_value": 0.9})
