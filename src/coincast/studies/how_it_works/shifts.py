"""What a shift of the days, another pooling and a second round of layers do to feature maps."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coincast.studies.how_it_works.convolution import (
    average_pool,
    convolve,
    max_pool,
    receptive_field,
    relu,
)

__all__ = ["pooling_shares", "repeat_layers", "shift_table"]

FloatArray = npt.NDArray[np.float64]
Weights = tuple[FloatArray, FloatArray]  # kernel and bias, as in `convolve`
Layers = Sequence[tuple[int, int]]  # (width, stride) of convolution and pooling
ROUNDING = 1e-9


def shift_table(inputs: FloatArray, weights: Weights, layers: Layers) -> pd.DataFrame:
    """How feature maps change when a window begins some days later, for 1 day to a pool.

    Both windows are cut from the same normalised days, so that the shift is the only change.

    Args:
        inputs: (windows, days, channels); each gives two shorter windows.
        weights: of the convolution.
        layers: convolution and pooling.

    Returns:
        Index `days` (of the shift); `shared`: pieces of the convolution that both maps have, `new`:
        pieces at the border that only the later one has. For `convolution` (after ReLU) and
        `pooling`: the largest change of a value once the map is moved back by whole pieces, as a
        share of the largest value; and `..._in_place`: the share of positive values that are the
        same where they stand. Empty if no shift leaves a pool of pieces.
    """
    (_, stride), (pool, _) = layers
    longest = inputs.shape[1] - receptive_field(0, layers)[1] - 1
    rows = {}
    for shift in range(1, min(stride * pool, longest) + 1):
        cuts = np.stack([inputs[:, :-shift], inputs[:, shift:]])
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

    Args:
        days: rows of the window.
        filters: of the first round; every later round has twice as many as the one before.
        layers: convolution and pooling.
        rounds: repetitions at most.

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
            table[number, layer] = {
                "rows": rows,
                "filters": filters * 2 ** (number - 1),
                "days": receptive_field(0, seen)[1] + 1,
            }
    return pd.DataFrame(table).T.rename_axis(["round", "layer"])


def pooling_shares(inputs: FloatArray, weights: Weights, layers: Layers) -> pd.DataFrame:
    """What average and max pooling keep of the same positive activations.

    Args:
        inputs: (windows, days, channels).
        weights: of the convolution.
        layers: convolution and pooling.

    Returns:
        Index `pooling` (max, average); `largest` and `mean`: those of the pooled values as a share
        of those of the pieces that were pooled, mean over the windows with a positive one.
    """
    (_, stride), (pool, _) = layers
    maps = relu(convolve(inputs, *weights, stride))
    whole = maps[:, : maps.shape[1] // pool * pool]  # a remainder is dropped
    whole = whole[whole.any(axis=(1, 2))]
    rows = {}
    for name, pool_by in {"max": max_pool, "average": average_pool}.items():
        pairs = [(pool_by(each, pool), each) for each in whole]
        shares = [(after.max() / m.max(), after.mean() / m.mean()) for after, m in pairs]
        rows[name] = np.mean(shares, axis=0)
    return pd.DataFrame(rows, index=["largest", "mean"]).T.rename_axis("pooling")
