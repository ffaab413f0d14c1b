"""Reading a node's attributes, with ONNX's defaults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mgeconvert.ir import Node


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
