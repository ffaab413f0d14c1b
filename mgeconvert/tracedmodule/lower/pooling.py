"""Pooling: functions, modules and opdefs. Source: megengine/functional/nn.py (MegEngine 1.13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import Builder

from .elementwise.modes import whole
from .module import Module
from .names import MODULE, NN, OPDEF
from .operands import FLOAT32, INT32, cast, is_float, tensor
from .shapes import Size, dimension, named_sizes, number, sizes_of
from .spatial import Sizes, nchw, spatial
from .table import lower

COUNT_INCLUDE_PAD = {"average": 1, "average_count_exclude_padding": 0}


def pool(b: Builder, inp: Value, op: str, kernel: Any, stride: Sizes | None, padding: Sizes, **attrs: Any) -> Value:
    """A window that is the whole map, of whatever size that is at run time, is global pooling."""
    sides = tuple(named_sizes(b, (sizes_of(b, kernel) * 2)[:2]))
    if inp.static_shape is None and sides == (inp.shape or ())[2:] and not any(spatial(padding, 2)):
        return b.op(f"Global{op}", inp)
    window = tuple(number(side, "a side of the window") for side in sides)
    return b.op(
        op, inp, kernel_shape=window, strides=window if stride is None else spatial(stride, 2),
        pads=spatial(padding, 2) * 2, **attrs,
    )  # fmt: skip


@lower(NN + "max_pool2d")
def max_pool2d(b: Builder, inp: Value, kernel_size: Any, stride: Sizes | None = None, padding: Sizes = 0) -> Value:
    return pool(b, inp, "MaxPool", kernel_size, stride, padding)


@lower(NN + "avg_pool2d")
def avg_pool2d(
    b: Builder,
    inp: Value,
    kernel_size: Any,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    mode: str = "average_count_exclude_padding",
) -> Value:
    """Averages of integers are rounded, halves away from zero."""
    counted = COUNT_INCLUDE_PAD[mode.lower()]
    x = cast(b, inp, FLOAT32) if _is_integer(inp) else inp
    result = pool(b, x, "AveragePool", kernel_size, stride, padding, count_include_pad=counted)
    return whole(b, result, inp.dtype) if _is_integer(inp) else result


def _is_integer(x: Value) -> bool:
    return x.dtype is not None and x.dtype.kind in "iu"


def adaptive_pool2d(b: Builder, inp: Value, oshp: Any, average: bool) -> Value:
    """A plain pooling: the stride is floor(size / target), the window what is left for the last position.

    Averages of integers are cut off. Source: measured against MegEngine 1.13 (other frameworks let the windows overlap
    instead).
    """
    if average and _is_integer(inp):
        return cast(b, adaptive_pool2d(b, cast(b, inp, FLOAT32), oshp, average), inp.dtype)
    targets = sizes_of(b, oshp)
    targets = targets * 2 if len(targets) == 1 else targets
    if targets == [1, 1]:
        return b.op("GlobalAveragePool" if average else "GlobalMaxPool", inp)
    sizes = (inp.shape or ())[2:]
    pairs: list[tuple[Any, Any]] = list(zip(sizes, targets, strict=True))
    if not all(isinstance(size, int) and isinstance(target, int) for size, target in pairs):
        return _of_runtime_size(b, inp, targets, average)
    stride = tuple(size // target for size, target in pairs)
    kernel = tuple(size - (target - 1) * step for (size, target), step in zip(pairs, stride, strict=True))
    return pool(b, inp, "AveragePool" if average else "MaxPool", kernel, stride, 0)


def _of_runtime_size(b: Builder, x: Value, targets: Sequence[Size], average: bool) -> Value:
    """``adaptive_pool2d`` one axis after the other. ``inside[i, j]`` says whether position j is in window i. The
    average is ``x @ (inside / window)``, the maximum that of ``Where(inside, x, lowest)``."""
    lowest = b.constant(-np.inf if is_float(x) else np.iinfo(np.dtype(x.dtype)).min, x.dtype)
    for axis, target in ((2, targets[0]), (3, targets[1])):
        if not isinstance(target, int):
            refuse("adaptive pooling to a size that is only known at run time")
        size = tensor(b, dimension(b, x, axis), INT32)
        step = b.op("Div", size, b.constant(target, INT32))
        window = b.op("Sub", size, b.op("Mul", step, b.constant(target - 1, INT32)))
        starts = b.op("Mul", step, b.constant(table_size.arange(target, dtype=np.int32)[:, None]))
        positions = b.op("Range", b.constant(0, INT32), size, b.constant(1, INT32))
        inside = b.op(
            "And", b.op("GreaterOrEqual", positions, starts), b.op("Less", positions, b.op("Add", starts, window))
        )
        if average:
            weights = b.op("Div", cast(b, inside, x.dtype), cast(b, window, x.dtype))
            turned = b.op("Transpose", weights, perm=(1, 0))
            x = b.op("MatMul", weights, x) if axis == 2 else b.op("MatMul", x, turned)
        else:
            choice = b.op("Unsqueeze", inside, [2]) if axis == 2 else inside
            x = b.op("ReduceMax", b.op("Where", choice, b.op("Unsqueeze", x, [axis]), lowest), [axis + 1], keepdims=0)
    return x


@lower(NN + "adaptive_avg_pool2d")
def adaptive_avg_pool2d(b: Builder, inp: Value, oshp: Any) -> Value:
    return adaptive_pool2d(b, inp, oshp, average=True)


@lower(NN + "adaptive_max_pool2d")
def adaptive_max_pool2d(b: Builder, inp: Value, oshp: Any) -> Value:
    return adaptive_pool2d(b, inp, oshp, average=False)


@lower(MODULE + "pooling.MaxPool2d")
def max_pool2d_module(b: Builder, self: Module, inp: Value) -> Value:
    return max_pool2d(b, inp, self.kernel_size, self.stride, self.padding)


@lower(MODULE + "pooling.AvgPool2d")
def avg_pool2d_module(b: Builder, self: Module, inp: Value) -> Value:
    mode = self.get("mode", "average_count_exclude_padding")
    return avg_pool2d(b, inp, self.kernel_size, self.stride, self.padding, mode)


@lower(MODULE + "adaptive_pooling.AdaptiveAvgPool2d")
def adaptive_avg_pool2d_module(b: Builder, self: Module, inp: Value) -> Value:
    return adaptive_avg_pool2d(b, inp, self.oshp)


@lower(MODULE + "adaptive_pooling.AdaptiveMaxPool2d")
def adaptive_max_pool2d_module(b: Builder, self: Module, inp: Value) -> Value:
    return adaptive_max_pool2d(b, inp, self.oshp)


@lower(OPDEF + "Pooling")
def pooling_opdef(
    b: Builder, inp: Value, *, mode: str, window_h: int, window_w: int, stride_h: int, stride_w: int, pad_h: int,
    pad_w: int, format: str = "NCHW", **tuning: Any,
) -> Value:  # fmt: skip
    nchw(format)
    window, stride, padding = (window_h, window_w), (stride_h, stride_w), (pad_h, pad_w)
    if mode.upper() == "MAX":
        return max_pool2d(b, inp, window, stride, padding)
    return avg_pool2d(b, inp, window, stride, padding, mode)


@lower(OPDEF + "AdaptivePooling")
def adaptive_pooling(
    b: Builder, inp: Value, size: Any = None, *, mode: str, shape: Any = (), format: str = "NCHW"
) -> Value:
    nchw(format)
    return adaptive_pool2d(b, inp, shape if size is None else size, average=mode.upper() != "MAX")
