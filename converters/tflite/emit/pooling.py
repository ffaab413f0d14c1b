"""Pools. TFLite pads with SAME or not at all: other pads become a PAD in front; an average that must not count padding
is the sum over a padded window times a map of 1 / count, made at conversion time."""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size

from ..layout.wants import CHANNELS_LAST, FOLLOW
from ..model import Array, Tensor
from ..padding import LOWEST, VALID
from .convolution.windows import flat, pad, pads_of, spatial
from .emission import Emission
from .table import emit


@emit("MaxPool", wants=CHANNELS_LAST, data=1)
def max_pool(c: Emission, x: Tensor) -> Tensor:
    if len(c.node.outputs) > 1:
        refuse("MaxPool with indices: TFLite's MAX_POOL_2D gives none")
    kernel = [int(number) for number in c.attr("kernel_shape")]
    strides, dilations = spatial(c, "strides", len(kernel)), spatial(c, "dilations", len(kernel))
    lowest = LOWEST if x.dtype.kind == "f" else int(np.iinfo(x.dtype).min)
    x = pad(c, x, _window_pads(c, x, kernel, strides, dilations), lowest)
    if any(d > 1 for d in dilations):
        return _dilated_max(c, x, kernel, strides, dilations)
    return _pooled(c, "MAX_POOL_2D", x, kernel, strides)


def _dilated_max(c: Emission, x: Tensor, kernel: list[int], strides: list[int], dilations: list[int]) -> Tensor:
    """The maximum of one strided slice for each tap."""
    out = c.known(c.shape()[1:-1], "a dilated pool")
    best: Tensor | None = None
    rank = x.rank
    for tap in np.ndindex(*kernel):
        begin = [0, *(t * d for t, d in zip(tap, dilations, strict=True)), 0]
        end = [0, *(b + (o - 1) * s + 1 for b, o, s in zip(begin[1:-1], out, strides, strict=True)), 0]
        stride = [1, *strides, 1]
        mask = 1 | 1 << (rank - 1)
        operands = [c.const(numbers, np.int32) for numbers in (begin, end, stride)]
        taken = c.op("STRIDED_SLICE", x, *operands, shape=c.shape(), BeginMask=mask, EndMask=mask)
        best = taken if best is None else c.op("MAXIMUM", best, taken)
    assert best is not None
    return best


@emit("AveragePool", wants=CHANNELS_LAST, data=1)
def average_pool(c: Emission, x: Tensor) -> Tensor:
    kernel = [int(number) for number in c.attr("kernel_shape")]
    strides, dilations = spatial(c, "strides", len(kernel)), spatial(c, "dilations", len(kernel))
    if any(d > 1 for d in dilations):
        refuse("AveragePool with dilations: TFLite's AVERAGE_POOL_2D has none")
    explicit = pads_of(c, x, kernel, strides, dilations)
    pads = _window_pads(c, x, kernel, strides, dilations)
    if not any(map(any, pads)):
        return _pooled(c, "AVERAGE_POOL_2D", x, kernel, strides)
    counted = explicit if c.attr("count_include_pad", 0) else [(0, 0)] * len(kernel)
    sizes = x.shape[1:-1]
    average = _pooled(c, "AVERAGE_POOL_2D", pad(c, x, pads), kernel, strides)
    if counted == pads:
        return average
    if not all(isinstance(size, int) for size in sizes):
        return c.op("MUL", average, _shares(c, x, average, pads, counted, kernel, strides))
    counts = [
        _counts(size, out, k, s, before, inside)
        for size, out, k, s, (before, _), inside in zip(
            c.known(sizes, "a padded average"), c.shape()[1:-1], kernel, strides, pads, counted, strict=True
        )
    ]
    return c.op("MUL", average, c.const(_scale(kernel, counts)[None, ..., None], np.float32))


def _shares(
    c: Emission,
    x: Tensor,
    average: Tensor,
    pads: list[tuple[int, int]],
    counted: list[tuple[int, int]],
    kernel: list[int],
    strides: list[int],
) -> Tensor:
    """1 / (the average of a map of ones with the same pads): by how much padding makes averages too small."""
    if any(map(any, counted)) or len(kernel) != 2:
        refuse(f"a padded average to {list(x.shape[1:-1])}: TFLite wants these sizes known")
    size = c.op("SHAPE", x, shape=(x.rank,), dtype=np.int32, OutType=2)
    one = c.op("ADD", c.op("MUL", size, c.const((0, 1, 1, 0), np.int32)), c.const((1, 0, 0, 1), np.int32))
    ones = c.op("FILL", one, c.const(1, np.float32), shape=(1, *x.shape[1:-1], 1), dtype=np.float32)
    share = _pooled(c, "AVERAGE_POOL_2D", pad(c, ones, pads), kernel, strides)
    return c.op("DIV", c.const(1, np.float32), share, shape=(1, *average.shape[1:-1], 1))


def _scale(kernel: list[int], counts: list[Array]) -> Array:
    total: Array = np.asarray(1.0)
    for count in counts:
        total = np.multiply.outer(total, count)
    if not total.all():
        refuse("a window lies wholly in the padding")
    return math.prod(kernel) / total


def _counts(size: int, out: int | str, kernel: int, stride: int, before: int, inside: tuple[int, int]) -> Array:
    """How many positions of each window lie in the input extended by `inside`."""
    assert isinstance(out, int)
    starts = table_size.arange(out) * stride - before
    low, high = -inside[0], size + inside[1]
    return np.asarray(np.minimum(starts + kernel, high) - np.maximum(starts, low))


def _window_pads(
    c: Emission, x: Tensor, kernel: list[int], strides: list[int], dilations: list[int]
) -> list[tuple[int, int]]:
    """The pads with which VALID windows give the output's size, including what ceil_mode adds."""
    pads = pads_of(c, x, kernel, strides, dilations)
    if not c.attr("ceil_mode", 0):
        return pads
    sizes = c.known(x.shape[1:-1], "a pool with ceil_mode")
    outs = c.known(c.shape()[1:-1], "a pool with ceil_mode")
    result = []
    for (before, after), size, out, k, s, d in zip(pads, sizes, outs, kernel, strides, dilations, strict=True):
        needed = (out - 1) * s + (k - 1) * d + 1 - size - before
        result.append((before, max(after, needed)))
    return result


def _pooled(c: Emission, op: str, x: Tensor, kernel: list[int], strides: list[int]) -> Tensor:
    """VALID windows over 1 or 2 axes; 3 axes as two pools, which is the same for both operators."""
    if len(kernel) == 1:
        made = _pool2d(c, op, flat(c, x), [1, *kernel], [1, *strides])
        return c.reshape(made, c.shape())
    if len(kernel) == 2:
        return _pool2d(c, op, x, kernel, strides)
    if len(kernel) > 3:
        refuse(f"a {len(kernel)}-D pool; TFLite has at most 3")
    n, depth, height, width, channels = c.known(x.shape, "a 3-D pool")
    planes = _pool2d(c, op, c.reshape(x, (n * depth, height, width, channels)), kernel[1:], strides[1:])
    rest = math.prod(c.known(planes.shape[1:3], "a 3-D pool"))
    columns = _pool2d(c, op, c.reshape(planes, (n, depth, rest, channels)), [kernel[0], 1], [strides[0], 1])
    return c.reshape(columns, c.shape())


def _pool2d(c: Emission, op: str, x: Tensor, kernel: list[int], strides: list[int]) -> Tensor:
    out = [
        (size - k) // s + 1 if isinstance(size, int) else size
        for size, k, s in zip(x.shape[1:3], kernel, strides, strict=True)
    ]
    return c.op(
        op, x, shape=(x.shape[0], *out, x.shape[3]), Padding=VALID,
        FilterHeight=kernel[0], FilterWidth=kernel[1], StrideH=strides[0], StrideW=strides[1],
    )  # fmt: skip


@emit("GlobalAveragePool", "GlobalMaxPool", wants=FOLLOW)
def global_pool(c: Emission, x: Tensor) -> Tensor:
    op = "MEAN" if c.node.op == "GlobalAveragePool" else "REDUCE_MAX"
    axes = sorted(c.axis(axis) for axis in range(2, x.rank))
    return c.op(op, x, c.const(axes, np.int32, "axes"), shape=c.shape(), KeepDims=True)
