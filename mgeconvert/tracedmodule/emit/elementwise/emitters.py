"""Element-wise operators as functions of megengine.functional.elemwise and operators of tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node

from ..calls import EmittedCall, OpdefCall, function, method
from ..operands import lone, number
from ..table import Emitter, emit

FUNCTIONS = {
    "Abs": "elemwise.abs", "Acos": "elemwise.acos", "Acosh": "elemwise.acosh", "Asin": "elemwise.asin",
    "Asinh": "elemwise.asinh", "Atan": "elemwise.atan", "Atanh": "elemwise.atanh", "Ceil": "elemwise.ceil",
    "Cos": "elemwise.cos", "Cosh": "elemwise.cosh", "Exp": "elemwise.exp", "Floor": "elemwise.floor",
    "IsInf": "math.isinf", "IsNaN": "math.isnan", "Log": "elemwise.log", "Neg": "elemwise.neg",
    "Not": "elemwise.logical_not", "Sign": "math.sign", "Sin": "elemwise.sin", "Sinh": "elemwise.sinh",
    "Sqrt": "elemwise.sqrt", "Tan": "elemwise.tan",
}  # fmt: skip
"""Functions of one tensor."""

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


def _operator(name: str) -> Emitter:
    def emitter(node: Node) -> EmittedCall:
        left, right = node.inputs
        if lone(left) and not (right is None or right.is_constant):
            return method(f"__r{name}__", right, number(left))
        return method(f"__{name}__", left, number(right))

    return emitter


def _comparison(name: str, mirrored: str) -> Emitter:
    def emitter(node: Node) -> EmittedCall:
        left, right = node.inputs
        if lone(left) and not (right is None or right.is_constant):
            return method(mirrored, right, number(left))
        return method(name, left, number(right))

    return emitter


def _pair(name: str) -> Emitter:
    def emitter(node: Node) -> EmittedCall:
        left, right = node.inputs
        return function(name, left, number(right)) if not lone(left) else function(name, number(left), right)

    return emitter


def _register(table: dict[str, Any], make: Callable[..., Emitter]) -> None:
    for op, names in table.items():
        emit(op)(make(*names) if isinstance(names, tuple) else make(names))


_register(FUNCTIONS, _of_one)
_register(OPERATORS, _operator)
_register(COMPARISONS, _comparison)
_register(PAIRS, _pair)


@emit("BitShift", "megengine.BitShift")
def bit_shift(node: Node) -> EmittedCall:
    left = node.attrs["direction"] == "LEFT"
    return function("elemwise.left_shift" if left else "elemwise.right_shift", node.inputs[0], node.inputs[1])


@emit("megengine.FloorDiv")
def floor_div(node: Node) -> EmittedCall:
    left, right = node.inputs
    return method("__rfloordiv__", right, number(left)) if lone(left) else method("__floordiv__", left, number(right))


@emit("Erf")
def erf(node: Node) -> EmittedCall:
    """No function of megengine.functional computes it alone."""
    return OpdefCall("Elemwise", (node.inputs[0],), {"mode": "ERF"})


@emit("Clip")
def clip(node: Node) -> EmittedCall:
    """A limit that is missing makes it a maximum or a minimum, one that crosses the other gives the upper limit."""
    x, lower, upper = [*node.inputs, None, None][:3]
    if lower is None or upper is None:
        return (
            function("elemwise.minimum", x, number(upper))
            if lower is None
            else function("elemwise.maximum", x, number(lower))
        )
    return function("elemwise.clip", x, number(lower), number(upper))


@emit("Cast")
def cast(node: Node) -> EmittedCall:
    dtype = node.output.dtype
    if dtype is None:
        refuse("a cast to a type that is not known")
    return method("astype", node.inputs[0], "int32" if dtype == np.int64 else np.dtype(dtype).name)
