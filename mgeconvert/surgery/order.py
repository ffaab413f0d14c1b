"""Topological order after an edit: a replacement may read values that are computed behind its place."""

from __future__ import annotations

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph, captured
from mgeconvert.ir.order import topological

from .names import place


def in_order(graph: Graph) -> None:
    """Put the nodes, in place, behind what they read; the order stays where it can. UsageError for a circle."""
    makers = {value: number for number, node in enumerate(graph.nodes) for value in node.outputs}
    before = [
        {makers[value] for value in (*node.inputs, *captured(node)) if value is not None and value in makers}
        for node in graph.nodes
    ]
    order = topological(before, range(len(graph.nodes)))
    if len(order) < len(graph.nodes):
        placed = set(order)
        waiting = next(node for number, node in enumerate(graph.nodes) if number not in placed)
        raise UsageError(f"{place(waiting)}: the replacement reads a value that is computed from what it replaces")
    graph.nodes = [graph.nodes[number] for number in order]
