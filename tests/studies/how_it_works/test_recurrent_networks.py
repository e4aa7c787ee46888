import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from coincast.errors import InputError
from coincast.studies.how_it_works.recurrent_networks import CELLS, initial_recurrent

SIZES = st.tuples(*[st.integers(1, 4)] * 4)  # windows, days, features, units


def make_cell(kind, features=3, units=4, seed=0):
    random = np.random.default_rng(seed)
    width = CELLS[kind].blocks * units
    shapes = [(features, width), (units, width), width]
    return CELLS[kind]([random.normal(0, 0.7, shape) for shape in shapes])


def make_inputs(windows=2, days=5, features=3, seed=1):
    return np.random.default_rng(seed).normal(size=(windows, days, features))


def slopes(function, array, step=1e-5):
    """Return d function / d array from central differences in float64.

    Their error is of order step^2 (third derivative) + 1e-16 / step (rounding): about 1e-10.
    """
    found = np.empty_like(array)
    for place in np.ndindex(array.shape):
        kept = array[place]
        array[place] = kept + step
        above = function()
        array[place] = kept - step
        found[place] = (above - function()) / (2 * step)
        array[place] = kept
    return found


@pytest.mark.parametrize("kind", CELLS)
@given(sizes=SIZES)
def test_cell_gradients_equal_finite_differences_for_any_size(kind, sizes):
    windows, days, features, units = sizes
    cell, inputs = make_cell(kind, features, units), make_inputs(windows, days, features)
    last = make_inputs(windows, 1, units, seed=2)[:, 0]
    back = cell.backward(cell.forward(inputs), last)

    def loss():
        return float((cell.forward(inputs).states[-1] * last).sum())

    gradients = [*back.weights, back.inputs]
    for array, gradient in zip([*cell.weights, inputs], gradients, strict=True):
        np.testing.assert_allclose(gradient, slopes(loss, array), atol=1e-8)


def test_lstm_state_gradients_equal_those_of_a_forward_pass_that_starts_there():
    """Move the states after day 2 and compute the rest of the window here."""
    cell, inputs = make_cell("LSTM"), make_inputs(windows=1)
    done = cell.forward(inputs)
    back = cell.backward(done, np.ones((1, len(cell.recurrent))))
    state, carry = done.states[2].copy(), done.carries[2].copy()

    def rest():
        h, c = state, carry
        for row in inputs[0, 2:]:
            kernel, recurrent, bias = cell.weights
            i, f, g, o = np.split(row @ kernel + h @ recurrent + bias, 4, axis=-1)
            c = expit(f) * c + expit(i) * np.tanh(g)
            h = expit(o) * np.tanh(c)
        return float(h.sum())

    np.testing.assert_allclose(back.states[1], slopes(rest, state), atol=1e-8)
    # The carry after a day reaches the loss through that day's state too, which is fixed here.
    through_state = back.states[1] * done.gates["output"][1] * (1 - np.tanh(carry) ** 2)
    np.testing.assert_allclose(back.carries[1] - through_state, slopes(rest, carry), atol=1e-8)


@pytest.mark.parametrize("kind", CELLS)
def test_initial_recurrent_has_orthogonal_rows_open_forget_gate_and_its_own_draw(kind):
    kernel, recurrent, bias, *_ = initial_recurrent(kind, 4, 6, seed=0).weights
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(6), atol=1e-12)
    expected = [0.0] * 6 + [1.0] * 6 + [0.0] * 12 if kind == "LSTM" else [0.0] * 6
    assert bias.tolist() == expected
    assert not np.array_equal(kernel, initial_recurrent(kind, 4, 6, seed=1).weights[0])


def test_initial_recurrent_refuses_a_cell_without_units():
    with pytest.raises(InputError, match="units is 0"):
        initial_recurrent("LSTM", 4, 0, seed=1)
