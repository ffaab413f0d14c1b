"""Sliding windows, and convolutions whose weights differ from place to place.

Source: megengine/functional/nn.py (MegEngine 1.13).
"""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.table_size import check_table

from ..names import NN, OPDEF
from ..operands import INT32, INT64, cast
from ..shapes import dimension, reshape
from ..spatial import Sizes, spatial
from ..table import lower


@lower(NN + "sliding_window")
def sliding_window(
    b: Builder, inp: Value, kernel_size: Sizes, padding: Sizes = 0, stride: Sizes = 1, dilation: Sizes = 1
) -> Value:
    """(N, C, H, W) to (N, C, OH, OW, KH, KW): every window as two axes of its own."""
    pads = spatial(padding, 2)
    x = b.op("Pad", inp, [0, 0, *pads, 0, 0, *pads]) if any(pads) else inp
    for axis, window, step, spread in zip(
        (2, 4), *(spatial(item, 2) for item in (kernel_size, stride, dilation)), strict=True
    ):
        x = b.op("Gather", x, _positions(b, x, axis, window, step, spread), axis=axis)
    return b.op("Transpose", x, perm=[0, 1, 2, 4, 3, 5])


def _positions(b: Builder, x: Value, axis: int, window: int, stride: int, dilation: int) -> Value:
    """The positions along the axis that each window reads."""
    length, reach = dimension(b, x, axis), dilation * (window - 1)
    offsets = table_size.arange(window) * dilation
    if isinstance(length, int):
        starts = table_size.arange(0, length - reach, stride)
        check_table(len(starts), window)
        return b.constant(starts[:, None] + offsets, INT64)
    bounds = b.constant(0, INT32), b.op("Sub", length, reach), b.constant(stride, INT32)
    return b.op("Add", b.op("Unsqueeze", b.op("Range", *bounds), [1]), b.constant(offsets, INT32))


@lower(NN + "local_conv2d")
def local_conv2d(
    b: Builder,
    inp: Value,
    weight: Value,
    bias: Value | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    conv_mode: str = "cross_correlation",
) -> Value:
    """A convolution whose kernel differs at each position: `weight` is (G, OH, OW, C/G, KH, KW, O/G). Every window is a
    vector times the matrix of its position."""
    group, height, width, channels, kh, kw, out = (int(size) for size in weight.static_shape or ())
    windows = sliding_window(b, inp, (kh, kw), padding, stride, dilation)
    batch = dimension(b, inp, 0)
    grouped = reshape(b, windows, [batch, group, channels, height, width, kh, kw])
    vectors = b.op("Transpose", grouped, perm=[1, 3, 4, 0, 2, 5, 6])
    matrix = reshape(b, weight, [group, height, width, channels * kh * kw, out])
    product = b.op("MatMul", reshape(b, vectors, [group, height, width, batch, channels * kh * kw]), matrix)
    output = reshape(b, b.op("Transpose", product, perm=[3, 0, 4, 1, 2]), [batch, group * out, height, width])
    return output if bias is None else b.op("Add", output, bias)


@lower(NN + "region_restricted_conv")
def region_restricted_conv(
    b: Builder,
    inp: Value,
    weight: Value,
    rin: Value,
    rout: Value,
    bias: Value | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
    conv_mode: str = "cross_correlation",
    compute_mode: str = "default",
) -> Value:
    """A grouped convolution that only sums taps whose region in `rin` (N, H, W) is that of the output in `rout`."""
    group, out, channels, kh, kw = (int(size) for size in weight.static_shape or ())
    windows = sliding_window(b, inp, (kh, kw), padding, stride, dilation)
    regions = sliding_window(b, b.op("Unsqueeze", _plus_one(b, rin), [1]), (kh, kw), padding, stride, dilation)
    same = b.op("Equal", regions, b.op("Unsqueeze", _plus_one(b, rout), [1, -1, -2]))
    allowed = b.op("Where", same, windows, b.constant(0, inp.dtype))
    batch, _, height, width = (dimension(b, allowed, axis) for axis in range(4))
    grouped = reshape(b, allowed, [batch, group, channels, height, width, kh, kw])
    vectors = b.op("Transpose", grouped, perm=[0, 1, 3, 4, 2, 5, 6])
    matrix = reshape(b, weight, [group, out, channels * kh * kw])
    matrix = b.op("Transpose", matrix, perm=[0, 2, 1])
    flat = reshape(b, vectors, [batch, group, -1, channels * kh * kw])
    product = b.op("Transpose", b.op("MatMul", flat, matrix), perm=[0, 1, 3, 2])
    output = reshape(b, product, [batch, group * out, height, width])
    return output if bias is None else b.op("Add", output, bias)


def _plus_one(b: Builder, region: Value) -> Value:
    """Region numbers from 1, so that the zeros of the padding are no region."""
    return b.op("Add", cast(b, region, INT32), 1)


@lower(NN + "sliding_window_transpose")
def sliding_window_transpose(
    b: Builder,
    inp: Value,
    output_size: Sizes,
    kernel_size: Sizes,
    padding: Sizes = 0,
    stride: Sizes = 1,
    dilation: Sizes = 1,
) -> Value:
    """(N, C, OH, OW, KH, KW) to (N, C, H, W): overlapping windows are summed, which is a transposed convolution with a
    kernel that puts each channel in its place."""
    size, window, pads, step, spread = (
        spatial(item, 2) for item in (output_size, kernel_size, padding, stride, dilation)
    )
    if inp.static_shape is None:
        refuse("sliding_window_transpose of a tensor whose shape is only known at run time")
    batch, channels, *sizes = inp.static_shape[:4]
    taps = window[0] * window[1]
    moved = b.op("Transpose", inp, perm=[0, 1, 4, 5, 2, 3])
    kernel = table_size.eye(taps, dtype=inp.dtype).reshape(taps, 1, *window)
    covered = [(n - 1) * s + d * (k - 1) + 1 for n, s, d, k in zip(sizes, step, spread, window, strict=True)]
    sums = b.op(
        "ConvTranspose", reshape(b, moved, [batch * channels, taps, *sizes]), kernel,
        kernel_shape=window, strides=step, dilations=spread,
    )  # fmt: skip
    missing = [max(n + 2 * p - c, 0) for n, p, c in zip(size, pads, covered, strict=True)]
    full = b.op("Pad", sums, [0, 0, 0, 0, 0, 0, *missing]) if any(missing) else sums
    ends = [p + n for p, n in zip(pads, size, strict=True)]
    return reshape(b, b.op("Slice", full, list(pads), ends, [2, 3]), [batch, channels, *size])


@lower(OPDEF + "Images2Neibs")
def images2neibs(
    b: Builder, inp: Value, *, window_h: int, window_w: int, pad_h: int, pad_w: int, stride_h: int, stride_w: int,
    dilate_h: int, dilate_w: int,
) -> Value:  # fmt: skip
    window, padding = (window_h, window_w), (pad_h, pad_w)
    return sliding_window(b, inp, window, padding, (stride_h, stride_w), (dilate_h, dilate_w))


@lower(OPDEF + "SlidingWindowTranspose")
def sliding_window_transpose_opdef(
    b: Builder, inp: Value, *, out_h: int, out_w: int, window_h: int, window_w: int, pad_h: int, pad_w: int,
    stride_h: int, stride_w: int, dilate_h: int, dilate_w: int,
) -> Value:  # fmt: skip
    size, window, padding = (out_h, out_w), (window_h, window_w), (pad_h, pad_w)
    return sliding_window_transpose(b, inp, size, window, padding, (stride_h, stride_w), (dilate_h, dilate_w))
