"""Each fault of the Bitcoin demo has the effect that we say it has."""

import numpy as np
import pandas as pd
import pytest
from makers import make_prices

from coincast.prices.load import load_prices
from coincast.studies.bitcoin_direction import borrowed_matrix, published_faults
from coincast.studies.bitcoin_direction.published_faults import (
    FAULTY,
    RIGHT,
    epoch_choice,
    label_code,
    matrix_axis,
)


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
    table = matrix_axis(matrix(borrowed_matrix.MATRIX)).to_numpy()
    np.testing.assert_allclose(table[:2], table[2:])
    np.testing.assert_allclose(table[0], [0.75510204, 0.24489796, 1])
    np.testing.assert_allclose(table[1], [0.46938776, 0.53061224, 1])


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
    targets = np.array([1, 0, 1, 1, 1.0])
    classes = [[1, 1, 1, 1, 0], [1, 0, 0, 1, 0], [0, 1, 1, 1, 1], [0, 1, 0, 1, 0]]
    found = epoch_choice(classes, targets, draws=10)
    assert (found["best"], found["best_epoch"], found["last"]) == (3 / 5, 1, 1 / 5)
    # Rows 0 and 1 choose epoch 2, right on one of rows 3 and 4; those choose epoch 3, on none.
    assert found["other_half"] == 1 / 4


def test_epoch_choice_finds_nothing_where_every_epoch_says_the_same():
    targets = (np.random.default_rng(0).random(97) < 0.6).astype(float)
    found = epoch_choice(np.ones((5, 97)), targets)
    assert found["p_value"] == 1
    parts = [found[part] for part in ("share_of_ups", "selection", "remainder")]
    assert parts == pytest.approx([0, 0, 0])


def test_epoch_choice_splits_the_gap_into_what_is_known_of_it():
    """Epochs that know nothing: the last says down, the others up half of the time."""
    random = np.random.default_rng(1)
    targets = (random.random(97) < 0.7).astype(float)
    classes = np.vstack([random.integers(0, 2, (30, 97)), np.zeros(97)])
    found = epoch_choice(classes, targets)
    gap = found["best"] - found["last"]
    assert gap == pytest.approx(found["share_of_ups"] + found["selection"] + found["remainder"])
    assert found["share_of_ups"] == pytest.approx(0.5 - (1 - targets.mean()), abs=0.06)
    assert found["selection"] > 0.05
    assert abs(found["remainder"]) < 0.05


def overlapping(n, random):
    """Return labels two days ahead of a walk: neighbours share a day."""
    steps = random.normal(size=n + 1)
    return (steps[1:] + steps[:-1] > 0).astype(float)


def test_epoch_choice_rejects_five_per_cent_of_choices_that_know_nothing():
    random, found = np.random.default_rng(2), []
    for seed in range(200):
        classes = np.array([overlapping(97, random) for _ in range(20)])
        targets = overlapping(97, random)
        found.append(epoch_choice(classes, targets, draws=200, seed=seed))
    rejected = np.mean([choice["p_value"] <= 0.05 for choice in found])
    assert 0.005 <= rejected <= 0.096  # 5 % +- 3 standard errors of 200 samples
    # Chosen on one half, an epoch that knows nothing is right half of the time on the other.
    assert np.mean([choice["other_half"] for choice in found]) == pytest.approx(0.5, abs=0.01)


def test_epoch_choice_finds_an_epoch_that_knows_three_days_of_four():
    random, found = np.random.default_rng(3), []
    for seed in range(40):
        targets = overlapping(97, random)
        classes = np.array([overlapping(97, random) for _ in range(20)])
        classes[4] = np.where(random.random(97) < 0.75, targets, 1 - targets)
        found.append(epoch_choice(classes, targets, draws=200, seed=seed)["p_value"] <= 0.05)
    assert np.mean(found) > 0.8


@pytest.mark.parametrize(("p_value", "says"), [(0.01, "more than"), (0.9, "no more than")])
def test_epoch_sentence_says_whether_the_choice_is_enough(p_value, says):
    targets = (np.random.default_rng(0).random(40) < 0.6).astype(float)
    choice = epoch_choice(np.ones((3, 40)), targets, draws=20)
    told = published_faults.epoch_sentence(choice | {"p_value": p_value})
    assert f", {says} the choice alone gives" in told
