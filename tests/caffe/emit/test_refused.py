"""What no layers of Caffe compute, with the exact reason."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from tests.harness.refusals import said

Build = Callable[[Builder, Callable[..., Value]], Value]


def weight(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


REFUSED: dict[str, tuple[Build, str]] = {
    "product": (
        lambda b, x: b.op("ReduceProd", x(1, 1000), [1]),
        "Caffe has no product along an axis; by slices at most 64, here 1000",
    ),
    "window": (
        lambda b, x: b.op("LRN", x(1, 4, 3, 3), size=4),
        "Caffe's LRN has an odd size; here 4",
    ),
    "bias": (
        lambda b, x: b.op("LRN", x(1, 4, 3, 3), size=3, bias=0.0),
        "a LocalResponseNormalization with the bias 0; Caffe's LRN adds 1",
    ),
    "training": (
        lambda b, x: b.op("Dropout", x(1, 4), np.float32(0.5), np.array(True)),
        "training mode, which drops elements at random",
    ),
    "steps": (
        lambda b, x: b.ops("LSTM", 1, x(1000, 1, 2), weight(1, 12, 2), weight(1, 12, 3), hidden_size=3)[0],
        "a sequence of 1000 steps; at most 64 are written out",
    ),
    "product of blobs": (
        lambda b, x: b.op("MatMul", x(1, 3000, 3000), x(1, 3000, 3000)),
        "Caffe's InnerProduct has a constant matrix; a product of two blobs of [1, 3000, 3000, 3000] is too large",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_is_refused(case: str) -> None:
    build, reason = REFUSED[case]
    b = Builder(Graph())
    b.output("y", build(b, lambda *shape: b.input(f"x{len(b.graph.inputs)}", "float32", shape)))
    assert said("caffe", b.graph) == reason
