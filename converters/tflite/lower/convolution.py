"""Convolutions. Weights go from (O, kh, kw, I) to ONNX's (O, I, kh, kw), SAME and VALID become explicit pads.

Source: conv.cc, depthwise_conv.cc, transpose_conv.cc, conv3d.cc of tensorflow/lite/kernels/.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value

from ..layout.holding import dequantize, is_real
from ..layout.wants import CHANNELS_FIRST
from ..model import Layout, Quantization
from ..padding import SAME, VALID, same_pads
from .custom import windowed
from .table import lower
from .translation import Translation

Pads = dict[str, Any]


def numbers_of(t: Translation, form: str, letters: Sequence[str], default: int = 1) -> list[int]:
    """One option per spatial axis: `Stride{}` for H and W is StrideH, StrideW."""
    return [t.option(form.format(letter), default) or default for letter in letters]


def window_pads(t: Translation, x: Value, kernel: Sequence[int], strides: list[int], dilations: list[int]) -> Pads:
    """ONNX's padding attributes for a window over the spatial axes of x (N, C, ...)."""
    if min(*strides, *dilations, *kernel) < 1:
        refuse(f"a window {list(kernel)} with strides {strides} and dilations {dilations}")
    if t.option("Padding") == VALID:
        return {}
    if t.option("Padding") != SAME:
        refuse(f"padding number {t.option('Padding')}, which the schema does not have")
    sizes = (x.shape or ())[2:]
    known = [size for size in sizes if isinstance(size, int)]
    if len(known) < len(sizes):
        return {"auto_pad": "SAME_UPPER"}
    pads = [
        same_pads(size, (k - 1) * d + 1, s) for size, k, d, s in zip(known, kernel, dilations, strides, strict=True)
    ]
    flat = [before for before, _ in pads] + [after for _, after in pads]
    return {"pads": flat} if any(flat) else {}


def bias_of(t: Translation, index: int = 2, data: int = 0) -> Value | None:
    """The bias; one of integers without scales has those of data times weights, as the kernels take it."""
    tensor = t.tensor(index)
    if tensor is None:
        return None
    weights, source = t.given(1, "weights"), t.given(data, "data")
    if tensor.dtype.kind == "i" and not is_real(tensor) and weights.quantization and source.quantization:
        scale = (source.quantization.scale * weights.quantization.scale).astype(np.float32)
        return dequantize(t.b, t.value(index), Quantization(scale, np.zeros(scale.shape, np.int64)))
    return t.value(index)


def _convolved(
    t: Translation, x: Value, layout: Layout, letters: str, group: int | None = None, bias: int = 2
) -> Value:
    weights = t.value(1, layout)
    sizes = t.known(weights.shape or (), "the weights of a convolution")
    channels = t.known((x.shape or ())[1:2], "the channels of a convolution")[0]
    groups = channels // max(sizes[1], 1) if group is None else group
    if groups < 1 or sizes[1] * groups != channels or sizes[0] % groups:
        refuse(f"weights {list(sizes)} for {channels} channels")
    strides = numbers_of(t, "Stride{}", letters)
    dilations = numbers_of(t, "Dilation{}Factor", letters)
    pads = window_pads(t, x, sizes[2:], strides, dilations)

    return t.b.op(
        "Conv", x, weights, bias_of(t, bias), kernel_shape=sizes[2:], strides=strides, dilations=dilations,
        group=groups, **pads,
    )  # fmt: skip


@lower("CONV_2D", wants=CHANNELS_FIRST, data=1)
def conv_2d(t: Translation, x: Value) -> Value:
    return _convolved(t, x, (0, 3, 1, 2), "HW")


@lower("DEPTHWISE_CONV_2D", wants=CHANNELS_FIRST, data=1)
def depthwise_conv_2d(t: Translation, x: Value) -> Value:
    """(1, kh, kw, O) to (O, 1, kh, kw): output o reads input o // multiplier, as ONNX's groups do."""
    channels = t.known((x.shape or ())[1:2], "the channels of a convolution")[0]
    return _convolved(t, x, (3, 0, 1, 2), "HW", group=channels)


@lower("CONV_3D", wants=CHANNELS_FIRST, data=1)
def conv_3d(t: Translation, x: Value) -> Value:
    return _convolved(t, x, (4, 3, 0, 1, 2), "DHW")


@lower("TRANSPOSE_CONV", wants=CHANNELS_FIRST, data=1, first=2)
def transpose_conv(t: Translation, x: Value) -> Value:
    return transposed(t, x, (3, 0, 1, 2), "HW", bias_of(t, 3, 2))


@lower("CONV_3D_TRANSPOSE", wants=CHANNELS_FIRST, data=1, first=2)
def conv_3d_transpose(t: Translation, x: Value) -> Value:
    return transposed(t, x, (4, 3, 0, 1, 2), "DHW", t.value(3) if t.tensor(3) else None)


def transposed(t: Translation, x: Value, layout: Layout, letters: str, bias: Value | None) -> Value:
    """The output's size is operand 0: what the kernel reaches beyond it is cut, half of it in front with SAME."""
    weights = t.value(1, layout)
    kernel = t.known((weights.shape or ())[2:], "the weights of a transposed convolution")
    strides, dilations = numbers_of(t, "Stride{}", letters), numbers_of(t, "Dilation{}Factor", letters)
    sizes = t.known((x.shape or ())[2:], "a transposed convolution")
    extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    wanted = _output_sizes(t, sizes, strides, extents)
    before, after, more = [], [], []
    for size, extent, stride, out in zip(sizes, extents, strides, wanted, strict=True):
        total = (size - 1) * stride + extent - out
        front = max(total, 0) // 2
        before.append(front)
        after.append(max(total - front, 0))
        more.append(max(front - total, 0))
    return t.b.op(
        "ConvTranspose", x, weights, bias, kernel_shape=kernel, strides=strides, dilations=dilations,
        pads=before + after, output_padding=more if any(more) else None,
    )  # fmt: skip


def _output_sizes(t: Translation, sizes: Sequence[int], strides: list[int], extents: list[int]) -> list[int]:
    """Height and width as the file says; where the run computes them, those that SAME and VALID are made for."""
    if t.operator.custom is None and t.is_known(0):
        wanted = (t.ints(0, "output shape") or [])[1:-1]
        if len(wanted) != len(sizes) or min(wanted) < 1:
            refuse(f"an output of {wanted}")
        return wanted
    if t.option("Padding") == SAME:
        return [size * stride for size, stride in zip(sizes, strides, strict=True)]
    return [(size - 1) * s + e for size, s, e in zip(sizes, strides, extents, strict=True)]


@lower("Convolution2DTransposeBias", wants=CHANNELS_FIRST, data=1, note="MediaPipe's")
def convolution_2d_transpose_bias(t: Translation, x: Value) -> Value:
    """MediaPipe's transpose_conv_bias: operands data, weights (O, kh, kw, I), bias; the output is stride times the data
    with SAME, all that the kernel reaches with VALID."""
    windowed(t, "Padding StrideW StrideH")
    return transposed(t, x, (3, 0, 1, 2), "HW", t.value(2) if t.tensor(2) else None)
