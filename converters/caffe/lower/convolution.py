"""Convolution, Deconvolution, InnerProduct, Embed and Pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..emit.pooling import caffe_count
from .table import Layer, lower, shape_of

MAX, AVE = 0, 1
FLOOR = 1


def spatial(layer: Layer, field: str, short: str, count: int, default: int) -> list[int]:
    """A parameter of the spatial axes: `short`_h and `short`_w, or `field` once for all axes or once for each."""
    param = layer.param
    named = [name for name in (f"{short}_h", f"{short}_w") if name in param.DESCRIPTOR.fields_by_name]
    if count == 2 and any(param.HasField(name) for name in named):
        result = [int(getattr(param, name)) for name in named]
    else:
        given = getattr(param, field)
        values = list(given) if hasattr(given, "append") else [given] if param.HasField(field) else []
        if len(values) not in (0, 1, count):
            raise layer.invalid(f"{len(values)} values of {field} for {count} axes")
        result = [int(value) for value in (values or [default]) * (1 if len(values) == count else count)]
    if default and min(result, default=1) < 1:
        raise layer.invalid(f"{field} {result}")
    return result


def _convolution(b: Builder, layer: Layer, x: Value, transposed: bool) -> Value:
    p = layer.param
    count = len(shape_of(x)) - 2
    kernel = spatial(layer, "kernel_size", "kernel", count, 0)
    if 0 in kernel:
        raise layer.invalid("no kernel_size")
    pad = spatial(layer, "pad", "pad", count, 0)
    channels = shape_of(x)[1]
    if not p.group or channels % p.group or not p.num_output or p.num_output % p.group:
        raise layer.invalid(f"group {p.group} does not divide {channels} and {p.num_output} channels")
    sizes = (channels, p.num_output // p.group) if transposed else (p.num_output, channels // p.group)
    return b.op(
        "ConvTranspose" if transposed else "Conv",
        x,
        layer.blob(0, *sizes, *kernel),
        layer.blob(1, p.num_output) if p.bias_term else None,
        kernel_shape=kernel,
        pads=pad + pad,
        strides=spatial(layer, "stride", "stride", count, 1),
        dilations=spatial(layer, "dilation", "dilation", count, 1),
        group=p.group,
    )


@lower("Convolution", "ConvolutionDepthwise", "DepthwiseConvolution", param="convolution_param")
def convolution(b: Builder, layer: Layer, x: Value) -> Value:
    return _convolution(b, layer, x, transposed=False)


@lower("Deconvolution", param="convolution_param")
def deconvolution(b: Builder, layer: Layer, x: Value) -> Value:
    return _convolution(b, layer, x, transposed=True)


@lower("InnerProduct", param="inner_product_param")
def inner_product(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    shape = shape_of(x)
    axis = layer.axis(p.axis, x)
    inner = int(np.prod(shape[axis:]))
    weights = layer.blob(0, inner, p.num_output) if p.transpose else layer.blob(0, p.num_output, inner)
    bias = layer.blob(1, p.num_output) if p.bias_term else None
    rows = b.op("Flatten", x, axis=axis) if len(shape) != 2 or axis != 1 else x
    y = b.op("Gemm", rows, weights, bias, transB=int(not p.transpose))
    return y if axis == 1 else b.op("Reshape", y, [*shape[:axis], p.num_output])


@lower("Embed", param="embed_param")
def embed(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    table = b.constant(layer.blob(0, p.input_dim, p.num_output))
    y = b.op("Gather", table, b.op("Cast", x, to=7), axis=0)
    return b.op("Add", y, layer.blob(1, p.num_output)) if p.bias_term else y


@lower("Pooling", param="pooling_param", axes=4)
def pooling(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    if p.pool not in (MAX, AVE):
        refuse("stochastic pooling")
    if len(layer.message.top) > 1:
        refuse("its second top, the mask, is used for unpooling")
    if p.global_pooling:
        return b.op("GlobalMaxPool" if p.pool == MAX else "GlobalAveragePool", x)
    kernel, pad = spatial(layer, "kernel_size", "kernel", 2, 0), spatial(layer, "pad", "pad", 2, 0)
    strides = spatial(layer, "stride", "stride", 2, 1)
    if 0 in kernel:
        raise layer.invalid("no kernel_size")
    return pool(b, x, p.pool, kernel, strides, pad, floor=p.round_mode == FLOOR)


@lower("SPP", param="spp_param", axes=4)
def spatial_pyramid(b: Builder, layer: Layer, x: Value) -> Value:
    """Poolings into 1, 2 x 2, 4 x 4 ... bins, joined as one vector."""
    p = layer.param
    if p.pool not in (MAX, AVE):
        refuse("stochastic pooling")
    if p.pyramid_height < 1:
        raise layer.invalid("no pyramid_height")
    parts = []
    for bins in (2**level for level in range(p.pyramid_height)):
        kernel = [-(-size // bins) for size in shape_of(x)[2:]]
        pad = [(k * bins - size + 1) // 2 for k, size in zip(kernel, shape_of(x)[2:], strict=True)]
        parts.append(pool(b, x, p.pool, kernel, kernel, pad))
    if len(parts) == 1:
        return parts[0]
    return b.op("Concat", *(b.op("Flatten", part, axis=1) for part in parts), axis=1)


@lower("ROIPooling", param="roi_pooling_param", axes=4)
def roi_pooling(b: Builder, layer: Layer, x: Value, regions: Value) -> Value:
    p = layer.param
    rows = b.op("Reshape", regions, [-1, 5])
    return b.op("MaxRoiPool", x, rows, pooled_shape=[p.pooled_h, p.pooled_w], spatial_scale=p.spatial_scale)


def pool(
    b: Builder,
    x: Value,
    kind: int,
    kernel: Sequence[int],
    strides: Sequence[int],
    pad: Sequence[int],
    floor: bool = False,
) -> Value:
    """Caffe's windows with explicit padding; its divisors by a constant factor where ONNX has no name for them."""
    sizes = shape_of(x)[2:]
    counts, ends = [], []
    for size, k, s, p in zip(sizes, kernel, strides, pad, strict=True):
        count = (size + 2 * p - k) // s + 1 if floor else caffe_count(size, k, s, p)
        if count < 1 or (count - 1) * s >= size + p:
            refuse(f"a window of {k} with stride {s} lies outside an input of {size}")
        counts.append(count)
        ends.append(max(0, (count - 1) * s + k - size - p))
    attrs: dict[str, Any] = {"kernel_shape": kernel, "strides": strides, "pads": [*pad, *ends]}
    plain = not any(pad)  # then Caffe counts what lies inside the input, like ONNX
    y = (
        b.op("MaxPool", x, **attrs)
        if kind == MAX
        else b.op("AveragePool", x, count_include_pad=int(not plain), **attrs)
    )
    if shape_of(y)[2:] != tuple(counts):
        y = b.op("Slice", y, [0, 0], counts, [2, 3])
    if kind == MAX or plain:
        return y
    factors = []
    for size, k, s, p, count in zip(sizes, kernel, strides, pad, counts, strict=True):
        starts = np.arange(count) * s - p
        factors.append(k / (np.minimum(starts + k, size + p) - starts))
    correction = np.outer(*factors).astype(np.float32)
    return y if np.all(correction == 1) else b.op("Mul", y, correction)
