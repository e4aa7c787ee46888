"""A plain recurrent cell and an LSTM cell, written out: forward, and back through time.

Everything that a recurrent network does, without a library for it, to be read and to be held
against Keras: the weights are laid out as Keras has them (gates in the order input, forget,
candidate, output), so they go from one to the other unchanged.

Both cells walk through a window day by day and keep a *state*: numbers that the next day sees.
Back-propagation through time walks the same way back and asks of each day how much the loss
would change if that day had been a little different.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from coincast.errors import InputError

__all__ = ["CELLS", "GATES", "LSTM", "RNN", "Gradients", "Unrolled", "sigmoid"]

FloatArray = npt.NDArray[np.float64]
GATES = ("input", "forget", "candidate", "output")  # the order of Keras


@dataclass(frozen=True)
class Unrolled:
    """What a cell computed on its way through windows; day 0 of the states is before the first.

    Attributes:
        inputs: (windows, days, features).
        states: (days + 1, windows, units), h; what the cell shows.
        carries: (days + 1, windows, units), c; what an LSTM keeps to itself. A plain cell has none.
        gates: "input", "forget", "candidate", "output" -> (days, windows, units).
    """

    inputs: FloatArray
    states: FloatArray
    carries: FloatArray
    gates: dict[str, FloatArray] = field(default_factory=dict)


@dataclass(frozen=True)
class Gradients:
    """How the loss changes with the weights, and with everything on the way.

    Attributes:
        weights: of kernel, recurrent and bias, in the shapes of these.
        inputs: (windows, days, features).
        states: (days, windows, units), of the state after each day.
        carries: the same of the carry; zero for a plain cell.
    """

    weights: list[FloatArray]
    inputs: FloatArray
    states: FloatArray
    carries: FloatArray


@dataclass(frozen=True)
class _Cell:
    """The weights that every cell has; `blocks` sums are made of them for each unit."""

    kernel: FloatArray  # (features, blocks x units)
    recurrent: FloatArray  # (units, blocks x units)
    bias: FloatArray  # (blocks x units,)
    blocks: ClassVar[int] = 1

    def __post_init__(self) -> None:
        width = self.blocks * self.units
        wanted = [(len(self.kernel), width), (self.units, width), (width,)]
        found = [self.kernel.shape, self.recurrent.shape, self.bias.shape]
        if found != wanted:
            raise InputError(
                f"weights of shapes {found} make no {type(self).__name__} of {self.units} units; "
                f"use {wanted}, in this order, as Keras's get_weights() gives them"
            )

    @property
    def units(self) -> int:
        """Return the width of the state."""
        return len(self.recurrent)

    def _sums(self, inputs: FloatArray) -> FloatArray:
        """Return the part of every sum that comes from the day itself: (days, windows, width)."""
        if inputs.ndim != 3 or inputs.shape[2] != len(self.kernel) or not inputs.size:  # noqa: PLR2004
            raise InputError(
                f"inputs of shape {inputs.shape} do not fit a cell of {len(self.kernel)} features; "
                f"use (windows, days, {len(self.kernel)})"
            )
        return np.swapaxes(inputs @ self.kernel + self.bias, 0, 1)

    def _zeros(self, inputs: FloatArray, extra_days: int = 0) -> FloatArray:
        windows, days, _ = inputs.shape
        return np.zeros((days + extra_days, windows, self.units))

    def _gradients(
        self, done: Unrolled, by_sum: FloatArray, by_state: FloatArray, by_carry: FloatArray
    ) -> Gradients:
        """Return all gradients from those of the sums: (days, windows, blocks x units).

        A weight is used again every day, so its gradient is the sum over the days.
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
    """The plain recurrent cell: h[t] = tanh(x[t] W + h[t-1] U + b).

    Keras's SimpleRNN. Whatever the state holds goes through U and through tanh every day, and
    so does every gradient on its way back: that is why it fades (or explodes).

    Source: Elman, 1990, 10.1207/s15516709cog1402_1; why it fades: Bengio, Simard and Frasconi,
    1994, 10.1109/72.279181.

    >>> cell = RNN(np.array([[1.0]]), np.array([[0.5]]), np.array([0.0]))
    >>> cell.forward(np.array([[[1.0], [0.0]]])).states.ravel().round(4).tolist()
    [0.0, 0.7616, 0.3634]
    """

    def forward(self, inputs: FloatArray) -> Unrolled:
        """Return the state after each day of each window.

        Args:
            inputs: (windows, days, features).
        """
        states = self._zeros(inputs, 1)
        for day, sums in enumerate(self._sums(inputs)):
            states[day + 1] = np.tanh(sums + states[day] @ self.recurrent)
        return Unrolled(inputs, states, np.zeros_like(states))

    def backward(self, done: Unrolled, last: FloatArray) -> Gradients:
        """Return the gradients, from that of the last state back through time.

        Args:
            done: what `forward` gave.
            last: (windows, units), d loss / d h[days].
        """
        by_sum, by_state = self._zeros(done.inputs), self._zeros(done.inputs)
        later = last
        for day in reversed(range(len(by_sum))):
            by_state[day] = later
            by_sum[day] = later * (1 - done.states[day + 1] ** 2)  # tanh' = 1 - tanh^2
            later = by_sum[day] @ self.recurrent.T
        return self._gradients(done, by_sum, by_state, np.zeros_like(by_state))


class LSTM(_Cell):
    """The long short-term memory cell, with a forget gate.

    i, f, o = sigmoid(x[t] W + h[t-1] U + b), g = tanh(...) with weights of their own,
    c[t] = f c[t-1] + i g (the carry: forget some, add some), h[t] = o tanh(c[t]).

    From c[t-1] to c[t] there is no tanh and no matrix, only the factor f: where the forget gate
    stays near 1, a gradient comes back over many days nearly whole.

    Source: Hochreiter and Schmidhuber, 1997, 10.1162/neco.1997.9.8.1735 (there f = 1); the forget
    gate: Gers, Schmidhuber and Cummins, 2000, 10.1162/089976600300015015.
    """

    blocks = len(GATES)

    def forward(self, inputs: FloatArray) -> Unrolled:
        """Return state, carry and gates after each day of each window.

        Args:
            inputs: (windows, days, features).
        """
        states, carries = self._zeros(inputs, 1), self._zeros(inputs, 1)
        gates = {name: self._zeros(inputs) for name in GATES}
        for day, sums in enumerate(self._sums(inputs)):
            blocks = np.split(sums + states[day] @ self.recurrent, self.blocks, axis=-1)
            for name, block in zip(GATES, blocks, strict=True):
                gates[name][day] = np.tanh(block) if name == "candidate" else sigmoid(block)
            now = {name: values[day] for name, values in gates.items()}
            carries[day + 1] = now["forget"] * carries[day] + now["input"] * now["candidate"]
            states[day + 1] = now["output"] * np.tanh(carries[day + 1])
        return Unrolled(inputs, states, carries, gates)

    def backward(self, done: Unrolled, last: FloatArray) -> Gradients:
        """Return the gradients, from that of the last state back through time.

        Args:
            done: what `forward` gave.
            last: (windows, units), d loss / d h[days].
        """
        by_state, by_carry = self._zeros(done.inputs), self._zeros(done.inputs)
        by_sum = np.zeros((*by_state.shape[:2], self.blocks * self.units))
        later, later_carry = last, np.zeros_like(last)
        for day in reversed(range(len(by_state))):
            i, f, g, o = (done.gates[name][day] for name in GATES)
            shown = np.tanh(done.carries[day + 1])
            by_state[day] = later
            by_carry[day] = later_carry + later * o * (1 - shown**2)
            by_gate = (  # of the gates, each times the slope of its sigmoid or tanh
                by_carry[day] * g * i * (1 - i),
                by_carry[day] * done.carries[day] * f * (1 - f),
                by_carry[day] * i * (1 - g**2),
                later * shown * o * (1 - o),
            )
            by_sum[day] = np.concatenate(by_gate, axis=-1)
            later, later_carry = by_sum[day] @ self.recurrent.T, by_carry[day] * f
        return self._gradients(done, by_sum, by_state, by_carry)


CELLS: dict[str, type[RNN] | type[LSTM]] = {"RNN": RNN, "LSTM": LSTM}


def sigmoid(sums: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(-x)), between 0 and 1, without overflow for any x.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    return (1 + np.tanh(sums / 2)) / 2
