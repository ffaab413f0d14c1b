"""Convolutions, transposed and deformable ones, sliding windows. Source: measured on dumps of MegEngine 1.13."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.lower.grids import convert
from mgeconvert.tracedmodule.lower.shapes import shape_of

from .layouts import StaticBuilder, channels_of, formats, from_nchw, to_nchw, weight_to_oihw
from .table import lower, opdef, value_of

opdef("Convolution3D", "Convolution3D")
opdef("DeformableConv", "DeformableConvForward", "DeformableConvForwardV1")
opdef("GroupLocal", "GroupLocalV2")
opdef("RegionRestrictedConvolution", "RegionRestrictedConvolution")
opdef("Images2Neibs", "Images2Neibs")
opdef("SlidingWindowTranspose", "SlidingWindowTranspose")


@lower("Convolution", "ConvolutionV2")
def convolution(b: Builder, inp: Value, weight: Value, *, format: str, sparse: str, **fields: Any) -> Value:
    if format == "NCHW":
        assert isinstance(b, StaticBuilder)
        result = value_of(b, "Convolution", inp, weight, sparse=sparse, **fields)
        b.convolutions[result] = inp, weight, {"sparse": sparse, **fields}
        return result
    source, target = formats(format)
    x, kernel = channels_of(b, to_nchw(b, inp, source), weight_to_oihw(b, weight, source, sparse), sparse)
    return from_nchw(b, value_of(b, "Convolution", x, kernel, sparse=sparse, **fields), target)


def with_bias(b: Builder, inputs: Sequence[Value]) -> Value | None:
    """Add(Conv(x, w), c) -> Conv(x, w, c) for a constant with a value per channel; None for other sums."""
    assert isinstance(b, StaticBuilder)
    for result, bias in (inputs, inputs[::-1]):
        shape = (1, *(result.shape or ())[1:2], 1, 1)
        if result in b.convolutions and bias.shape == shape and (bias.is_constant or bias in b.stored):
            x, weight, fields = b.convolutions[result]
            return value_of(b, "ConvBias", x, weight, bias, **fields)
    return None


@lower("ConvolutionBackwardData", "ConvolutionBackwardDataV2")
def convolution_backward_data(
    b: Builder, weight: Value, inp: Value, like: Value | None = None, *, format: str, sparse: str, dtype: Any = None,
    **fields: Any,
) -> Value:  # fmt: skip
    """A third input has the shape of the result. The inputs of the weight are the channels of the result."""
    source, target = formats(format)
    kernel = weight if format == "NCHW" else weight_to_oihw(b, weight, source, sparse)
    shape = None if like is None else shape_of(b, to_nchw(b, like, target))
    x = inp if format == "NCHW" else to_nchw(b, inp, source)
    result = value_of(b, "ConvolutionBackwardData", kernel, x, shape, sparse=sparse, **fields)
    result = result if dtype is None else convert(b, result, dtype)
    return result if format == "NCHW" else from_nchw(b, result, target)


@lower("Convolution3DBackwardData")
def convolution3d_backward_data(
    b: Builder, weight: Value, inp: Value, like: Value | None = None, **fields: Any
) -> Value:
    """As in two dimensions."""
    shape = None if like is None else shape_of(b, like)
    return value_of(b, "Convolution3DBackwardData", weight, inp, shape, **fields)
