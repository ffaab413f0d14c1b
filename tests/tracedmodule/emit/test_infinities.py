"""MegEngine's maximum of nothing but -inf is the lowest finite number: what may be infinite is asked for it."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.emit.driver import load_tables, prepare
from mgeconvert.tracedmodule.run import run
from tests.tracedmodule.judge import save

load_tables()

MASK = np.array([[0, -np.inf, 0], [-np.inf] * 3, [1, 2, -np.inf]], np.float32)
FORMS = list(itertools.product((("ReduceMax", 1), ("ReduceMin", -1)), (0, 1), (0, 1, None)))
"""Operator and sign of the infinities, keepdims, the axis."""


def masked(mask: np.ndarray) -> Graph:
    """Extremes of 2 x, of which a constant mask leaves some rows no element."""
    b = Builder(Graph("main"))
    x = b.op("Mul", b.input("x", np.float32, (3, 3)), np.float32(2))
    for number, ((op, sign), keepdims, axis) in enumerate(FORMS):
        masked = b.op("Add", x, (mask * np.float32(sign)).astype(np.float32))
        b.output(f"y{number}", b.op(op, masked, None if axis is None else [axis], keepdims=keepdims))
    return b.graph


def test_only_what_may_be_infinite_is_asked() -> None:
    assert "Where" in {node.op for node in prepare(masked(MASK))[0].nodes}
    assert "Where" not in {node.op for node in prepare(masked(np.ones((3, 3))))[0].nodes}


@pytest.mark.reference
@pytest.mark.filterwarnings("ignore:invalid value")
def test_the_extreme_of_nothing_but_infinities(tmp_path: Path) -> None:
    path = tmp_path / "y.pkl"
    x = np.arange(9, dtype=np.float32).reshape(3, 3)
    for mask in (MASK, np.full((3, 3), -np.inf, np.float32)):
        save(masked(mask), path)
        for ((op, sign), keepdims, axis), found in zip(FORMS, run(path, {"x": x}).values(), strict=True):
            function = np.max if op == "ReduceMax" else np.min
            want = function(x * 2 + mask * np.float32(sign), axis=axis, keepdims=bool(keepdims))
            np.testing.assert_array_equal(found.reshape(want.shape), want)
