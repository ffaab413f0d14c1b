"""Modules by path or class: ``layer1``, ``layer*.0``, ``**.bn1``, ``Conv2d``, ``relu``.

A selector is a path from the top module, in which ``*`` stands for characters of one name and ``**`` for any number of
names. One that no path has is a class, or the name of a function or method that was called. What is within a selected
module is selected with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from mgeconvert.ir import Graph, Node
from mgeconvert.ir.scopes import Scope
from mgeconvert.ir.tree_statistics import modules_of

from .names import unknown

Module: TypeAlias = "tuple[str, str, Any]"
"""Path, class, and what is the same for the nodes of one call of it."""


def nodes_in(graph: Graph, selectors: Sequence[str]) -> set[Node]:
    """The nodes of the selected modules. UsageError for a selector that selects nothing."""
    return {node for selector in selectors for nodes in groups(graph, selector) for node in nodes}


def groups(graph: Graph, selector: str) -> list[list[Node]]:
    """The nodes of each call of the selected modules, in order; a call within a selected one is part of that."""
    known = _Around()
    around = [(node, known(node)) for node in graph.nodes]
    for part, matches in ((0, path_matches), (1, fnmatchcase)):
        found: dict[Any, list[Node]] = {}
        for node, modules in around:
            call = next((module[2] for module in modules if module[part] and matches(module[part], selector)), None)
            if call is not None:
                found.setdefault(call, []).append(node)
        if found:
            return list(found.values())
    listed = dict.fromkeys(text for _, modules in around for module in modules for text in module[:2] if text)
    raise unknown("module or class", selector, listed)


def path_matches(path: str, pattern: str) -> bool:
    """Whether a module path is what a pattern with ``*`` and ``**`` describes."""
    return _match(path.split("."), pattern.split("."))


def _match(names: list[str], patterns: list[str]) -> bool:
    reached = {0}
    for pattern in patterns:
        if pattern == "**":
            reached = set(range(min(reached, default=len(names) + 1), len(names) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(names) and fnmatchcase(names[at], pattern)}
    return len(names) in reached


class _Around:
    """The modules and the call of a function around a node, the outermost first, looked up once for each scope."""

    def __init__(self) -> None:
        self._known: dict[Scope | None, list[Module]] = {None: []}

    def __call__(self, node: Node) -> list[Module]:
        if node.scope not in self._known:
            self._known[node.scope] = list(_modules(node))
        return self._known[node.scope]


def _modules(node: Node) -> Iterator[Module]:
    for path, kind, scope in modules_of(node):
        yield path, kind, scope if scope is not None else path
    scope = node.scope
    if scope is not None and scope.parent is not None and scope.parent.path == scope.path:
        yield "", scope.kind, scope
