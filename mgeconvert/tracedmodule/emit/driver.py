"""Brings a graph into the form that emitters take: rewrites nodes until each is one call of MegEngine."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import deque
from collections.abc import Iterator

from mgeconvert.compose.driver import composed
from mgeconvert.errors import Problem, RefusedError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.families import FAMILIES
from mgeconvert.ir.inference import InferenceError
from mgeconvert.ir.whole_calls import CALL

from .builder import EmitBuilder
from .refused import LACKING, REFUSED, UNKNOWN
from .scopes import fallback_path, origin, place
from .table import EMITTERS, REWRITES, key


def load_tables() -> None:
    """Import the file or folder of every family, so that the tables are complete."""
    here = importlib.import_module(__package__)
    found = {module.name for module in pkgutil.iter_modules(here.__path__)}
    for family in FAMILIES:
        if family in found:
            importlib.import_module(f"{__package__}.{family}")


def prepare(graph: Graph) -> tuple[Graph, list[Problem]]:
    """A graph of nodes with emitters, and what could not be rewritten. The given graph stays as it is."""
    graph = composed(graph, {*EMITTERS, *REWRITES}, LACKING)
    b = EmitBuilder(graph)
    renamed: dict[Value, Value] = {}
    done: list[Node] = []
    problems: list[Problem] = []
    for source in graph.nodes:
        pending = deque([_copy(source)])
        while pending:
            node = pending.popleft()
            node.inputs = [_final(value, renamed) for value in node.inputs]
            try:
                new = _rewritten(b, node, renamed)
            except (RefusedError, InferenceError) as refused:
                reason = refused.reason if isinstance(refused, RefusedError) else refused.message
                problems.append(Problem(fallback_path(node), node.op, reason))
                node.domain, b.graph.nodes, new = REFUSED_DOMAIN, [], None
            if new is None:
                done.append(node)
                b.producers.update(dict.fromkeys(node.outputs, node))
            else:
                pending.extendleft(reversed(new))
    outputs = {name: _final(value, renamed) or value for name, value in graph.outputs.items()}
    prepared = Graph(
        graph.name, dict(graph.inputs), outputs, done, dict(graph.metadata), graph.calls, graph.root,
        graph.replaced | renamed,
    )  # fmt: skip
    prepared.replaced |= _keep_names(prepared, renamed)
    prepared.remove_dead_nodes(CALL)
    return prepared, [*problems, *_without_emitter(prepared, problems), *_of_too_many_axes(prepared)]


REFUSED_DOMAIN = "refused"
"""The domain of a node that was refused: no table has it, so that it is refused once."""

_MADE_UP = re.compile(r"(?:.*/)?[A-Z][A-Za-z0-9]*(?:_\d+)*")
"""How values are named that a lowering made on the way to its result."""


def _keep_names(graph: Graph, renamed: dict[Value, Value]) -> dict[Value, Value]:
    """A value with a made-up name takes over that of a result it stands for now; what stands for such values."""
    twins: dict[Value, Value] = {}
    inputs = set(graph.inputs.values())
    for old in renamed:
        value = _final(old, renamed)
        if value is None or value.array is not None or _MADE_UP.fullmatch(old.name):
            continue
        if value not in inputs and _MADE_UP.fullmatch(value.name) and value not in twins:
            twins[value] = Value(old.name, value.dtype, value.shape)
    for node in graph.nodes:
        node.inputs = [value if value is None else twins.get(value, value) for value in node.inputs]
        node.outputs = [twins.get(value, value) for value in node.outputs]
    graph.outputs = {name: twins.get(value, value) for name, value in graph.outputs.items()}
    return twins


MOST_AXES = 7


def _of_too_many_axes(graph: Graph) -> Iterator[Problem]:
    """Inputs and results with more axes than a tensor of MegEngine has."""
    named = [(name, "input", value) for name, value in graph.inputs.items()]
    named += [(fallback_path(node), node.op, value) for node in graph.nodes for value in node.outputs]
    for path, op, value in named:
        if value.shape is not None and len(value.shape) > MOST_AXES:
            yield Problem(path, op, f"a tensor of {len(value.shape)} axes; MegEngine has at most {MOST_AXES}")


def _without_emitter(graph: Graph, found: list[Problem]) -> Iterator[Problem]:
    """What is left that no table knows and that was not refused already."""
    refused = {(problem.scope, problem.op) for problem in found}
    for node in graph.nodes:
        path = fallback_path(node)
        if node.domain != CALL and key(node) not in EMITTERS and (path, node.op) not in refused:
            reason = REFUSED.get(key(node), UNKNOWN)
            yield Problem(path, node.op, reason)


def _rewritten(b: EmitBuilder, node: Node, renamed: dict[Value, Value]) -> list[Node] | None:
    """The nodes that take the node's place; None where no rewrite applies."""
    b.enter(node.scope, place(node) if origin(node)[1] else fallback_path(node))
    for handler in REWRITES.get(key(node), ()):
        result = handler(b, node)
        new, b.graph.nodes = b.graph.nodes, []
        if result is not None:
            results = [result] if isinstance(result, Value) else list(result)
            _take_over(b, node, results, new, renamed)
            return new
    return None


def _take_over(b: EmitBuilder, node: Node, results: list[Value], new: list[Node], renamed: dict[Value, Value]) -> None:
    """Let the new nodes compute the old node's outputs, under their names; what was there already is renamed to."""
    made = {value for item in new for value in item.outputs}
    twins: dict[Value, Value] = {}
    for old, value in zip(node.outputs, results, strict=True):
        if value in made and value not in twins:
            twins[value] = old
        elif value is not old:
            renamed[old] = twins.get(value, value)
    for item in new:
        item.inputs = [twins.get(value, value) if value is not None else None for value in item.inputs]
        item.outputs = [twins.get(value, value) for value in item.outputs]
        for value in item.outputs:
            b.producers[value] = item


def _copy(node: Node) -> Node:
    return Node(node.op, list(node.inputs), list(node.outputs), dict(node.attrs), node.name, node.scope, node.domain)


def _final(value: Value | None, renamed: dict[Value, Value]) -> Value | None:
    while value is not None and value in renamed:
        value = renamed[value]
    return value
