"""Element-wise operators as megengine.functional calls and tensor operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from .attributes import floats
from .calls import Call, Opdef, function, method, scalar
from .scopes import module_kind
from .table import Emitter, emit

FUNCTIONS = {
    "Abs": "elemwise.abs", "Acos": "elemwise.acos", "Acosh": "elemwise.acosh", "Asin": "elemwise.asin",
    "Asinh": "elemwise.asinh", "Atan": "elemwise.atan", "Atanh": "elemwise.atanh", "Ceil": "elemwise.ceil",
    "Cos": "elemwise.cos", "Cosh": "elemwise.cosh", "Exp": "elemwise.exp", "Floor": "elemwise.floor",
    "HardSwish": "nn.hswish", "IsInf": "math.isinf", "IsNaN": "math.isnan", "Log": "elemwise.log",
    "Neg": "elemwise.neg", "Not": "elemwise.logical_not", "Sign": "math.sign", "Sin": "elemwise.sin",
    "Sinh": "elemwise.sinh", "Softplus": "nn.softplus", "Sqrt": "elemwise.sqrt", "Tan": "elemwise.tan",
    "Tanh": "elemwise.tanh",
}  # fmt: skip
"""Functions of one tensor."""

ACTIVATIONS = {"Gelu": ("nn.gelu", "GELU"), "Relu": ("nn.relu", "ReLU"), "Sigmoid": ("nn.sigmoid", "Sigmoid")}
"""Functions of one tensor that are also modules."""

OPERATORS = {"Add": "add", "Div": "truediv", "Mul": "mul", "Pow": "pow", "Sub": "sub"}
"""Operators that have a reflected form."""

COMPARISONS = {
    "Equal": ("__eq__", "__eq__"), "Greater": ("__gt__", "__lt__"), "GreaterOrEqual": ("__ge__", "__le__"),
    "Less": ("__lt__", "__gt__"), "LessOrEqual": ("__le__", "__ge__"),
}  # fmt: skip
"""Comparisons and what they are with the operands the other way round."""

PAIRS = {
    "And": "elemwise.logical_and", "Max": "elemwise.maximum", "Min": "elemwise.minimum", "Mod": "elemwise.mod",
    "Or": "elemwise.logical_or", "Xor": "elemwise.logical_xor",
}  # fmt: skip
"""Functions of two tensors or numbers."""


def _of_one(name: str) -> Emitter:
    return lambda node: function(name, node.inputs[0])


def _activation(name: str, kind: str) -> Emitter:
    def emitter(node: Node) -> Call:
        module = module_kind(node, kind, {}, node.inputs[0])
        return module or function(name, node.inputs[0])

    return emitter


def number(value: Value | None) -> Any:
    """A scalar constant as a Python number, where MegEngine keeps the tensor's dtype then; see `keeps_dtype`."""
    found = scalar(value) if value is not None and keeps_dtype(value) else value
    return value if isinstance(found, int) and not -INT32 <= found < INT32 else found


INT32 = 1 << 31


def keeps_dtype(value: Value) -> bool:
    """Whether a number of that dtype is the same as a tensor of it beside another tensor of it."""
    return value.dtype is not None and value.dtype.name in ("float32", "float16", "int32", "int64")


def _operator(name: str) -> Emitter:
    def emitter(node: Node) -> Call:
        left, right = node.inputs
        if left is not None and left.is_constant and left.rank == 0 and not (right is None or right.is_constant):
            return method(f"__r{name}__", right, number(left))
        return method(f"__{name}__", left, number(right))

    return emitter


def _comparison(name: str, mirrored: str) -> Emitter:
    def emitter(node: Node) -> Call:
        left, right = node.inputs
        if left is not None and left.is_constant and left.rank == 0 and not (right is None or right.is_constant):
            return method(mirrored, right, number(left))
        return method(name, left, number(right))

    return emitter


def _pair(name: str) -> Emitter:
    def emitter(node: Node) -> Call:
        left, right = node.inputs
        return function(name, left, number(right)) if not _lone(left) else function(name, number(left), right)

    return emitter


def _lone(value: Value | None) -> bool:
    return value is not None and value.is_constant and value.rank == 0


def _register(table: dict[str, Any], make: Callable[..., Emitter]) -> None:
    for op, names in table.items():
        emit(op)(make(*names) if isinstance(names, tuple) else make(names))


_register(FUNCTIONS, _of_one)
_register(ACTIVATIONS, _activation)
_register(OPERATORS, _operator)
_register(COMPARISONS, _comparison)
_register(PAIRS, _pair)


@emit("BitShift")
def bit_shift(node: Node) -> Call:
    left = node.attrs["direction"] == "LEFT"
    return function("elemwise.left_shift" if left else "elemwise.right_shift", node.inputs[0], node.inputs[1])


@emit("megengine.FloorDiv")
def floor_div(node: Node) -> Call:
    left, right = node.inputs
    return method("__rfloordiv__", right, number(left)) if _lone(left) else method("__floordiv__", left, number(right))


@emit("megengine.Relu6")
def relu6(node: Node) -> Call:
    return function("nn.relu6", node.inputs[0])


@emit("megengine.Silu")
def silu(node: Node) -> Call:
    return module_kind(node, "SiLU", {}, node.inputs[0]) or function("nn.silu", node.inputs[0])


@emit("Erf")
def erf(node: Node) -> Call:
    """No function of megengine.functional computes it alone."""
    return Opdef("Elemwise", (node.inputs[0],), {"mode": "ERF"})


@emit("HardSigmoid")
def hard_sigmoid(node: Node) -> Call:
    """Other slopes are rewritten."""
    return function("nn.hsigmoid", node.inputs[0])


@emit("LeakyRelu")
def leaky_relu(node: Node) -> Call:
    slope = floats(node, "alpha", 0.01)
    module = module_kind(node, "LeakyReLU", {"negative_slope": slope}, node.inputs[0])
    return module or function("nn.leaky_relu", node.inputs[0], slope)


@emit("PRelu")
def prelu(node: Node) -> Call:
    return function("nn.prelu", *node.inputs)


@emit("Clip")
def clip(node: Node) -> Call:
    """A limit that is missing makes it a maximum or a minimum, one that crosses the other gives the upper limit."""
    x, lower, upper = [*node.inputs, None, None][:3]
    if lower is None or upper is None:
        return (
            function("elemwise.minimum", x, number(upper))
            if lower is None
            else function("elemwise.maximum", x, number(lower))
        )
    return function("elemwise.clip", x, number(lower), number(upper))


@emit("Where")
def where(node: Node) -> Call:
    return function("tensor.where", *node.inputs)


@emit("Cast")
def cast(node: Node) -> Call:
    dtype = node.output.dtype
    if dtype is None:
        refuse("a cast to a type that is not known")
    return method("astype", node.inputs[0], "int32" if dtype == np.int64 else np.dtype(dtype).name)
