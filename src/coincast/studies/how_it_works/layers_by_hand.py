"""The layers of a convolutional network in NumPy, one window at a time.

Each is a few lines, to be read and to be held against Keras. A window is a table: its rows are
days, its columns channels (four prices at first, filters later).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coincast.errors import InputError

__all__ = ["convolve", "dropout", "max_pool", "receptive_field", "relu", "softmax"]

FloatArray = npt.NDArray[np.float64]


def convolve(
    window: FloatArray, kernel: FloatArray, bias: FloatArray, stride: int = 1
) -> FloatArray:
    """Return the feature maps: how much each piece of the window looks like each filter.

    maps[p, k] = bias[k] + sum over w, c of window[p stride + w, c] kernel[w, c, k]: a filter is
    laid on `width` days, multiplied and summed, moved on by `stride` days, and so on. (Strictly a
    cross-correlation, as in every such library: the kernel is not turned round.)

    Args:
        window: (days, channels).
        kernel: (width, channels, filters), as Keras's Conv1D has it.
        bias: (filters,).
        stride: days from one piece to the next.

    Returns:
        (pieces, filters); pieces = (days - width) // stride + 1.

    Raises:
        InputError: a kernel wider than the window, or a stride below 1.

    Source: LeCun, Bottou, Bengio and Haffner, 1998, 10.1109/5.726791.

    >>> rises = np.array([-1.0, 1.0]).reshape(2, 1, 1)
    >>> convolve(np.array([[1.0], [3.0], [2.0]]), rises, np.zeros(1)).ravel().tolist()
    [2.0, -1.0]
    """
    pieces = _pieces(window, len(kernel), stride, "kernel")  # (pieces, channels, width)
    return np.asarray(np.einsum("pcw,wck->pk", pieces, kernel) + bias)


def relu(values: FloatArray) -> FloatArray:
    """Return the values with every negative one at zero: a piece unlike the filter says nothing.

    Source: Nair and Hinton, 2010.
    """
    return np.maximum(values, 0.0)


def max_pool(maps: FloatArray, width: int) -> FloatArray:
    """Return the largest value in every `width` pieces: whether a pattern came, not when exactly.

    Args:
        maps: (pieces, filters).
        width: pieces that become one; what is left over at the end is dropped, as in Keras.

    Returns:
        (pieces // width, filters).

    Raises:
        InputError: a width above the number of pieces, or below 1.

    >>> max_pool(np.array([[1.0], [4.0], [2.0], [3.0], [9.0]]), 2).ravel().tolist()
    [4.0, 3.0]
    """
    return np.asarray(_pieces(maps, width, width, "pool").max(axis=2))


def _pieces(table: FloatArray, width: int, stride: int, name: str) -> FloatArray:
    """Return every piece of `width` rows: (pieces, columns, width)."""
    if not 1 <= width <= len(table):
        raise InputError(
            f"{name} width {width} does not fit {len(table)} rows; use 1 to {len(table)}"
        )
    if stride < 1:
        raise InputError(f"stride is {stride}; use 1 or more")
    return np.lib.stride_tricks.sliding_window_view(table, width, axis=0)[::stride]


def dropout(values: FloatArray, kept: npt.NDArray[np.bool_], rate: float) -> FloatArray:
    """Return the values with those not kept at zero, and the others enlarged to make up for it.

    In training `kept` is drawn anew at each step, so that no unit can rely on another. Divided by
    1 - rate, the values keep their mean; in use nothing is dropped and nothing enlarged.

    Args:
        values: of any shape.
        kept: of the same shape; each entry True with probability 1 - rate.
        rate: share that is dropped, 0 or more and below 1.

    Raises:
        InputError: a rate outside these bounds.

    Source: Srivastava et al., 2014, Journal of Machine Learning Research 15, 1929-1958.

    >>> dropout(np.array([1.0, 2.0, 3.0]), np.array([True, False, True]), 0.5).tolist()
    [2.0, 0.0, 6.0]
    """
    if not 0 <= rate < 1:
        raise InputError(f"dropout is {rate}; use 0 or more and less than 1")
    return np.where(kept, values / (1 - rate), 0.0)


def softmax(scores: FloatArray) -> FloatArray:
    """Return exp(score) / sum of exp(scores) along the last axis: positive, adding up to 1.

    The largest score is taken off first, which changes nothing but cannot overflow.

    >>> softmax(np.array([1000.0, 1000.0])).tolist()
    [0.5, 0.5]
    """
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def receptive_field(position: int, layers: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the first and last day that one value of a feature map can see.

    It sees all days between them, unless a stride is longer than its width and skips some.

    Args:
        position: row of the value in the last layer's map, from 0.
        layers: (width, stride) of each layer, the first first.

    >>> receptive_field(1, [(4, 2), (2, 2)])
    (4, 9)
    """
    first = last = position
    for width, stride in reversed(layers):
        first, last = first * stride, last * stride + width - 1
    return first, last
