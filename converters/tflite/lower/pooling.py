"""Pools: windows that lie beyond the border count only what is inside.

Source: pooling.cc of tensorflow/lite/kernels/, and its folder perception/ for the custom operators.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Value, table_size

from ..layout.wants import CHANNELS_FIRST
from .convolution import numbers_of, window_pads
from .custom import windowed
from .table import lower
from .translation import Translation

WINDOW = "Padding StrideW StrideH FilterWidth FilterHeight"
"""The leading members of TfLitePoolParams."""


def _pool(t: Translation, op: str, x: Value) -> Value:
    kernel, strides = numbers_of(t, "Filter{}", ("Height", "Width")), numbers_of(t, "Stride{}", "HW")
    pads = window_pads(t, x, kernel, strides, [1, 1])
    return t.b.op(op, x, kernel_shape=kernel, strides=strides, **pads)


@lower("MAX_POOL_2D", wants=CHANNELS_FIRST, data=1, moves=True)
def max_pool_2d(t: Translation, x: Value) -> Value:
    return _pool(t, "MaxPool", x)


@lower("AVERAGE_POOL_2D", wants=CHANNELS_FIRST, data=1)
def average_pool_2d(t: Translation, x: Value) -> Value:
    return _pool(t, "AveragePool", x)


@lower("L2_POOL_2D", wants=CHANNELS_FIRST, data=1)
def l2_pool_2d(t: Translation, x: Value) -> Value:
    """sqrt(mean(x * x))."""
    return t.b.op("Sqrt", _pool(t, "AveragePool", t.b.op("Mul", x, x)))


@lower("MaxPoolingWithArgmax2D", wants=CHANNELS_FIRST, data=1, note="MediaPipe's")
def max_pooling_with_argmax_2d(t: Translation, x: Value) -> list[Value]:
    """MediaPipe's max_pool_argmax: the maxima, and where in its window each one is: row * width + column + 0.1."""
    windowed(t, WINDOW)
    kernel, strides = numbers_of(t, "Filter{}", ("Height", "Width")), numbers_of(t, "Stride{}", "HW")
    pads = window_pads(t, x, kernel, strides, [1, 1])
    made, where = t.b.ops("MaxPool", 2, x, kernel_shape=kernel, strides=strides, **pads)
    height, width = t.known((x.shape or ())[2:], "a pool with positions")
    begin = list(pads.get("pads", [0, 0]))[:2]
    first, second = _origins(made, strides, begin)
    within = t.b.op("Mod", where, np.int64(height * width))
    rows = t.b.op("Sub", t.b.op("Div", within, np.int64(width)), first)
    columns = t.b.op("Sub", t.b.op("Mod", within, np.int64(width)), second)
    place = t.b.op("Add", t.b.op("Mul", rows, np.int64(kernel[1])), columns)
    return [made, t.b.op("Add", t.b.op("Cast", place, to=1), 0.1)]


@lower("MaxUnpooling2D", wants=CHANNELS_FIRST, data=2, note="MediaPipe's")
def max_unpooling_2d(t: Translation, x: Value, indices: Value) -> Value:
    """MediaPipe's max_unpooling: every number at its place in its window, zeros elsewhere; kernel times as large."""
    windowed(t, WINDOW)
    kernel, strides = numbers_of(t, "Filter{}", ("Height", "Width")), numbers_of(t, "Stride{}", "HW")
    batch, channels, height, width = t.known(x.shape or (), "an unpooling")
    sizes = [height * kernel[0], width * kernel[1]]
    before = [
        max((count - 1) * stride + k - size, 0) // 2
        for count, stride, k, size in zip((height, width), strides, kernel, sizes, strict=True)
    ]
    first, second = _origins(x, strides, before)
    whole = t.b.op("Cast", indices, to=7)
    rows = t.b.op("Add", t.b.op("Div", whole, np.int64(kernel[1])), first)
    columns = t.b.op("Add", t.b.op("Mod", whole, np.int64(kernel[1])), second)
    planes = (table_size.arange(batch * channels, dtype=np.int64) * sizes[0] * sizes[1]).reshape(batch, channels, 1, 1)
    flat = t.b.op("Add", t.b.op("Mul", rows, np.int64(sizes[1])), columns)
    target = np.array([batch, channels, *sizes], np.int64)
    made = t.b.op("MaxUnpool", x, t.b.op("Add", flat, planes), target, kernel_shape=kernel, strides=strides)
    made.dtype, made.shape = x.dtype, (batch, channels, *sizes)
    return made


def _origins(made: Value, strides: list[int], before: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Where each window begins: rows (H, 1) and columns (W)."""
    height, width = (dim for dim in (made.shape or ())[2:] if isinstance(dim, int))
    rows = table_size.arange(height, dtype=np.int64) * strides[0] - before[0]
    return rows[:, None], table_size.arange(width, dtype=np.int64) * strides[1] - before[1]
