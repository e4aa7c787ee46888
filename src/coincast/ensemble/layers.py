"""Convolutions of many members, faster on a processor and with the same weights.

XLA turns the convolutions of many members into one grouped convolution, which is slow on a
processor. The same sum over unfolded windows is one matrix product per member.
"""

from functools import partial
from typing import Any

import keras
from keras import ops

__all__ = ["unfold_convolutions"]


def unfold_convolutions(model: keras.Model) -> None:
    """Make every plain Conv1D of a model compute a matrix product, with the weights it has."""
    for layer in model._flatten_layers():  # noqa: SLF001 - the only walk into inner models
        if type(layer) is keras.layers.Conv1D and _is_plain(layer):
            layer.call = partial(_convolve, layer)


def _is_plain(layer: keras.layers.Conv1D) -> bool:
    return layer.groups == 1 and layer.data_format == "channels_last"


def _convolve(layer: keras.layers.Conv1D, inputs: Any) -> Any:  # noqa: ANN401
    """Return what the layer's own `call` does.

    (windows, rows, features) -> (windows, rows after strides and padding, filters).
    """
    (width,), (stride,), (spread,) = layer.kernel_size, layer.strides, layer.dilation_rate
    reach = (width - 1) * spread
    rows = inputs.shape[1]
    before, after = 0, 0
    if layer.padding == "causal":
        before = reach
    elif layer.padding == "same":
        missing = max(0, (-(-rows // stride) - 1) * stride + reach + 1 - rows)
        before, after = missing // 2, missing - missing // 2
    padded = ops.pad(inputs, [[0, 0], [before, after], [0, 0]])
    count = (rows + before + after - reach - 1) // stride + 1
    taps = [
        padded[:, k * spread : k * spread + (count - 1) * stride + 1 : stride] for k in range(width)
    ]
    unfolded = ops.concatenate(taps, axis=-1)  # (windows, count, width x features)
    outputs = unfolded @ ops.reshape(layer.kernel, (-1, layer.filters))
    if layer.use_bias:
        outputs = outputs + layer.bias
    return outputs if layer.activation is None else layer.activation(outputs)
