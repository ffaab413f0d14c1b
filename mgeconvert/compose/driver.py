"""Puts compositions in the place of the operators that a target lacks."""

from __future__ import annotations

import importlib
from collections.abc import Container

from mgeconvert.errors import RefusedError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.inference import InferenceError, infer

from .movement import keeping_sizes, reshape_keeping_sizes
from .sequences import SEQUENCES, Sequences
from .table import COMPOSITIONS, FORMS, PARTIAL, Composition, key_of

FAMILIES = (
    "activation", "control", "convolution", "elementwise", "indexing", "matmul", "movement", "normalization", "pooling",
    "quantization", "recurrent", "reduction", "resize", "selection", "vision",
)  # fmt: skip
"""The modules that fill the table."""


def load_table() -> None:
    """Import every family, so that the table is complete."""
    for family in FAMILIES:
        importlib.import_module(f"{__package__}.{family}")


def composed(graph: Graph, has: Container[str], lacks: Container[str] = ()) -> Graph:
    """A copy of the graph in which what is not in `has` is composed; the graph itself where nothing is.

    `has` holds operators as the target's table names them: by name for ONNX's own; `lacks` those that the target has
    without the form that `compose_where_lacking` names.
    """
    load_table()
    if not keeping_sizes(graph) and not any(
        _composition(node, has, lacks) or _is_sequence(node, has) for node in graph.nodes
    ):
        return graph
    graph = graph.copy()
    keeping = keeping_sizes(graph)
    replaced: dict[Value, Value] = {}
    b, sequences = Builder(graph), Sequences()
    resolves = all(value.container is None for value in graph.outputs.values())  # an output needs its sequence
    pending, done = graph.nodes[::-1], []
    while pending:
        node = pending.pop()
        node.inputs = [_final(value, replaced) for value in node.inputs]
        made: list[Node] | None = None
        build = reshape_keeping_sizes if node in keeping else _composition(node, has, lacks)
        if build is not None:
            made = _built(b, node, build, replaced)
        elif resolves and _is_sequence(node, has):
            made = _built(b, node, sequences.resolve, replaced)
        if made is None:
            _infer_again(node)
            done.append(node)
        else:
            pending += made[::-1]
    graph.nodes = done
    graph.replace(replaced)
    graph.remove_dead_nodes()
    return graph


def _composition(node: Node, has: Container[str], lacks: Container[str]) -> Composition | None:
    """What composes the node for such a target; None where the target takes it."""
    key = key_of(node)
    if key in FORMS and FORMS[key][0](node):
        return FORMS[key][1]
    if key in PARTIAL and (key in lacks or key not in has) and PARTIAL[key][0](node):
        return PARTIAL[key][1]
    return COMPOSITIONS[key] if key in COMPOSITIONS and key not in has else None


def _is_sequence(node: Node, has: Container[str]) -> bool:
    return node.op in SEQUENCES and not node.domain and node.op not in has


def _built(b: Builder, node: Node, build: Composition, replaced: dict[Value, Value]) -> list[Node] | None:
    """The nodes that stand for one; None where what builds them does not take it."""
    b.graph = Graph()
    b.enter(node.scope, node.name or node.op)
    try:
        result = build(b, node)
    except (RefusedError, InferenceError):
        return None
    values = [result] if isinstance(result, Value) else list(result)
    made = b.graph.nodes
    own = {value for new in made for value in new.outputs}
    for old, new in zip(node.outputs, values, strict=False):
        replaced[old] = new
        if new in own:
            new.name = old.name
    return made


def _infer_again(node: Node) -> None:
    """Types that were not known before what the node reads was composed."""
    if any(value.dtype is None or value.shape is None for value in node.outputs):
        try:
            infer(node)
        except InferenceError:
            return


def _final(value: Value | None, replaced: dict[Value, Value]) -> Value | None:
    while value is not None and value in replaced:
        value = replaced[value]
    return value
