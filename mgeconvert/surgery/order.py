"""Topological order after an edit: a replacement may read values that are computed behind its place."""

from __future__ import annotations

import heapq

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph, Node, captured

from .names import place


def in_order(graph: Graph) -> None:
    """Put the nodes, in place, behind what they read; the order stays where it can. UsageError for a circle."""
    producers = graph.producers()
    number = {node: index for index, node in enumerate(graph.nodes)}
    users: dict[Node, list[Node]] = {node: [] for node in graph.nodes}
    pending = dict.fromkeys(graph.nodes, 0)
    for node in graph.nodes:
        read = [value for value in (*node.inputs, *captured(node)) if value in producers]
        for maker in dict.fromkeys(producers[value] for value in read if value is not None):
            users[maker].append(node)
            pending[node] += 1
    ready = [number[node] for node in graph.nodes if not pending[node]]
    before, graph.nodes = graph.nodes, []
    while ready:
        node = before[heapq.heappop(ready)]
        graph.nodes.append(node)
        for user in users[node]:
            pending[user] -= 1
            if not pending[user]:
                heapq.heappush(ready, number[user])
    if len(graph.nodes) < len(before):
        waiting = next(node for node in before if pending[node])
        raise UsageError(f"{place(waiting)}: the replacement reads a value that is computed from what it replaces")
