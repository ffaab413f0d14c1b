"""Reduction and ArgMax.

Source: reduction_layer, argmax_layer (src/caffe/layers of BVLC Caffe 1.0).
"""

from __future__ import annotations

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .affine import affine
from .table import FLOAT, Layer, lower, shape_of


@lower("ArgMax", param="argmax_param", note="of equal elements Caffe gives the last, ONNX the first")
def arg_max(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    shape = shape_of(x)
    if p.HasField("axis"):
        values, indices = b.ops("TopK", 2, x, [int(p.top_k)], axis=layer.axis(p.axis, x))
        return values if p.out_max_val else b.op("Cast", indices, to=FLOAT)
    flat = b.op("Reshape", x, [shape[0], 1, -1])
    values, indices = b.ops("TopK", 2, flat, [int(p.top_k)], axis=2)
    indices = b.op("Cast", indices, to=FLOAT)
    y = b.op("Concat", indices, values, axis=1) if p.out_max_val else indices
    return b.op("Unsqueeze", y, [3]) if len(shape) >= 4 else y


@lower("Reduction", param="reduction_param")
def reduction(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    axes = list(range(layer.axis(p.axis, x), len(shape_of(x))))
    op = {1: "ReduceSum", 2: "ReduceL1", 3: "ReduceSumSquare", 4: "ReduceMean"}[p.operation]
    return affine(b, b.op(op, x, axes, keepdims=0), p.coeff, 0.0)
