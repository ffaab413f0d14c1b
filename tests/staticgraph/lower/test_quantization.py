"""Fake quantization in graphs that are optimized for float16: float32 scales beside float16 values."""

from __future__ import annotations

import numpy as np
import pytest

from mgeconvert.staticgraph.lower.driver import load_tables
from mgeconvert.staticgraph.lower.layouts import StaticBuilder
from mgeconvert.staticgraph.lower.table import find
from mgeconvert.verification.asking import run_graph

ROWS = [
    ("FakeQuant", [np.float32([0.5]), np.float32([0])]),
    ("TQT", [np.float32([-1])]),
    ("LSQ", [np.float32([0.5]), np.float32([0]), np.float32([1])]),
]


@pytest.mark.parametrize(("kind", "parameters"), ROWS, ids=[kind for kind, _ in ROWS])
def test_float16(kind: str, parameters: list[np.ndarray]) -> None:
    load_tables()
    b = StaticBuilder()
    x = b.input("x", "float16", (6,))
    row = find(kind)
    assert row is not None
    b.output("y", row.find().handler(b, x, *map(b.constant, parameters), qmin=-4, qmax=3))
    given = np.float16([-9, -0.8, -0.1, 0.2, 0.7, 9])
    found = run_graph(b.graph, {"x": given})["y"]
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, np.float16([-2, -1, 0, 0, 0.5, 1.5]))
