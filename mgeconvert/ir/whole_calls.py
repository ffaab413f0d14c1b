"""Calls of the source that are still what they were, each as one node.

A lowering writes a call as the operators that it means. Where all of them are still there, untouched, a target of the
same world writes the call itself instead: ``matinv``, ``x.flatten(1)``, a Dropout that was lowered to nothing. What a
pass or a user changed is written from the operators that stand there now.

Rules:
* A leaf call is whole while each node it was lowered to is in the graph with the same operator, attributes, results and
  operands (an operand that was replaced everywhere is the same operand), no node was added to its scope, and all its
  arguments can still be computed. A node may also have been passed over as one that changes nothing; one that does
  not compute the call's results, merged with an equal one, found to be constant, or dropped with what read it.
* An argument is the result of the call that made it. Where that call is not whole, it is the value that the lowering
  gave for it, or what has replaced that value since.
* A node inside a whole call is written too where a node outside reads it.
* A node of a call that is not whole reads what its call was given: the result of a Dropout, not the Dropout's operand
  that it was lowered to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Mapping

import numpy as np

from .graph import Graph, Made, Node, Value
from .order import topological
from .scopes import Call, Scope, leaves

CALL = "mgeconvert.call"
"""The domain of a node that is one call of the source: its operator is the name of what was called, its scope says the
rest. Its inputs are the values among the call's arguments, in order."""


def with_whole_calls(graph: Graph, wanted: Callable[[Scope], bool] = lambda _: True) -> Graph:
    """A graph that computes the same, in which each whole call that is `wanted` is one node of the domain `CALL`.

    Values and the other nodes are shared with the given graph, which stays as it is. `current` of the new graph gives
    for each value of a signature what stands for it there. A module that called nothing is a node without outputs.
    """
    whole = _whole(graph, wanted)
    while True:
        rewritten = _Rewriting(graph, whole)
        nodes = rewritten.in_order()
        if nodes is not None:
            return rewritten.graph(nodes)
        whole = {scope for scope in whole if scope.call is not None and scope.call.made}


def _whole(graph: Graph, wanted: Callable[[Scope], bool]) -> set[Scope]:
    """The whole calls, in one sweep in the order of the source."""
    present: dict[Scope, int] = {}
    for node in graph.nodes:
        if node.scope is not None:
            present[node.scope] = present.get(node.scope, 0) + 1
    nodes, producers = set(graph.nodes), graph.producers()
    known = {*graph.inputs.values(), *producers}
    whole: set[Scope] = set()
    for scope in graph.calls:
        call = scope.call
        if call is None or call.made is None or not wanted(scope):
            continue
        if sum(made.node in nodes for made in call.made) != present.get(scope, 0):
            continue
        results = {item for item in leaves(call.results) if isinstance(item, Value)}
        if all(_stands(graph, made, nodes, producers, results) for made in call.made) and all(
            value in known or (now := graph.current(value)) in known or now.is_constant for value in _values(call)
        ):
            whole.add(scope)
            known.update(results)
    return whole


def _values(call: Call) -> Iterator[Value]:
    """The values among a call's arguments, in order."""
    return (item for item in leaves((call.args, call.kwargs)) if isinstance(item, Value))


def _stands(
    graph: Graph, made: Made, nodes: Collection[Node], producers: Mapping[Value, Node], results: Collection[Value]
) -> bool:
    """Whether what a node computed that a call was lowered to is still computed in the same way."""
    node = made.node
    if node in nodes:
        return _same(graph, node, made)
    now = [graph.current(value) for value in node.outputs]
    twins = {producers.get(value) for value in now}
    twin = twins.pop() if len(twins) == 1 else None
    passed = any(now == [graph.current(value)] for value in made.inputs if value is not None)
    if any(value in results for value in node.outputs):
        return passed and twin is not None and twin.scope is node.scope
    dropped = all(value.is_constant or value not in producers for value in now)
    return passed or dropped or (twin is not None and _same(graph, twin, made))


def _same(graph: Graph, node: Node, made: Made) -> bool:
    """Whether a node computes what the one that was made did."""
    if node.op != made.op or len(node.inputs) != len(made.inputs) or not _equal_attrs(node.attrs, made.attrs):
        return False
    return all(
        now is was if now is None or was is None else _same_operand(graph, now, was, array)
        for now, was, array in zip(node.inputs, made.inputs, made.arrays, strict=True)
    )


def _same_operand(graph: Graph, now: Value, was: Value, array: np.ndarray | None) -> bool:
    if array is None:
        return now is graph.current(was)
    return now.array is array or (
        now.array is not None and now.array.dtype == array.dtype and np.array_equal(now.array, array)
    )


def _equal_attrs(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    return one.keys() == other.keys() and all(value is other[key] or value == other[key] for key, value in one.items())


def _is_inside(graph: Graph, value: Value, producers: Mapping[Value, Node], scope: Scope, call: Call) -> bool:
    """Whether what stands for a call's result now is another value of that call, and no result of it: of two results
    that are one value, each is the source's own variable."""
    now = graph.current(value)
    maker = producers.get(now)
    return maker is not None and maker.scope is scope and all(now is not each for each in leaves(call.results))


def _twin(value: Value) -> Value:
    return Value(value.name, value.dtype, value.shape)


class _Rewriting:
    """The graph in terms of the whole calls."""

    def __init__(self, graph: Graph, whole: set[Scope]) -> None:
        self.source = graph
        self.whole = whole
        producers = graph.producers()
        aliases = {
            value
            for scope in whole
            if scope.call
            for value in leaves(scope.call.results)
            if isinstance(value, Value)
            and value not in producers
            and not _is_inside(graph, value, producers, scope, scope.call)
        }
        self.replaced = {old: new for old, new in graph.replaced.items() if old not in aliases}
        self.current = Graph(replaced=self.replaced).current
        self.nodes: list[tuple[tuple[int, int], Node]] = []
        self.outputs = self._outputs()
        self._collect()

    def _outputs(self) -> dict[str, Value]:
        """The outputs by what the source returned, where that is still what they are."""
        outputs = dict(self.source.outputs)
        top = next((scope for scope in self.source.calls if scope.parent is None), None)
        results = list(leaves(top.call.results)) if top is not None and top.call is not None else []
        if len(results) == len(outputs):
            for (name, value), result in zip(self.source.outputs.items(), results, strict=True):
                if isinstance(result, Value) and self.source.current(result) is value:
                    outputs[name] = self.current(result)
        return outputs

    def _collect(self) -> None:
        """The calls, and the nodes that are in none or that somebody outside of theirs reads."""
        source = self.source
        order = {scope: number for number, scope in enumerate(source.calls)}
        callers = {scope.parent for scope in source.calls}
        given = set(source.inputs.values())
        for scope, number in order.items():
            if scope in self.whole and scope.call is not None:
                given.update(self._results(scope.call))
                self.nodes.append(((number, -1), self._call(scope, scope.call)))
            elif scope not in callers and scope.call is not None and scope.call.made is None:
                inside = Scope(scope.path, "", None, scope)
                self.nodes.append(((number, -1), Node("", [], [], {}, "", inside, CALL)))
        place, loose = 0, []
        needed = [value for _, node in self.nodes for value in node.inputs if value is not None]
        needed += self.outputs.values()
        inputs: dict[Node, list[Value | None]] = {}
        for position, node in enumerate(source.nodes):
            place = order.get(node.scope, place) if node.scope is not None else place
            loose.append(((place, position), node))
            inputs[node] = node.inputs
            if node.scope not in self.whole:
                inputs[node] = self._as_given(node, given)
                needed += [value for value in inputs[node] if value is not None]
        live = {value for value in needed if value not in given}
        kept = []
        for key, node in reversed(loose):
            inner = node.scope in self.whole
            if inner and not any(value in live for value in node.outputs):
                continue
            if inner:
                live.update(value for value in node.inputs if value is not None and value not in given)
            outputs = [_twin(value) if value in given else value for value in node.outputs]
            kept.append((key, Node(node.op, inputs[node], outputs, node.attrs, node.name, node.scope, node.domain)))
        self.nodes += kept

    def _as_given(self, node: Node, given: Container[object]) -> list[Value | None]:
        """The node's operands, with results of whole calls for what those were lowered to."""
        if node.scope is None or node.scope.call is None:
            return node.inputs
        signed = list(_values(node.scope.call))
        stands = {self.source.current(value): value for value in signed if value in given}
        stands = {now: value for now, value in stands.items() if now is not value and now not in signed}
        return [stands.get(value, value) if value is not None else None for value in node.inputs]

    def _call(self, scope: Scope, call: Call) -> Node:
        inputs: list[Value | None] = [self.current(value) for value in _values(call)]
        return Node(call.name, inputs, self._results(call), {}, scope.text, scope, CALL)

    def _results(self, call: Call) -> list[Value]:
        """What a call computes; what stands for a result within the call, where that has been passed over."""
        return [self.current(value) for value in leaves(call.results) if isinstance(value, Value)]

    def in_order(self) -> list[Node] | None:
        """The nodes in topological order, that of the source where it can be; None where there is a circle."""
        makers = {value: index for index, (_, node) in enumerate(self.nodes) for value in node.outputs}
        before = [
            {makers[value] for value in node.inputs if value is not None and value in makers} for _, node in self.nodes
        ]
        order = topological(before, [key for key, _ in self.nodes])
        return [self.nodes[index][1] for index in order] if len(order) == len(self.nodes) else None

    def graph(self, nodes: list[Node]) -> Graph:
        """The graph of these nodes."""
        source = self.source
        return Graph(
            source.name, dict(source.inputs), self.outputs, nodes, dict(source.metadata), source.calls, source.root,
            self.replaced,
        )  # fmt: skip
