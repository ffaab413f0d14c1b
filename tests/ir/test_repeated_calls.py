"""Calls of a module that only repetition shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.modules import nested
from mgeconvert.ir.repeated_calls import separate_calls
from mgeconvert.ir.scopes import Scope
from tests.ir.test_modules import shown

FLOAT = np.dtype(np.float32)
WEIGHTS = {letter: Value(letter, array=np.full(100, ord(letter), np.float32)) for letter in "wv"}


def row(*steps: str) -> Graph:
    """Nodes in a row: ``m.a Add w`` is an Add of a weight in the module m.a; ``< x`` reads the graph's input."""
    top = Scope("", "Net")
    known = {"": top}
    value = first = Value("x", FLOAT, (100,))
    graph = Graph(inputs={"x": value})
    for number, step in enumerate(steps):
        path, op, *weights = step.split()
        around = top
        for prefix in _prefixes(path):
            around = known.setdefault(prefix, Scope(prefix, "M", None, around))
        made = Value(str(number), FLOAT, (100,))
        operands = [first if "<" in weights else value, *(WEIGHTS[name] for name in weights if name in WEIGHTS)]
        graph.nodes.append(Node(op, operands, [made], {}, str(number), Scope(path, op, None, around)))
        value = made
    graph.outputs["y"] = value
    return graph


def _prefixes(path: str) -> Sequence[str]:
    parts = path.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


@pytest.mark.parametrize(
    ("what", "steps", "expected"),
    [
        ("two calls", ["m Add w", "m Relu"] * 2, "(x -> 3: m(x -> 1: 0 1) m(1 -> 3: 2 3))"),
        ("calls within calls", ["m.a Add w"] * 2, "(x -> 1: m(x -> 0: a(x -> 0: 0)) m(0 -> 1: a(0 -> 1: 1)))"),
        ("three calls", ["m Add w"] * 3, "(x -> 2: m(x -> 0: 0) m(0 -> 1: 1) m(1 -> 2: 2))"),
        ("inside one call", ["m.a Add w", "m.a Add w", "m Relu"], "(x -> 2: m(x -> 2: a(x -> 0: 0) a(0 -> 1: 1) 2))"),
        ("another weight", ["m Add w", "m Add v"], "(x -> 1: m(x -> 1: 0 1))"),
        ("no weight", ["m Relu"] * 2, "(x -> 1: m(x -> 1: 0 1))"),
        ("a part more", ["m Add w", "m Relu", "m Add w"], "(x -> 2: m(x -> 2: 0 1 2))"),
        ("other wires", ["m Add w", "m Relu", "m Add w", "m Relu <"], "(x -> 3: m(x -> 3: 0 1 2 3))"),
    ],
)  # fmt: skip
def test_calls(what: str, steps: list[str], expected: str) -> None:
    graph = row(*steps)
    separate_calls(graph)
    assert shown(nested(graph)) == expected, what


def test_the_top_module_is_called_once() -> None:
    graph = row("m Add w", "m Add w")
    top = Scope("", "Net")
    for node in graph.nodes:
        node.scope = Scope("", "Add", None, top)
    separate_calls(graph)
    assert shown(nested(graph)) == "(x -> 1: 0 1)"
