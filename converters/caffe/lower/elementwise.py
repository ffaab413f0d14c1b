"""Functions of each element, and arithmetic of several blobs."""

from __future__ import annotations

import functools
import math

import numpy as np

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .table import Layer, lower, shape_of

PROD, SUM = 0, 1
FLOAT = 1


@lower("ReLU", param="relu_param")
def relu(b: Builder, layer: Layer, x: Value) -> Value:
    slope = layer.param.negative_slope
    return b.op("LeakyRelu", x, alpha=slope) if slope else b.op("Relu", x)


@lower("ReLU6")
def relu6(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Clip", x, 0.0, 6.0)


@lower("PReLU", param="prelu_param")
def prelu(b: Builder, layer: Layer, x: Value) -> Value:
    if layer.param.channel_shared:
        return b.op("PRelu", x, layer.blob(0, 1))
    shape = shape_of(x)
    return b.op("PRelu", x, layer.blob(0, shape[1]).reshape(-1, *(1,) * (len(shape) - 2)))


@lower("ELU", param="elu_param")
def elu(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Elu", x, alpha=layer.param.alpha)


@lower("Sigmoid")
def sigmoid(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Sigmoid", x)


@lower("TanH")
def tanh(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Tanh", x)


@lower("AbsVal")
def absolute(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Abs", x)


@lower("BNLL")
def bnll(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Softplus", x)


@lower("Swish", param="swish_param")
def swish(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Mul", x, b.op("Sigmoid", affine(b, x, layer.param.beta, 0.0)))


@lower("Mish")
def mish(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Mul", x, b.op("Tanh", b.op("Softplus", x)))


@lower("Threshold", param="threshold_param")
def threshold(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Cast", b.op("Greater", x, float(layer.param.threshold)), to=FLOAT)


def affine(b: Builder, x: Value, scale: float, shift: float) -> Value:
    x = x if scale == 1 else b.op("Mul", x, float(scale))
    return x if shift == 0 else b.op("Add", x, float(shift))


@lower("Power", param="power_param")
def power(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    if p.power == 0:
        return b.op("Add", b.op("Mul", x, 0.0), 1.0)
    y = affine(b, x, p.scale, p.shift)
    known = {1.0: "", 0.5: "Sqrt", -1.0: "Reciprocal"}
    if p.power in known:
        return b.op(known[p.power], y) if known[p.power] else y
    return b.op("Mul", y, y) if p.power == 2 else b.op("Pow", y, float(p.power))


@lower("Exp", param="exp_param")
def exp(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    natural = math.log(p.base) if p.base > 0 else 1.0
    return b.op("Exp", affine(b, x, p.scale * natural, p.shift * natural))


@lower("Log", param="log_param")
def log(b: Builder, layer: Layer, x: Value) -> Value:
    p = layer.param
    return affine(b, b.op("Log", affine(b, x, p.scale, p.shift)), 1 / math.log(p.base) if p.base > 0 else 1.0, 0.0)


@lower("Dropout", "Split", note="nothing happens at inference")
def identity(b: Builder, layer: Layer, x: Value) -> list[Value]:
    return [x] * len(layer.message.top)


@lower("Eltwise", param="eltwise_param")
def eltwise(b: Builder, layer: Layer, *xs: Value) -> Value:
    p = layer.param
    if len({shape_of(x) for x in xs}) != 1:
        shapes = ", ".join(str(list(shape_of(x))) for x in xs)
        raise layer.invalid(f"Eltwise needs bottoms of one shape; here {shapes}")
    if p.operation == SUM and p.coeff:
        if len(p.coeff) != len(xs):
            raise layer.invalid(f"{len(p.coeff)} coeff for {len(xs)} bottoms")
        xs = tuple(affine(b, x, factor, 0.0) for x, factor in zip(xs, p.coeff, strict=True))
    op = {PROD: "Mul", SUM: "Add"}.get(p.operation, "Max")
    return functools.reduce(lambda x, y: b.op(op, x, y), xs)


@lower("Axpy")
def axpy(b: Builder, layer: Layer, a: Value, x: Value, y: Value) -> Value:
    factor = b.op("Reshape", a, [*shape_of(a)[:2], *(1,) * (len(shape_of(x)) - 2)])
    return b.op("Add", b.op("Mul", factor, x), y)


def _across(b: Builder, layer: Layer, x: Value, bottoms: tuple[Value, ...], at: int) -> Value | np.ndarray:
    """The factor or bias of Scale and Bias, shaped to broadcast against `x`: a bottom, or weights number `at`."""
    rank = len(shape_of(x))
    axis = layer.axis(layer.param.axis, x)
    if bottoms:
        shape = shape_of(bottoms[0])
        if not shape or shape == (1,):
            axis = rank - len(shape)
        return b.op("Reshape", bottoms[0], [*shape, *(1,) * (rank - axis - len(shape))])
    count = layer.param.num_axes
    end = rank if count == -1 else axis + count
    return layer.blob(at, *shape_of(x)[axis:end]).reshape(*shape_of(x)[axis:end], *(1,) * (rank - end))


@lower("Scale", param="scale_param")
def scale(b: Builder, layer: Layer, x: Value, *factor: Value) -> Value:
    y = b.op("Mul", x, _across(b, layer, x, factor, 0))
    if not layer.param.bias_term:
        return y
    if factor:
        shape = shape_of(factor[0])
        rest = (1,) * (len(shape_of(x)) - layer.axis(layer.param.axis, x) - len(shape))
        return b.op("Add", y, layer.blob(0, *shape).reshape(*shape, *rest))
    return b.op("Add", y, _across(b, layer, x, (), 1))


@lower("Bias", param="bias_param")
def bias(b: Builder, layer: Layer, x: Value, *term: Value) -> Value:
    return b.op("Add", x, _across(b, layer, x, term, 0))


@lower("Softmax", param="softmax_param")
def softmax(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Softmax", x, axis=layer.axis(layer.param.axis, x))


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
