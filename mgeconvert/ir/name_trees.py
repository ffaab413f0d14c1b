"""The module tree in the names of operators, for sources that say nothing else of modules.

    inception_3a/1x1, inception_3a/relu_1x1, inception_3a/3x3   ->   the module inception_3a

Rules:
* A prefix of a path that ends before a separator is a module where two or more nodes stand in it.
* Names may be counted: where they differ by a number only, ``input.4`` and ``input.7``, there is no module ``input``.
* Where a path has a slash, slashes separate; else dots do.
* Scopes that have a parent are left alone, and so is a graph that has any.
* Where a module repeats what it computes, each repetition is a call (`repeated_calls`).
"""

from __future__ import annotations

import collections
import re
from collections.abc import Iterator

from .graph import Graph
from .repeated_calls import separate_calls
from .scopes import Scope


def nest_by_names(graph: Graph, separators: str = "/.", *, counted: bool = True) -> None:
    """Give the scopes of a graph the modules around them that their paths name; `counted` says that names may be
    numbered, which the paths of modules are not."""
    if not any(node.scope is not None and node.scope.parent is not None for node in graph.nodes):
        _nest(graph, separators, counted)
    separate_calls(graph)


def _nest(graph: Graph, separators: str, counted: bool) -> None:
    """Let each scope stand in the modules that its path names."""
    paths = [node.scope.path for node in graph.nodes if node.scope is not None]
    separator = next((mark for mark in separators if any(mark in path for path in paths)), None)
    if separator is None:
        return
    modules = _modules(paths, separator, counted)
    known: dict[str, Scope] = {}
    twins: dict[Scope, Scope] = {}
    for node in graph.nodes:
        scope = node.scope
        if scope is None:
            continue
        if scope not in twins:
            parent: Scope | None = None
            for path in [*_prefixes(scope.path, separator), scope.path]:
                if path in modules:
                    parent = known.setdefault(path, Scope(path, "", None, parent))
            twins[scope] = Scope(scope.path, scope.kind, scope.call, parent)
        node.scope = twins[scope]


def _modules(paths: list[str], separator: str, counted: bool) -> set[str]:
    """The prefixes that are modules."""
    nodes: collections.Counter[str] = collections.Counter(paths)
    named: set[str] = set()
    for path in paths:
        for prefix in _prefixes(path, separator):
            nodes[prefix] += 1
            if not counted or not re.fullmatch(r"[\d:]+", path[len(prefix) + 1 :]):
                named.add(prefix)
    return {prefix for prefix in named if prefix and nodes[prefix] > 1}


MOST = 200
"""A path of more parts is no path of modules."""


def _prefixes(path: str, separator: str) -> Iterator[str]:
    """``a`` and ``a/b`` of ``a/b/c``."""
    if path.count(separator) <= MOST:
        yield from (path[: found.start()] for found in re.finditer(re.escape(separator), path))
