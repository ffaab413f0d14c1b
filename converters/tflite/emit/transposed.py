"""Transposed convolutions: TRANSPOSE_CONV without padding computes all the kernel reaches; pads cut its edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..call import Call
from ..model import Array, Layout, Tensor
from ..table import CHANNELS_LAST, Refusal, emit
from .convolution import VALID, channel_groups, flat, joined, spatial, weights_of


@emit("ConvTranspose", wants=CHANNELS_LAST, data=1)
def conv_transpose(c: Call, x: Tensor) -> Tensor:
    w = weights_of(c)
    if w.ndim == 3:
        return c.reshape(_transposed(c, flat(c, x), w[:, :, None], 1), c.shape())
    if w.ndim > 5:
        raise Refusal(f"a {w.ndim - 2}-D transposed convolution; TFLite has 1-D, 2-D and 3-D")
    return _transposed(c, x, w, 0)


def _transposed(c: Call, x: Tensor, w: Array, added: int) -> Tensor:
    """`added` leading spatial axes of size 1 are not the source's own."""
    ones, zeros = [1] * added, [0] * added
    count = w.ndim - 2 - added
    strides = ones + spatial(c, "strides", count)
    group = c.attr("group", 1)
    w = _dilated(w, ones + spatial(c, "dilations", count))
    sizes = c.known(x.shape[1:-1], "a transposed convolution")
    full = [(size - 1) * s + k for size, s, k in zip(sizes, strides, w.shape[2:], strict=True)]
    out = ones + list(c.known(c.dims()[2:], "a transposed convolution"))
    before = zeros + _pads_before(c, [f - o for f, o in zip(full[added:], out[added:], strict=True)], count)
    # rows the output has but the kernel does not reach (output padding) come from a kernel with more zeros
    grow = [max(b + o - f, 0) for b, o, f in zip(before, out, full, strict=True)]
    w = np.pad(w, ((0, 0), (0, 0), *((0, more) for more in grow))) if any(grow) else w
    full = [f + more for f, more in zip(full, grow, strict=True)]
    whole = full == out and not any(before)
    bias = c.array(2, "bias")
    inside = w.shape[0] // group
    parts = []
    for index, piece in enumerate(channel_groups(c, x, group)):
        kernel = w[index * inside : (index + 1) * inside]
        parts.append(_kernel(c, piece, kernel, full, strides, bias if whole and group == 1 else None))
    made = joined(c, parts)
    if not whole:
        begin, size = c.const([0, *before, 0], np.int32), c.const([-1, *out, -1], np.int32)
        made = c.op("SLICE", made, begin, size, shape=(made.shape[0], *out, made.shape[-1]))
    if bias is None or (whole and group == 1):
        return made
    return c.op("ADD", made, c.const(bias, np.float32, "bias"))


def _kernel(c: Call, x: Tensor, w: Array, full: list[int], strides: list[int], bias: Array | None) -> Tensor:
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
    where = _output_shape(c, x, shape)
    return c.op(op, where, filters, x, *row, shape=shape, dtype=x.dtype, Padding=VALID, **options)


def _output_shape(c: Call, x: Tensor, shape: tuple[int | str, ...]) -> Tensor:
    """The first input; the batch is read at run time where it is not known before."""
    if isinstance(shape[0], int):
        return c.const(shape, np.int32, "shape")
    dims = c.op("SHAPE", x, shape=(x.rank,), dtype=np.int32, OutType=2)
    batch = c.op("SLICE", dims, c.const([0], np.int32), c.const([1], np.int32), shape=(1,))
    return c.op("CONCATENATION", batch, c.const(shape[1:], np.int32), shape=(x.rank,), Axis=0)


def _dilated(w: Array, dilations: list[int]) -> Array:
    """The kernel with zeros between its taps: TRANSPOSE_CONV has no dilation."""
    if all(d == 1 for d in dilations):
        return w
    sizes = [(k - 1) * d + 1 for k, d in zip(w.shape[2:], dilations, strict=True)]
    wide = np.zeros((*w.shape[:2], *sizes), w.dtype)
    taps: tuple[Any, ...] = (..., *(slice(None, None, d) for d in dilations))
    wide[taps] = w
    return wide


def _pads_before(c: Call, cut: list[int], count: int) -> list[int]:
    """How many rows to cut at the start, by `pads`, or by `output_shape` and `auto_pad` as ONNX divides them."""
    mode = c.attr("auto_pad", "NOTSET")
    if c.attr("output_shape") is None and mode == "NOTSET":
        return spatial(c, "pads", 2 * count, 0)[:count]
    extra = spatial(c, "output_padding", count, 0)
    totals = [max(number + more, 0) for number, more in zip(cut, extra, strict=True)]
    return [total // 2 if mode == "SAME_UPPER" else total - total // 2 for total in totals]
