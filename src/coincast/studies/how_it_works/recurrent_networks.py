"""Recurrent networks in NumPy: plain and LSTM with back-propagation through time, GRU forward.

The cells read a window day by day and pass a *state* on to the next day. Back-propagation through
time visits the days in reverse and computes how the loss would change with each day's values.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from coincast.datasets.windows import FloatArray
from coincast.errors import InputError
from coincast.studies.how_it_works.numpy_networks import Backward, Network, glorot

__all__ = ["CELLS", "LSTM", "RNN", "Gradients", "Recurrent", "Unrolled", "gru", "initial_recurrent"]

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
    """Gradients with respect to the cell's weights, to inputs and to states.

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


class Recurrent(Network):
    """A cell and one linear output of its last state: y = h[days] V + v.

    Its weights are kernel (features, blocks x units), recurrent (units, blocks x units), bias,
    V (units, 1) and v (1,): those that `get_weights()` gives for a Keras model, in 64 bits.
    """

    blocks: ClassVar[int] = 1  # weighted sums that each unit needs

    @abstractmethod
    def forward(self, inputs: FloatArray) -> Unrolled:
        """The state after each day of each window, from inputs (windows, days, features)."""

    @abstractmethod
    def backward(self, done: Unrolled, last: FloatArray) -> Gradients:
        """The gradients, from a forward pass and those of h[days]: (windows, units)."""

    def run(self, inputs: FloatArray) -> tuple[FloatArray, Backward]:
        """Through the days and, for the gradients, back."""
        dense, bias = self.weights[3:]
        done = self.forward(inputs)
        last = done.states[-1]

        def backward(by_output: FloatArray) -> list[FloatArray]:
            back = self.backward(done, by_output @ dense.T)
            return [*back.weights, last.T @ by_output, by_output.sum(axis=0)]

        return (last @ dense + bias)[:, 0], backward

    def output_gradients(self, inputs: FloatArray) -> Gradients:
        """The gradients of each window's own output."""
        every = np.repeat(self.weights[3].T, len(inputs), axis=0)
        return self.backward(self.forward(inputs), every)

    @property
    def recurrent(self) -> FloatArray:
        """The weights by which the last state counts."""
        return self.weights[1]

    def _sums(self, inputs: FloatArray) -> FloatArray:
        """The inputs' part of every weighted sum: (days, windows, blocks x units)."""
        kernel, _, bias, *_ = self.weights
        return np.swapaxes(inputs @ kernel + bias, 0, 1)

    def _zeros(self, inputs: FloatArray, extra_days: int = 0) -> FloatArray:
        windows, days, _ = inputs.shape
        return np.zeros((days + extra_days, windows, len(self.recurrent)))

    def _gradients(
        self, done: Unrolled, by_sum: FloatArray, by_state: FloatArray, by_carry: FloatArray
    ) -> Gradients:
        """All gradients, given those of the sums: (days, windows, blocks x units).

        Every day uses the same weights, so their gradients are sums over the days.
        """
        over_days_and_windows = ([0, 1], [0, 1])
        by_kernel = np.tensordot(np.swapaxes(done.inputs, 0, 1), by_sum, over_days_and_windows)
        by_recurrent = np.tensordot(done.states[:-1], by_sum, over_days_and_windows)
        weights = [by_kernel, by_recurrent, by_sum.sum(axis=(0, 1))]
        by_input = np.swapaxes(by_sum @ self.weights[0].T, 0, 1)
        return Gradients(weights, by_input, by_state, by_carry)


class RNN(Recurrent):
    """The plain recurrent cell, Keras's SimpleRNN: h[t] = tanh(x[t] W + h[t-1] U + b).

    Every day the whole state passes through U and tanh, and so does every gradient on its way
    back: that is why it fades (or explodes).

    Source: Elman, 1990, 10.1207/s15516709cog1402_1; why it fades: Bengio, Simard and Frasconi,
    1994, 10.1109/72.279181.

    >>> cell = RNN([np.array([[1.0]]), np.array([[0.5]]), np.array([0.0])])
    >>> cell.forward(np.array([[[1.0], [0.0]]])).states.ravel().round(4).tolist()
    [0.0, 0.7616, 0.3634]
    """

    def forward(self, inputs: FloatArray) -> Unrolled:
        """The states, day by day, as in `Recurrent`."""
        states = self._zeros(inputs, 1)
        for day, sums in enumerate(self._sums(inputs)):
            states[day + 1] = np.tanh(sums + states[day] @ self.recurrent)
        return Unrolled(inputs, states, np.zeros_like(states))

    def backward(self, done: Unrolled, last: FloatArray) -> Gradients:
        """The gradients, from the last day to the first, as in `Recurrent`."""
        by_sum, by_state = self._zeros(done.inputs), self._zeros(done.inputs)
        later = last
        for day in reversed(range(len(by_sum))):
            by_state[day] = later
            by_sum[day] = later * (1 - done.states[day + 1] ** 2)  # tanh' = 1 - tanh^2
            later = by_sum[day] @ self.recurrent.T
        return self._gradients(done, by_sum, by_state, np.zeros_like(by_state))


class LSTM(Recurrent):
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
        """States and gates, day by day, as in `Recurrent`."""
        states, carries = self._zeros(inputs, 1), self._zeros(inputs, 1)
        gates = {name: self._zeros(inputs) for name in GATES}
        for day, sums in enumerate(self._sums(inputs)):
            i, f, g, o = np.split(sums + states[day] @ self.recurrent, self.blocks, axis=-1)
            i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
            carries[day + 1] = f * carries[day] + i * g
            states[day + 1] = o * np.tanh(carries[day + 1])
            for name, gate in zip(GATES, (i, f, g, o), strict=True):
                gates[name][day] = gate
        return Unrolled(inputs, states, carries, gates)

    def backward(self, done: Unrolled, last: FloatArray) -> Gradients:
        """The gradients, from the last day to the first, as in `Recurrent`."""
        by_state, by_carry = self._zeros(done.inputs), self._zeros(done.inputs)
        by_sum = np.zeros((*by_state.shape[:2], self.blocks * by_state.shape[2]))
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


CELLS: dict[str, type[RNN] | type[LSTM]] = {"RNN": RNN, "LSTM": LSTM}


def gru(weights: Sequence[FloatArray], inputs: FloatArray) -> FloatArray:
    """The last state of a gated recurrent unit: (windows, units).

    z, r = sigmoid(x[t] W + a + h[t-1] U + b), g = tanh(x[t] W + a + r (h[t-1] U + b)), each with
    its own weights; h[t] = z h[t-1] + (1 - z) g. One gate decides both what is kept and what is
    written, and there is no second state. The weights are those of Keras's GRU; its bias has two
    rows: a and b.

    Source: Cho et al., 2014, arXiv 1406.1078; with r behind the matrix, as in cuDNN and in Keras's
    default `reset_after=True`.
    """
    kernel, recurrent, bias = weights
    state = np.zeros((len(inputs), len(recurrent)))
    for sums in np.swapaxes(inputs @ kernel + bias[0], 0, 1):
        z, r, g = np.split(sums, 3, axis=-1)
        kept, reset, old = np.split(state @ recurrent + bias[1], 3, axis=-1)
        z, r = _sigmoid(z + kept), _sigmoid(r + reset)
        state = z * state + (1 - z) * np.tanh(g + r * old)
    return state


def _sigmoid(sums: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x)), between 0 and 1, without overflow for any x."""
    return (1 + np.tanh(sums / 2)) / 2


def initial_recurrent(kind: str, features: int, units: int, seed: int) -> RNN | LSTM:
    """A recurrent network before training, drawn by Keras's default rules.

    Kernels are uniform (Glorot), recurrent weights orthogonal, biases zero; the forget gate's bias
    is 1, so that it starts mostly open.

    Args:
        kind: one of `CELLS`.
        features: columns of a window.
        units: width of the state.
        seed: of the random weights.

    Raises:
        InputError: units below 1.

    Source: Glorot and Bengio, 2010 (kernels); Saxe, McClelland and Ganguli, 2014, arXiv
    1312.6120 (orthogonal); Jozefowicz, Zaremba and Sutskever, 2015 (the forget gate's bias).
    """
    if units < 1:
        raise InputError(f"units is {units}; use 1 or more")
    random = np.random.default_rng(seed)
    blocks = CELLS[kind].blocks
    kernel = glorot(random, features, blocks * units)
    basis, triangle = np.linalg.qr(random.normal(size=(blocks * units, units)))
    recurrent = (basis * np.sign(np.diag(triangle))).T  # (units, blocks x units), orthogonal rows
    bias = np.zeros((blocks, units))
    if kind == "LSTM":
        bias[GATES.index("forget")] = 1.0
    dense = glorot(random, units, 1)
    return CELLS[kind]([kernel, recurrent, bias.ravel(), dense, np.zeros(1)])
