"""What a downgrade rule asks of a node: its inputs, constants, shapes, types and attributes; else it is refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Dim, Node, Shape, Value


def operand(node: Node, index: int) -> Value | None:
    """An input that may be left out."""
    return node.inputs[index] if index < len(node.inputs) else None


def data(node: Node, index: int = 0) -> Value:
    """An input that every form of the operator has."""
    value = node.inputs[index]
    assert value is not None, f"{node.op}: input {index} is missing"
    return value


def constant(node: Node, index: int, what: str) -> np.ndarray | None:
    """The array of an input that must be known while converting; None where it is left out."""
    value = operand(node, index)
    if value is None:
        return None
    if value.array is None:
        refuse(f"{what} computed at run time")
    return value.array


def shape_of(value: Value) -> Shape:
    """The shape, whose dimensions may be symbolic; RefusedError where even the rank is unknown."""
    if value.shape is None:
        refuse("an input of unknown rank")
    return value.shape


def dtype_of(value: Value) -> np.dtype:
    if value.dtype is None:
        refuse("an input of unknown type")
    return value.dtype


def axis_of(node: Node, default: int, name: str = "axis") -> int:
    """The axis attribute counted from the front."""
    axis = node.attrs.get(name, default)
    assert isinstance(axis, int)
    return axis if axis >= 0 else axis + len(shape_of(data(node)))


def size(dim: Dim, what: str) -> int:
    """A dimension that must be a number."""
    if isinstance(dim, str):
        refuse(f"{what} of size {dim}, known only at run time")
    return dim


def reshape_target(shape: Shape) -> list[int]:
    """A shape as Reshape takes it: the one dimension that is not a number is -1."""
    if sum(isinstance(dim, str) for dim in shape) > 1:
        refuse(f"a shape with several dimensions known only at run time ({', '.join(map(str, shape))})")
    return [-1 if isinstance(dim, str) else dim for dim in shape]


def broadcast(values: Sequence[Value]) -> Shape | None:
    """The common shape of values by numpy's rules, None where it is not known."""
    result: tuple[Dim, ...] = ()
    for value in values:
        if value.shape is None:
            return None
        longer, shorter = sorted((result, value.shape), key=len, reverse=True)
        padded = (1,) * (len(longer) - len(shorter)) + shorter
        pairs = zip(longer, padded, strict=True)
        result = tuple(second if first == 1 else first for first, second in pairs)
    return result


def scalar(value: Value, number: float) -> np.ndarray:
    """A constant of the value's type."""
    return np.array(number, dtype_of(value))


def number_attribute(node: Node, name: str, default: float) -> float:
    value = node.attrs.get(name, default)
    assert isinstance(value, int | float)
    return value


def numbers_attribute(node: Node, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    value = node.attrs.get(name, default)
    assert isinstance(value, tuple)
    return tuple(int(item) for item in value)
