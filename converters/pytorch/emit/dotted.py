"""Module paths with dots, as torch has them, for graphs whose names have slashes: ``block/conv.1 -> block.conv_1``."""

from __future__ import annotations

from mgeconvert.ir import Graph
from mgeconvert.ir.scopes import Scope


def dot_paths(graph: Graph) -> None:
    """Give the nodes scopes with dotted paths where paths have slashes; scopes that hold calls are the source's own."""
    scopes = [node.scope for node in graph.nodes if node.scope is not None]
    if not any("/" in scope.path for scope in scopes) or any(each.call for scope in scopes for each in scope.chain):
        return
    twins: dict[Scope, Scope] = {}
    for node in graph.nodes:
        if node.scope is not None:
            node.scope = _dotted(node.scope, twins)


def _dotted(scope: Scope, twins: dict[Scope, Scope]) -> Scope:
    for each in scope.chain:
        if each not in twins:
            path = ".".join(part.replace(".", "_") for part in each.path.split("/") if part)
            twins[each] = Scope(path, each.kind, each.call, each.parent and twins[each.parent])
    return twins[scope]
