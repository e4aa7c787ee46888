"""The layers of a convolutional network in NumPy, for one window or for many at once.

A window is a table: its rows are days, its columns channels (four prices at first, filters later).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coincast.errors import InputError

__all__ = ["average_pool", "convolve", "dropout", "max_pool", "receptive_field", "relu", "softmax"]

FloatArray = npt.NDArray[np.float64]


def convolve(
    window: FloatArray, kernel: FloatArray, bias: FloatArray, stride: int = 1
) -> FloatArray:
    """Feature maps: how closely each piece of the window matches each filter.

    maps[p, k] = bias[k] + sum over w, c of window[p stride + w, c] kernel[w, c, k]. Strictly
    speaking a cross-correlation, as in every deep-learning library: the kernel is not flipped.

    Args:
        window: (..., days, channels).
        kernel: (width, channels, filters), as in Keras's Conv1D.
        bias: (filters,).
        stride: days from one piece to the next.

    Returns:
        (..., pieces, filters); pieces = (days - width) // stride + 1.

    Raises:
        InputError: a kernel wider than the window, or a stride below 1.

    Source: LeCun, Bottou, Bengio and Haffner, 1998, 10.1109/5.726791.

    >>> rises = np.array([-1.0, 1.0]).reshape(2, 1, 1)
    >>> convolve(np.array([[1.0], [3.0], [2.0]]), rises, np.zeros(1)).ravel().tolist()
    [2.0, -1.0]
    """
    pieces = _pieces(window, len(kernel), stride, "kernel")
    return np.asarray(np.einsum("...pcw,wck->...pk", pieces, kernel) + bias)


def relu(values: FloatArray) -> FloatArray:
    """The values with every negative one set to zero (Nair and Hinton, 2010)."""
    return np.maximum(values, 0.0)


def max_pool(maps: FloatArray, width: int) -> FloatArray:
    """The largest of every `width` pieces: whether a pattern occurred, not exactly when.

    Args:
        maps: (..., pieces, filters).
        width: pieces pooled into one; a remainder at the end is dropped, as in Keras.

    Returns:
        (..., pieces // width, filters).

    Raises:
        InputError: a width above the number of pieces, or below 1.

    >>> max_pool(np.array([[1.0], [4.0], [2.0], [3.0], [9.0]]), 2).ravel().tolist()
    [4.0, 3.0]
    """
    return np.asarray(_pieces(maps, width, width, "pool").max(axis=-1))


def average_pool(maps: FloatArray, width: int) -> FloatArray:
    """The mean of every `width` pieces: how much of a pattern there was. Otherwise as `max_pool`.

    >>> average_pool(np.array([[1.0], [4.0], [2.0], [3.0], [9.0]]), 2).ravel().tolist()
    [2.5, 2.5]
    """
    return np.asarray(_pieces(maps, width, width, "pool").mean(axis=-1))


def _pieces(table: FloatArray, width: int, stride: int, name: str) -> FloatArray:
    """Every `stride`-th piece of `width` rows: (..., pieces, columns, width)."""
    rows = table.shape[-2]
    if not 1 <= width <= rows:
        raise InputError(f"{name} width {width} does not fit {rows} rows; use 1 to {rows}")
    if stride < 1:
        raise InputError(f"stride is {stride}; use 1 or more")
    views = np.lib.stride_tricks.sliding_window_view(table, width, axis=-2)
    return views[..., ::stride, :, :]


def dropout(values: FloatArray, kept: npt.NDArray[np.bool_], rate: float) -> FloatArray:
    """The kept values divided by 1 - rate, and zero elsewhere, as in training.

    The division preserves the mean; outside training nothing is dropped or scaled.

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
    """Positive numbers that sum to 1 along the last axis: exp(score) / sum of exp(scores).

    Subtracting the largest score first changes nothing but prevents overflow.

    >>> softmax(np.array([1000.0, 1000.0])).tolist()
    [0.5, 0.5]
    """
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def receptive_field(position: int, layers: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The first and last day that one value of a feature map depends on.

    It depends on all days between them, unless a stride exceeds its width and skips some.

    Args:
        position: row of the value in the last layer's map, from 0.
        layers: (width, stride) of each layer, the first layer first.

    >>> receptive_field(1, [(4, 2), (2, 2)])
    (4, 9)
    """
    first = last = position
    for width, stride in reversed(layers):
        first, last = first * stride, last * stride + width - 1
    return first, last
