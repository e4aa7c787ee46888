"""Recurrent cells in NumPy: plain and LSTM with back-propagation through time, GRU forward.

Weights are laid out as in Keras (gates in the order input, forget, candidate, output), so they can
be copied either way.

The cells read a window day by day and pass a *state* on to the next day. Back-propagation through
time visits the days in reverse and computes how the loss would change with each day's values.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

__all__ = ["CELLS", "GATES", "GRU", "LSTM", "RNN", "Gradients", "Unrolled", "sigmoid"]

FloatArray = npt.NDArray[np.float64]
GATES = ("input", "forget", "candidate", "output")  # the order in Keras


@dataclass(frozen=True)
class Unrolled:
    """Everything that a cell computed on windows; entry 0 of the states precedes the first day.

    Attributes:
        inputs: (windows, days, features).
        states: (days + 1, windows, units), h, the cell's output.
        carries: (days + 1, windows, units), c, the LSTM's cell state; zero for a plain cell.
        gates: "input", "forget", "candidate", "output" -> (days, windows, units).
    """

    inputs: FloatArray
    states: FloatArray
    carries: FloatArray
    gates: dict[str, FloatArray] = field(default_factory=dict)


@dataclass(frozen=True)
class Gradients:
    """Gradients of the loss with respect to weights, inputs and states.

    Attributes:
        weights: of kernel, recurrent and bias, in their shapes.
        inputs: (windows, days, features).
        states: (days, windows, units), of the state after each day.
        carries: the same for the cell state; zero for a plain cell.
    """

    weights: list[FloatArray]
    inputs: FloatArray
    states: FloatArray
    carries: FloatArray


@dataclass(frozen=True)
class _Cell:
    """The weights that all cells have; each unit needs `blocks` weighted sums."""

    kernel: FloatArray  # (features, blocks x units)
    recurrent: FloatArray  # (units, blocks x units)
    bias: FloatArray  # (blocks x units,)
    blocks: ClassVar[int] = 1

    @property
    def units(self) -> int:
        """Width of the state."""
        return len(self.recurrent)

    def _sums(self, inputs: FloatArray) -> FloatArray:
        """The inputs' part of every weighted sum: (days, windows, blocks x units)."""
        return np.swapaxes(inputs @ self.kernel + self.bias, 0, 1)

    def _zeros(self, inputs: FloatArray, extra_days: int = 0) -> FloatArray:
        windows, days, _ = inputs.shape
        return np.zeros((days + extra_days, windows, self.units))

    def _gradients(
        self, done: Unrolled, by_sum: FloatArray, by_state: FloatArray, by_carry: FloatArray
    ) -> Gradients:
        """All gradients, given those of the sums: (days, windows, blocks x units).

        Every day uses the same weights, so their gradients are sums over the days.
        """
        days_first = np.swapaxes(done.inputs, 0, 1)
        over_days_and_windows = ([0, 1], [0, 1])
        return Gradients(
            weights=[
                np.tensordot(days_first, by_sum, over_days_and_windows),
                np.tensordot(done.states[:-1], by_sum, over_days_and_windows),
                by_sum.sum(axis=(0, 1)),
            ],
            inputs=np.swapaxes(by_sum @ self.kernel.T, 0, 1),
            states=by_state,
            carries=by_carry,
        )


class RNN(_Cell):
    """The plain recurrent cell, Keras's SimpleRNN: h[t] = tanh(x[t] W + h[t-1] U + b).

    Every day the whole state passes through U and tanh, and so does every gradient on its way
    back: that is why it fades (or explodes).

    Source: Elman, 1990, 10.1207/s15516709cog1402_1; why it fades: Bengio, Simard and Frasconi,
    1994, 10.1109/72.279181.

    >>> cell = RNN(np.array([[1.0]]), np.array([[0.5]]), np.array([0.0]))
    >>> cell.forward(np.array([[[1.0], [0.0]]])).states.ravel().round(4).tolist()
    [0.0, 0.7616, 0.3634]
    """

    def forward(self, inputs: FloatArray) -> Unrolled:
        """The state after each day of each window, from inputs (windows, days, features)."""
        states = self._zeros(inputs, 1)
        for day, sums in enumerate(self._sums(inputs)):
            states[day + 1] = np.tanh(sums + states[day] @ self.recurrent)
        return Unrolled(inputs, states, np.zeros_like(states))

    def backward(self, done: Unrolled, last: FloatArray) -> Gradients:
        """The gradients, from a forward pass and d loss / d h[days]: (windows, units)."""
        by_sum, by_state = self._zeros(done.inputs), self._zeros(done.inputs)
        later = last
        for day in reversed(range(len(by_sum))):
            by_state[day] = later
            by_sum[day] = later * (1 - done.states[day + 1] ** 2)  # tanh' = 1 - tanh^2
            later = by_sum[day] @ self.recurrent.T
        return self._gradients(done, by_sum, by_state, np.zeros_like(by_state))


class LSTM(_Cell):
    """The long short-term memory cell with a forget gate.

    i, f, o = sigmoid(x[t] W + h[t-1] U + b), g = tanh(...), each with its own weights;
    c[t] = f c[t-1] + i g (forget some, add some), h[t] = o tanh(c[t]).

    From c[t-1] to c[t] there is no tanh and no matrix, only the factor f: where the forget gate
    stays near 1, a gradient survives many days almost unchanged.

    Source: Hochreiter and Schmidhuber, 1997, 10.1162/neco.1997.9.8.1735 (there f = 1); the forget
    gate: Gers, Schmidhuber and Cummins, 2000, 10.1162/089976600300015015.
    """

    blocks = len(GATES)

    def forward(self, inputs: FloatArray) -> Unrolled:
        """States and gates after each day of each window, from inputs (windows, days, features)."""
        states, carries = self._zeros(inputs, 1), self._zeros(inputs, 1)
        gates = {name: self._zeros(inputs) for name in GATES}
        for day, sums in enumerate(self._sums(inputs)):
            i, f, g, o = np.split(sums + states[day] @ self.recurrent, self.blocks, axis=-1)
            i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
            carries[day + 1] = f * carries[day] + i * g
            states[day + 1] = o * np.tanh(carries[day + 1])
            for name, gate in zip(GATES, (i, f, g, o), strict=True):
                gates[name][day] = gate
        return Unrolled(inputs, states, carries, gates)

    def backward(self, done: Unrolled, last: FloatArray) -> Gradients:
        """The gradients, from a forward pass and d loss / d h[days]: (windows, units)."""
        by_state, by_carry = self._zeros(done.inputs), self._zeros(done.inputs)
        by_sum = np.zeros((*by_state.shape[:2], self.blocks * self.units))
        later, later_carry = last, np.zeros_like(last)
        for day in reversed(range(len(by_state))):
            i, f, g, o = (done.gates[name][day] for name in GATES)
            shown = np.tanh(done.carries[day + 1])
            by_state[day] = later
            by_carry[day] = later_carry + later * o * (1 - shown**2)
            by_gate = (  # each times the slope of its sigmoid or tanh
                by_carry[day] * g * i * (1 - i),
                by_carry[day] * done.carries[day] * f * (1 - f),
                by_carry[day] * i * (1 - g**2),
                later * shown * o * (1 - o),
            )
            by_sum[day] = np.concatenate(by_gate, axis=-1)
            later, later_carry = by_sum[day] @ self.recurrent.T, by_carry[day] * f
        return self._gradients(done, by_sum, by_state, by_carry)


class GRU(_Cell):
    """The gated recurrent unit, in Keras's variant with two biases.

    z, r = sigmoid(x[t] W + a + h[t-1] U + b), g = tanh(x[t] W + a + r (h[t-1] U + b)), each with
    its own weights; h[t] = z h[t-1] + (1 - z) g. One gate decides both what is kept and what is
    written, and there is no second state. `bias` has two rows: a and b.

    Source: Cho et al., 2014, arXiv 1406.1078; with r behind the matrix, as in cuDNN and in Keras's
    default `reset_after=True`.
    """

    blocks = 3

    def forward(self, inputs: FloatArray) -> Unrolled:
        """The state after each day of each window, from inputs (windows, days, features)."""
        states = self._zeros(inputs, 1)
        of_inputs = np.swapaxes(inputs @ self.kernel + self.bias[0], 0, 1)
        for day, sums in enumerate(of_inputs):
            z, r, g = np.split(sums, self.blocks, axis=-1)
            kept, reset, old = np.split(states[day] @ self.recurrent + self.bias[1], 3, axis=-1)
            z, r = sigmoid(z + kept), sigmoid(r + reset)
            states[day + 1] = z * states[day] + (1 - z) * np.tanh(g + r * old)
        return Unrolled(inputs, states, np.zeros_like(states))


CELLS: dict[str, type[RNN] | type[LSTM]] = {"RNN": RNN, "LSTM": LSTM}


def sigmoid(sums: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x)), between 0 and 1, without overflow for any x.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    return (1 + np.tanh(sums / 2)) / 2
