"""Typed access to a node's operands and attributes."""

from __future__ import annotations

from typing import cast

import numpy as np

from mgeconvert.ir import Node, Shape, Value


def data(node: Node, index: int = 0) -> Value:
    """An input the operator always has."""
    value = node.inputs[index]
    assert value is not None, f"{node.op}: input {index} is missing"
    return value


def operand(node: Node, index: int) -> Value | None:
    """An input that may be left out."""
    return node.inputs[index] if index < len(node.inputs) else None


def array(node: Node, index: int) -> np.ndarray | None:
    """The array of a constant input; None where it is left out or computed."""
    value = operand(node, index)
    return None if value is None else value.array


def is_computed(node: Node, index: int) -> bool:
    """Whether an input is there and not constant."""
    value = operand(node, index)
    return value is not None and value.array is None


def integer(node: Node, name: str, default: int) -> int:
    return cast("int", node.attrs.get(name, default))


def number(node: Node, name: str, default: float) -> float:
    return float(cast("float", node.attrs.get(name, default)))


def text(node: Node, name: str, default: str) -> str:
    return cast("str", node.attrs.get(name, default))


def ints(node: Node, name: str, default: tuple[int, ...] = ()) -> tuple[int, ...]:
    return cast("tuple[int, ...]", node.attrs.get(name, default))


def scalar(value: Value | None) -> float | None:
    """The number a one-element constant holds; None for everything else."""
    found = None if value is None else value.array
    return float(found.item()) if found is not None and found.size == 1 and found.dtype.kind in "fiu" else None


def same_shape(first: Shape | None, second: Shape | None) -> bool:
    """Whether two shapes of equally many elements are one shape: they agree, or differ in one dimension only, which
    then cannot differ."""
    if first is None or second is None or len(first) != len(second):
        return False
    return sum(a != b for a, b in zip(first, second, strict=True)) <= 1 and 0 not in first


def channel_vector(numbers: np.ndarray, value: Value, axis: int) -> np.ndarray | None:
    """A constant that broadcasts to `value` as one number for each position on `axis` (float64); None where it varies
    along other axes, widens the shape, or the size of that axis is not known."""
    shape = value.shape
    if shape is None or numbers.ndim > len(shape):
        return None
    size = shape[axis]
    full = numbers.reshape((1,) * (len(shape) - numbers.ndim) + numbers.shape)
    if isinstance(size, str) or full.size not in (1, full.shape[axis]) or full.shape[axis] not in (1, size):
        return None
    return np.broadcast_to(full.reshape(-1).astype(np.float64), (size,))


def with_constant(node: Node) -> tuple[Value, np.ndarray] | None:
    """The operands of a commutative node one of which is constant: the other one, and the constant."""
    first, second = data(node), data(node, 1)
    if second.array is not None and first.array is None:
        return first, second.array
    if first.array is not None and second.array is None:
        return second, first.array
    return None
