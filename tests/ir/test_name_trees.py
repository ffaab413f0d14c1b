"""Modules from the names of operators."""

from __future__ import annotations

import numpy as np
import pytest

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.modules import nested
from mgeconvert.ir.name_trees import nest_by_names
from mgeconvert.ir.scopes import Scope
from tests.ir.test_modules import shown

FLOAT = np.dtype(np.float32)


def chain(*paths: str) -> Graph:
    """One node at each path, in a row, named by its number."""
    value = Value("x", FLOAT, (1,))
    graph = Graph(inputs={"x": value})
    for number, path in enumerate(paths):
        made = Value(str(number), FLOAT, (1,))
        graph.nodes.append(Node("Relu", [value], [made], {}, str(number), Scope(path, "Relu")))
        value = made
    graph.outputs["y"] = value
    return graph


@pytest.mark.parametrize(
    ("what", "paths", "expected"),
    [
        ("slashes", ["a/b", "a/c", "d"], "(x -> 2: a(x -> 1: 0 1) 2)"),
        ("dots", ["a.b.c", "a.b.d", "a.e"], "(x -> 2: a(x -> 2: b(x -> 1: 0 1) 2))"),
        ("dots are parts of names where there are slashes", ["a/b.c", "a/b.d"], "(x -> 1: a(x -> 1: 0 1))"),
        ("one node is no module", ["a/b", "c/d"], "(x -> 1: 0 1)"),
        ("counted names", ["input.4", "input.7"], "(x -> 1: 0 1)"),
        ("numbers that lead on", ["l.0.a", "l.0.b", "l.1.a"], "(x -> 2: l(x -> 2: 0(x -> 1: 0 1) 2))"),
        ("a node called like its module", ["a", "a/b", "a/c"], "(x -> 2: a(x -> 2: 0 1 2))"),
        ("no names", ["", "", ""], "(x -> 2: 0 1 2)"),
    ],
)
def test_modules(what: str, paths: list[str], expected: str) -> None:
    graph = chain(*paths)
    nest_by_names(graph)
    assert shown(nested(graph)) == expected, what


def test_what_the_source_says_stands() -> None:
    graph = chain("a/b", "a/c")
    graph.nodes[0].scope = said = Scope("a/b", "Relu", None, Scope("other"))
    nest_by_names(graph)
    assert graph.nodes[0].scope is said
    assert graph.nodes[1].scope is not None
    assert graph.nodes[1].scope.parent is None


def test_a_path_of_very_many_parts_is_a_name() -> None:
    graph = chain("/".join("a" * 500), "/".join("a" * 501))
    nest_by_names(graph)
    assert all(node.scope is not None and node.scope.parent is None for node in graph.nodes)
