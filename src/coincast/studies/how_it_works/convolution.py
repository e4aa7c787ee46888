"""The layers of a convolutional network in NumPy, and what they do to shifted windows.

A window is a table: its rows are days, its columns channels (four prices at first, filters later).
Every layer takes one window or many at once, (..., days, channels), and gives feature maps,
(..., pieces, filters). `Layers` are the width and stride of a convolution and of its pooling.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coincast.datasets.windows import FloatArray
from coincast.errors import InputError

__all__ = [
    "average_pool",
    "convolve",
    "dropout",
    "max_pool",
    "pooling_shares",
    "receptive_field",
    "relu",
    "repeat_layers",
    "shift_table",
]

Weights = tuple[FloatArray, FloatArray]  # kernel and bias, as in `convolve`
Layers = Sequence[tuple[int, int]]
ROUNDING = 1e-9


def convolve(
    window: FloatArray, kernel: FloatArray, bias: FloatArray, stride: int = 1
) -> FloatArray:
    """Feature maps: how closely each piece of the window matches each filter.

    maps[p, k] = bias[k] + sum over w, c of window[p stride + w, c] kernel[w, c, k]. Strictly
    speaking a cross-correlation, as in every deep-learning library: the kernel is not flipped.

    Args:
        window: one or many.
        kernel: (width, channels, filters), as in Keras's Conv1D.
        bias: (filters,).
        stride: days from one piece to the next; there are (days - width) // stride + 1 pieces.

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

    A remainder at the end is dropped, as in Keras.

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

    Each value is kept with probability 1 - rate; the division preserves the mean. Outside training
    nothing is dropped or scaled.

    Raises:
        InputError: a rate below 0, or not below 1.

    Source: Srivastava et al., 2014, Journal of Machine Learning Research 15, 1929-1958.

    >>> dropout(np.array([1.0, 2.0, 3.0]), np.array([True, False, True]), 0.5).tolist()
    [2.0, 0.0, 6.0]
    """
    if not 0 <= rate < 1:
        raise InputError(f"dropout is {rate}; use 0 or more and less than 1")
    return np.where(kept, values / (1 - rate), 0.0)


def receptive_field(position: int, layers: Layers) -> tuple[int, int]:
    """The first and last day that one value of the last layer's map depends on, by its row.

    It depends on all days between them, unless a stride exceeds its width and skips some.

    >>> receptive_field(1, [(4, 2), (2, 2)])
    (4, 9)
    """
    first = last = position
    for width, stride in reversed(layers):
        first, last = first * stride, last * stride + width - 1
    return first, last


def shift_table(windows: FloatArray, weights: Weights, layers: Layers) -> pd.DataFrame:
    """How feature maps change when a window begins some days later, for 1 day to a pool.

    Each window gives two shorter ones, cut from the same normalised days, so that the shift is the
    only change.

    Returns:
        Index `days` (of the shift); `shared`: pieces of the convolution that both maps have, `new`:
        pieces at the border that only the later one has. For `convolution` (after ReLU) and
        `pooling`: the largest change of a value once the map is moved back by whole pieces, as a
        share of the largest value; and `..._in_place`: the share of positive values that are the
        same where they stand. Empty if no shift leaves a pool of pieces.
    """
    (_, stride), (pool, _) = layers
    longest = windows.shape[1] - receptive_field(0, layers)[1] - 1
    rows = {}
    for shift in range(1, min(stride * pool, longest) + 1):
        cuts = np.stack([windows[:, :-shift], windows[:, shift:]])
        maps = relu(convolve(cuts, *weights, stride))  # (2, windows, pieces, filters)
        pooled = max_pool(maps, pool)
        moved = shift // stride
        rows[shift] = {
            "shared": maps.shape[2] - moved,
            "new": moved,
            "convolution": _largest_change(maps, moved),
            "convolution_in_place": _same_in_place(maps),
            "pooling": _largest_change(pooled, moved // pool),
            "pooling_in_place": _same_in_place(pooled),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("days")


def _largest_change(maps: FloatArray, pieces: int) -> float:
    """Largest change between maps (2, windows, pieces, filters) once the second is moved back."""
    before, after = maps[0, :, pieces:], maps[1, :, : maps.shape[2] - pieces]
    return float(np.abs(after - before).max(initial=0) / max(maps.max(), ROUNDING))


def _same_in_place(maps: FloatArray) -> float:
    """Share of the first map's positive values that the second has at the same place."""
    before, after = maps
    same = np.abs(after - before)[before > 0] < ROUNDING
    return float(same.mean()) if same.size else 1.0


def repeat_layers(days: int, filters: int, layers: Layers, rounds: int = 2) -> pd.DataFrame:
    """The sizes of the maps if convolution and pooling are repeated, as often as they fit.

    Every round has twice the filters of the one before.

    Returns:
        Index `round`, `layer`; `rows` and `filters` of the map, and `days` that a value sees.
    """
    needed = receptive_field(0, layers)[1] + 1
    rows, seen, table = days, [], {}
    for number in range(1, rounds + 1):
        if rows < needed:
            break
        for layer, (width, stride) in zip(("convolution", "pooling"), layers, strict=True):
            seen.append((width, stride))
            rows = (rows - width) // stride + 1
            found = {"rows": rows, "filters": filters * 2 ** (number - 1)}
            table[number, layer] = found | {"days": receptive_field(0, seen)[1] + 1}
    return pd.DataFrame(table).T.rename_axis(["round", "layer"])


def pooling_shares(windows: FloatArray, weights: Weights, layers: Layers) -> pd.DataFrame:
    """What average and max pooling keep of the same positive activations.

    Returns:
        Index `pooling` (max, average); `largest` and `mean`: those of the pooled values as a share
        of those of the pieces that were pooled, mean over the windows with a positive one.
    """
    (_, stride), (pool, _) = layers
    maps = relu(convolve(windows, *weights, stride))
    whole = maps[:, : maps.shape[1] // pool * pool]  # a remainder is dropped
    whole = whole[whole.any(axis=(1, 2))]
    rows = {}
    for name, pool_by in {"max": max_pool, "average": average_pool}.items():
        pairs = [(pool_by(each, pool), each) for each in whole]
        shares = [(after.max() / m.max(), after.mean() / m.mean()) for after, m in pairs]
        rows[name] = np.mean(shares, axis=0)
    return pd.DataFrame(rows, index=["largest", "mean"]).T.rename_axis("pooling")
