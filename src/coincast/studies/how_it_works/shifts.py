"""What a shift of the days, another pooling and a second round of layers do to feature maps."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coincast.studies.how_it_works import convolution

__all__ = ["measure", "pooling_shares", "repeat_layers", "sentences", "shift_table"]

FloatArray = npt.NDArray[np.float64]
Weights = tuple[FloatArray, FloatArray]  # kernel and bias
ROUNDING = 1e-9


def measure(
    inputs: FloatArray, weights: Weights, layers: Sequence[tuple[int, int]]
) -> dict[str, pd.DataFrame]:
    """What shifts, repetition and pooling do: "shifts", "repeated", "pooling" -> table.

    Args:
        inputs: (windows, days, channels).
        weights: kernel and bias of the convolution, as in `convolve`.
        layers: (width, stride) of convolution and pooling.
    """
    return {
        "shifts": shift_table(inputs, weights, layers),
        "repeated": repeat_layers(inputs.shape[1], weights[0].shape[1:], layers),
        "pooling": pooling_shares(inputs, weights, layers),
    }


def sentences(
    tables: Mapping[str, pd.DataFrame], layers: Sequence[tuple[int, int]], windows: int
) -> list[str]:
    """What `measure` found, in words."""
    return [
        _shift_sentence(tables["shifts"], layers, windows),
        _repeat_sentence(tables["repeated"]),
        _pooling_sentence(tables["pooling"], windows),
    ]


def shift_table(
    inputs: FloatArray, weights: Weights, layers: Sequence[tuple[int, int]]
) -> pd.DataFrame:
    """How feature maps change when a window begins some days later, for 1 day to a pool.

    Both windows are cut from the same normalised days, so that the shift is the only change.

    Args:
        inputs: (windows, days, channels); each gives two shorter windows.
        weights: kernel and bias of the convolution, as in `convolve`.
        layers: (width, stride) of convolution and pooling.

    Returns:
        Index `days` (of the shift); `shared`: pieces of the convolution that both maps have, `new`:
        pieces at the border that only the later one has. For `convolution` (after ReLU) and
        `pooling`: the largest change of a value once the map is moved back by whole pieces, as a
        share of the largest value; and `..._in_place`: the share of positive values that are the
        same where they stand.
    """
    (width, stride), (pool, _) = layers
    longest = inputs.shape[1] - width - (pool - 1) * stride  # leaves one pool of pieces
    rows = {}
    for shift in range(1, min(stride * pool, longest) + 1):
        maps = np.array(
            [
                [convolution.relu(convolution.convolve(w, *weights, stride)) for w in part]
                for part in (inputs[:, :-shift], inputs[:, shift:])
            ]
        )  # (2, windows, pieces, filters)
        pooled = np.array([[convolution.max_pool(m, pool) for m in part] for part in maps])
        moved = shift // stride
        rows[shift] = {
            "shared": maps.shape[2] - moved,
            "new": moved,
            "convolution": _largest_change(maps, moved),
            "convolution_in_place": _same_in_place(maps),
            "pooling": _largest_change(pooled, moved // pool),
            "pooling_in_place": _same_in_place(pooled),
        }
    columns = [
        f"{layer}{place}" for layer in ("convolution", "pooling") for place in ("", "_in_place")
    ]
    table = pd.DataFrame(rows, index=["shared", "new", *columns]).T.rename_axis("days")
    return table.astype({"shared": int, "new": int})


def _largest_change(maps: FloatArray, pieces: int) -> float:
    """Largest change between maps (2, windows, pieces, filters) once the second is moved back."""
    before, after = maps[0, :, pieces:], maps[1, :, : maps.shape[2] - pieces]
    return float(np.abs(after - before).max(initial=0) / max(maps.max(), ROUNDING))


def _same_in_place(maps: FloatArray) -> float:
    """Share of the first map's positive values that the second has at the same place."""
    before, after = maps
    same = np.abs(after - before)[before > 0] < ROUNDING
    return float(same.mean()) if same.size else 1.0


def _shift_sentence(table: pd.DataFrame, layers: Sequence[tuple[int, int]], windows: int) -> str:
    """How shifts move the maps, in words, from a table as `shift_table` gives it."""
    (_, stride), (pool, _) = layers
    if stride * pool not in table.index:
        return f"A window of these days is too short to shift it by a pool ({stride * pool} days)."
    whole, piece = table.loc[stride * pool], table.loc[stride]
    exact = [str(days) for days, change in table["convolution"].items() if change < ROUNDING]
    pools = [str(days) for days, change in table["pooling"].items() if change < ROUNDING]
    return (
        f"Shift {windows} windows by 1 to {stride * pool} days. At stride {stride} the activations "
        f"move along, to the last digit, for shifts of {_list(exact)} days; otherwise they change "
        f"by up to {table['convolution'].max():.0%} of the largest. After pooling this holds for "
        f"shifts of {_list(pools)} days. A shift of {stride * pool} days leaves "
        f"{whole['shared']:.0f} pieces in common; the last {whole['new']:.0f} see days that were "
        f"outside. After a shift of one piece ({stride} days), {piece['convolution_in_place']:.0%} "
        f"of the positive values are the same in place before pooling and "
        f"{piece['pooling_in_place']:.0%} after it."
    )


def _list(names: Sequence[str]) -> str:
    return " and ".join(names) or "no"


def repeat_layers(
    days: int, widths: tuple[int, int], layers: Sequence[tuple[int, int]], rounds: int = 2
) -> pd.DataFrame:
    """What convolution, ReLU and pooling leave if they are repeated, as often as they fit.

    Every round has twice the filters of the one before. The sizes depend on no weight, so these
    are ones.

    Args:
        days: rows of the window.
        widths: channels of the window and filters of the first round.
        layers: (width, stride) of convolution and pooling.
        rounds: repetitions at most.

    Returns:
        Index `round`, `layer`; `rows` and `filters` of the map, and `days` that a value sees.
    """
    channels, filters = widths
    (width, stride), (pool, _) = layers
    maps, seen, rows = np.zeros((days, channels)), [], {}
    for number in range(1, rounds + 1):
        if len(maps) < width + (pool - 1) * stride:
            break
        count = filters * 2 ** (number - 1)
        kernel = np.ones((width, maps.shape[1], count))
        maps = convolution.relu(convolution.convolve(maps, kernel, np.zeros(count), stride))
        for layer, pair in zip(("convolution", "pooling"), layers, strict=True):
            maps = convolution.max_pool(maps, pool) if layer == "pooling" else maps
            seen.append(pair)
            first, last = convolution.receptive_field(0, seen)
            found = {"rows": len(maps), "filters": count, "days": last - first + 1}
            rows[number, layer] = found
    return pd.DataFrame(rows).T.rename_axis(["round", "layer"])


def _repeat_sentence(table: pd.DataFrame) -> str:
    told = "; ".join(
        f"{layer} {number}: {row['filters']} x {row['rows']} values, each of which sees "
        f"{row['days']} days"
        for (number, layer), row in table.iterrows()
    )
    return f"Steps 2 to 4 repeated: {told}."


def pooling_shares(
    inputs: FloatArray, weights: Weights, layers: Sequence[tuple[int, int]]
) -> pd.DataFrame:
    """What average and max pooling keep of the same positive activations.

    Args:
        inputs: (windows, days, channels).
        weights: kernel and bias of the convolution, as in `convolve`.
        layers: (width, stride) of convolution and pooling.

    Returns:
        Index `pooling` (max, average); `largest` and `mean`: those of the pooled values as a share
        of those of the pieces that were pooled, mean over the windows with a positive one.
    """
    (_, stride), (pool, _) = layers
    maps = [convolution.relu(convolution.convolve(w, *weights, stride)) for w in inputs]
    whole = [m[: len(m) // pool * pool] for m in maps]  # a remainder is dropped
    rows = {}
    for name, pooling in {"max": convolution.max_pool, "average": convolution.average_pool}.items():
        pairs = [(pooling(m, pool), m) for m in whole if m.any()]
        shares = [(after.max() / m.max(), after.mean() / m.mean()) for after, m in pairs]
        rows[name] = np.mean(shares, axis=0)
    return pd.DataFrame(rows, index=["largest", "mean"]).T.rename_axis("pooling")


def _pooling_sentence(table: pd.DataFrame, windows: int) -> str:
    """What the two keep, in words, from a table as `pooling_shares` gives it."""
    told = " and ".join(
        f"{name} pooling keeps {row['largest']:.0%} of the largest activation and "
        f"{row['mean']:.0%} of the mean"
        for name, row in table.iterrows()
    )
    return f"On the same activations of {windows} windows {told}."
