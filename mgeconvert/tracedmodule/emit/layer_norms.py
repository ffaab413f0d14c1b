"""The formula of a LayerNorm in one module of a foreign source as the operator that it is.

    (x - mean) / Sqrt(variance + eps) * scale + shift   ->   LayerNormalization(x, scale, shift)

with ``mean = ReduceMean(x)`` and ``variance = ReduceMean((x - mean)^2)`` over the last axes: what exporters write for
opsets before 17. All of it must stand in one module, and nothing outside may read a part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from mgeconvert.ir import Attribute, Graph, Node, Value
from mgeconvert.ir.scopes import Scope

from .operands import ints
from .scopes import place


def with_layer_norms(graph: Graph) -> Graph:
    """The graph, or one in which such formulas are LayerNormalization."""
    if not any(node.op == "Sqrt" for node in graph.nodes):
        return graph
    producers, users = graph.producers(), graph.users()
    outputs = set(graph.outputs.values())
    made: dict[Node, Node] = {}
    for node in graph.nodes:
        formula = _Formula(producers)
        found = formula.layer_norm(node) if node.op == "Add" else None
        if found is None or not _is_closed(formula.nodes, node, users, outputs):
            continue
        made[node] = found
    if not made:
        return graph
    changed = replace(graph, nodes=[made.get(node, node) for node in graph.nodes], outputs=dict(graph.outputs))
    changed.remove_dead_nodes()
    return changed


def _is_closed(nodes: set[Node], last: Node, users: Mapping[Value, list[Node]], outputs: set[Value]) -> bool:
    """Whether the nodes are in one module, and only the last one is read outside."""
    around = {node.scope.parent if node.scope is not None else None for node in nodes}
    inner = [value for node in nodes - {last} for value in node.outputs]
    read = all(user in nodes for value in inner for user in users.get(value, ()))
    return len(around) == 1 and read and outputs.isdisjoint(inner)


class _Formula:
    """Matches one formula from its end; `nodes` are those that were matched."""

    def __init__(self, producers: Mapping[Value, Node]) -> None:
        self._producers = producers
        self.nodes: set[Node] = set()

    def layer_norm(self, last: Node) -> Node | None:
        """The operator for a formula that ends with the Add of its shift."""
        shift, scaled = self._with_constant(last)
        scale, quotient = self._with_constant(self._made(scaled, "Mul"))
        divided = self._made(quotient, "Div")
        if shift is None or scale is None or divided is None:
            return None
        self.nodes.add(last)
        centred, deviation = divided.inputs
        x = self._centred(centred)
        sums = self._made(_only(self._made(deviation, "Sqrt")), "Add")
        eps, variance = self._with_constant(sums)
        squared = self._mean(variance, None)
        axes = None if squared is None or x is None else self._axes
        if axes is None or x is None or eps is None or eps.array is None or eps.array.size != 1:
            return None
        if self._squared(squared) is not x or not self._is_scale(scale, x) or not self._is_scale(shift, x):
            return None
        scope = last.scope
        around = scope.parent if scope is not None else None
        attrs: dict[str, Attribute] = {"axis": -len(axes), "epsilon": float(eps.array.item())}
        kept = Scope(place(last), "LayerNorm", None, around)
        return Node("LayerNormalization", [x, scale, shift], list(last.outputs), attrs, last.name, kept)

    _axes: tuple[int, ...] = ()

    def _made(self, value: Value | None, op: str) -> Node | None:
        node = self._producers.get(value) if value is not None else None
        if node is None or node.op != op or node.domain:
            return None
        self.nodes.add(node)
        return node

    def _with_constant(self, node: Node | None) -> tuple[Value | None, Value | None]:
        """The constant operand of a node of two, and the other one."""
        if node is None:
            return None, None
        for one, other in (node.inputs, node.inputs[::-1]):
            if one is not None and one.array is not None and one.dtype == np.float32:
                return one, other
        return None, None

    def _centred(self, value: Value | None) -> Value | None:
        """x of ``x - ReduceMean(x)``; its axes are those of the formula."""
        node = self._made(value, "Sub")
        if node is None:
            return None
        x, mean = node.inputs
        return x if self._mean(mean, x) is not None else None

    def _mean(self, value: Value | None, of: Value | None) -> Value | None:
        """What a ReduceMean over the last axes is taken of, which is `of` where that is given."""
        node = self._made(value, "ReduceMean")
        if node is None or node.inputs[0] is None or node.attrs.get("keepdims", 1) != 1:
            return None
        x, rank = node.inputs[0], node.inputs[0].rank
        axes = ints(node.inputs[1]) if len(node.inputs) > 1 else None
        if axes is None or rank is None:
            return None
        self._axes = tuple(sorted(axis % rank for axis in axes))
        is_last = self._axes == tuple(range(rank - len(axes), rank))
        return x if is_last and (of is None or x is of) else None

    def _squared(self, value: Value | None) -> Value | None:
        """x of ``(x - ReduceMean(x))^2``."""
        axes = self._axes
        power, product = self._made(value, "Pow"), self._made(value, "Mul")
        if power is not None:
            exponent = power.inputs[1]
            base = power.inputs[0] if exponent is not None and exponent.array is not None else None
            if exponent is None or exponent.array is None or exponent.array.size != 1 or exponent.array.item() != 2:
                return None
        else:
            base = product.inputs[0] if product is not None and product.inputs[0] is product.inputs[1] else None
        x = self._centred(base)
        return x if self._axes == axes else None

    def _is_scale(self, value: Value, x: Value) -> bool:
        """Whether a constant has the shape of the normalized axes, as LayerNorm holds it."""
        return x.shape is not None and value.shape == x.shape[x.rank - len(self._axes) :]  # type: ignore[operator]


def _only(node: Node | None) -> Value | None:
    return node.inputs[0] if node is not None else None
