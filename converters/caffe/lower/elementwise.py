"""Arithmetic of blobs and functions of each element.

Source: eltwise_layer, power_layer, exp_layer, log_layer, scale_layer, bias_layer and their like (src/caffe/layers of
BVLC Caffe 1.0).
"""

from __future__ import annotations

import functools
import math

import numpy as np

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .affine import affine
from .table import FLOAT, Layer, lower, shape_of

PROD, SUM = 0, 1


@lower("AbsVal")
def absolute(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Abs", x)


@lower("Threshold", param="threshold_param")
def threshold(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Cast", b.op("Greater", x, float(layer.param.threshold)), to=FLOAT)


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
