"""Rewrites of element-wise operators, products and the movement of data; see `rewrite_windows` for pooling and the like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from mgeconvert.builder import Builder
from mgeconvert.ir import Node, Value

from . import rewrite_images, rewrite_windows
from .calls import ints, sole
from .layers import floats, rank
from .places import origin, was_function
from .prepare import RewriteBuilder
from .table import REFUSALS, refuse, rewrite

REFUSALS.update({
    "QuantizeLinear": "quantized tensors are not written to TracedModules",
    "DequantizeLinear": "quantized tensors are not written to TracedModules",
    "If": "a TracedModule has no control flow", "Loop": "a TracedModule has no control flow",
    "Scan": "a TracedModule has no control flow", "LSTM": "recurrent layers are not written to TracedModules",
    "GRU": "recurrent layers are not written to TracedModules", "RNN": "recurrent layers are not written to TracedModules",
})  # fmt: skip

INTEGER = "iu"


def is_float(value: Value | None) -> bool:
    return value is not None and value.dtype is not None and value.dtype.kind == "f"


def _narrow(dtype: np.dtype[Any] | None) -> Any:
    return np.dtype(np.int32) if dtype == np.int64 else dtype


@rewrite("Cast")
def cast(b: Builder, node: Node) -> Value | None:
    """int64 and int32 are one type in MegEngine."""
    x = node.inputs[0]
    assert x is not None
    return x if _narrow(x.dtype) == _narrow(node.output.dtype) else None


@rewrite("Identity", "Dropout")
def identity(b: Builder, node: Node) -> Sequence[Value]:
    """At inference; the mask of a Dropout that keeps everything is all true."""
    x = node.inputs[0]
    assert x is not None
    if len(node.outputs) == 1:
        return [x]
    if x.static_shape is None:
        refuse("the mask of a Dropout of a shape that is only known at run time")
    return [x, b.constant(np.ones(x.static_shape, bool))]


@rewrite("Reshape", "Expand", "Transpose", "Unsqueeze", "Squeeze", "Slice", "Pad", "Resize")
def nothing(b: Builder, node: Node) -> Value | None:
    """What changes neither shape nor order."""
    x = node.inputs[0]
    assert x is not None
    same = x.static_shape is not None and x.static_shape == node.output.static_shape
    if not same or (node.op == "Transpose" and not _in_order(node, rank(x))):
        return None
    if node.op in ("Slice", "Pad") and not _touches_nothing(node):
        return None
    return x


def _in_order(node: Node, count: int) -> bool:
    return tuple(node.attrs.get("perm", range(count)[::-1])) == tuple(range(count))  # type: ignore[arg-type]


def _touches_nothing(node: Node) -> bool:
    if node.op == "Slice":
        steps = ints(node.inputs[4]) if len(node.inputs) > 4 else [1]
        return steps is not None and all(step > 0 for step in steps)
    widths = ints(node.inputs[1])
    return widths is not None and not any(widths)


@rewrite("Add", "Sub", "Mul", "Div", "Max", "Min", "Mean", "Sum")
def variadic(b: Builder, node: Node) -> Value | None:
    """MegEngine's take two."""
    if node.op in ("Add", "Sub", "Mul", "Div") or (len(node.inputs) == 2 and node.op in ("Max", "Min")):
        return None
    step = {"Mean": "Add", "Sum": "Add"}.get(node.op, node.op)
    total, *rest = (value for value in node.inputs if value is not None)
    for value in rest:
        total = b.op(step, total, value)
    return b.op("Div", total, float(len(node.inputs))) if node.op == "Mean" else total


@rewrite("Div")
def integer_division(b: Builder, node: Node) -> Value | None:
    """`x // y` is lowered to (x - x mod y) / y. Else ONNX truncates, where MegEngine's integers round down."""
    assert isinstance(b, RewriteBuilder)
    x, y = node.inputs
    if is_float(x) or x is None or y is None:
        return None
    whole = b.producer(x, "Sub")
    rest = None if whole is None else b.producer(whole.inputs[1], "Mod")
    if whole is not None and rest is not None and rest.inputs[0] is whole.inputs[0] and _equal(rest.inputs[1], y):
        return b.call("FloorDiv", [b.typed(node.output)], whole.inputs[0], y)[0]
    if x.dtype is not None and x.dtype.kind == "u":
        return b.call("FloorDiv", [b.typed(node.output)], x, y)[0]
    size = b.call("FloorDiv", [b.typed(node.output)], b.op("Abs", x), b.op("Abs", y))[0]
    return b.op("Mul", size, b.op("Mul", b.op("Sign", x), b.op("Sign", y)))


def _equal(one: Value | None, other: Value | None) -> bool:
    if one is other:
        return True
    return one is not None and other is not None and one.array is not None and np.array_equal(one.array, other.array)  # type: ignore[arg-type]


@rewrite("Mod")
def modulo(b: Builder, node: Node) -> Value | None:
    """Floats: MegEngine's keeps the sign of the dividend, as fmod=1 asks."""
    x, y = node.inputs
    if is_float(x) and not node.attrs.get("fmod", 0):
        return b.op("Sub", x, b.op("Mul", b.op("Floor", b.op("Div", x, y)), y))
    if not is_float(x) and node.attrs.get("fmod", 0):
        return b.op("Sub", x, b.op("Mul", b.op("Div", x, y), y))
    return None


@rewrite("Neg", "Abs", "Sign", "Floor", "Ceil", "Round")
def of_integers(b: Builder, node: Node) -> Value | None:
    """Unsigned numbers and rounding of integers change nothing."""
    x = node.inputs[0]
    assert x is not None and x.dtype is not None
    if node.op in ("Floor", "Ceil", "Round") and x.dtype.kind != "f":
        return x
    return x if node.op == "Abs" and x.dtype.kind == "u" else None


@rewrite("Round")
def round_to_even(b: Builder, node: Node) -> Value:
    """MegEngine rounds halves away from zero, ONNX to even."""
    x = node.inputs[0]
    below = b.op("Floor", x)
    rest = b.op("Sub", x, below)
    odd = b.op("Sub", below, b.op("Mul", b.op("Floor", b.op("Mul", below, 0.5)), 2.0))
    up = b.op("Or", b.op("Greater", rest, 0.5), b.op("And", b.op("Equal", rest, 0.5), b.op("Greater", odd, 0.5)))
    return b.op("Add", below, b.op("Cast", up, to=_elem_type(x)))


def _elem_type(x: Value | None) -> int:
    from mgeconvert.inference import elem_type

    assert x is not None and x.dtype is not None
    return elem_type(x.dtype)


@rewrite("Reciprocal")
def reciprocal(b: Builder, node: Node) -> Value:
    x = node.inputs[0]
    return b.op("Div", _like(b, x, 1.0), x)


def _like(b: Builder, x: Value | None, number: float) -> Value:
    assert x is not None
    return b.constant(number, x.dtype)


@rewrite("Gelu")
def gelu_by_tanh(b: Builder, node: Node) -> Value | None:
    x = node.inputs[0]
    if node.attrs.get("approximate", "none") != "tanh":
        return None
    cubed = b.op("Mul", b.op("Mul", x, x), b.op("Mul", x, 0.044715))
    inner = b.op("Tanh", b.op("Mul", b.op("Add", x, cubed), math.sqrt(2 / math.pi)))
    return b.op("Mul", b.op("Mul", x, 0.5), b.op("Add", inner, 1.0))


@rewrite("HardSigmoid")
def hard_sigmoid(b: Builder, node: Node) -> Value | None:
    alpha, beta = floats(node, "alpha", 0.2), floats(node, "beta", 0.5)
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return None
    x = node.inputs[0]
    return b.op("Clip", b.op("Add", b.op("Mul", x, alpha), beta), _like(b, x, 0), _like(b, x, 1))


@rewrite("Elu", "Selu", "Celu")
def exponential_units(b: Builder, node: Node) -> Value:
    """max(x, 0) + scale * (exp(min(x, 0) / width) - 1), with the weights each has."""
    x = node.inputs[0]
    alpha = floats(node, "alpha", 1.67326319217681884765625 if node.op == "Selu" else 1.0)
    gamma = floats(node, "gamma", 1.05070102214813232421875) if node.op == "Selu" else 1.0
    below = b.op("Min", x, _like(b, x, 0))
    below = b.op("Div", below, alpha) if node.op == "Celu" else below
    curve = b.op("Mul", b.op("Sub", b.op("Exp", below), 1.0), alpha)
    total = b.op("Add", b.op("Relu", x), curve)
    return total if gamma == 1.0 else b.op("Mul", total, gamma)


@rewrite("Mish")
def mish(b: Builder, node: Node) -> Value:
    x = node.inputs[0]
    return b.op("Mul", x, b.op("Tanh", b.op("Softplus", x)))


@rewrite("Softsign")
def softsign(b: Builder, node: Node) -> Value:
    x = node.inputs[0]
    return b.op("Div", x, b.op("Add", b.op("Abs", x), 1.0))


@rewrite("ThresholdedRelu")
def thresholded_relu(b: Builder, node: Node) -> Value:
    x = node.inputs[0]
    return b.op("Where", b.op("Greater", x, floats(node, "alpha", 1.0)), x, _like(b, x, 0))


@rewrite("Relu", "LeakyRelu")
def relu_of_integers(b: Builder, node: Node) -> Value | None:
    x = node.inputs[0]
    return None if is_float(x) or node.op != "Relu" else b.op("Max", x, _like(b, x, 0))


@rewrite("Clip")
def relu6(b: Builder, node: Node) -> Value | None:
    assert isinstance(b, RewriteBuilder)
    x, lower, upper = [*node.inputs, None, None][:3]
    if lower is None and upper is None:
        return x
    limits = [None if value is None or value.array is None else sole(value) for value in (lower, upper)]
    return b.call("Relu6", [b.typed(node.output)], x)[0] if is_float(x) and limits == [0, 6] else None


@rewrite("Mul")
def silu(b: Builder, node: Node) -> Value | None:
    """x * sigmoid(x) where the source said so."""
    assert isinstance(b, RewriteBuilder)
    if origin(node)[1] not in ("SiLU", "silu"):
        return None
    x, gate = node.inputs
    curve = b.producer(gate, "Sigmoid", alone=True)
    if curve is None or curve.inputs[0] is not x:
        return None
    return b.call("Silu", [b.typed(node.output)], x)[0]


@rewrite("Where")
def where(b: Builder, node: Node) -> Value | None:
    """MegEngine chooses between numbers only, and from 32-bit ones at that."""
    mask, x, y = node.inputs
    if x is None or x.dtype is None or x.dtype.kind != "b":
        return None
    chosen = b.op("And", mask, x)
    return b.op("Or", chosen, b.op("And", b.op("Not", mask), y))


@rewrite("Gemm")
def gemm(b: Builder, node: Node) -> Value | None:
    """A Linear where the second matrix is constant, else a product and a sum."""
    assert isinstance(b, RewriteBuilder)
    left, right, bias = [*node.inputs, None][:3]
    assert left is not None and right is not None
    alpha, beta = floats(node, "alpha", 1.0), floats(node, "beta", 1.0)
    if node.attrs.get("transA"):
        left = b.op("Transpose", left, perm=[1, 0])
    plain_bias = bias is None or (bias.array is not None and rank(bias) == 1 and beta == 1.0)
    if right.array is not None and alpha == 1.0 and plain_bias and is_float(left):
        weight = right.array if node.attrs.get("transB") else right.array.T
        vector = None if bias is None or bias.array is None else _wide(b, bias, weight.shape[0])
        kernel = right if weight is right.array else Value(right.name, array=weight)
        return b.call("Linear", [b.typed(node.output)], left, kernel, vector)[0]
    if node.attrs.get("transB"):
        right = b.op("Transpose", right, perm=[1, 0])
    product = b.op("MatMul", left, right)
    product = product if alpha == 1.0 else b.op("Mul", product, alpha)
    if bias is None:
        return product
    return b.op("Add", product, bias if beta == 1.0 else b.op("Mul", bias, beta))


def _wide(b: Builder, bias: Value, count: int) -> Value:
    assert bias.array is not None
    return bias if bias.array.size == count else b.constant(np.broadcast_to(bias.array, count).copy(), name=bias.name)


@rewrite("MatMul")
def matmul(b: Builder, node: Node) -> Value | None:
    """By a constant matrix: a Linear, if the source had one. Integers are multiplied as float32."""
    assert isinstance(b, RewriteBuilder)
    left, right = node.inputs
    assert left is not None and right is not None
    if not is_float(left):
        product = b.op("MatMul", b.op("Cast", left, to=1), b.op("Cast", right, to=1))
        return b.op("Cast", product, to=_elem_type(node.output))
    if right.array is None or rank(right) != 2 or rank(left) < 2 or not _linear(node):
        return None
    weight = Value(right.name, array=right.array.T)
    return b.call("Linear", [b.typed(node.output)], left, weight, None)[0]


def _linear(node: Node) -> bool:
    return not was_function(node) or origin(node)[1] == "linear"


@rewrite("Add")
def bias_of_linear(b: Builder, node: Node) -> Value | None:
    """A Linear without a bias, and its bias."""
    assert isinstance(b, RewriteBuilder)
    for product, bias in (node.inputs, node.inputs[::-1]):
        made = b.producer(product, "Linear", alone=True)
        if made is None or made.domain != "megengine" or made.inputs[2] is not None or bias is None:
            continue
        weight = made.inputs[1]
        if (
            bias.array is not None
            and weight is not None
            and bias.shape == weight.shape[:1]
            and made.origin == node.origin
        ):  # type: ignore[index]
            return b.call("Linear", [b.typed(node.output)], made.inputs[0], weight, bias)[0]
    return None


@rewrite("Gather")
def embedding(b: Builder, node: Node) -> Value | None:
    """Rows of a constant table, where the source had an Embedding; a vector of run-time indices is cut as it is."""
    assert isinstance(b, RewriteBuilder)
    table, index = node.inputs
    assert table is not None and index is not None
    kind = origin(node)[1]
    if (
        kind in ("Embedding", "embedding")
        and table.array is not None
        and rank(table) == 2
        and not node.attrs.get("axis")
    ):
        return b.call("Embedding", [b.typed(node.output)], index, table)[0]
    return None


@rewrite("Squeeze")
def positions_of_mask(b: Builder, node: Node) -> Value | None:
    """Squeeze(NonZero(vector)) are the positions that cond_take gives."""
    assert isinstance(b, RewriteBuilder)
    found = b.producer(node.inputs[0], "NonZero")
    if found is None or rank(found.inputs[0]) != 1:
        return None
    mask = found.inputs[0]
    elements = Value(b.name_value(b._wanted("taken")), np.dtype(bool), node.output.shape)
    return b.call("CondTake", [elements, b.typed(node.output)], mask)[1]


@rewrite("NonZero")
def coordinates_of_mask(b: Builder, node: Node) -> Value | None:
    """Positions in the flattened mask, taken apart into coordinates; left alone where `positions_of_mask` does it."""
    x = node.inputs[0]
    assert x is not None
    if rank(x) == 1:
        return None
    shape = x.static_shape
    if not shape:
        refuse("NonZero of a tensor whose shape is only known at run time")
    mask = x if x.dtype == bool else b.op("Not", b.op("Equal", x, _like(b, x, 0)))
    position = b.op("Squeeze", b.op("NonZero", b.op("Reshape", mask, [-1])), [0])
    position = b.op("Cast", position, to=6)
    rows: list[Value] = []
    for size in shape[:0:-1]:
        rest = b.op("Mod", position, b.constant(size, np.int32))
        rows.append(rest)
        position = b.op("Div", b.op("Sub", position, rest), b.constant(size, np.int32))
    rows.append(position)
    return b.op("Concat", *(b.op("Unsqueeze", row, [0]) for row in reversed(rows)), axis=0)


__all__ = ["rewrite_images", "rewrite_windows"]
