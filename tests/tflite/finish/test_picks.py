"""Picking every position of a last axis is one SPLIT, and computes the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert_converters.tflite.emit.build import build
from tests.tflite.judge import graph_of, judge

Make = Callable[[Any, Value], Value]


def picked(*positions: int, axis: int = -1) -> Make:
    """The last position's numbers times 3 less those of each other, so that no two are taken for one another."""

    def make(b: Any, x: Value) -> Value:
        first, *rest = (b.op("Gather", x, np.int64(position), axis=axis) for position in positions)
        for number, part in enumerate(rest):
            first = b.op("Sub", b.op("Mul", first, np.float32(number + 3)), part)
        return first

    return make


SPLIT = ["TRANSPOSE", "RESHAPE", "SPLIT"]
ROWS = [
    pytest.param(picked(0, 1), (3, 5, 2), SPLIT, id="both"),
    pytest.param(picked(1, 0), (3, 5, 2), SPLIT, id="the other way round"),
    pytest.param(picked(-1, 0, 1, 2), (1, 2, 3, 2, 4), SPLIT, id="four, one from the end"),
    pytest.param(picked(1, 0), (7, 2), SPLIT, id="a matrix"),
    pytest.param(picked(0, 1, 0), (3, 5, 2), [*SPLIT, "GATHER"], id="one twice"),
    pytest.param(picked(0, 2), (3, 5, 3), ["GATHER", "GATHER"], id="not all"),
    pytest.param(picked(0, 1, 2, 3, 4), (3, 2, 5), ["GATHER"] * 5, id="more than SPLIT takes in XNNPACK"),
    pytest.param(picked(0, 1, axis=1), (3, 2, 5), ["GATHER", "GATHER"], id="another axis"),
    pytest.param(picked(0, 1), (2,), ["GATHER", "GATHER"], id="a vector"),
]


@pytest.mark.parametrize(("make", "shape", "ops"), ROWS)
def test_row(make: Make, shape: tuple[int, ...], ops: list[str], tmp_path: Path) -> None:
    x = np.random.default_rng(1).uniform(-2, 2, shape).astype(np.float32)
    graph = graph_of(make, x)
    made = [operator.op for operator in build(graph).operators]
    assert [op for op in made if op in {*SPLIT, "GATHER"}] == ops
    judge(graph, (x,), tmp_path)
