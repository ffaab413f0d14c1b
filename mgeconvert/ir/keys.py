"""Keys that are equal where attributes, constants or nodes mean the same."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from .graph import Graph, Node


def hashable(value: Any) -> Any:
    """An attribute or an array as a part of a key: arrays by type, shape and content, graphs by identity."""
    if isinstance(value, np.ndarray):
        return (value.dtype.name, value.shape, digest(value))
    return id(value) if isinstance(value, Graph) else value


def digest(array: np.ndarray) -> bytes:
    """Equal for arrays of one type and shape that have the same bits; numpy gives no buffer of types it lacks."""
    return hashlib.sha256(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data).digest()


def hashable_attributes(node: Node) -> tuple[tuple[str, Any], ...]:
    """The attributes of a node, sorted by name."""
    return tuple((name, hashable(value)) for name, value in sorted(node.attrs.items()))


def computation(node: Node) -> tuple[Any, ...]:
    """What a node computes and in which module, apart from its operands."""
    place = (node.scope.path, node.scope.kind) if node.scope is not None else ()
    return (node.domain, node.op, place, hashable_attributes(node))
