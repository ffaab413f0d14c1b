"""IR (the form of opset 21) to the form of another opset: applies the downgrade rules, then holds every node against
the schema of the target. What is left over is reported, all of it, with the opset that would do.
"""

from __future__ import annotations

import functools
import importlib

from mgeconvert.errors import Problem, RefusedError
from mgeconvert.ir import OPSET, Attribute, Graph, Node, Value

from ..schema import newest, versions
from .replacement import Replacement
from .schema_check import append_checked, is_in_schema
from .sharing import share
from .table import RULES

FAMILIES = (
    "activation", "control", "convolution", "elementwise", "indexing", "matmul", "movement", "normalization", "pooling",
    "quantization", "recurrent", "reduction", "resize", "selection", "vision",
)  # fmt: skip
"""The modules that fill the table of rules."""


def load_table() -> None:
    """Import every family, so that the table of rules is complete."""
    for family in FAMILIES:
        importlib.import_module(f"{__package__}.{family}")


def in_opset(graph: Graph, opset: int, source: int = OPSET) -> tuple[Graph, list[Problem]]:
    """The graph in the form of `opset`, and what has no such form; the given graph is not changed.

    `source` is the opset whose form the nodes have.
    """
    load_table()
    problems: list[Problem] = []
    nodes: list[Node] = []
    for node in graph.nodes:
        if any(isinstance(attribute, Graph) for attribute in node.attrs.values()):
            node = _with_subgraphs_in_opset(node, opset, source, problems)
        reason = _append_form(node, _form_of(node, source), opset, nodes)
        if reason is not None:
            problems.append(_problem(node, reason, opset, source))
    share(graph, nodes)
    form = Graph(graph.name, graph.inputs, graph.outputs, nodes, graph.metadata, domains=graph.domains)
    return form, problems


def _form_of(node: Node, source: int) -> int:
    """The opset whose form a node has: the newest for one that passes through, which `source` does not have."""
    return source if source >= newest() or is_in_schema(node, source) else newest()


def forms_at(node: Node, source: int, opset: int) -> list[Node]:
    """The nodes that stand for a node of `source` at `opset`; raises RefusedError with the reason if there are none."""
    load_table()
    nodes: list[Node] = []
    _expand(node, source, opset, nodes)
    return nodes


def _with_subgraphs_in_opset(node: Node, opset: int, source: int, problems: list[Problem]) -> Node:
    attrs: dict[str, Attribute] = {}
    for key, attribute in node.attrs.items():
        if isinstance(attribute, Graph):
            attribute, inner = in_opset(attribute, opset, source)
            problems += inner
        attrs[key] = attribute
    return Node(node.op, node.inputs, node.outputs, attrs, node.name, node.scope, node.domain)


def _append_form(node: Node, level: int, opset: int, nodes: list[Node]) -> str | None:
    """Append the legal form of a node that has the form of opset `level`; returns the reason where there is none."""
    try:
        _expand(node, level, opset, nodes)
    except RefusedError as refusal:
        return str(refusal)
    return None


def _expand(node: Node, level: int, opset: int, nodes: list[Node]) -> None:
    since = _next_rule(node.op, level, opset) if not node.domain else None
    if since is None:
        append_checked(node, opset, nodes)
        return
    for new in _apply(node, since):
        # an operator that a rule needs and that is itself newer has rules of its own
        _expand(new, max(since - 1, _first(new.op)), opset, nodes)


def _first(op: str) -> int:
    """The opset that brought the operator."""
    return versions(op)[0] if versions(op) else 1


@functools.lru_cache(4096)
def _next_rule(op: str, level: int, opset: int) -> int | None:
    """The newest change of the operator after `opset`, up to `level`, that has a rule."""
    return max((since for since in RULES.get(op, ()) if opset < since <= level), default=None)


def _apply(node: Node, since: int) -> list[Node]:
    replacement = Replacement(node, since - 1)
    result = RULES[node.op][since](replacement, node)
    values = [result] if isinstance(result, Value) else list(result)
    if values == node.outputs:
        return replacement.nodes
    computed = {value for new in replacement.nodes for value in new.outputs}
    renamed: dict[Value, Value] = {}
    for output, value in zip(node.outputs, values, strict=True):
        if value in computed and value not in renamed:
            renamed[value] = output
        else:
            replacement.nodes.append(Node("Identity", [value], [output], {}, node.name, node.scope))
    for new in replacement.nodes:
        new.inputs = [value if value is None else renamed.get(value, value) for value in new.inputs]
        new.outputs = [renamed.get(value, value) for value in new.outputs]
    return replacement.nodes


def _problem(node: Node, reason: str, opset: int, source: int) -> Problem:
    remedy = next(
        (
            later
            for later in range(opset + 1, newest() + 1)
            if _append_form(node, _form_of(node, source), later, []) is None
        ),
        None,
    )
    place = node.origin or node.name or node.outputs[0].name
    facts = [reason] if reason else []
    if remedy is not None:
        facts.append(f"needs opset {remedy}; say --opset {remedy}")
    return Problem(place, node.op, ": ".join(facts) or "is no operator of ONNX")
