import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincast.studies.how_it_works.recurrent_cells import CELLS, LSTM, RNN, sigmoid

LAYERS = {"RNN": keras.layers.SimpleRNN, "LSTM": keras.layers.LSTM}
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


def test_rnn_equals_a_hand_worked_window_of_two_units():
    cell = RNN(np.array([[1.0, -1.0]]), np.array([[0.0, 2.0], [1.0, 0.0]]), np.array([0.5, 0.0]))
    states = cell.forward(np.array([[[0.5], [0.0]]])).states[:, 0]
    first = [np.tanh(1.0), np.tanh(-0.5)]
    second = [np.tanh(first[1] + 0.5), np.tanh(2 * first[0])]
    np.testing.assert_allclose(states, [[0, 0], first, second], atol=1e-15)


def test_lstm_equals_a_hand_worked_day():
    """Weights that make every sum 0 or 1: gates of 1/2 and sigmoid(1), candidate tanh(1)."""
    cell = LSTM(np.array([[1.0, 0.0, 1.0, 0.0]]), np.zeros((1, 4)), np.zeros(4))
    done = cell.forward(np.array([[[1.0], [0.0]]]))
    first = np.tanh(1.0) / (1 + np.exp(-1.0))
    np.testing.assert_allclose(done.carries[:, 0, 0], [0, first, first / 2], atol=1e-15)
    np.testing.assert_allclose(done.states[2, 0, 0], np.tanh(first / 2) / 2, atol=1e-15)


@pytest.mark.parametrize("kind", CELLS)
def test_cell_states_equal_those_of_keras_with_the_same_weights(kind):
    cell, inputs = make_cell(kind), make_inputs(windows=3, days=7)
    layer = LAYERS[kind](cell.units, return_sequences=True)
    layer.build(inputs.shape)
    layer.set_weights([cell.kernel, cell.recurrent, cell.bias])
    of_keras = np.asarray(layer(inputs))
    # Keras computes in 32 bits: 1e-7 for numbers of order 1, a little more after seven days.
    np.testing.assert_allclose(
        np.swapaxes(cell.forward(inputs).states[1:], 0, 1), of_keras, atol=1e-6
    )


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


@pytest.mark.parametrize("kind", CELLS)
def test_cell_state_gradients_equal_those_of_a_forward_pass_that_starts_there(kind):
    """Move the state after day 2 and compute the rest of the window here."""
    cell, inputs = make_cell(kind), make_inputs(windows=1)
    done = cell.forward(inputs)
    last = np.ones((1, cell.units))
    back = cell.backward(done, last)
    state, carry = done.states[2].copy(), done.carries[2].copy()

    def rest():
        h, c = state, carry
        for row in inputs[0, 2:]:
            sums = row @ cell.kernel + h @ cell.recurrent + cell.bias
            if kind == "RNN":
                h = np.tanh(sums)
            else:
                i, f, g, o = np.split(sums, 4, axis=-1)
                c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
                h = sigmoid(o) * np.tanh(c)
        return float(h.sum())

    np.testing.assert_allclose(back.states[1], slopes(rest, state), atol=1e-8)
    if kind == "LSTM":
        # The carry after a day reaches the loss through that day's state too, which is fixed here.
        output = done.gates["output"][1]
        through_state = back.states[1] * output * (1 - np.tanh(carry) ** 2)
        np.testing.assert_allclose(back.carries[1] - through_state, slopes(rest, carry), atol=1e-8)


def test_lstm_without_forgetting_hands_the_carry_gradient_on_whole():
    """The cell of 1997: forget gate at 1, and no way back into the gates."""
    cell = make_cell("LSTM")
    cell.recurrent[:] = 0.0
    cell.bias[4:8], cell.kernel[:, 4:8] = 50.0, 0.0
    done = cell.forward(make_inputs(days=6))
    carries = cell.backward(done, np.ones((2, 4))).carries
    np.testing.assert_allclose(carries, np.broadcast_to(carries[-1], carries.shape), atol=1e-14)
