"""merge-duplicate-nodes and merge-duplicate-constants: what is computed or stored twice."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.keys import digest

from .rewriter import Rewriter
from .table import sweep

UNIQUE = frozenset([
    "Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike",
    "DequantizeLinear", "QuantizeLinear",
])  # fmt: skip
"""Random operators, and the pairs of QDQ graphs: a runtime wants one for each reader."""

COMMUTATIVE = frozenset(["Add", "Mul", "And", "Or", "Xor", "Equal", "Max", "Min", "Sum"])

SMALL = 64
"""Constant operands of up to this many bytes are compared by content: axes, shapes, scalars."""


@sweep("merge-duplicate-nodes")
def nodes(r: Rewriter) -> int:
    """f(x), f(x) -> one f(x); in topological order: when a node is met, its operands have been merged"""
    first: dict[Hashable, Node] = {}
    merged = 0
    for node in list(r.nodes()):
        if not r.is_alive(node) or r.is_pinned(node) or node.domain or node.op in UNIQUE:
            continue
        attributes = _attributes(node)
        if attributes is None:
            continue
        operands = [_operand(value) for value in _without_unit_steps(node)]
        if node.op in COMMUTATIVE:
            operands.sort(key=hash)
        twin = first.setdefault((node.op, tuple(operands), attributes, len(node.outputs)), node)
        if twin is not node and all(r.may_become(node, value) for value in twin.outputs):
            r.replace(node, twin.outputs)
            merged += 1
    return merged


@sweep("merge-duplicate-constants")
def constants(r: Rewriter) -> int:
    """Two equal constants -> one; only arrays that agree in type, shape and first numbers are read as a whole"""
    alike: dict[Hashable, list[Value]] = {}
    for value in r.graph.constants():
        array = value.array
        assert array is not None
        if array.size and array.dtype != object and not r.is_output(value):
            start = array[(0,) * (array.ndim - 1)][:16] if array.ndim else array
            alike.setdefault((array.dtype, array.shape, start.tobytes()), []).append(value)
    merged = 0
    for group in alike.values():
        first: dict[bytes, Value] = {}
        for value in group if len(group) > 1 else ():
            assert value.array is not None
            twin = first.setdefault(digest(value.array), value)
            if twin is not value and not r.is_captured(value):
                r.redirect(value, twin)
                merged += 1
    return merged


def _without_unit_steps(node: Node) -> list[Value | None]:
    """The operands; those of a Slice without steps that are all 1, as they are where they are left out."""
    given = node.inputs[4] if node.op == "Slice" and len(node.inputs) == 5 else None
    steps = None if given is None else given.array
    return node.inputs[:4] if steps is not None and (steps == 1).all() else node.inputs


def _operand(value: Value | None) -> Hashable:
    if value is None or value.array is None or value.array.nbytes > SMALL or value.array.dtype == object:
        return value
    return (value.array.dtype, value.array.shape, value.array.tobytes())


def _attributes(node: Node) -> Hashable | None:
    """The attributes as something to compare; None for bodies of loops and branches."""
    if any(isinstance(attribute, Graph) for attribute in node.attrs.values()):
        return None
    return tuple(
        (key, (str(item.dtype), item.shape, item.tobytes()) if isinstance(item, np.ndarray) else item)
        for key, item in sorted(node.attrs.items())
    )
