"""Convolutions: Caffe pads both ends of an axis alike, so a difference goes into the kernel as zeros."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size

from .net import Blob, Net, Shape
from .table import Array, emit
from .windows import begin_end, convolution, flat


@emit("Conv")
def conv(
    net: Net,
    x: Blob,
    w: Array,
    b: Array | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Sequence[int] = (),
    group: int = 1,
    kernel_shape: Sequence[int] = (),
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
    out: Shape,
) -> Blob:
    count = x.rank - 2
    strides, dilations = tuple(strides) or (1,) * count, tuple(dilations) or (1,) * count
    extent = [(size - 1) * dilation + 1 for size, dilation in zip(w.shape[2:], dilations, strict=True)]
    padding = begin_end(auto_pad, pads, x.shape, out, extent, strides)
    if count == 1:
        flat_pads = (0, padding[0][0], 0, padding[0][1])
        y = conv(
            net, flat(net, x), w[:, :, None], b, dilations=(1, *dilations), group=group, pads=flat_pads,
            strides=(1, *strides), out=(*out[:2], 1, out[2]),
        )  # fmt: skip
        return net.reshape(y, out)
    symmetric = []
    for axis, (begin, end) in enumerate(padding):
        size, stride, dilation = x.shape[axis + 2], strides[axis], dilations[axis]
        if (size + 2 * begin - extent[axis]) // stride + 1 == out[axis + 2]:
            symmetric.append(begin)  # the other end's padding is never read, or as large
            continue
        surplus, odd = divmod(abs(end - begin), dilation)
        if odd:
            refuse(f"Caffe pads both ends alike; here {begin} and {end}, which a dilation of {dilation} cannot hide")
        w = table_size.padded(
            w, [(0, 0)] * (axis + 2) + [(surplus, 0) if end > begin else (0, surplus)] + [(0, 0)] * (count - 1 - axis)
        )
        symmetric.append(max(begin, end))
    return convolution(net, "Convolution", x, w, b, out, symmetric, strides, dilations, group)


@emit("ConvTranspose")
def conv_transpose(
    net: Net,
    x: Blob,
    w: Array,
    b: Array | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Sequence[int] = (),
    group: int = 1,
    kernel_shape: Sequence[int] = (),
    output_padding: Sequence[int] = (),
    output_shape: Sequence[int] = (),
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
    out: Shape,
) -> Blob:
    count = x.rank - 2
    strides, dilations = tuple(strides) or (1,) * count, tuple(dilations) or (1,) * count
    if auto_pad not in ("NOTSET", "VALID") or output_shape:
        pads = _divided(x, w, out, strides, dilations, tuple(output_padding) or (0,) * count, auto_pad)
    if count == 1:
        begin, end = tuple(pads) or (0, 0)
        y = conv_transpose(
            net, flat(net, x), w[:, :, None], b, dilations=(1, *dilations), group=group, pads=(0, begin, 0, end),
            strides=(1, *strides), out=(*out[:2], 1, out[2]),
        )  # fmt: skip
        return net.reshape(y, out)
    if set(dilations) != {1}:  # as zeros in the kernel, because OpenCV ignores the dilation of a Deconvolution
        w, dilations = _dilated(w, dilations), (1,) * count
    begins = tuple(pads[:count]) or (0,) * count
    # What the ONNX window leaves out at each end; a negative rest at the end is output_padding, which Caffe has not.
    full = [(x.shape[2 + a] - 1) * strides[a] + w.shape[2 + a] for a in range(count)]
    ends = [full[a] - begins[a] - out[2 + a] for a in range(count)]
    w = table_size.padded(w, [(0, 0), (0, 0), *((0, max(0, -end)) for end in ends)])
    ends = [max(0, end) for end in ends]
    pad = [min(pair) for pair in zip(begins, ends, strict=True)]
    shape = [out[2 + a] + begins[a] + ends[a] - 2 * pad[a] for a in range(count)]
    y = convolution(net, "Deconvolution", x, w, b, (*out[:2], *shape), pad, strides, dilations, group)
    for a in range(count):
        start = begins[a] - pad[a]
        y = net.keep(y, 2 + a, start, start + out[2 + a])
    return y


def _divided(
    x: Blob, w: Array, out: Shape, strides: Sequence[int], dilations: Sequence[int], extra: Sequence[int], auto_pad: str
) -> tuple[int, ...]:
    """The padding that gives ConvTranspose the size it asks for, divided as ONNX does: the odd one in front, with
    SAME_UPPER at the end."""
    before, after = [], []
    for axis, (size, window, target) in enumerate(zip(x.shape[2:], w.shape[2:], out[2:], strict=True)):
        total = (size - 1) * strides[axis] + extra[axis] + (window - 1) * dilations[axis] + 1 - target
        less, more = max(total, 0) // 2, max(total, 0) - max(total, 0) // 2
        before.append(less if auto_pad == "SAME_UPPER" else more)
        after.append(total - before[-1])
    return (*before, *after)


def _dilated(w: np.ndarray, dilations: Sequence[int]) -> np.ndarray:
    """A kernel with its taps `dilations` apart."""
    sizes = [(size - 1) * dilation + 1 for size, dilation in zip(w.shape[2:], dilations, strict=True)]
    wide = table_size.zeros((*w.shape[:2], *sizes), w.dtype, beside=w.size)
    wide[tuple(slice(None, None, step) for step in (1, 1, *dilations))] = w
    return wide
