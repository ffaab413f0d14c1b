"""Inputs that are sizes are told from others, so that random numbers do not make them 0."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.verification.comparison import random_inputs
from mgeconvert.verification.size_inputs import size_inputs


def test_inputs_that_are_sizes_are_ones() -> None:
    b = Builder(Graph("main"))
    x = b.input("x", np.float32, (2, 3))
    shape, one, index = b.input("shape", np.int64, (3,)), b.input("one", np.int32, ()), b.input("index", np.int64, (2,))
    joined = b.op("Concat", b.op("Unsqueeze", b.op("Cast", one, to=7), [0]), np.int64([2, 3]), axis=0)
    b.output("y", b.op("Expand", x, shape))
    b.output("z", b.op("Expand", x, joined))
    b.output("w", b.op("Gather", x, index, axis=0))
    assert size_inputs(b.graph) == {"shape", "one"}
    feeds = random_inputs(b.graph.inputs, size_inputs(b.graph))
    assert (feeds["shape"].tolist(), feeds["one"].item(), feeds["one"].dtype) == ([1, 1, 1], 1, np.int32)
