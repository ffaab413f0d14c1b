"""What older operator sets do not express, with the exact text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mgeconvert.ir import Graph, Node, Shape, Value
from mgeconvert.ir.builder import Builder
from mgeconvert_converters.onnx.opsets.down.interpolation import source_coordinates
from tests.harness.refusals import said

Build = Callable[[Builder, Callable[..., Value]], Value]


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def made(b: Builder, op: str, *inputs: Value | None, shape: Shape, dtype: str = "float32", results: int = 1,
         **attrs: Any) -> Value:  # fmt: skip
    """The first result of a node that nobody checks."""
    outputs = [Value(f"{op}{number}", np.dtype(dtype), shape) for number in range(results)]
    b.graph.nodes.append(Node(op, list(inputs), outputs, attrs, op))
    return outputs[0]


REFUSED: dict[str, tuple[int, Build, str]] = {
    "deformed volumes": (
        15,
        lambda b, x: b.op("DeformConv", x(1, 1, 4, 4, 4), ones(1, 1, 1, 1, 1), x(1, 3, 4, 4, 4)),
        "a deformable convolution of other than images: needs opset 19; say --opset 19",
    ),
    "offsets of lines": (
        15,
        lambda b, x: made(b, "DeformConv", x(1, 1, 4, 4), b.constant(ones(1, 1, 1, 1)), x(1, 2, 4), shape=(1, 1, 4, 4)),
        "a deformable convolution whose offsets are not those of images: needs opset 19; say --opset 19",
    ),
    "integers between pixels": (
        15,
        lambda b, x: b.op("GridSample", x(1, 1, 4, 4, dtype="int32"), x(1, 2, 2, 2), mode="linear"),
        "mode linear of int32: needs opset 16; say --opset 16",
    ),
    "type of statistics": (
        16,
        lambda b, x: b.op("LayerNormalization", x(2, 3), ones(3), stash_type=10),
        "stash_type 10: needs opset 17; say --opset 17",
    ),
    "type of a sum": (
        26,
        lambda b, x: made(
            b, "Range", b.constant(np.float16(0)), x(dtype="float16"), b.constant(np.float16(1)), shape=("N",),
            dtype="float16", stash_type=10,
        ),
        "stash_type: needs opset 27; say --opset 27",
    ),
    "no shape to expand to": (
        7,
        lambda b, x: made(b, "Expand", x(1, 3), None, shape=(2, 3)),
        "a tensor whose sizes are not known: needs opset 8; say --opset 8",
    ),
    "no shape to fill": (
        8,
        lambda b, _: made(b, "ConstantOfShape", None, shape=(2, 3)),
        "a tensor whose sizes are not known: needs opset 9; say --opset 9",
    ),
    "several sizes": (
        10,
        lambda b, x: b.op("DepthToSpace", x("N", 4, "H", "W"), blocksize=2, mode="CRD"),
        "a shape with several dimensions known only at run time (N, 1, 2, 2, H, W): needs opset 11; say --opset 11",
    ),
    "from the back": (
        10,
        lambda b, _: made(
            b, "OneHot", b.constant(np.int64([-1, 2])), b.constant(np.int64([4])), b.constant(np.float32([0, 1])),
            shape=(2, 4), axis=-2,
        ),
        "indices below zero: needs opset 11; say --opset 11",
    ),
    "beyond the image": (
        10,
        lambda b, x: b.op(
            "Resize", x(1, 1, 4, 4), np.float32([0, 0, 0, 0, 1, 1, 1.5, 1.5]), None, [1, 1, 6, 6], mode="linear",
            coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=3.0,
        ),
        "extrapolation: needs opset 11; say --opset 11",
    ),
    "an empty image": (
        10,
        lambda b, x: b.op("Resize", x(0, 1, 3, 4), None, None, [0, 1, 2, 2], mode="linear"),
        "a resize of an image without pixels: needs opset 11; say --opset 11",
    ),
    "one operand more": (21, lambda b, x: made(b, "Relu", x(3), x(3), shape=(3,)), "input 2"),
    "one result more": (21, lambda b, x: made(b, "Relu", x(3), shape=(3,), results=2), "output 2"),
}  # fmt: skip
"""The operator set, what is built, and what is said of it."""


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_is_refused(case: str) -> None:
    opset, build, reason = REFUSED[case]
    b = Builder(Graph())

    def x(*shape: int | str, dtype: str = "float32") -> Value:
        return b.input(f"x{len(b.graph.inputs)}", dtype, shape)

    b.output("y", build(b, x))
    assert said("onnx", b.graph, opset=opset) == reason


def test_a_rule_that_nobody_knows() -> None:
    with pytest.raises(ValueError, match=r"^coordinate_transformation_mode wobbly$"):
        source_coordinates("wobbly", 4, 8, 2.0)
