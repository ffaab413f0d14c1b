"""Reading nodes: attributes with their defaults, ranks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value


def rank(value: Value | None) -> int:
    """The number of dimensions, which every value that is raised has."""
    if value is None or value.shape is None:
        refuse("the rank of an operand is not known")
    return len(value.shape)


def floats(node: Node, name: str, default: float) -> float:
    value = node.attrs.get(name, default)
    assert isinstance(value, int | float)
    return float(value)


def integer(node: Node, name: str, default: int = 0) -> int:
    value = node.attrs.get(name, default)
    assert isinstance(value, int)
    return value


def numbers(node: Node, name: str, default: Sequence[int]) -> tuple[int, ...]:
    values: Any = node.attrs.get(name, default)
    return tuple(values)


def one_side(node: Node, dims: int) -> tuple[int, ...]:
    """The padding before each spatial axis; what is not the same on both sides has been rewritten."""
    pads = numbers(node, "pads", (0,) * (2 * dims))
    assert pads[:dims] == pads[dims:]
    return pads[:dims]
