"""Convolution and Deconvolution.

Source: base_conv_layer, deconv_layer and im2col (src/caffe/layers of BVLC Caffe 1.0).
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.table_size import check_table

from .table import Layer, lower, shape_of
from .windows import spatial


def _kernel(layer: Layer, count: int) -> list[int]:
    kernel = spatial(layer, "kernel_size", "kernel", count, 0)
    if 0 in kernel:
        raise layer.invalid("no kernel_size")
    return kernel


def _convolution(b: Builder, layer: Layer, x: Value, transposed: bool) -> Value:
    p = layer.param
    count = len(shape_of(x)) - 2
    if count < 1:
        raise layer.invalid(f"a bottom of shape {list(shape_of(x))}, expected 3 axes or more")
    kernel = _kernel(layer, count)
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
def convolution(b: Builder, layer: Layer, x: Value, *others: Value) -> list[Value]:
    """The same weights for each bottom."""
    return [_convolution(b, layer, bottom, transposed=False) for bottom in (x, *others)]


@lower("Deconvolution", param="convolution_param")
def deconvolution(b: Builder, layer: Layer, x: Value, *others: Value) -> list[Value]:
    return [_convolution(b, layer, bottom, transposed=True) for bottom in (x, *others)]


@lower("Im2col", param="convolution_param")
def im2col(b: Builder, layer: Layer, x: Value) -> Value:
    """Each window as channels: a convolution whose kernels hold a single 1. Source: im2col_cpu of BVLC Caffe."""
    count = len(shape_of(x)) - 2
    kernel, pad = _kernel(layer, count), spatial(layer, "pad", "pad", count, 0)
    taps, channels = int(np.prod(kernel)), shape_of(x)[1]
    check_table(channels, taps, taps)
    weights = np.tile(table_size.eye(taps, dtype=np.float32), (channels, 1)).reshape(channels * taps, 1, *kernel)
    return b.op(
        "Conv",
        x,
        weights,
        kernel_shape=kernel,
        pads=pad + pad,
        strides=spatial(layer, "stride", "stride", count, 1),
        dilations=spatial(layer, "dilation", "dilation", count, 1),
        group=channels,
    )
