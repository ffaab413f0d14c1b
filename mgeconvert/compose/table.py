"""The table of compositions: what stands for an operator where a target lacks it.

    @compose("Shrink")
    def shrink(b: Builder, node: Node) -> Value: ...

A composition returns the values that stand for the node's outputs, built with `b`. Keys of other operator sets have
their name: ``com.microsoft.FusedMatMul``. What a composition cannot take it refuses: then the node stays as it is, and
the target says what it lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Dim, Node, Shape, Value
from mgeconvert.ir.builder import Builder

Result: TypeAlias = "Value | Sequence[Value]"
Composition: TypeAlias = "Callable[[Builder, Node], Result]"

COMPOSITIONS: dict[str, Composition] = {}


def compose(*keys: str) -> Callable[[Composition], Composition]:
    """Claim operators for a composition; each is claimed once."""

    def claim(function: Composition) -> Composition:
        for key in keys:
            assert key not in COMPOSITIONS, f"{key} is composed twice"
            COMPOSITIONS[key] = function
        return function

    return claim


FORMS: dict[str, tuple[Callable[[Node], bool], Composition]] = {}
"""Operators of which one form, told by the function, is composed for every target, though it has the operator."""


def compose_form(op: str, applies: Callable[[Node], bool]) -> Callable[[Composition], Composition]:
    """Claim the form of an operator for which `applies` is true."""

    def claim(function: Composition) -> Composition:
        assert op not in FORMS, f"a form of {op} is composed twice"
        FORMS[op] = applies, function
        return function

    return claim


PARTIAL: dict[str, tuple[Callable[[Node], bool], Composition]] = {}
"""Operators of which one form is composed for the targets that lack that form, though they have the operator."""


def compose_where_lacking(op: str, applies: Callable[[Node], bool]) -> Callable[[Composition], Composition]:
    """Claim the form of an operator for which `applies` is true, for targets that say they lack it."""

    def claim(function: Composition) -> Composition:
        assert op not in PARTIAL, f"a lacking form of {op} is composed twice"
        PARTIAL[op] = applies, function
        return function

    return claim


def key_of(node: Node) -> str:
    return f"{node.domain}.{node.op}" if node.domain else node.op


def operand(node: Node, index: int) -> Value | None:
    """An input that may be left out."""
    return node.inputs[index] if index < len(node.inputs) else None


def data(node: Node, index: int = 0) -> Value:
    """An input that must be there."""
    value = operand(node, index)
    if value is None:
        refuse(f"input {index + 1} is missing")
    return value


def shape_of(value: Value) -> Shape:
    """The shape, whose dimensions may be symbolic; RefusedError where the rank is not known."""
    if value.shape is None:
        refuse("an input of unknown rank")
    return value.shape


def reshape_target(dims: Sequence[Dim]) -> list[int]:
    """The target of a Reshape to that shape; RefusedError where several dimensions are symbolic."""
    if sum(isinstance(dim, str) for dim in dims) > 1:
        refuse("several sizes known only at run time")
    return [-1 if isinstance(dim, str) else dim for dim in dims]


def array_of(node: Node, index: int, what: str) -> np.ndarray | None:
    """A constant input; None where it is left out, RefusedError where it is computed."""
    value = operand(node, index)
    if value is None:
        return None
    if value.array is None:
        refuse(f"{what} computed at run time")
    return value.array


def number(node: Node, name: str, default: float) -> float:
    return cast("float", node.attrs.get(name, default))


def integer(node: Node, name: str, default: int) -> int:
    return cast("int", node.attrs.get(name, default))


def attributes(node: Node, *without: str) -> dict[str, Any]:
    """The node's attributes but for some."""
    return {key: value for key, value in node.attrs.items() if key not in without}


def scalar(like: Value, value: float) -> np.ndarray:
    """A number in the type of a value."""
    return np.array(value, like.dtype)
