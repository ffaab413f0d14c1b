"""Transposed convolutions: TRANSPOSE_CONV without padding computes all the kernel reaches; pads cut its edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Dim, Shape, table_size

from ...layout.wants import CHANNELS_LAST
from ...model import Array, Layout, Quantization, Tensor
from ...padding import VALID
from ..emission import Emission
from ..table import emit
from .windows import channel_groups, flat, joined, spatial, weights_of


@emit("ConvTranspose", wants=CHANNELS_LAST, data=1)
def conv_transpose(c: Emission, x: Tensor) -> Tensor:
    w = weights_of(c)
    if w.ndim == 3:
        return c.reshape(_transposed(c, flat(c, x), w[:, :, None], 1), c.shape())
    if w.ndim > 5:
        refuse(f"a {w.ndim - 2}-D transposed convolution; TFLite has 1-D, 2-D and 3-D")
    return _transposed(c, x, w, 0)


def _transposed(c: Emission, x: Tensor, w: Array, added: int) -> Tensor:
    """`added` leading spatial axes of size 1 are not the source's own."""
    ones = [1] * added
    count = w.ndim - 2 - added
    strides = ones + spatial(c, "strides", count)
    group = c.attr("group", 1)
    w = _dilated(w, ones + spatial(c, "dilations", count))
    kernel = list(w.shape[2:])
    before, after = ([0] * added + numbers for numbers in _cuts(c, x, kernel[added:], strides[added:], count))
    # rows the output has but the kernel does not reach (output padding) come from a kernel with more zeros
    grow = [max(-number, 0) for number in after]
    w = np.pad(w, ((0, 0), (0, 0), *((0, more) for more in grow))) if any(grow) else w
    after = [max(number, 0) for number in after]
    full = [
        (size - 1) * s + k if isinstance(size, int) else f"{size}*{s}+{k - s}"
        for size, s, k in zip(x.shape[1:-1], strides, w.shape[2:], strict=True)
    ]
    whole = not any(before) and not any(after)
    bias = c.array(2, "bias")
    inside = w.shape[0] // group
    parts = []
    for index, piece in enumerate(channel_groups(c, x, group)):
        rows = w[index * inside : (index + 1) * inside]
        parts.append(_kernel(c, piece, rows, full, strides, bias if group == 1 else None))
    made = joined(c, parts)
    if not whole:
        made = _cropped(c, made, before, after)
    if bias is None or group == 1:
        return made
    return c.op("ADD", made, c.const(bias, np.float32, "bias"))


def _kernel(c: Emission, x: Tensor, w: Array, full: list[Dim], strides: list[int], bias: Array | None) -> Tensor:
    """One group: weights (I, O, kh, kw) become (O, kh, kw, I), in 3-D (kd, kh, kw, O, I)."""
    shape = (x.shape[0], *full, w.shape[1])
    row = [] if bias is None else [c.const(bias, np.float32, "bias")]
    letters = "DHW" if w.ndim == 5 else "HW"
    options = {f"Stride{letter}": stride for letter, stride in zip(letters, strides, strict=True)}
    op = "TRANSPOSE_CONV"
    order: Layout = (1, 2, 3, 0)
    if w.ndim == 5:
        op, order = "CONV_3D_TRANSPOSE", (2, 3, 4, 1, 0)
        options.update({f"Dilation{letter}Factor": 1 for letter in letters})
    value = c.value(1)
    filters = c.const(np.transpose(w, order), name="weight" if value is None else value.name)
    where = _output_shape(c, x, shape, w.shape[2:], strides)
    filters.quantization = None if value is None else _scales(c.storage.quantized.get(value), w)
    return c.op(op, where, filters, x, *row, shape=shape, dtype=x.dtype, Padding=VALID, **options)


def _scales(stored: Quantization | None, w: Array) -> Quantization | None:
    """The scale of integer weights, or those of its output channels where the weights of one group have all of them:
    zeros around and between the weights stay zero."""
    if stored is None or stored.zero_point.any():
        return None
    if stored.scale.size == w.shape[1] and stored.axis == 1:
        return replace(stored, axis=0 if w.ndim == 4 else 3)
    return stored if stored.scale.size == 1 else None


def _cropped(c: Emission, x: Tensor, before: list[int], after: list[int]) -> Tensor:
    """Without the first and last rows of each spatial axis."""
    begin, end = [0, *before, 0], [0, *(-number for number in after), 0]
    ends = sum(1 << axis for axis, number in enumerate(end) if not number)
    spatial_dims = c.shape()[1:-1]
    out = (1, *spatial_dims) if len(spatial_dims) < len(before) else spatial_dims
    operands = [c.const(numbers, np.int32) for numbers in (begin, end, [1] * len(begin))]
    shape = (x.shape[0], *out, x.shape[-1])
    return c.op("STRIDED_SLICE", x, *operands, shape=shape, BeginMask=1 | 1 << (x.rank - 1), EndMask=ends)


def _output_shape(c: Emission, x: Tensor, shape: Shape, kernel: Sequence[int], strides: list[int]) -> Tensor:
    """The first input; computed from the input's shape where that is not known before: (size - 1) * stride + kernel."""
    if all(isinstance(dim, int) for dim in shape):
        return c.const(shape, np.int32, "shape")
    dims = c.op("SHAPE", x, shape=(x.rank,), dtype=np.int32, OutType=2)
    factor = c.const([1, *strides, 0], np.int32)
    shift = c.const([0, *(k - s for k, s in zip(kernel, strides, strict=True)), shape[-1]], np.int32)
    return c.op("ADD", c.op("MUL", dims, factor), shift)


def _dilated(w: Array, dilations: list[int]) -> Array:
    """The kernel with zeros between its taps: TRANSPOSE_CONV has no dilation."""
    if all(d == 1 for d in dilations):
        return w
    sizes = [(k - 1) * d + 1 for k, d in zip(w.shape[2:], dilations, strict=True)]
    wide = table_size.zeros((*w.shape[:2], *sizes), w.dtype, beside=w.size)
    taps: tuple[Any, ...] = (..., *(slice(None, None, d) for d in dilations))
    wide[taps] = w
    return wide


def _cuts(c: Emission, x: Tensor, kernel: list[int], strides: list[int], count: int) -> tuple[list[int], list[int]]:
    """How many rows to cut in front and behind (negative: to add), by `pads`, or by `output_shape` and `auto_pad` as
    ONNX divides them."""
    mode, extra = c.attr("auto_pad", "NOTSET"), spatial(c, "output_padding", count, 0)
    if c.attr("output_shape") is None and mode in ("NOTSET", "VALID"):
        pads = spatial(c, "pads", 2 * count, 0)
        return pads[:count], [pad - more for pad, more in zip(pads[count:], extra, strict=True)]
    sizes = c.known(x.shape[1:-1], "a transposed convolution")[-count:]
    out = c.known(c.dims()[2:], "a transposed convolution")
    full = [(size - 1) * s + k for size, s, k in zip(sizes, strides, kernel, strict=True)]
    totals = [max(f - o + more, 0) for f, o, more in zip(full, out, extra, strict=True)]
    before = [total // 2 if mode == "SAME_UPPER" else total - total // 2 for total in totals]
    return before, [f - o - b for f, o, b in zip(full, out, before, strict=True)]
