"""Forms of operators that TFLite's kernels do not have, with the exact reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mgeconvert.ir import Graph, Node, Shape, Value
from mgeconvert.ir.builder import Builder
from mgeconvert_converters.tflite import BACKEND as TFLITE
from mgeconvert_converters.tflite.emit import table

Build = Callable[[Builder, Callable[..., Value]], Value]


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def made(
    b: Builder, op: str, *inputs: Value, dtype: str | None = "float32", shape: Shape | None = None, **attrs: Any
) -> Value:  # fmt: skip
    """The result of a node whose type is not inferred."""
    output = Value("made", None if dtype is None else np.dtype(dtype), shape)
    b.graph.nodes.append(Node(op, list(inputs), [output], attrs, op))
    return output


def given(b: Builder, dtype: str | None, shape: Shape | None) -> Value:
    """An input of a type that the file does not say."""
    b.graph.inputs["x0"] = Value("x0", None if dtype is None else np.dtype(dtype), shape)
    return b.graph.inputs["x0"]


LSTM = (ones(1, 20, 4), ones(1, 20, 5))
REFUSED: dict[str, tuple[Build, str]] = {
    "activation of integers": (
        lambda b, x: b.op("Sigmoid", x(2, 3, dtype="int32")), "LOGISTIC computes float32, not int32"
    ),
    "convolution of four axes": (
        lambda b, x: b.op("Conv", x(1, 1, 2, 2, 2, 2), ones(1, 1, 1, 1, 1, 1)),
        "a 4-D convolution; TFLite has 1-D, 2-D and 3-D",
    ),
    "transposed convolution of four axes": (
        lambda b, x: b.op("ConvTranspose", x(1, 1, 2, 2, 2, 2), ones(1, 1, 1, 1, 1, 1)),
        "a 4-D transposed convolution; TFLite has 1-D, 2-D and 3-D",
    ),
    "matrices of six axes": (
        lambda b, x: b.op("MatMul", x(1, 2, 1, 2, 2, 3), x(2, 1, 2, 1, 3, 2)),
        "a matrix product of 6 axes; TFLite's BATCH_MATMUL has 5",
    ),
    "an even window": (
        lambda b, x: b.op("LRN", x(1, 4, 3, 3), size=4), "LRN over 4 channels of 4-D data: TFLite has odd sizes and 4-D"
    ),
    "positions in batches": (
        lambda b, x: b.op("GatherND", x("N", 3, 4), x("N", 1, dtype="int64"), batch_dims=1),
        "GatherND with batch dimensions: TFLite's GATHER_ND has none",
    ),
    "more repeats than 32 bits count": (
        lambda b, x: b.op("Tile", x("N", 2), np.array([2**31, 1])),
        "repeats holds 64-bit integers beyond int32, the widest TFLite computes with",
    ),
    "training": (
        lambda b, x: b.op("Dropout", x(2, 3), np.float32(0.5), np.array(True)),
        "Dropout in training mode draws random numbers; trace the model in evaluation mode",
    ),
    "pool of four axes": (
        lambda b, x: b.op("MaxPool", x(1, 1, 2, 2, 2, 2), kernel_shape=(1, 1, 1, 2)),
        "a 4-D pool; TFLite has at most 3",
    ),
    "blocks of scales": (
        lambda b, x: b.op(
            "DequantizeLinear",
            b.op("QuantizeLinear", x(4, 4), ones(2, 4), np.zeros((2, 4), np.int8), axis=0, block_size=2),
            ones(2, 4), np.zeros((2, 4), np.int8), axis=0, block_size=2,
        ),
        "blocked quantization: TFLite has one scale per tensor or per channel",
    ),
    "many axes of open sizes": (
        lambda b, x: b.op("Sin", x("A", "B", "C", "D", "E", "F", "G")),
        "SIN of 7 axes, of which several vary; its kernel has 6",
    ),
    "batch resized": (
        lambda b, x: b.op("Resize", x(1, 2, 4, 4), None, None, [2, 2, 4, 4], mode="linear"),
        "a resize of batch or channels: TFLite resizes the spatial axes",
    ),
    "backward along the batch": (
        lambda b, x: b.op("Slice", x("N", 3), [5], [0], [0], [-2]),
        "a backward slice along a dimension that is known only at run time",
    ),
    "backward to computed bounds": (
        lambda b, x: b.op("Slice", x(4, 3), x(1, dtype="int64"), [0], [0], [-1]),
        "a backward slice whose bounds are computed at run time",
    ),
    "three axes deformed": (
        lambda b, x: b.op("DeformConv", x(1, 1, 4, 4, 4), ones(1, 1, 1, 1, 1), x(1, 3, 4, 4, 4)),
        "a 3-D deformable convolution; TFLite gets 2-D",
    ),
    "offsets": (
        lambda b, x: b.op("DeformConv", x(1, 1, 4, 4), ones(1, 1, 1, 1), x(1, "M", 4, 4)),
        "offsets or a mask of shape [1, 'M', 4, 4], expected [1, 1, 1, 2, 4, 4]",
    ),
    "a batch deformed": (
        lambda b, x: b.op("DeformConv", x("N", 1, 4, 4), ones(1, 1, 1, 1), x("N", 2, 4, 4)),
        "a deformable convolution to ['N', 1, 4, 4]: TFLite wants these sizes known",
    ),
    "exponential of integers": (
        lambda b, x: made(b, "Exp", x(3, dtype="int32"), dtype="int32", shape=(3,)), "EXP computes float32, not int32"
    ),
    "input of unknown rank": (
        lambda b, _: made(b, "Relu", given(b, "float32", None), shape=(2,)),
        "its rank or type is not known; TFLite wants both",
    ),
    "input of unknown type": (
        lambda b, _: made(b, "Relu", given(b, None, (2,)), shape=(2,)),
        "its rank or type is not known; TFLite wants both",
    ),
    "output of unknown type": (
        lambda b, x: made(b, "Relu", x(2), dtype=None, shape=(2,)), "its rank or type is not known; TFLite wants both"
    ),
    "result of unknown type": (
        lambda b, x: made(b, "Equal", x(3), x(3), dtype=None, shape=(3,)), "a result of a type that is not known"
    ),
    "shapes": (lambda b, x: made(b, "Mul", x(3), x(4), shape=(4,)), "MUL of [3], [4]: shapes do not fit"),
    "identity": (
        lambda b, x: b.op("EyeLike", x("N", 4)), "an identity matrix with ['N', 4]: TFLite wants these sizes known"
    ),
    "slice of six axes": (
        lambda b, x: b.op("Slice", x(*[3] * 6), [0] * 6, [2] * 6),
        "a slice of 6 axes; TFLite's STRIDED_SLICE has 5",
    ),
    "computed slice of seven axes": (
        lambda b, x: b.op("Slice", x(*[2] * 7), x(7, dtype="int64"), x(7, dtype="int64")),
        "a slice of 7 axes; TFLite's STRIDED_SLICE has 5",
    ),
    "blocks of channels": (
        lambda b, x: b.op("DepthToSpace", x(1, "C", 4, 4), blocksize=2, mode="CRD"),
        "a channel count that is known only at run time",
    ),
    "groups of channels": (
        lambda b, x: b.op("GroupNormalization", x(1, "C", 4, 4), x("C"), x("C"), num_groups=2),
        "a channel count that is known only at run time",
    ),
    "constant": (lambda b, _: made(b, "Constant", shape=(), value_float=1.0), "a Constant without a tensor"),
    "average with gaps": (
        lambda b, x: b.op("AveragePool", x(1, 1, "H", 8), kernel_shape=(2, 2), dilations=(2, 2)),
        "AveragePool with dilations: TFLite's AVERAGE_POOL_2D has none",
    ),
    "16 bits without a sign": (
        lambda b, x: b.op("QuantizeLinear", x(4), np.float32(0.1), np.uint16(3)),
        "quantized to uint16: TFLite has int8, uint8 and int16",
    ),
    "many steps": (
        lambda b, x: b.ops("LSTM", 1, x(513, 1, 4), *LSTM, hidden_size=5)[0],
        "LSTM of 513 steps: more than 512 are not unrolled",
    ),
    "unknown steps": (
        lambda b, x: b.ops("LSTM", 1, x("T", 1, 4), *LSTM, hidden_size=5)[0],
        "a recurrent network to ['T']: TFLite wants these sizes known",
    ),
    "activations": (
        lambda b, x: b.ops("LSTM", 1, x(3, 1, 4), *LSTM, hidden_size=5, activations=("Sigmoid", "Softsign", "Tanh"))[0],
        "LSTM with activation Softsign",
    ),
    "clip": (
        lambda b, x: b.ops("LSTM", 1, x("T", 1, 4), *LSTM, hidden_size=5, clip=1.0)[0],
        "LSTM with batch-first layout, clipping, coupled gates or peepholes",
    ),
    "lengths of unknown sequences": (
        lambda b, x: b.ops("LSTM", 1, x("T", 1, 4), *LSTM, None, x(1, dtype="int32"), hidden_size=5)[0],
        "LSTM with sequence lengths: each sequence would take another number of steps",
    ),
    "last of equals": (
        lambda b, x: b.op("ArgMax", x("N", 3), axis=0, select_last_index=1),
        "ArgMax of the last among equals: TFLite's takes the first",
    ),
    "sum of booleans": (
        lambda b, x: made(b, "ReduceSum", x(2, 3, dtype="bool"), b.constant(np.int64([0])), dtype="bool", shape=(1, 3)),
        "ReduceSum of booleans",
    ),
    "factor of a size": (
        lambda b, x: b.op("Resize", x(1, 1, "H", "W"), None, np.float32([1, 1, 2, 2]), mode="linear"),
        "a resize by a factor of a size that is known only at run time; give the target size",
    ),
    "antialias of a size": (
        lambda b, x: b.op("Resize", x(1, 1, "H", "W"), None, np.float32([1, 1, 0.5, 0.5]), mode="linear", antialias=1),
        "Resize with antialias: TFLite has no kernel for it",
    ),
    "cubic to a size": (
        lambda b, x: b.op("Resize", x(1, 1, 4, 4), None, None, x(4, dtype="int64"), mode="cubic"),
        "a resize (cubic, half_pixel) to a size that is known only at run time",
    ),
    "several images": (
        lambda b, x: b.op("NonMaxSuppression", x(2, 5, 4), x(2, 1, 5), np.int64([3])),
        "NonMaxSuppression of several images or classes; TFLite's kernel takes one list of boxes",
    ),
    "centres": (
        lambda b, x: b.op("NonMaxSuppression", x(1, 5, 4), x(1, 1, 5), np.int64([3]), center_point_box=1),
        "NonMaxSuppression of boxes by centre and size; TFLite's kernel wants corners",
    ),
    "eight bits": (
        lambda b, x: b.op("Cast", b.op("Cast", x(3), to=17), to=1), "float8_e4m3fn has no TFLite kernels"
    ),
    "large axes": (
        lambda b, x: b.op("Slice", x(2**16, 2**16, 2, 2, 2, 2), [0], [1], [5]),
        "a reshape of [65536, 65536, 2, 2, 2, 2] to [34359738368, 2]: TFLite's sizes have 32 bits",
    ),
    "sizes of nothing": (
        lambda b, x: b.op("Flatten", b.op("Reshape", x(24), x(4, dtype="int64")), axis=2),
        "a reshape of ['Reshape/Reshape_0', 'Reshape/Reshape_1', 'Reshape/Reshape_2', 'Reshape/Reshape_3'] to "
        "['Flatten_0', 'Flatten_1']: several sizes only the run will tell",
    ),
}  # fmt: skip
"""What is built, and what is said of it."""


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_is_refused(case: str) -> None:
    build, reason = REFUSED[case]
    b = Builder(Graph())

    def x(*shape: int | str, dtype: str = "float32") -> Value:
        return b.input(f"x{len(b.graph.inputs)}", dtype, shape)

    b.output("y", build(b, x))
    assert "; ".join(problem.reason for problem in TFLITE.problems(b.graph)) == reason


def test_an_operator_is_claimed_once() -> None:
    with pytest.raises(ValueError, match=r"^Relu already has an emitter$"):
        table.emit("Relu")(lambda _: [])
