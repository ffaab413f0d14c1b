"""Calls of one module, for sources that say which module a node stands in but not in which of its calls.

    scopes:  m.a, m.b, m.a, m.b   ->   the call (m.a, m.b) of m, and another one

Rules:
* A module is called as often as what is computed in it repeats from first to last: the same operators in the same
  modules with the same constants, wired in the same way among one another.
* There is a weight or a module within what repeats; operators that only look alike are one call.
* Outer modules are separated first. What is in their calls is looked at call by call.

The work is proportional to the operands of the graph times the depth of the tree.
"""

from __future__ import annotations

import collections
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .graph import Graph, Node, Value
from .keys import computation, hashable
from .scopes import Scope

SMALL = 64
"""A constant of more elements is a weight."""


def separate_calls(graph: Graph) -> None:
    """Give the nodes of a graph a scope for each call of a module that the source shows by repetition only."""
    producers = graph.producers()
    tree = _Tree()
    stack = [(list(graph.nodes), 0)]
    while stack:
        nodes, level = stack.pop()
        for inside in _modules(nodes, level, tree):
            period = _period(inside)
            if period < len(inside) and _is_call(inside, period, level, producers, tree):
                for start in range(period, len(inside), period):
                    _call_anew(inside[start : start + period], tree.around(inside[start])[level:])
                stack += [(inside[start : start + period], level + 1) for start in range(0, len(inside), period)]
            else:
                stack.append((inside, level + 1))


class _Tree:
    """The modules around each scope that are not the top one, outermost first."""

    def __init__(self) -> None:
        self._known: dict[Scope | None, list[Scope]] = {None: []}

    def around(self, node: Node) -> list[Scope]:
        """The modules around a node."""
        parent = node.scope.parent if node.scope is not None else None
        if parent is not None and parent not in self._known:
            for scope in parent.chain:
                self._known.setdefault(scope, [*self._known[scope.parent], *([scope] if scope.path else [])])
        return self._known[parent]


def _modules(nodes: Sequence[Node], level: int, tree: _Tree) -> Iterator[list[Node]]:
    """The nodes in each module of a level whose calls nobody counted."""
    inside: dict[Scope, list[Node]] = collections.defaultdict(list)
    for node in nodes:
        around = tree.around(node)
        if len(around) > level and around[level].call is None:
            inside[around[level]].append(node)
    yield from inside.values()


def _key(node: Node) -> Any:
    """Equal for nodes that may be one in two calls."""
    return (computation(node), tuple(value is None or hashable(value.array) for value in node.inputs))


def _period(nodes: Sequence[Node]) -> int:
    """The length of the shortest part that the nodes repeat from first to last; of all where they do not repeat.

    Source: Knuth, Morris, Pratt, Fast Pattern Matching in Strings (1977), the failure function.
    """
    if not any(_looks_like(node, nodes[0]) for node in nodes[1:]):
        return len(nodes)
    keys = [_key(node) for node in nodes]
    border = [0] * len(keys)
    for at in range(1, len(keys)):
        length = border[at - 1]
        while length and keys[at] != keys[length]:
            length = border[length - 1]
        border[at] = length + (keys[at] == keys[length])
    period = len(keys) - border[-1]
    return period if len(keys) % period == 0 else len(keys)


def _looks_like(node: Node, first: Node) -> bool:
    assert node.scope is not None
    assert first.scope is not None
    return node.op == first.op and node.scope.path == first.scope.path


def _is_call(nodes: Sequence[Node], period: int, level: int, producers: Mapping[Value, Node], tree: _Tree) -> bool:
    """Whether each repetition has a weight or a module in it and is wired as the first one is."""
    if not any(len(tree.around(node)) > level + 1 or _has_weight(node) for node in nodes[:period]):
        return False
    places = {node: place for place, node in enumerate(nodes)}
    wires = [_wires(place, node, period, places, producers) for place, node in enumerate(nodes)]
    return all(wires[place] == wires[place % period] for place in range(period, len(nodes)))


def _has_weight(node: Node) -> bool:
    return any(value is not None and value.array is not None and value.array.size > SMALL for value in node.inputs)


def _wires(
    place: int, node: Node, period: int, places: Mapping[Node, int], producers: Mapping[Value, Node]
) -> list[int]:
    """How far back each operand is made, 0 outside of the node's repetition."""
    makers = [places.get(producers[value], -1) if value in producers else -1 for value in node.inputs if value]
    return [place - maker if maker >= 0 and maker // period == place // period else 0 for maker in makers]


def _call_anew(nodes: Sequence[Node], called: Sequence[Scope]) -> None:
    """Twins of the nodes' scopes that are in the first of `called`, the modules around the first node."""
    outside = called[0].parent
    twins: dict[Scope | None, Scope | None] = {outside: outside}
    for node in nodes:
        assert node.scope is not None
        fresh = []
        scope: Scope | None = node.scope
        while scope is not None and scope not in twins:
            fresh.append(scope)
            scope = scope.parent
        for scope in reversed(fresh):
            twins[scope] = Scope(scope.path, scope.kind, scope.call, twins[scope.parent])
        node.scope = twins[node.scope]
