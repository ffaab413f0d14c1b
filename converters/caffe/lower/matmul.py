"""InnerProduct.

Source: inner_product_layer (src/caffe/layers of BVLC Caffe 1.0).
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .table import Layer, lower, shape_of


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
