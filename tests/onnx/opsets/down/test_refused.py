"""What an older opset cannot say, with the exact reason and the opset that would do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from tests.harness.refusals import said

Build = Callable[[Builder, Callable[..., Value]], object]
QUANTIZED = np.float32([0.1]), np.int8([0])
REFUSED: dict[str, tuple[int, Build, str]] = {
    "masks of type bool": (
        9,
        lambda b, x: b.ops("Dropout", 2, x(2, 3))[1],
        "a mask of type bool: needs opset 10; say --opset 10",
    ),
    "training": (
        11,
        lambda b, x: b.op("Dropout", x(2, 3), np.float32(0.5), np.array(True)),
        "training mode: needs opset 12; say --opset 12",
    ),
    "positions of a maximum": (
        7,
        lambda b, x: b.ops("MaxPool", 2, x(1, 1, 4, 4), kernel_shape=(2, 2))[1],
        "indices: needs opset 8; say --opset 8",
    ),
    "gaps": (
        9,
        lambda b, x: b.op("MaxPool", x(1, 1, 5, 5), kernel_shape=(2, 2), dilations=(2, 2)),
        "dilations: needs opset 10; say --opset 10",
    ),
    "ceil and auto_pad": (
        9,
        lambda b, x: b.op("MaxPool", x(1, 1, 5, 5), kernel_shape=(2, 2), auto_pad="SAME_UPPER", ceil_mode=1),
        "ceil_mode with auto_pad: needs opset 10; say --opset 10",
    ),
    "ceil and padding that counts": (
        9,
        lambda b, x: b.op(
            "AveragePool", x(1, 1, 5, 5), kernel_shape=(2, 2), strides=(2, 2), ceil_mode=1, count_include_pad=1
        ),
        "ceil_mode with count_include_pad: needs opset 10; say --opset 10",
    ),
    "blocks": (
        19,
        lambda b, x: b.op(
            "QuantizeLinear", x(4, 4), np.ones((2, 4), np.float32), np.zeros((2, 4), np.int8), axis=0, block_size=2
        ),
        "block_size: needs opset 21; say --opset 21",
    ),
    "allowzero": (
        13,
        lambda b, x: b.op("Reshape", x("N", 3), [0, 3], allowzero=1),
        "allowzero: needs opset 14; say --opset 14",
    ),
    "unknown rank": (
        10,
        lambda b, _: b.op("Softmax", Value("v", np.dtype("float32"), None), axis=-1),
        "an input of unknown rank: needs opset 13; say --opset 13",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_is_refused(case: str) -> None:
    opset, build, reason = REFUSED[case]
    b = Builder(Graph())
    result = build(b, lambda *shape: b.input("x", "float32", shape))
    assert isinstance(result, Value)
    b.output("y", result)
    assert said("onnx", b.graph, opset=opset) == reason
