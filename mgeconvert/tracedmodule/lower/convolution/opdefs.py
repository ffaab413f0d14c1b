"""The opdefs of convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..names import OPDEF
from ..operands import rank
from ..shapes import number, sizes_of
from ..spatial import nchw
from ..table import lower
from .functional import convolution, deformable_conv2d, transposed_convolution
from .windows import local_conv2d, region_restricted_conv


@lower(OPDEF + "Convolution")
def convolution_opdef(
    b: Builder, inp: Value, weight: Value, *, stride_h: int, stride_w: int, pad_h: int, pad_w: int, dilate_h: int,
    dilate_w: int, sparse: str = "DENSE", format: str = "NCHW", **tuning: Any,
) -> Value:  # fmt: skip
    """A grouped weight has the groups as its first axis; a vector of length is conv1d's (N, C, L)."""
    nchw(format)
    groups = number(weight.shape[0], "the number of groups") if sparse == "GROUP" and weight.shape else 1
    if rank(inp) == 3:
        return convolution(b, inp, weight, None, stride_h, pad_h, dilate_h, groups)
    return convolution(b, inp, weight, None, (stride_h, stride_w), (pad_h, pad_w), (dilate_h, dilate_w), groups)


@lower(OPDEF + "Convolution3D")
def convolution3d_opdef(
    b: Builder, inp: Value, weight: Value, *, stride_d: int, stride_h: int, stride_w: int, pad_d: int, pad_h: int,
    pad_w: int, dilate_d: int, dilate_h: int, dilate_w: int, sparse: str = "DENSE", format: str = "NCDHW",
    **tuning: Any,
) -> Value:  # fmt: skip
    nchw(format)
    groups = number(weight.shape[0], "the number of groups") if sparse == "GROUP" and weight.shape else 1
    stride, dilation = (stride_d, stride_h, stride_w), (dilate_d, dilate_h, dilate_w)
    return convolution(b, inp, weight, None, stride, (pad_d, pad_h, pad_w), dilation, groups)


@lower(OPDEF + "ConvolutionBackwardData")
def convolution_backward_data(
    b: Builder, weight: Value, inp: Value, shape: Value | None = None, *, stride_h: int, stride_w: int, pad_h: int,
    pad_w: int, dilate_h: int, dilate_w: int, sparse: str = "DENSE", format: str = "NCHW", **tuning: Any,
) -> Value:  # fmt: skip
    """The third input is the wanted output shape; what it has more than the smallest is output padding."""
    nchw(format)
    stride, padding, dilation = (stride_h, stride_w), (pad_h, pad_w), (dilate_h, dilate_w)
    return _backward_data(b, weight, inp, shape, stride, padding, dilation, sparse)


@lower(OPDEF + "Convolution3DBackwardData")
def convolution3d_backward_data(
    b: Builder, weight: Value, inp: Value, shape: Value | None = None, *, stride_d: int, stride_h: int, stride_w: int,
    pad_d: int, pad_h: int, pad_w: int, dilate_d: int, dilate_h: int, dilate_w: int, sparse: str = "DENSE",
    format: str = "NCDHW", **tuning: Any,
) -> Value:  # fmt: skip
    nchw(format)
    stride, padding, dilation = (stride_d, stride_h, stride_w), (pad_d, pad_h, pad_w), (dilate_d, dilate_h, dilate_w)
    return _backward_data(b, weight, inp, shape, stride, padding, dilation, sparse)


def _backward_data(
    b: Builder, weight: Value, inp: Value, shape: Value | None, stride: Sequence[int], padding: Sequence[int],
    dilation: Sequence[int], sparse: str,
) -> Value:  # fmt: skip
    groups = number(weight.shape[0], "the number of groups") if sparse == "GROUP" and weight.shape else 1
    extra: list[int] = [0] * len(stride)
    if shape is not None:
        sizes, kernel = sizes_of(b, shape)[2:], (weight.shape or ())[-len(stride) :]
        inner = (inp.shape or ())[2:]
        if not all(isinstance(size, int) for size in (*sizes, *inner)):
            refuse("a transposed convolution whose output shape is only known at run time")
        smallest = [
            (size - 1) * step - 2 * border + spread * (int(window) - 1) + 1
            for size, step, border, spread, window in zip(inner, stride, padding, dilation, kernel, strict=True)
        ]
        extra = [size - least for size, least in zip(sizes, smallest, strict=True)]
    return transposed_convolution(b, inp, weight, None, stride, padding, extra, dilation, groups)


@lower(OPDEF + "DeformableConv")
def deformable_conv_opdef(
    b: Builder, inp: Value, weight: Value, offset: Value, mask: Value, *, stride_h: int, stride_w: int, pad_h: int,
    pad_w: int, dilate_h: int, dilate_w: int, sparse: str = "DENSE", **tuning: Any,
) -> Value:  # fmt: skip
    groups = number(weight.shape[0], "the number of groups") if sparse == "GROUP" and weight.shape else 1
    stride, padding, dilation = (stride_h, stride_w), (pad_h, pad_w), (dilate_h, dilate_w)
    return deformable_conv2d(b, inp, weight, offset, mask, None, stride, padding, dilation, groups)


@lower(OPDEF + "GroupLocal")
def group_local(
    b: Builder, inp: Value, weight: Value, *, stride_h: int, stride_w: int, pad_h: int, pad_w: int, dilate_h: int,
    dilate_w: int, **tuning: Any,
) -> Value:  # fmt: skip
    stride, padding, dilation = (stride_h, stride_w), (pad_h, pad_w), (dilate_h, dilate_w)
    return local_conv2d(b, inp, weight, None, stride, padding, dilation)


@lower(OPDEF + "RegionRestrictedConvolution")
def region_restricted_convolution(
    b: Builder, inp: Value, weight: Value, rin: Value, rout: Value, *, stride_h: int, stride_w: int, pad_h: int,
    pad_w: int, dilate_h: int, dilate_w: int, **tuning: Any,
) -> Value:  # fmt: skip
    stride, padding, dilation = (stride_h, stride_w), (pad_h, pad_w), (dilate_h, dilate_w)
    return region_restricted_conv(b, inp, weight, rin, rout, None, stride, padding, dilation)
