import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincast.studies.how_it_works import convolution

# Keras computes in 32 bits; sums of a few dozen numbers of order 1 are off by a few 1e-7.
TOLERANCE = 1e-6
LAYERS = [(4, 2), (2, 2)]
SHAPES = [(width, stride) for width in range(1, 5) for stride in range(1, min(width, 3) + 1)]


def make_table(rows=12, columns=3, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, columns))


@given(days=st.integers(3, 20), width=st.integers(1, 3), stride=st.integers(1, 4))
def test_convolve_equals_the_sum_written_out_for_any_size(days, width, stride):
    window, kernel = make_table(days), np.random.default_rng(1).normal(size=(width, 3, 2))
    bias = np.array([0.5, -1.0])
    maps = convolution.convolve(window, kernel, bias, stride)
    assert maps.shape == ((days - width) // stride + 1, 2)
    for piece, filter_ in np.ndindex(maps.shape):
        patch = window[piece * stride : piece * stride + width]
        expected = (patch * kernel[:, :, filter_]).sum() + bias[filter_]
        assert maps[piece, filter_] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("rows", [8, 9])
@pytest.mark.parametrize("width", [1, 2, 4])
def test_max_pool_equals_keras(rows, width):
    maps = make_table(rows)
    expected = np.asarray(keras.layers.MaxPooling1D(width)(maps[None]))[0]
    np.testing.assert_allclose(convolution.max_pool(maps, width), expected, atol=TOLERANCE)


@given(
    layers=st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3),
    seed=st.integers(0, 50),
)
def test_receptive_field_holds_all_days_that_matter_and_no_other(layers, seed):
    """With positive weights and no ReLU every day in the field moves the value."""
    random = np.random.default_rng(seed)
    kernels = [random.uniform(0.5, 1, (width, 1, 1)) for width, _ in layers]

    def last_map(window):
        for kernel, (_, stride) in zip(kernels, layers, strict=True):
            window = convolution.convolve(window, kernel, np.zeros(1), stride)
        return window[:, 0]

    window = random.normal(size=(70, 1))
    before = last_map(window)
    position = int(random.integers(len(before)))
    first, last = convolution.receptive_field(position, layers)
    for day in range(len(window)):
        moved = window.copy()
        moved[day] += 1.0
        assert (last_map(moved)[position] != before[position]) == (first <= day <= last)


@pytest.fixture(scope="module")
def drawn():
    random = np.random.default_rng(3)
    return random.normal(size=(5, 20, 3)), (random.normal(size=(4, 3, 2)), np.zeros(2))


def test_shift_table_moves_by_whole_strides_exactly_and_otherwise_not(drawn):
    table = convolution.shift_table(*drawn, LAYERS)
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
    table = convolution.shift_table(window, identity, [(1, 1), (2, 2)])
    assert table.loc[1, ["convolution_in_place", "pooling_in_place"]].tolist() == [0, 0.5]


@pytest.mark.parametrize("days", [6, 8])
def test_shift_table_shifts_no_further_than_the_window_allows(days):
    inputs, weights = np.ones((2, days, 3)), (np.ones((4, 3, 2)), np.zeros(2))
    assert len(convolution.shift_table(inputs, weights, LAYERS)) == days - 6


def test_repeat_layers_has_the_sizes_of_keras_and_stops_where_nothing_fits():
    table = convolution.repeat_layers(30, 5, LAYERS)
    layers = keras.layers
    model = keras.Sequential([keras.Input((30, 4))])
    for filters in (5, 10):
        for layer in (layers.Conv1D(filters, 4, strides=2), layers.MaxPooling1D(2)):
            model.add(layer)
    assert [tuple(layer.output.shape[1:]) for layer in model.layers] == list(
        zip(table["rows"], table["filters"], strict=True)
    )
    assert table["days"].tolist() == [4, 6, 18, 26]
    assert len(convolution.repeat_layers(30, 5, LAYERS, rounds=9)) == 4


def test_pooling_shares_keep_the_largest_or_the_mean(drawn):
    table = convolution.pooling_shares(*drawn, LAYERS)
    assert table.loc["max", "largest"] == pytest.approx(1)
    assert table.loc["average", "mean"] == pytest.approx(1)
    assert 0.5 <= table.loc["average", "largest"] < 1 < table.loc["max", "mean"] <= 2
