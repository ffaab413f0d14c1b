"""Typed access to a node's operands and attributes."""

from __future__ import annotations

from typing import cast

import numpy as np

from mgeconvert.ir import Node, Value


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
