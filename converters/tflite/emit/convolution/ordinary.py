"""Convolutions. Weights go from (O, I, kh, kw) to TFLite's (O, kh, kw, I); explicit pads become a PAD in front,
which `fuse` merges or turns into SAME where that is the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size

from ...layout.view import Stored
from ...layout.wants import CHANNELS_LAST
from ...model import Array, Layout, Tensor
from ...padding import VALID
from ..emission import Emission
from ..table import emit
from .windows import channel_groups, flat, joined, pad, pads_of, spatial, weights_of


def bias_of(c: Emission, channels: int) -> Tensor:
    """The bias, zeros where there is none: the schema has it optional, old kernels do not."""
    value = c.value(2)
    if value is None:
        return c.const(table_size.zeros(channels), np.float32, "bias")
    return c.tensor(2)


def filters_of(c: Emission, layout: Layout, count: int) -> Tensor:
    """The weights in TFLite's order; 1-D ones get a height of 1."""
    value = c.value(1)
    assert value is not None
    if count > 1:
        return c.tensor(1, layout)
    shape = c.input_dims(1)
    stored = c.stored(1)
    view = stored.view.reshaped((*shape[:2], 1, shape[2]))
    assert view is not None
    return c.storage.realise_view(Stored(stored.tensor, view), layout)


@emit("Conv", wants=CHANNELS_LAST, data=1)
def conv(c: Emission, x: Tensor) -> Tensor:
    dims = c.known(c.input_dims(1), "a convolution")
    count = len(dims) - 2
    if count > 3:
        refuse(f"a {count}-D convolution; TFLite has 1-D, 2-D and 3-D")
    kernel = list(dims[2:])
    strides, dilations = spatial(c, "strides", count), spatial(c, "dilations", count)
    x = pad(c, x, pads_of(c, x, kernel, strides, dilations))
    if count == 3:
        return _conv3d(c, x, weights_of(c), strides, dilations)
    if count == 1:
        return c.reshape(_conv2d(c, flat(c, x), [1, *kernel], [1, *strides], [1, *dilations]), c.shape())
    return _conv2d(c, x, kernel, strides, dilations)


def _conv2d(c: Emission, x: Tensor, kernel: list[int], strides: list[int], dilations: list[int]) -> Tensor:
    channels, group = x.shape[-1], c.attr("group", 1)
    outputs = int(c.input_dims(1)[0])
    count = len(c.input_dims(1)) - 2
    shape = (*_out(x, kernel, strides, dilations), outputs)
    bias = bias_of(c, outputs)
    options = {
        "Padding": VALID, "StrideH": strides[0], "StrideW": strides[1],
        "DilationHFactor": dilations[0], "DilationWFactor": dilations[1],
    }  # fmt: skip
    if group == channels and group > 1:
        # (O, 1, kh, kw) -> (1, kh, kw, O): output channel o reads input o // multiplier, as ONNX's groups do
        filters = filters_of(c, (1, 2, 3, 0), count)
        multiplier = outputs // group
        return c.op("DEPTHWISE_CONV_2D", x, filters, bias, shape=shape, DepthMultiplier=multiplier, **options)
    return c.op("CONV_2D", x, filters_of(c, (0, 2, 3, 1), count), bias, shape=shape, **options)


def _out(x: Tensor, kernel: Sequence[int], strides: list[int], dilations: list[int]) -> list[int | str]:
    return [
        x.shape[0],
        *(
            (size - (k - 1) * d - 1) // s + 1 if isinstance(size, int) else size
            for size, k, s, d in zip(x.shape[1:-1], kernel, strides, dilations, strict=True)
        ),
    ]


def _conv3d(c: Emission, x: Tensor, w: Array, strides: list[int], dilations: list[int]) -> Tensor:
    """CONV_3D takes weights (kd, kh, kw, I, O) and no groups: these are convolved apart and concatenated."""
    group = c.attr("group", 1)
    options = {"Padding": VALID}
    for axis, letter in enumerate("DHW"):
        options[f"Stride{letter}"] = strides[axis]
        options[f"Dilation{letter}Factor"] = dilations[axis]
    shape = _out(x, w.shape[2:], strides, dilations)
    given = c.array(2, "bias")
    bias = table_size.zeros(len(w)) if given is None else given
    parts = []
    outside = w.shape[0] // group
    for index, piece in enumerate(channel_groups(c, x, group)):
        chosen = slice(index * outside, (index + 1) * outside)
        filters = c.const(np.transpose(w[chosen], (2, 3, 4, 1, 0)), name="weight")
        row = c.const(bias[chosen], np.float32, "bias")
        parts.append(c.op("CONV_3D", piece, filters, row, shape=(*shape, outside), **options))
    return joined(c, parts)
