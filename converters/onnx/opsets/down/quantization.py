"""QuantizeLinear and DequantizeLinear: per axis since 13, float8 since 19, 16 and 4 bits and blocks since 21."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Attribute, Node, Value, table_size
from mgeconvert.ir.dtypes import NAMES

from .operands import axis_of, data, dtype_of, operand, shape_of
from .replacement import Replacement
from .table import Result, downgrade, without_attribute

BYTES = ("int8", "uint8")


# `saturate` is about float8 types, which came with it.
downgrade("QuantizeLinear", since=19)(without_attribute("saturate"))
downgrade("QuantizeLinear", since=23)(without_attribute("precision", only=0))


@downgrade("DequantizeLinear", since=23)
def dequantize_to_the_type_of_the_scale(r: Replacement, node: Node) -> Result:
    """DequantizeLinear(x, scale, zero, output_dtype) -> Cast(DequantizeLinear(x, scale, zero))"""
    plain: dict[str, Any] = dict(node.attrs)
    wanted, given = plain.pop("output_dtype", 0), dtype_of(data(node, 1))
    if not wanted or NAMES[wanted] == given.name:
        return r.form(*node.inputs, **plain)
    return r.cast(r.op(node.op, *node.inputs, dtype=given, shape=data(node).shape, **plain), NAMES[wanted])


@downgrade("QuantizeLinear", since=21)
def quantize_type_from_zero_point(r: Replacement, node: Node) -> Result:
    """QuantizeLinear(x, scale, output_dtype) -> QuantizeLinear(x, scale, zero point 0 of that type).

    16 bits are rounded and clipped by arithmetic: clip(round(x / scale) + zero).
    """
    x, scale, zero_point = data(node), data(node, 1), operand(node, 2)
    plain = _without_blocks(node)
    wanted = plain.pop("output_dtype", 0)
    assert isinstance(wanted, int)
    if zero_point is None and wanted:
        zero_point = r.constant(np.zeros([], NAMES[wanted]))
        if scale.shape != ():
            zero_point = r.constant(table_size.zeros([int(dim) for dim in shape_of(scale)], NAMES[wanted]))
    if zero_point is not None and zero_point.dtype in (np.int16, np.uint16):
        return _quantized(r, x, scale, zero_point, axis_of(node, 1))
    return r.form(x, scale, zero_point, **plain)


@downgrade("DequantizeLinear", since=21)
def dequantize_bytes(r: Replacement, node: Node) -> Result:
    """DequantizeLinear(x, scale, zero) of 16 bits -> (Cast(x) - zero) * scale"""
    plain = _without_blocks(node)
    if dtype_of(data(node)) in (np.int16, np.uint16):
        return _dequantized(r, data(node), data(node, 1), operand(node, 2), axis_of(node, 1))
    return r.form(*node.inputs, **plain)


@downgrade("QuantizeLinear", since=13)
def quantize_per_tensor(r: Replacement, node: Node) -> Result:
    """QuantizeLinear(x, scale, zero, axis) -> Cast(Clip(Round(x / scale) + zero)) where there are several scales."""
    scale, zero_point = data(node, 1), operand(node, 2)
    if _is_per_tensor(scale):
        return r.form(*node.inputs)
    if zero_point is None:
        zero_point = r.constant(np.zeros([], np.uint8))
    return _quantized(r, data(node), scale, zero_point, axis_of(node, 1))


@downgrade("DequantizeLinear", since=13)
def dequantize_per_tensor(r: Replacement, node: Node) -> Result:
    """DequantizeLinear(x, scale, zero, axis) -> (Cast(x) - zero) * scale where there are several scales."""
    if _is_per_tensor(data(node, 1)):
        return r.form(*node.inputs)
    return _dequantized(r, data(node), data(node, 1), operand(node, 2), axis_of(node, 1))


@downgrade("QuantizeLinear", since=10)
def quantize_by_arithmetic(r: Replacement, node: Node) -> Result:
    """QuantizeLinear(x, scale, zero) -> Cast(Clip(Round(x / scale) + zero))"""
    zero_point = operand(node, 2) or r.constant(np.zeros([], np.uint8))
    return _quantized(r, data(node), data(node, 1), zero_point, 0)


@downgrade("DequantizeLinear", since=10)
def dequantize_by_arithmetic(r: Replacement, node: Node) -> Result:
    """DequantizeLinear(x, scale, zero) -> (Cast(x) - zero) * scale"""
    return _dequantized(r, data(node), data(node, 1), operand(node, 2), 0)


def _without_blocks(node: Node) -> dict[str, Attribute]:
    if node.attrs.get("block_size"):
        refuse("block_size")
    return {key: value for key, value in node.attrs.items() if key != "block_size"}


def _is_per_tensor(scale: Value) -> bool:
    return shape_of(scale) in ((), (1,))


def _quantized(r: Replacement, x: Value, scale: Value, zero_point: Value, axis: int) -> Value:
    """clip(round(x / scale) + zero_point) in the zero point's type, rounding half to even."""
    dtype = dtype_of(zero_point)
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    steps = r.op("Round", r.op("Div", x, _along(r, scale, x, axis), shape=x.shape))
    shifted = r.op("Add", steps, r.cast(_along(r, zero_point, x, axis), x.dtype), shape=x.shape)
    return r.cast(_clipped(r, shifted, low, high), dtype)


def _dequantized(r: Replacement, x: Value, scale: Value, zero_point: Value | None, axis: int) -> Value:
    """(x - zero_point) * scale"""
    steps = r.cast(x, scale.dtype)
    if zero_point is not None:
        steps = r.op("Sub", steps, r.cast(_along(r, zero_point, x, axis), scale.dtype), shape=x.shape)
    return r.op("Mul", steps, _along(r, scale, x, axis), shape=x.shape)


def _clipped(r: Replacement, x: Value, low: int, high: int) -> Value:
    if r.level >= 11:
        return r.op("Clip", x, np.array(low, x.dtype), np.array(high, x.dtype), shape=x.shape)
    return r.op("Clip", x, min=float(low), max=float(high))


def _along(r: Replacement, parameter: Value, x: Value, axis: int) -> Value:
    """A scale or zero point of one axis in a shape that broadcasts to `x`."""
    if _is_per_tensor(parameter):
        return parameter
    return r.reshape(parameter, (*shape_of(parameter), *(1 for _ in shape_of(x)[axis + 1 :])))
