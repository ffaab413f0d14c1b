"""What the rules of several nodes made alike is one: constants, copies, and nodes of the same operator and operands.

Rules see one node each; what optimization merged or removed before them they make again.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from mgeconvert.ir import Graph, Node, Shape, Value, captured

UNIQUE = frozenset(["DequantizeLinear", "QuantizeLinear"])
"""A runtime wants one of these for each reader."""

SMALL = 64
"""Constant operands of up to this many bytes are compared by content."""


def share(graph: Graph, nodes: list[Node]) -> None:
    """Change the nodes, in place, that the rules made of those of the graph."""
    before = {id(node) for node in graph.nodes}
    if all(id(node) in before for node in nodes):
        return
    _share_constants(graph, nodes)
    _share_nodes(graph, nodes)


def _share_constants(graph: Graph, nodes: list[Node]) -> None:
    """Let the constants that rules have made be one where they are equal, to each other or to one that was there."""
    there = dict.fromkeys(graph.constants())
    inputs = (value for node in nodes for value in node.inputs)
    made = {value: value for value in inputs if value is not None and value.array is not None and value not in there}
    kinds = {(value.dtype, value.shape) for value in made}
    first: dict[tuple[str, Shape | None, bytes], Value] = {}
    for value in (*(each for each in there if (each.dtype, each.shape) in kinds), *made):
        assert value.array is not None
        twin = first.setdefault((value.array.dtype.str, value.shape, value.array.tobytes()), value)
        if value in made:
            made[value] = twin
    for node in nodes if made else ():
        node.inputs = [None if value is None else made.get(value, value) for value in node.inputs]


def _share_nodes(graph: Graph, nodes: list[Node]) -> None:
    """A copy is what it copies, and a second node is the first, where a rule made them; outputs of the graph stay, and
    what bodies read from around them."""
    kept = set(graph.outputs.values()) | {value for node in nodes for value in captured(node)}
    before = {id(node) for node in graph.nodes}
    made = {id(node) for node in nodes} - before
    first: dict[Hashable, Node] = {}
    replaced: dict[Value, Value] = {}
    done: list[Node] = []
    for node in nodes:
        is_made = id(node) not in before
        inputs = [None if value is None else replaced.get(value, value) for value in node.inputs]
        if is_made:
            node.inputs = inputs
        elif inputs != node.inputs:  # the graph's own node stays as it is
            node = Node(node.op, inputs, node.outputs, node.attrs, node.name, node.scope, node.domain)
        is_free = not any(value in kept for value in node.outputs)
        if node.op == "Identity" and not node.domain and is_free and is_made and node.inputs[0] is not None:
            replaced[node.outputs[0]] = node.inputs[0]
            continue
        key = _key(node)
        twin = node if key is None else first.setdefault(key, node)
        if twin is node or not is_free or not (is_made or id(twin) in made):
            done.append(node)
            continue
        replaced |= dict(zip(node.outputs, twin.outputs, strict=True))
    nodes[:] = done


def _key(node: Node) -> Hashable | None:
    """What nodes that compute the same have in common; None for those that are not compared."""
    if node.domain or node.op in UNIQUE or node.op.startswith("Random"):
        return None
    attributes: list[Hashable] = []
    for name, attribute in sorted(node.attrs.items()):
        if isinstance(attribute, np.ndarray):
            attributes.append((name, attribute.dtype.str, attribute.shape, attribute.tobytes()))
        elif isinstance(attribute, int | float | str | tuple):
            attributes.append((name, type(attribute).__name__, repr(attribute)))
        else:
            return None
    return (node.op, tuple(map(_operand, node.inputs)), tuple(attributes), len(node.outputs))


def _operand(value: Value | None) -> Hashable:
    """A value itself, a small constant by its content."""
    if value is None or value.array is None or value.array.nbytes > SMALL or value.array.dtype == object:
        return value
    return (value.array.dtype.str, value.array.shape, value.array.tobytes())
