"""Modules by path, glob and class."""

from __future__ import annotations

import pytest

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert.surgery.select import groups, nodes_in, path_matches


def tree() -> Graph:
    """Two blocks of a convolution's place and a function, the second block called twice, and a head."""
    b = Builder()
    value = b.input("x", "float32", (1, 4))
    top = Scope("", "Net")
    for number, (path, name) in enumerate([("body.0", "a"), ("body.1", "b"), ("body.1", "c")]):
        block = Scope(path, "Block", None, Scope("body", "Sequential", None, top))
        b.enter(Scope(f"{path}.act", "Tanh", None, block))
        value = b.op("Tanh", value, name=f"{name}_tanh")
        b.enter(Scope(path, "relu", None, block))
        value = b.op("Relu", value, name=f"{name}_relu_{number}")
    b.enter(Scope("head", "Linear", None, top))
    b.output("y", b.op("Neg", value, name="y"))
    return b.graph


SELECTED = {
    "body": (6, 3),
    "body.1": (4, 2),
    "body.*": (6, 3),
    "body.*.act": (3, 3),
    "**.act": (3, 3),
    "**": (7, 4),
    "h*": (1, 1),
    "Block": (6, 3),
    "Bl?ck": (6, 3),
    "Linear": (1, 1),
    "relu": (3, 3),
}
"""Selector: number of nodes, number of calls; the three calls of body in this graph are three scopes."""


@pytest.mark.parametrize("selector", SELECTED)
def test_selected(selector: str) -> None:
    graph = tree()
    found = groups(graph, selector)
    assert (len(nodes_in(graph, [selector])), len(found)) == SELECTED[selector]


def test_paths() -> None:
    rows = {
        ("a.b.c", "a.*.c"): True,
        ("a.b.c", "a.**"): True,
        ("a", "a.**"): True,
        ("a.b.c", "**.c"): True,
        ("a.b.c", "a.*"): False,
        ("a.b", "a.**.b"): True,
        ("ab", "a"): False,
        ("", "**"): True,
    }
    assert {row: path_matches(*row) for row in rows} == rows


def test_nothing_is_selected() -> None:
    with pytest.raises(UsageError) as caught:
        nodes_in(tree(), ["Lineer"])
    assert (caught.value.message, caught.value.hint) == (
        "Lineer: no module or class has this name",
        "did you mean Linear?",
    )
