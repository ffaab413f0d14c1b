"""Scopes: their texts, and calls that stay true when graphs are copied and values replaced."""

from __future__ import annotations

import numpy as np
import pytest

from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.graph import Made
from mgeconvert.ir.scopes import Attribute, Call, Scope, leaves, mapped


@pytest.mark.parametrize(
    ("text", "path", "kind"),
    [
        ("layer1.0.conv1 (Conv2d)", "layer1.0.conv1", "Conv2d"),
        ("model (relu)", "", "relu"),
        ("/layer1/Conv", "/layer1/Conv", ""),
        ("", "", ""),
        ("a (b) (c)", "a (b)", "c"),
    ],
)
def test_a_text_and_the_scope_it_describes(text: str, path: str, kind: str) -> None:
    scope = Scope.read(text)
    assert (scope.path, scope.kind, scope.text) == (path, kind, text)


def test_leaves_of_structures_and_structures_of_leaves() -> None:
    structure = (1, [2, {"a": 3, "b": (4,)}], slice(5, None, 6))
    assert list(leaves(structure)) == [1, 2, 3, 4, 5, None, 6]
    assert mapped(structure, lambda leaf: leaf and leaf * 10) == (10, [20, {"a": 30, "b": (40,)}], slice(50, None, 60))


def graph_with_a_call() -> Graph:
    """``relu(x)`` within the module ``act``, called ``act(x, slope)``."""
    b = Builder()
    x = b.input("x", np.float32, (2,))
    slope = Attribute("act.slope", object())
    outer = Scope("act", "Act", Call("Act", (x, slope), results=[]))
    inner = Scope("act", "relu", Call("functional.relu", (x,), {"inplace": False}), outer)
    b.enter(inner)
    y = b.op("Relu", x)
    assert inner.call is not None
    assert outer.call is not None
    inner.call.results, inner.call.made = y, tuple(map(Made.of, b.graph.nodes))
    outer.call.results = [y]
    b.graph.calls = [outer, inner]
    b.output("y", y)
    return b.graph


def test_leaves_are_the_calls_with_nodes_of_their_own() -> None:
    outer, inner = graph_with_a_call().calls
    assert not outer.is_leaf
    assert inner.is_leaf
    assert inner.chain == [outer, inner]


def test_a_copy_has_calls_over_its_own_values() -> None:
    graph = graph_with_a_call()
    twin = graph.copy()
    (outer, inner), (first, _) = twin.calls, graph.calls
    assert outer is not first
    assert inner.parent is outer
    assert inner.call is not None
    assert outer.call is not None
    assert first.call is not None
    assert inner.call.args == (twin.inputs["x"],)
    assert inner.call.kwargs == {"inplace": False}
    assert outer.call.results == [twin.outputs["y"]]
    assert outer.call.args[1] is first.call.args[1]
    assert inner.call.made is not None
    assert inner.call.made[0].node is twin.nodes[0]
    assert twin.nodes[0].scope is inner


def test_what_stands_for_a_replaced_value_is_known() -> None:
    graph = graph_with_a_call()
    y = graph.outputs["y"]
    second, third = Value("b", y.dtype, y.shape), Value("c", y.dtype, y.shape)
    graph.replace({y: second})
    graph.replace({second: third})
    assert graph.current(y) is third
    assert graph.current(second) is third
    assert graph.current(third) is third
    twin = graph.copy()
    assert twin.calls[0].call is not None
    assert twin.current(twin.calls[0].call.results[0]) is twin.outputs["y"]
