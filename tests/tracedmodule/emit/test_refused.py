"""What MegEngine cannot express, mostly where a size is known only at run time: exact reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from tests.harness.refusals import said

Build = Callable[[Builder, Callable[..., Value]], Value]
RUN = "only known at run time"


def weight(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


REFUSED: dict[str, tuple[Build, str]] = {
    "four spatial axes": (
        lambda b, x: b.op("Conv", x(1, 2, 3, 3, 3, 3), weight(2, 2, 1, 1, 1, 1)),
        "a convolution of 4 spatial axes; MegEngine has 1 to 3",
    ),
    "transposed": (
        lambda b, x: b.op("ConvTranspose", x(1, 2, 3, 3, 3, 3), weight(2, 2, 1, 1, 1, 1)),
        "a transposed convolution of 4 spatial axes; MegEngine has 2 and 3",
    ),
    "groups of offsets": (
        lambda b, x: b.op(
            "DeformConv", x(1, 2, 3, 3), weight(3, 2, 1, 1), x(1, 4, 3, 3), weight(3), offset_group=2
        ),
        "DeformConv to 3 channels, which 2 groups of offsets do not divide",
    ),
    "flatten": (
        lambda b, x: b.op("Flatten", x("N", "C", 4), axis=2),
        f"Flatten at another axis than 1 of a shape that is {RUN}",
    ),
    "activations": (
        lambda b, x: b.ops(
            "LSTM", 1, x(3, 1, 4), weight(1, 20, 4), weight(1, 20, 5), hidden_size=5,
            activations=("Sigmoid", "Relu", "Tanh"),
        )[0],
        "LSTM with the activations Sigmoid, Relu, Tanh",
    ),
    "axes of a reduction": (
        lambda b, x: b.op("ReduceSum", x(2, 3), x(1, dtype="int64")),
        f"a reduction over axes that are {RUN}",
    ),
    "cumulative sum": (
        lambda b, x: b.op("CumSum", x(2, 3), x(dtype="int64"), exclusive=1),
        f"a cumulative sum that is exclusive, reversed or along an axis that is {RUN}",
    ),
    "last extreme": (
        lambda b, x: b.op("ArgMax", x("N", 3), axis=0, select_last_index=1),
        f"the last of several equal extremes along an axis of a size that is {RUN}",
    ),
    "non zero": (lambda b, x: b.op("NonZero", x("N", 3)), f"NonZero of a tensor whose shape is {RUN}"),
    "one hot": (
        lambda b, x: b.op("OneHot", x(3, dtype="int64"), x(1, dtype="int64"), np.float32([0, 1])),
        f"OneHot of a number of classes that is {RUN}",
    ),
    "triangle": (lambda b, x: b.op("Trilu", x("N", "N")), f"Trilu of a shape that is {RUN}"),
    "blocks": (
        lambda b, x: b.op("DequantizeLinear", x(4, 4, dtype="int8"), weight(2, 4), axis=0, block_size=2),
        "quantization by blocks",
    ),
    "a resize": (
        lambda b, x: b.op("Resize", x(1, 1, 4, 4), None, None, x(4, dtype="int64"), mode="linear"),
        f"a resize whose sizes are {RUN}",
    ),
    "computed filters of a deformable convolution": (
        lambda b, x: b.op("DeformConv", x(1, 2, 3, 3), x(2, 2, 1, 1), x(1, 2, 3, 3)),
        f"DeformConv whose weight is {RUN}",
    ),
    "scatter": (
        lambda b, x: b.op("ScatterElements", x(3, 4), np.int64([[0, 1]]), x(1, 2), reduction="mul"),
        "ScatterElements with a reduction",
    ),
    "scatter of rows": (
        lambda b, x: b.op("ScatterND", x(3, 4), np.int64([[0]]), x(1, 4), reduction="mul"),
        "ScatterND with the reduction mul",
    ),
    "gather by batch": (
        lambda b, x: b.op("GatherND", x(2, 3, 4), np.int64([[0], [1]]), batch_dims=1),
        "GatherND with batch dimensions",
    ),
    "widths of a padding": (
        lambda b, x: b.op("Pad", x(2, 3), x(4, dtype="int64")), f"padding by widths that are {RUN}"
    ),
    "parts": (
        lambda b, x: b.ops("Split", 2, x("N", 3), num_outputs=2)[0], f"a split into parts whose sizes are {RUN}"
    ),
    "training": (
        lambda b, x: b.op("Dropout", x(2, 3), np.float32(0.5), np.array(True)), "Dropout in training mode"
    ),
    "weights of a network": (
        lambda b, x: b.ops("LSTM", 1, x(3, 1, 4), x(1, 20, 4), x(1, 20, 5), hidden_size=5)[0],
        f"a recurrent network whose weights are {RUN}",
    ),
    "largest elements": (
        lambda b, x: b.ops("TopK", 2, x("N", "M", 4), np.int64([1]), axis=0)[0],
        f"the largest elements along an axis that is not the last, of a shape that is {RUN}",
    ),
    "cubic samples": (
        lambda b, x: b.op("GridSample", x(1, 1, 4, 4), x(1, 2, 2, 2), mode="cubic"),
        "GridSample that is cubic, or of an image that has not two axes of known size",
    ),
    "nearest samples": (
        lambda b, x: b.op("GridSample", x(1, 1, 4, 4), x(1, 2, 2, 2), mode="nearest", padding_mode="reflection"),
        "GridSample to the nearest pixel with reflection, which MegEngine rounds elsewhere",
    ),
    "regions": (
        lambda b, x: b.op(
            "RoiAlign", x(1, 1, 4, 4), x(2, 4), np.int64([0, 0]), mode="max", sampling_ratio=1,
            coordinate_transformation_mode="half_pixel",
        ),
        "RoiAlign with other than half_pixel coordinates, an adaptive sampling grid, or the largest sample",
    ),
    "slice": (
        lambda b, x: b.op("Slice", x(4), np.int64([0]), np.int64([4]), np.int64([0]), x(1, dtype="int64")),
        f"steps of a slice that are {RUN}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_is_refused(case: str) -> None:
    build, reason = REFUSED[case]
    b = Builder(Graph())

    def x(*shape: int | str, dtype: Any = "float32") -> Value:
        return b.input(f"x{len(b.graph.inputs)}", dtype, shape)

    b.output("y", build(b, x))
    assert said("tm", b.graph) == reason
