"""Quantized arithmetic: what QuantizeLinear and DequantizeLinear around float operators are in MegEngine.

A pair of them is one FakeQuant, which rounds to the same grid and stays float. The integers of a weight or bias are a
Parameter of a quantized dtype, read with ``astype("float32")``. Scales of their own for each channel, which MegEngine
has not, are computed with. Where operators are whole quantized modules, `quantized_modules` has put those in their
place.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value
from mgeconvert.ir.inference import elem_type

from ..attributes import integer
from ..builder import EmitBuilder
from ..calls import EmittedCall, MethodCall, OpdefCall, StoredTensor
from ..operands import rank, sole, tensor_of
from ..scopes import constant_name, place
from ..table import emit, rewrite
from .grids import DTYPES, quantized_dtype


def _grid(node: Node) -> tuple[np.float32, int] | None:
    """Scale and zero point, where there is one of each and MegEngine has the dtype."""
    _, scale, zero = [*node.inputs, None][:3]
    kind = node.inputs[0].dtype if node.op == "DequantizeLinear" and node.inputs[0] is not None else node.output.dtype
    single = scale is not None and scale.array is not None and scale.array.size == 1 and scale.array.dtype == np.float32
    if not single or (zero is not None and zero.array is None) or kind is None or kind.name not in DTYPES:
        return None
    assert scale is not None
    point = 0 if zero is None else int(sole(zero))
    return None if point and kind.name != "uint8" else (np.float32(sole(scale)), point)


@rewrite("QuantizeLinear")
def quantize(b: EmitBuilder, node: Node) -> Value | None:
    """``QuantizeLinear(x) -> Cast(Clip(Round(x / scale) + zero_point))``, unless only its own DequantizeLinear reads
    it, which takes both."""
    users = b.users.get(node.output, [])
    grid = _grid(node)
    pairs = [user for user in users if user.op == "DequantizeLinear" and _grid(user) == grid]
    if grid is not None and len(pairs) == b.uses.get(node.output, 0):
        return None
    x, scale, zero = [*node.inputs, None][:3]
    kind = node.output.dtype
    if kind is None or kind.kind not in "iu" or node.attrs.get("block_size"):
        refuse(f"quantization to {kind}, or by blocks")
    limits = np.iinfo(kind.name)
    steps = b.op("Round", b.op("Div", x, _along(b, node, scale)))
    if zero is not None:
        steps = b.op("Add", steps, b.op("Cast", _along(b, node, zero), to=elem_type(np.float32)))
    clipped = b.op("Clip", steps, np.float32(limits.min), np.float32(limits.max))
    return b.op("Cast", clipped, to=elem_type(kind))


@rewrite("DequantizeLinear")
def dequantize(b: EmitBuilder, node: Node) -> Value | None:
    """``DequantizeLinear(QuantizeLinear(x)) -> FakeQuant(x)``; ``DequantizeLinear(constant) -> Integers(constant)``;
    else ``DequantizeLinear(q) -> (float(q) - zero_point) * scale``."""
    x, scale, zero = [*node.inputs, None][:3]
    assert x is not None
    grid = _grid(node)
    pair = b.producer(x, "QuantizeLinear")
    if grid is not None and pair is not None and _grid(pair) == grid and x.dtype is not None and x.dtype.itemsize == 1:
        limits = np.iinfo(x.dtype.name)
        attrs: dict[str, Any] = {"scale": float(grid[0]), "zero_point": grid[1], "qmin": limits.min, "qmax": limits.max}
        return b.call("FakeQuant", [b.typed(node.output)], pair.inputs[0], **attrs)[0]
    if grid is not None and x.array is not None:
        return b.call("Integers", [b.typed(node.output)], x, scale=float(grid[0]), zero_point=grid[1])[0]
    if node.attrs.get("block_size"):
        refuse("quantization by blocks")
    value = b.op("Cast", x, to=elem_type(np.float32))
    if zero is not None:
        value = b.op("Sub", value, b.op("Cast", _along(b, node, zero), to=elem_type(np.float32)))
    return b.op("Mul", value, _along(b, node, scale))


def _along(b: EmitBuilder, node: Node, values: Value | None) -> Value:
    """A scale or zero point for each channel, as it broadcasts."""
    assert values is not None
    if rank(values) != 1 or values.shape == (1,):
        return values if rank(values) == 0 else b.op("Reshape", values, [])
    count = rank(node.inputs[0])
    axis = integer(node, "axis", 1) % count
    return b.op("Reshape", values, [-1 if place == axis else 1 for place in range(count)])


@emit("megengine.FakeQuant")
def fake_quant(node: Node) -> EmittedCall:
    """attrs: scale, zero_point, qmin, qmax."""
    where = place(node)
    scale, zero_point = (
        StoredTensor(np.array([node.attrs[name]], np.float32), f"{where}.{name}" if where else name, trained=False)
        for name in ("scale", "zero_point")
    )
    limits = {name: node.attrs[name] for name in ("qmin", "qmax")}
    return OpdefCall("FakeQuant", (node.inputs[0], scale, zero_point), limits)


@emit("megengine.Integers")
def integers(node: Node) -> EmittedCall:
    """inputs: the integers; attrs: scale, zero_point."""
    x = tensor_of(node)
    assert x.array is not None
    scale: Any = node.attrs["scale"]
    dtype = quantized_dtype(x.array.dtype, scale, integer(node, "zero_point"))
    array = np.ascontiguousarray(x.array).reshape(x.array.shape).view(dtype)
    path = constant_name(x)
    return MethodCall("astype", (StoredTensor(array, path), "float32"), path=path)


def in_shape(b: EmitBuilder, value: Value, shape: tuple[int, ...]) -> Value:
    """A value in another shape; integers are reshaped before they are read as floats."""
    made = b.producer(value, "Integers")
    if made is not None and made.inputs[0] is not None and made.inputs[0].array is not None:
        stored = Value(made.inputs[0].name, array=made.inputs[0].array.reshape(shape))
        floats = Value(b.name_value(value.name), np.dtype(np.float32), stored.shape)
        return b.call("Integers", [floats], stored, **made.attrs)[0]
    return value if value.static_shape == shape else b.op("Reshape", value, list(shape))
