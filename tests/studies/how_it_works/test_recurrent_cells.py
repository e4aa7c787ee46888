import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincast.studies.how_it_works.recurrent_cells import CELLS, sigmoid

SIZES = st.tuples(*[st.integers(1, 4)] * 4)  # windows, days, features, units


def make_cell(kind, features=3, units=4, seed=0):
    random = np.random.default_rng(seed)
    width = CELLS[kind].blocks * units
    return CELLS[kind](
        random.normal(0, 0.7, (features, width)),
        random.normal(0, 0.7, (units, width)),
        random.normal(0, 0.7, width),
    )


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

    for array, gradient in zip(
        [cell.kernel, cell.recurrent, cell.bias, inputs], [*back.weights, back.inputs], strict=True
    ):
        np.testing.assert_allclose(gradient, slopes(loss, array), atol=1e-8)


def test_lstm_state_gradients_equal_those_of_a_forward_pass_that_starts_there():
    """Move the states after day 2 and compute the rest of the window here."""
    cell, inputs = make_cell("LSTM"), make_inputs(windows=1)
    done = cell.forward(inputs)
    back = cell.backward(done, np.ones((1, cell.units)))
    state, carry = done.states[2].copy(), done.carries[2].copy()

    def rest():
        h, c = state, carry
        for row in inputs[0, 2:]:
            sums = row @ cell.kernel + h @ cell.recurrent + cell.bias
            i, f, g, o = np.split(sums, 4, axis=-1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        return float(h.sum())

    np.testing.assert_allclose(back.states[1], slopes(rest, state), atol=1e-8)
    # The carry after a day reaches the loss through that day's state too, which is fixed here.
    through_state = back.states[1] * done.gates["output"][1] * (1 - np.tanh(carry) ** 2)
    np.testing.assert_allclose(back.carries[1] - through_state, slopes(rest, carry), atol=1e-8)
