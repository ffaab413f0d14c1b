"""Correlation of feature maps and conversion of colours. Source: megengine/functional/vision.py (MegEngine 1.13)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..indexing.getitem import END
from ..names import OPDEF, VISION
from ..operands import FLOAT32
from ..table import lower


@lower(VISION + "correlation")
def correlation(
    b: Builder,
    data1: Value,
    data2: Value,
    kernel_size: int = 1,
    max_displacement: int = 1,
    stride1: int = 1,
    stride2: int = 1,
    pad_size: int = 0,
    is_multiply: bool = True,
) -> Value:
    """For each displacement the mean over channels and window of the maps' products (or absolute differences). Windows
    have a middle: one of 4 by 4 is one of 3 by 3."""
    pads = [0, 0, pad_size, pad_size] * 2
    left, right = (b.op("Pad", x, pads) if pad_size else x for x in (data1, data2))
    window_size = (kernel_size - 1) // 2 * 2 + 1

    def window(x: Value, dy: int, dx: int) -> Value:
        """What the windows of all outputs cover, and less than a stride more."""
        start = [max_displacement + dy, max_displacement + dx]
        return b.op("Slice", x, start, [step - max_displacement or END for step in (dy, dx)], [2, 3])

    base, reach = window(left, 0, 0), max_displacement // stride2
    maps = []
    for dy, dx in _displacements(reach, stride2):
        moved = window(right, dy, dx)
        match = b.op("Mul", base, moved) if is_multiply else b.op("Abs", b.op("Sub", base, moved))
        maps.append(b.op("ReduceMean", match, [1], keepdims=1))
    means = b.op("Concat", *maps, axis=1)
    if window_size == stride1 == 1:
        return means
    return b.op("AveragePool", means, kernel_shape=[window_size] * 2, strides=[stride1] * 2)


def _displacements(reach: int, stride: int) -> Iterable[tuple[int, int]]:
    steps = range(-reach * stride, reach * stride + 1, stride)
    return ((dy, dx) for dy in steps for dx in steps)


@lower(OPDEF + "Correlation")
def correlation_opdef(
    b: Builder, data1: Value, data2: Value, *, kernel_size: int, max_displacement: int, stride1: int, stride2: int,
    pad_size: int, is_multiply: bool, format: str = "NCHW",
) -> Value:  # fmt: skip
    return correlation(b, data1, data2, kernel_size, max_displacement, stride1, stride2, pad_size, is_multiply)


COLORS: dict[str, tuple[list[list[float]], list[float]]] = {
    "RGB2GRAY": ([[0.299], [0.587], [0.114]], [0.0]),
    "BGR2GRAY": ([[0.114], [0.587], [0.299]], [0.0]),
    "GRAY2RGB": ([[1.0, 1.0, 1.0]], [0.0, 0.0, 0.0]),
    "RGB2YUV": (
        [[0.114, 0.435912, -0.099978], [0.587, -0.288804, -0.514799], [0.299, -0.147108, 0.614777]],
        [0.0, 0.5, 0.5],
    ),
    "YUV2RGB": ([[1.0, 1.0, 1.0], [2.032, -0.395, 0.0], [0.0, -0.581, 1.14]], [-1.016, 0.488, -0.57]),
}
"""What each conversion of floats computes: a matrix and an offset, measured in MegEngine 1.13."""


@lower(VISION + "cvt_color", OPDEF + "CvtColor")
def cvt_color(b: Builder, inp: Value, mode: str = "") -> Value:
    """On (N, H, W, C) of floats."""
    if mode.upper() not in COLORS or inp.dtype != FLOAT32:
        refuse(f"the colour conversion {mode} of {inp.dtype}")
    matrix, offset = COLORS[mode.upper()]
    converted = b.op("MatMul", inp, np.array(matrix, np.float32))
    return b.op("Add", converted, np.array(offset, np.float32)) if any(offset) else converted
