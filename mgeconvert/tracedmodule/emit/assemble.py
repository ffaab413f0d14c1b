"""Puts the calls of a prepared graph together to a TracedModule: with the source's own tree where its calls are known,
else with a graph for each module that the scopes name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.errors import Problem, RefusedError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.whole_calls import CALL

from ..write.pickler import Instance
from .calls import EmittedCall, parts
from .graph_writer import type_of
from .nested import nested_module
from .result_structure import result_structure
from .scoped import scoped_module
from .scopes import fallback_path
from .table import EMITTERS, key

TYPES = frozenset(["float32", "float16", "int8", "uint8", "int16", "int32", "bool"])


def emitted(graph: Graph) -> tuple[list[tuple[Node, EmittedCall]], list[Problem]]:
    """The call of every node of a prepared graph, and what could not be expressed."""
    calls: list[tuple[Node, EmittedCall]] = []
    problems: list[Problem] = []
    for node in graph.nodes:
        emitter = EMITTERS.get(key(node))
        try:
            if emitter is not None:
                calls.append((node, emitter(node)))
        except RefusedError as refused:
            problems.append(Problem(fallback_path(node), node.op, refused.reason))
        problems += [
            Problem(fallback_path(node), node.op, f"MegEngine has no {value.dtype} tensors")
            for value in node.outputs
            if node.domain != CALL and value.dtype is not None and type_of(value).name not in TYPES
        ]
    problems += [
        Problem(fallback_path(node), node.op, "a constant that does not fit into MegEngine's int32")
        for node, call in calls
        if any(isinstance(part, Value) and _is_wide(part) for part in parts(call))
    ]
    problems += [
        Problem(name, "input", f"MegEngine has no {value.dtype} tensors")
        for name, value in graph.inputs.items()
        if type_of(value).name not in TYPES
    ]
    problems += [
        Problem(name, "output", f"MegEngine has no {value.dtype} tensors")
        for name, value in graph.outputs.items()
        if value.array is not None and type_of(value).name not in TYPES
    ]
    return calls, problems


def _is_wide(value: Value) -> bool:
    if value.array is None or value.array.dtype != np.int64 or not value.array.size:
        return False
    return bool(value.array.max() > np.iinfo(np.int32).max or value.array.min() < np.iinfo(np.int32).min)


def traced_module(graph: Graph, calls: Sequence[tuple[Node, EmittedCall]]) -> Instance:
    """The TracedModule of a prepared graph and its calls."""
    if graph.root is not None:
        return nested_module(graph, dict(calls))
    return scoped_module(graph, calls, result_structure(graph))
