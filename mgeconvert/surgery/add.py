"""More inputs: what other edits of the graph then read."""

from __future__ import annotations

from collections.abc import Mapping

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph, Namer, TensorType, Value

from .names import copied


def add_inputs(graph: Graph, types: Mapping[str, TensorType]) -> Graph:
    """The graph with more inputs, after those there are, which nothing reads yet. UsageError where the name is taken.

    A shape may have names of sizes.
    """
    graph = copied(graph)
    names = Namer(value.name for value in graph.values())
    for name, kind in types.items():
        if name in graph.inputs or name in graph.outputs:
            raise UsageError(f"{name}: the model has an input or output of this name", hint="give it another name")
        graph.inputs[name] = Value(names(name), kind.dtype, kind.shape)
    return graph
