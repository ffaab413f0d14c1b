"""The table of emitters: ONNX operator to the name of a function of `run`, with its constant arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from mgeconvert.ir import Node

Step: TypeAlias = "tuple[str, dict[str, Any]]"
"""A function's name and its arguments after the node's inputs."""
Emitter: TypeAlias = "Callable[[Node], Step]"
EMITTERS: dict[str, Emitter] = {}


def emit(*ops: str) -> Callable[[Emitter], Emitter]:
    """Claim ONNX operators for an emitter."""

    def register(emitter: Emitter) -> Emitter:
        for op in ops:
            if op in EMITTERS:
                raise ValueError(f"{op} is emitted twice")
            EMITTERS[op] = emitter
        return emitter

    return register


def ints(node: Node, name: str, default: list[int]) -> list[int]:
    """An attribute that is a list of numbers."""
    value = node.attrs.get(name, default)
    return [int(number) for number in value]  # type: ignore[union-attr, arg-type]
