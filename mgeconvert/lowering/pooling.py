"""Pooling. Source: megengine/functional/nn.py (MegEngine 1.13)."""

from __future__ import annotations

from typing import Any

from mgeconvert.builder import Builder
from mgeconvert.ir import Value
from .convolution import NN, Sizes, spatial
from .shapes import sizes_of
from .table import lower, refuse

COUNT_INCLUDE_PAD = {"average": 1, "average_count_exclude_padding": 0}


def pool(b: Builder, inp: Value, op: str, kernel: Sizes, stride: Sizes | None, padding: Sizes, **attrs: Any) -> Value:
    window = spatial(kernel, 2)
    return b.op(
        op, inp, kernel_shape=window, strides=window if stride is None else spatial(stride, 2),
        pads=spatial(padding, 2) * 2, **attrs,
    )  # fmt: skip


@lower(NN + "max_pool2d")
def max_pool2d(b: Builder, inp: Value, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> Value:
    return pool(b, inp, "MaxPool", kernel_size, stride, padding)


@lower(NN + "avg_pool2d")
def avg_pool2d(
    b: Builder,
    inp: Value,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    mode: str = "average_count_exclude_padding",
) -> Value:
    return pool(b, inp, "AveragePool", kernel_size, stride, padding, count_include_pad=COUNT_INCLUDE_PAD[mode.lower()])


def adaptive_pool2d(b: Builder, inp: Value, oshp: Any, average: bool) -> Value:
    """Window i of n covers floor(i * size / n) to ceil((i + 1) * size / n).

    When each size is a multiple of its target, that is a plain pooling; other targets are refused by name.
    """
    targets = sizes_of(b, oshp)
    targets = targets * 2 if len(targets) == 1 else targets
    if targets == [1, 1]:
        return b.op("GlobalAveragePool" if average else "GlobalMaxPool", inp)
    shape = inp.static_shape
    if shape is None or not all(isinstance(target, int) for target in targets):
        refuse("adaptive pooling of a size that is only known at run time")
    return _windows(b, inp, shape[2:], [int(target) for target in targets], average)  # type: ignore[arg-type]


def _windows(b: Builder, inp: Value, sizes: tuple[int, ...], targets: list[int], average: bool) -> Value:
    """One axis after the other: equal windows are one pooling, others a slice each, reduced and concatenated."""
    if all(size % target == 0 for size, target in zip(sizes, targets, strict=True)):
        kernel = tuple(size // target for size, target in zip(sizes, targets, strict=True))
        return pool(b, inp, "AveragePool" if average else "MaxPool", kernel, kernel, 0)
    reduction = "ReduceMean" if average else "ReduceMax"
    for axis, (size, target) in enumerate(zip(sizes, targets, strict=True), start=2):
        bounds = [(index * size // target, -(-(index + 1) * size // target)) for index in range(target)]
        windows = [b.op("Slice", inp, [start], [end], [axis]) for start, end in bounds]
        inp = b.op("Concat", *(b.op(reduction, window, [axis], keepdims=1) for window in windows), axis=axis)
    return inp


@lower(NN + "adaptive_avg_pool2d")
def adaptive_avg_pool2d(b: Builder, inp: Value, oshp: Any) -> Value:
    return adaptive_pool2d(b, inp, oshp, average=True)


@lower(NN + "adaptive_max_pool2d")
def adaptive_max_pool2d(b: Builder, inp: Value, oshp: Any) -> Value:
    return adaptive_pool2d(b, inp, oshp, average=False)
