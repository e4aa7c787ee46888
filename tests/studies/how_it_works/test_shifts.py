import keras
import numpy as np
import pytest

from coincast.studies.how_it_works import shifts

LAYERS = [(4, 2), (2, 2)]


@pytest.fixture(scope="module")
def drawn():
    random = np.random.default_rng(3)
    return random.normal(size=(5, 20, 3)), (random.normal(size=(4, 3, 2)), np.zeros(2))


def test_shift_table_moves_by_whole_strides_exactly_and_otherwise_not(drawn):
    table = shifts.shift_table(*drawn, LAYERS)
    assert (table["convolution"] < 1e-12).tolist() == [False, True, False, True]
    assert (table["pooling"] < 1e-12).tolist() == [False, False, False, True]
    # 16 days are left: 7 pieces, of which 2 see days beyond the first 16.
    assert table.loc[4, ["shared", "new"]].tolist() == [5, 2]
    assert table.loc[2, "pooling_in_place"] > table.loc[2, "convolution_in_place"] == 0


def test_shift_table_compares_both_cuts_of_one_window():
    """One spike: pooled in pairs of days, it stays in place for one of two shifts by a day."""
    window = np.zeros((2, 7, 1))
    window[0, 3] = window[1, 2] = 1.0
    identity = np.ones((1, 1, 1)), np.zeros(1)
    table = shifts.shift_table(window, identity, [(1, 1), (2, 2)])
    assert table.loc[1, ["convolution_in_place", "pooling_in_place"]].tolist() == [0, 0.5]


@pytest.mark.parametrize("days", [6, 8])
def test_shift_table_shifts_no_further_than_the_window_allows(days):
    inputs, weights = np.ones((2, days, 3)), (np.ones((4, 3, 2)), np.zeros(2))
    assert len(shifts.shift_table(inputs, weights, LAYERS)) == days - 6


def test_repeat_layers_has_the_sizes_of_keras_and_stops_where_nothing_fits():
    table = shifts.repeat_layers(30, 5, LAYERS)
    layers = keras.layers
    model = keras.Sequential([keras.Input((30, 4))])
    for filters in (5, 10):
        for layer in (layers.Conv1D(filters, 4, strides=2), layers.MaxPooling1D(2)):
            model.add(layer)
    assert [tuple(layer.output.shape[1:]) for layer in model.layers] == list(
        zip(table["rows"], table["filters"], strict=True)
    )
    assert table["days"].tolist() == [4, 6, 18, 26]
    assert len(shifts.repeat_layers(30, 5, LAYERS, rounds=9)) == 4


def test_pooling_shares_keep_the_largest_or_the_mean(drawn):
    table = shifts.pooling_shares(*drawn, LAYERS)
    assert table.loc["max", "largest"] == pytest.approx(1)
    assert table.loc["average", "mean"] == pytest.approx(1)
    assert 0.5 <= table.loc["average", "largest"] < 1 < table.loc["max", "mean"] <= 2
