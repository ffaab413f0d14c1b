"""Forget the module tree, as `TracedModule.flatten` does."""

from __future__ import annotations

from mgeconvert.errors import ConversionError
from mgeconvert.ir import Graph
from mgeconvert.ir.whole_calls import CALL

from .names import place


def flatten(graph: Graph) -> Graph:
    """The graph without calls of modules: nodes keep the path of the module they were computed in, for names.

    ConversionError for a call of the source that was not lowered, which only its own tree can write.
    """
    for node in graph.nodes:
        if node.domain == CALL:
            raise ConversionError(f"{place(node)}: {node.op} has no other form than the source's call")
    graph = graph.copy()
    graph.calls, graph.root, graph.replaced = [], None, {}
    return graph
