"""Keras's initialisers for many seeds at once, by NumPy, which compiles nothing.

The random numbers are those of `jax.random` for the key (seed, 0): Threefry-2x32 with 20 rounds,
one counter per number (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2,
3", 2011).
"""

import math
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = ["draw", "is_known"]

Array = npt.NDArray[np.float32]
Seeds = npt.NDArray[np.uint32]
Shape = tuple[int, ...]

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = np.uint32(0x1BD11BDA)
ONE = np.float32(1).view(np.uint32)  # the bits of 1.0; those of its fraction come after 9 others
SPREAD = 0.87962566103423978  # standard deviation of a normal number cut off at 2 and -2

Scaling = keras.initializers.VarianceScaling
RANDOM = (
    Scaling,
    keras.initializers.Orthogonal,
    keras.initializers.RandomNormal,
    keras.initializers.RandomUniform,
    keras.initializers.TruncatedNormal,
)


def is_known(initialiser: Any) -> bool:  # noqa: ANN401
    """Return whether `draw` knows an initialiser; a subclass with a call of its own it does not."""
    fans_of_its_own = any(getattr(initialiser, f"{of}put_axes", None) for of in ("in", "out"))
    calls = [kind.__call__ for kind in RANDOM]
    return type(initialiser).__call__ in calls and not fans_of_its_own


def draw(initialiser: Any, shape: Shape, seeds: Seeds) -> Array:  # noqa: ANN401
    """Return what a known initialiser gives for each seed.

    Returns:
        (seeds, *shape), equal to what Keras gives on JAX up to rounding.
    """
    if isinstance(initialiser, Scaling):
        values = _scaled(initialiser, shape, seeds)
    elif isinstance(initialiser, keras.initializers.Orthogonal):
        return _orthogonal(initialiser.gain, shape, seeds)
    elif isinstance(initialiser, keras.initializers.RandomUniform):
        values = _uniform(seeds, math.prod(shape), initialiser.minval, initialiser.maxval)
    else:
        cut = isinstance(initialiser, keras.initializers.TruncatedNormal)
        values = _normal(seeds, math.prod(shape), cut=cut)
        values = values * np.float32(initialiser.stddev) + np.float32(initialiser.mean)
    return values.reshape(-1, *shape)


def _scaled(initialiser: Any, shape: Shape, seeds: Seeds) -> Array:  # noqa: ANN401
    count, (fan_in, fan_out) = math.prod(shape), _fans(shape)
    fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    variance = initialiser.scale / max(1.0, fans[initialiser.mode])
    if initialiser.distribution == "uniform":
        limit = math.sqrt(3 * variance)
        return _uniform(seeds, count, -limit, limit)
    cut = initialiser.distribution == "truncated_normal"
    return _normal(seeds, count, cut=cut) * np.float32(math.sqrt(variance) / (SPREAD if cut else 1))


def _fans(shape: Shape) -> tuple[int, int]:
    """Return how many values go into one output of a kernel, and how many outputs one value has."""
    if len(shape) < 2:  # noqa: PLR2004 - a vector has one fan, a scalar one of 1
        return math.prod(shape), math.prod(shape)
    field = math.prod(shape[:-2])
    return field * shape[-2], field * shape[-1]


def _orthogonal(gain: float, shape: Shape, seeds: Seeds) -> Array:
    rows, columns = math.prod(shape[:-1]), shape[-1]
    tall = (max(rows, columns), min(rows, columns))
    q, r = np.linalg.qr(_normal(seeds, rows * columns).reshape(-1, *tall))
    q = q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None]
    if rows < columns:
        q = q.swapaxes(1, 2)
    return np.float32(gain) * q.reshape(-1, *shape)


def _normal(seeds: Seeds, count: int, *, cut: bool = False) -> Array:
    """Return standard normal numbers, (seeds, count), all between -2 and 2 if `cut`."""
    if cut:
        limit = special.erf(np.float32(2) / np.sqrt(np.float32(2)))
        values = _uniform(seeds, count, -limit, limit)
    else:
        values = _uniform(seeds, count, np.nextafter(np.float32(-1), np.float32(0)), 1)
    return np.sqrt(np.float32(2)) * special.erfinv(values)


def _uniform(seeds: Seeds, count: int, low: float, high: float) -> Array:
    """Return numbers from `low` to below `high`: (seeds, count)."""
    start, width = np.float32(low), np.float32(high) - np.float32(low)
    fractions = (_bits(seeds, count) >> np.uint32(9) | ONE).view(np.float32) - np.float32(1)
    return np.maximum(start, fractions * width + start)


def _bits(seeds: Seeds, count: int) -> npt.NDArray[np.uint32]:
    """Return 32 random bits for each seed and counter: (seeds, count)."""
    keys = [seeds[:, None], np.zeros_like(seeds)[:, None]]
    keys.append(keys[0] ^ keys[1] ^ PARITY)
    left = np.tile(keys[0], count)
    right = np.arange(count, dtype=np.uint32) + keys[1]
    for turn in range(5):
        for bits in ROTATIONS[turn % 2]:
            left = left + right
            right = left ^ (right << np.uint32(bits) | right >> np.uint32(32 - bits))
        left = left + keys[(turn + 1) % 3]
        right = right + keys[(turn + 2) % 3] + np.uint32(turn + 1)
    return left ^ right
