"""What each module costs, for graphs with calls and for graphs that only have names."""

from __future__ import annotations

import numpy as np
import pytest

from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert.ir.statistics import statistics
from mgeconvert.ir.tree_statistics import ModuleStatistics, dotted, module_statistics, prefixes


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("layer1.0.conv1", "layer1.0.conv1"),
        ("/layer1/layer1.0/conv1/Conv", "layer1.0.conv1"),
        ("/Relu", ""),
        ("/head/Add_1", "head"),
        ("stem/conv", "stem.conv"),
        ("", ""),
    ],
)
def test_names_of_exporters_are_paths(path: str, expected: str) -> None:
    assert dotted(path) == expected


def test_prefixes() -> None:
    assert prefixes("a.b.c") == ["", "a", "a.b", "a.b.c"]
    assert prefixes("") == [""]


def test_calls_of_modules_are_counted_and_what_is_in_them_is_theirs() -> None:
    b = Builder()
    x = b.input("x", np.float32, (2, 3))
    weight = b.constant(np.ones((3, 3), np.float32), name="block.fc.weight")
    top = Scope("", "Net")
    for _ in range(2):
        block = Scope("block", "Block", None, top)
        b.enter(Scope("block.fc", "Linear", None, block))
        x = b.op("Gemm", x, weight)
        b.enter(Scope("block", "relu", None, block))
        x = b.op("Relu", x)
    b.output("y", x)
    assert module_statistics(b.graph) == (
        ModuleStatistics("", "Net", 1, 4, 9, 36, 36),
        ModuleStatistics("block", "Block", 2, 4, 9, 36, 36),
        ModuleStatistics("block.fc", "Linear", 2, 2, 9, 36, 36),
    )


def test_modules_of_names_alone_and_siblings_in_their_order() -> None:
    b = Builder()
    x = b.input("x", np.float32, (2, 3))
    for path in ("/z/z.0/act/Relu", "/a/Relu", "/z/z.1/Relu"):
        b.enter(Scope(path, "Relu"))
        x = b.op("Relu", x)
    b.output("y", x)
    rows = module_statistics(b.graph)
    assert [(row.path, row.nodes) for row in rows] == [
        ("", 3),
        ("z", 2),
        ("z.0", 1),
        ("z.0.act", 1),
        ("z.1", 1),
        ("a", 1),
    ]
    assert rows[0].nodes == statistics(b.graph).nodes
