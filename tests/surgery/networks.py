"""The small network that most tests of surgery edit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope

RANDOM = np.random.default_rng(3)


W1 = RANDOM.standard_normal((4, 3, 3, 3)).astype(np.float32)


W2 = RANDOM.standard_normal((5, 4 * 6 * 6)).astype(np.float32)


IMAGE = RANDOM.standard_normal((1, 3, 6, 6)).astype(np.float32)


def network(pads: Sequence[int] = (1, 1, 1, 1), group: int = 1, batch: int = 1) -> Graph:
    """A convolution, a branch, and a classifier, in modules stem, body.left, body.right and head."""
    b = Builder()
    value = b.input("x", "float32", (batch, 3, 6, 6))
    weight = W1 if group == 1 else W1[:3, :1]

    def op(place: str, op: str, *operands: Value | np.ndarray | list[int], **attrs: object) -> Value:
        b.enter(Scope(place, op))
        return b.op(op, *operands, name=f"{place}_out", **attrs)

    value = op("stem.conv", "Conv", value, weight, pads=tuple(pads), group=group, kernel_shape=(3, 3))
    value = op("stem.relu", "Relu", value)
    left, right = op("body.left", "Sigmoid", value), op("body.right", "Tanh", value)
    value = op("body.sum", "Add", left, right)
    b.output("features", value)
    if group == 1 and any(pads):
        value = op("head.flatten", "Reshape", value, [batch, -1])
        b.output("scores", op("head.fc", "Gemm", value, W2, transB=1))
    b.graph.check()
    return b.graph
