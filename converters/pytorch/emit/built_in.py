"""Built-in modules of the source that are more than one operator (``ConvBn2d``): classes with parts of their own.

A built-in module without tensors (``Elemwise``) is written in the forward() that calls it.
"""

from __future__ import annotations

from typing import Any

from mgeconvert.ir import Graph, Node
from mgeconvert.ir.scopes import Attribute, Call, Scope

PREFIX = "megengine.module."


def spread(graph: Graph) -> None:
    """Make the calls of such modules calls with nodes in them."""
    nodes: dict[Scope, list[Node]] = {}
    for node in graph.nodes:
        if node.scope is not None and node.scope.is_leaf and node.domain == "":
            nodes.setdefault(node.scope, []).append(node)
    for scope, inner in nodes.items():
        call = scope.call
        if call is None or not call.name.startswith(PREFIX) or len(inner) < 2 or not _has_tensors(call):
            continue
        names = call.names or ("self", "x", "y", "z")
        outer = Scope(
            scope.path, scope.kind, Call(call.name, call.args, call.kwargs, call.results, call.number, names[1:]),
            scope.parent,
        )  # fmt: skip
        leaf = Scope(scope.path, scope.kind, None, outer)
        for node in inner:
            node.scope = leaf


def _has_tensors(call: Call) -> bool:
    """Whether the module that is called holds a tensor or a module."""
    module = call.args[0] if call.args else None
    record: Any = module.record if isinstance(module, Attribute) else None
    attributes = getattr(record, "attributes", {})
    return any(hasattr(each, "array") or hasattr(each, "attributes") for each in attributes.values())


def path_of_weight(node: Node) -> str:
    """``conv1`` where a node's weight is called ``conv1.weight``."""
    value = node.inputs[1] if len(node.inputs) > 1 else None
    if value is None or value.array is None or not value.name.endswith(".weight"):
        return ""
    return value.name.removesuffix(".weight")
