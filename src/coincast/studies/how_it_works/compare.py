"""Holding an array of ours against a tensor of Keras's."""

import keras
import numpy as np
import numpy.typing as npt

__all__ = ["largest_difference", "only_window"]

FloatArray = npt.NDArray[np.float64]


def only_window(tensor: object) -> FloatArray:
    """Return the only window of a batch of Keras's."""
    return np.asarray(keras.ops.convert_to_numpy(tensor), dtype=np.float64)[0]


def largest_difference(ours: FloatArray, theirs: FloatArray) -> float:
    """Return the largest absolute difference of two arrays of one shape."""
    return float(np.abs(ours - theirs).max())
