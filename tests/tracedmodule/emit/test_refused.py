"""What MegEngine cannot express, mostly where a size is known only at run time: exact reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mgeconvert.ir import Graph, Node, Shape, Value
from mgeconvert.ir.builder import Builder
from tests.harness.refusals import said

Build = Callable[[Builder, Callable[..., Value]], Value]
RUN = "only known at run time"


def weight(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def made(b: Builder, op: str, *inputs: Value | None, dtype: str | None = "float32", shape: Shape | None = None,
         **attrs: Any) -> Value:  # fmt: skip
    """The result of a node whose type is not inferred."""
    output = Value("made", None if dtype is None else np.dtype(dtype), shape)
    b.graph.nodes.append(Node(op, list(inputs), [output], attrs, op))
    return output


def boxes(b: Builder, x: Callable[..., Value], images: int, *limits: np.ndarray, **attrs: int) -> Value:
    """The indices of the boxes that are kept."""
    numbers = (np.int64([3]), np.float32([0.5]), *limits)
    return b.op("Gather", b.op("NonMaxSuppression", x(images, 5, 4), x(images, 1, 5), *numbers, **attrs), [2], axis=1)


NO_NMS = "MegEngine has no such operator and no rewrite is known"
LSTM = (weight(1, 20, 4), weight(1, 20, 5))
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
    "positions in batches": (
        lambda b, x: b.op("GatherND", x("N", 3, 4), x("N", 1, dtype="int64"), batch_dims=1),
        "GatherND with batch dimensions",
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
        lambda b, x: b.op("DequantizeLinear", x(4, 4, dtype="int8"), x(2, 4), axis=0, block_size=2),
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
    "filters of unknown number": (
        lambda b, x: b.op("Conv", x(1, 2, 4, 4), x("K", 2, 1, 1), kernel_shape=(1, 1)),
        f"a convolution whose weight has a shape that is {RUN}",
    ),
    "window": (
        lambda b, x: b.op("Conv", x(1, 2, 4, 4), x(3, 2, "K", "K"), auto_pad="SAME_UPPER"),
        f"a window whose size is {RUN}",
    ),
    "padding": (
        lambda b, x: b.op("MaxPool", x(1, 2, "H", 4), kernel_shape=(2, 2), strides=(2, 2), auto_pad="SAME_UPPER"),
        f"padding that depends on a size which is {RUN}",
    ),
    "no mask": (
        lambda b, x: b.op("DeformConv", x("N", 2, 3, 3), weight(3, 2, 1, 1), x("N", 2, 3, 3)),
        f"DeformConv without a mask, of a size that is {RUN}",
    ),
    "cast": (lambda b, x: made(b, "Cast", x(3), dtype=None, shape=(3,), to=1), "a cast to a type that is not known"),
    "coordinates": (
        lambda b, x: b.op("GatherND", x(3, 4), x(2, "K", dtype="int64")),
        f"coordinates of a number of axes that is {RUN}",
    ),
    "axes of a slice": (
        lambda b, x: b.op("Slice", x(3, 4), x(1, dtype="int64"), x(1, dtype="int64"), x(1, dtype="int64")),
        f"a slice whose axes or steps are {RUN}",
    ),
    "stacks": (
        lambda b, x: b.op("MatMul", x("A", 1, 3, 4), x(1, "B", 4, 3)),
        f"a product of stacks of matrices that broadcast to a size that is {RUN}",
    ),
    "blocks of a batch": (
        lambda b, x: b.op("DepthToSpace", x("N", 4, 4, 4), blocksize=2), f"DepthToSpace of a shape that is {RUN}"
    ),
    "shape of an Expand": (
        lambda b, x: made(b, "Expand", x(1, 3), None, shape=(2, 3)), "a tensor whose sizes are not known"
    ),
    "shape of a Reshape": (
        lambda b, x: made(b, "Reshape", x(6), None, shape=(2, 3)), "a tensor whose sizes are not known"
    ),
    "kept size": (
        lambda b, x: made(b, "Reshape", x(3), b.constant(np.int64([3, 0])), shape=(3, "K")),
        "a reshape that keeps the size of an axis that there is not",
    ),
    "unknown rank": (
        lambda b, x: b.op("Softmax", made(b, "Relu", x(3, 4)), axis=-1), "the rank of an operand is not known"
    ),
    "unknown rank normalized": (
        lambda b, x: b.op("LayerNormalization", made(b, "Relu", x(3, 4)), weight(4), axis=-1),
        "a tensor whose sizes are not known",
    ),
    "batch statistics": (
        lambda b, x: made(
            b, "BatchNormalization", made(b, "Relu", x(3, 4)), *(b.constant(weight(3)) for _ in range(4)),
            training_mode=1,
        ),
        "batch normalization in training mode",
    ),
    "groups": (
        lambda b, x: b.op("GroupNormalization", x("N", 4, "L"), weight(4), weight(4), num_groups=2),
        f"GroupNormalization of 3 axes with sizes that are {RUN}",
    ),
    "computed shift": (
        lambda b, x: b.op("GroupNormalization", x(1, 4, 2, 2), x(4), x(4), num_groups=2),
        f"a bias or statistic that is {RUN}",
    ),
    "mask": (
        lambda b, x: b.ops("Dropout", 2, x("N", 3))[1], f"the mask of a Dropout of a shape that is {RUN}"
    ),
    "positions": (
        lambda b, x: b.ops("MaxPool", 2, x("N", 1, 4, 4), kernel_shape=(2, 2))[1],
        "pooling that gives the positions too"
    ),
    "gaps": (
        lambda b, x: b.op("MaxPool", x("N", 1, 9, 9), kernel_shape=(2, 2), dilations=(2, 2)),
        "pooling with gaps between the elements of a window",
    ),
    "window beyond the image": (
        lambda b, x: b.op("AveragePool", x(1, 1, 2, 2), kernel_shape=(3, 3), ceil_mode=1, pads=(0, 0, 0, 1)),
        "a window of (3, 3) that is larger than the padded image, [2, 3]",
    ),
    "window in the padding": (
        lambda b, x: b.op("AveragePool", x(1, 1, 4, 4), kernel_shape=(2, 2), pads=(2, 2, 2, 1)),
        "a window lies wholly in the padding",
    ),
    "floats of 8 bits": (
        lambda b, x: b.op("QuantizeLinear", x(4), np.float32(0.1), output_dtype=17),
        "quantization to float8_e4m3fn, or by blocks",
    ),
    "steps of a sequence": (
        lambda b, x: b.ops("LSTM", 1, x("T", 1, 4), *LSTM, hidden_size=5)[0],
        f"a recurrent network over a sequence or batch of a size that is {RUN}",
    ),
    "lengths of sequences": (
        lambda b, x: b.ops("LSTM", 1, x("T", 1, 4), *LSTM, None, x(1, dtype="int32"), hidden_size=5)[0],
        "LSTM with what MegEngine's lacks: sequence lengths",
    ),
    "clip": (
        lambda b, x: b.ops("LSTM", 1, x("T", 1, 4), *LSTM, hidden_size=5, clip=1.0, input_forget=1)[0],
        "LSTM with what MegEngine's lacks: clip, input_forget",
    ),
    "peepholes": (
        lambda b, x: b.ops("LSTM", 1, x("T", 1, 4), *LSTM, None, None, None, None, weight(1, 15), hidden_size=5)[0],
        "LSTM with what MegEngine's lacks: peepholes",
    ),
    "backwards": (
        lambda b, x: b.ops("LSTM", 1, x("T", 1, 4), *LSTM, hidden_size=5, direction="reverse")[0],
        "LSTM that only runs backwards",
    ),
    "an empty image": (
        lambda b, x: b.op("Resize", x(1, 1, 0, 4), None, None, [2], axes=(3,), mode="linear"),
        "a resize of an image without pixels",
    ),
    "antialias": (
        lambda b, x: b.op(
            "Resize", x(1, 1, 4, 4), None, None, [1, 1, 2, 2], mode="linear", antialias=1,
            coordinate_transformation_mode="tf_crop_and_resize",
        ),
        "a resize with antialias",
    ),
    "several images": (
        lambda b, x: boxes(b, x, 2), f"NonMaxSuppression of several images or classes; {NO_NMS}"
    ),
    "score": (
        lambda b, x: boxes(b, x, 1, np.float32([0.1])),
        f"NonMaxSuppression with a score threshold, boxes by their centres or limits {RUN}; {NO_NMS}",
    ),
    "centres": (
        lambda b, x: boxes(b, x, 1, center_point_box=1),
        f"NonMaxSuppression with a score threshold, boxes by their centres or limits {RUN}; {NO_NMS}",
    ),
    "number of axes": (
        lambda b, x: b.op("Expand", x(3, 1), x("R", dtype="int64")),
        f"a broadcast of a number of axes that is {RUN}",
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
