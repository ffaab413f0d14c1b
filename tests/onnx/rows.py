"""Rows of the ONNX downgrade rules: one line an operator form, in opset 21.

Every row is written at each opset and computed; the numbers must be those of opset 21. Below `oldest` it is refused
with `reason`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope

_RANDOM = np.random.default_rng(20)


class C:
    """A constant operand; plain arrays are graph inputs."""

    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array)


@dataclass(frozen=True)
class Row:
    op: str
    inputs: Sequence[Any]
    attrs: dict[str, Any] = field(default_factory=dict)
    outputs: int = 1
    oldest: int = 7
    reason: str = ""
    tolerance: float = 1e-5

    @property
    def id(self) -> str:
        return "-".join([self.op, *(f"{key}={value}".replace(" ", "") for key, value in self.attrs.items())])

    def graph(self) -> tuple[Graph, dict[str, np.ndarray]]:
        """The one-node graph and its inputs."""
        builder = Builder(Graph())
        builder.enter(Scope("layer", self.op))
        feed: dict[str, np.ndarray] = {}
        operands = []
        for index, operand in enumerate(self.inputs):
            if isinstance(operand, np.ndarray):
                feed[f"x{index}"] = operand
                operands.append(builder.input(f"x{index}", operand.dtype, operand.shape))
            else:
                operands.append(builder.constant(operand.array) if isinstance(operand, C) else operand)
        for index, value in enumerate(builder.ops(self.op, self.outputs, *operands, **self.attrs)):
            builder.output(f"y{index}", value)
        return builder.graph, feed


def f(*shape: int) -> np.ndarray:
    return _RANDOM.standard_normal(shape).astype(np.float32)


def ints(*shape: int, dtype: Any = np.int64) -> np.ndarray:
    return _RANDOM.integers(-50, 50, shape).astype(dtype)


def i64(*numbers: int) -> C:
    return C(np.array(numbers, np.int64))


def f32(*numbers: float) -> C:
    return C(np.array(numbers, np.float32))


x = f(2, 4, 5, 6)
HALVES = np.stack(np.meshgrid(np.arange(-20, 21) / 10, [-0.2, 0.0]), -1)[None].astype(np.float32)
"""Positions in -1 to 1 that lie between two of five pixels, and beyond both edges."""
ROIS = np.array([[1, 2, 9, 11], [-9, -4, 30, 20], [3, 3, 3.5, 4], [14, 15, 40, 30]], np.float32)
ODD = np.array([[np.nan, 1, -1, np.inf, -np.inf, 0, 2.5, -0.5]], np.float32)

ROWS = [
    Row("ReduceMean", [x, i64(1, -1)]),
    Row("ReduceMean", [x], {"keepdims": 0}),
    Row("ReduceMean", [x, i64()], {"noop_with_empty_axes": 1}),
    Row("ReduceL1", [x, i64()], {"noop_with_empty_axes": 1}),
    Row("ReduceSumSquare", [x, i64()], {"noop_with_empty_axes": 1}),
    Row("ReduceLogSum", [abs(x), i64()], {"noop_with_empty_axes": 1}),
    Row("ReduceLogSumExp", [abs(x), i64()], {"noop_with_empty_axes": 1}),
    Row("ReduceSum", [x, i64(-2)], {"keepdims": 0}),
    Row("ReduceMax", [x, i64(1)]),
    Row("ReduceMax", [ints(3, 4, dtype=np.int8), i64(1)]),
    Row("ReduceMax", [ints(3, 4) > 0, i64(1)]),
    Row("ReduceMin", [x, i64(1)]),
    Row("ReduceProd", [x, i64(1)]),
    Row("ReduceL1", [x, i64(1)]),
    Row("ReduceL2", [x, i64(-1)]),
    Row("ReduceLogSum", [abs(x), i64(-1)]),
    Row("ReduceLogSumExp", [x, i64(-1)]),
    Row("ReduceSumSquare", [x, i64(-1)]),
    Row("Squeeze", [f(2, 1, 3, 1), i64(-1)]),
    Row("Squeeze", [f(2, 1, 3, 1)]),
    Row("Unsqueeze", [f(2, 3), i64(-1, 0)]),
    Row("Split", [x, i64(1, 2, 1)], {"axis": 1}, outputs=3),
    Row("Split", [x], {"axis": -1, "num_outputs": 3}, outputs=3),
    Row("Split", [x], {"axis": 2, "num_outputs": 2}, outputs=2),
    Row("Softmax", [x]),
    Row("Softmax", [x], {"axis": 1}),
    Row("LogSoftmax", [x], {"axis": -3}),
    Row("Hardmax", [x], {"axis": 0}),
    Row("ArgMax", [x], {"axis": -1}),
    Row("ArgMin", [x], {"axis": 1, "keepdims": 0, "select_last_index": 1}, oldest=12, reason="select_last_index 1"),
    Row("Concat", [x, x], {"axis": -1}),
    Row("Flatten", [x], {"axis": -2}),
    Row("Compress", [x, np.array([1, 0, 1, 1], bool)], {"axis": -3}, oldest=9),
    Row("Compress", [x, np.array([1, 0, 1, 1], bool)], oldest=9),
    Row("OneHot", [np.array([1, 2]), C(np.int64(4)), f(2)], oldest=11, reason="indices computed at run time"),
    Row("DFT", [f(1, 8, 1), None, C(np.int64(1))], oldest=17),
    Row("TopK", [x, i64(2)], outputs=2),
    Row("TopK", [x, i64(2)], {"largest": 0, "axis": 1}, outputs=2),
    Row(
        "TopK", [ints(3, 9), i64(2)], {"largest": 0, "axis": 1}, outputs=2, oldest=11, reason="the smallest of integers"
    ),
    Row("TopK", [ints(3, 9, dtype=np.int32), i64(2)], {"axis": 1}, outputs=2),
    Row("Max", [x, f(6)]),
    Row("Max", [ints(3, 4), ints(4), ints(1)], oldest=9, reason="type int64"),
    Row("Min", [ints(3, 4, dtype=np.int8), ints(4, dtype=np.int8)]),
    Row("Max", [ints(3, 4, dtype=np.uint64), ints(4, dtype=np.uint64)], oldest=9, reason="type uint64"),
    Row("Sum", [x, f(6), f(5, 1)]),
    Row("Mean", [x, f(6), f(5, 1)]),
    Row("Add", [ints(3, dtype=np.int8), ints(3, dtype=np.int8)]),
    Row("Mul", [ints(3, dtype=np.uint16), ints(3, dtype=np.uint16)]),
    Row("Sub", [ints(3, 4), ints(4)]),
    Row("Relu", [ints(9, dtype=np.int32)]),
    Row("Div", [ints(9, dtype=np.int16), np.full(9, -7, np.int16)]),
    Row("Gelu", [x], oldest=9),
    Row("Gelu", [x], {"approximate": "tanh"}),
    Row("Mish", [x]),
    Row("HardSwish", [x]),
    Row("Celu", [x], {"alpha": 2.0}),
    Row("ThresholdedRelu", [x], {"alpha": 0.5}, oldest=9, reason="a choice between floats"),
    Row("Sign", [x]),
    Row("Round", [np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.3, -0.7, np.inf, -np.inf, 1e20], np.float32)]),
    Row("Sinh", [x]),
    Row("Cosh", [x]),
    Row("Asinh", [x * 10]),
    Row("Acosh", [abs(x) + 1]),
    Row("Atanh", [np.tanh(x)]),
    Row("Erf", [x], oldest=9),
    Row("Shrink", [x], oldest=9),
    Row("Clip", [x, C(np.float32(-0.5)), C(np.float32(0.5))]),
    Row("Clip", [x, None, C(np.float32(0.5))]),
    Row("Clip", [x, np.array(-0.1, np.float32), np.array(0.2, np.float32)]),
    Row("Clip", [ints(9), C(np.int64(-3)), C(np.int64(9))], oldest=9, reason="type int64"),
    Row("Clip", [ints(9, dtype=np.int32), C(np.int32(-3)), None]),
    Row("Clip", [ints(9, dtype=np.uint8), C(np.uint8(3)), None]),
    Row("Pow", [abs(x), C(np.float32(2))]),
    Row("Pow", [abs(x), ints(6) * 0 + 2]),
    Row("Pow", [ints(6, dtype=np.int32), C(np.int32(2))]),
    Row("Pow", [abs(ints(6)), C(np.float32(0.5))]),
    Row("GreaterOrEqual", [ODD, ODD[:, ::-1].copy()]),
    Row("LessOrEqual", [ODD, ODD]),
    Row("Equal", [ODD, ODD]),
    Row("Equal", [ints(5), ints(5)]),
    Row("Equal", [ints(5, dtype=np.uint8), ints(5, dtype=np.uint8)]),
    Row("Less", [ints(5), ints(5)], oldest=9, reason="type int64"),
    Row("Less", [ints(5, dtype=np.int32), ints(5, dtype=np.int32)]),
    Row("Greater", [x, f(6)]),
    Row("IsNaN", [ODD]),
    Row("IsInf", [ODD]),
    Row("IsInf", [ODD], {"detect_negative": 0}),
    Row("IsInf", [ODD], {"detect_positive": 0}),
    Row("Where", [ints(5) > 0, f(5), f(5)], oldest=9, reason="a choice between floats"),
    Row("Where", [ints(5) > 0, ints(5), ints(5)]),
    Row("Where", [ints(5) > 0, ints(5) > 9, ints(5) > -9]),
    Row("Pad", [x, i64(0, 0, 1, 2, 0, 0, 2, 1)]),
    Row("Pad", [x, i64(1, 2, 2, 1), C(np.float32(7)), i64(2, -1)]),
    Row("Pad", [x, i64(1, 2, 2, 1), None, i64(2, -1)], {"mode": "reflect"}),
    Row("Pad", [x, i64(1, 2, 2, 1), None, i64(2, -1)], {"mode": "edge"}),
    Row("Pad", [x, i64(1, 2, 2, 1), None, i64(2, -1)], {"mode": "wrap"}),
    Row("Pad", [ints(3, 3), i64(1, 2, 2, 1)], oldest=11, reason="type int64"),
    Row("Pad", [ints(3, 3, dtype=np.int32), i64(1, 2, 2, 1)]),
    Row("Pad", [x, np.array([0, 0, 1, 2, 0, 0, 2, 1])], oldest=11, reason="pads computed at run time"),
    Row("Slice", [x, i64(1), i64(100), i64(-1)]),
    Row("Slice", [x, i64(-1, 0), i64(-100, 9), i64(-1, 2), i64(-2, 2)]),
    Row("Slice", [x, i64(1, 1), i64(2, 3)]),
    Row("Slice", [x, i64(-2), i64(0), i64(3), i64(-1)]),
    Row("Slice", [x, np.array([1]), np.array([3])], oldest=10, reason="starts computed at run time"),
    Row("Expand", [f(3, 1), i64(2, 1, 4)]),
    Row("Expand", [ints(3, 1) > 0, i64(2, 1, 4)]),
    Row("Expand", [f(3, 1), np.array([3, 4])], oldest=8, reason="a shape computed at run time"),
    Row("Reshape", [x, i64(0, -1)]),
    Row("Reshape", [x, i64(2, -1)], {"allowzero": 1}),
    Row("Reshape", [f(0, 3), i64(3, 0)], {"allowzero": 1}, oldest=14, reason="allowzero"),
    Row("Shape", [x]),
    Row("Shape", [x], {"start": 1, "end": -1}),
    Row("Shape", [x], {"start": -2}),
    Row("DepthToSpace", [x], {"blocksize": 2}),
    Row("DepthToSpace", [x], {"blocksize": 2, "mode": "CRD"}),
    Row("SpaceToDepth", [f(1, 2, 4, 4)], {"blocksize": 2}),
    Row("CastLike", [x, ints(1)]),
    Row("Cast", [x], {"to": 6}),
    Row("Range", [np.array(0), np.array(5), np.array(2)], oldest=11, reason="bounds computed at run time"),
    Row("Trilu", [f(2, 4, 5), C(np.int64(1))], oldest=9, reason="a choice between floats"),
    Row("Trilu", [f(4, 5)], {"upper": 0}, oldest=9, reason="a choice between floats"),
    Row("Trilu", [ints(4, 5)], {"upper": 0}),
    Row("EyeLike", [x[0, 0]], {"k": 1}),
    Row("Dropout", [x]),
    Row("Dropout", [x, C(np.float32(0.3)), C(np.bool_(False))]),
    Row("Gather", [x, i64(0, -1, 2)], {"axis": -3}),
    Row("Gather", [x, np.array([[0, -1], [2, 1]])], {"axis": 1}),
    Row("Gather", [x, np.array([0, -1], np.int32)]),
    Row("GatherElements", [f(3, 3), np.array([[0, -1, 1]])], {"axis": 0}, oldest=11),
    Row("GatherND", [f(3, 3), np.array([[0, 1], [2, 2]])], oldest=11),
    Row("GatherND", [f(2, 3), np.array([[0], [1]])], {"batch_dims": 1}, oldest=12, reason="batch_dims 1"),
    Row("ScatterElements", [f(3, 3), np.array([[0, -1, 1]]), f(1, 3)], {"axis": 0}, oldest=9),
    Row("ScatterND", [f(3, 3), np.array([[0], [2]]), f(2, 3)], oldest=11),
    *(
        Row(
            "ScatterElements",
            [f(3, 4), np.array([[0, 0, -1]]), f(1, 3)],
            {"axis": 1, "reduction": reduction},
            oldest=10,
        )
        for reduction in ("add", "mul", "max", "min")
    ),
    Row("ScatterElements", [ints(3, 3), np.array([[0, 2, 0]]), ints(1, 3)], {"reduction": "add"}, oldest=10),
    *(
        Row("ScatterND", [f(3, 2, 3), points, f(4, *rest)], {"reduction": reduction}, oldest=10)
        for points, rest in (
            (np.array([[0], [2], [0], [-3]]), (2, 3)),
            (np.array([[0, 1], [2, -1], [0, 1], [1, 0]]), (3,)),
        )
        for reduction in ("add", "mul", "max", "min")
    ),
    Row(
        "ScatterND",
        [f(3), np.array([[0], [1], [1]]), np.array([np.inf, 1, 2], np.float32)],
        {"reduction": "add"},
        oldest=10,
    ),
    *(
        Row(
            "GridSample",
            [f(2, 3, 4, 5), 1.5 * f(2, 6, 3, 2)],
            {"mode": mode, "padding_mode": padding, "align_corners": corners},
        )
        for mode in ("linear", "nearest", "cubic")
        for padding in ("zeros", "border", "reflection")
        for corners in (0, 1)
    ),
    Row("GridSample", [f(1, 1, 5, 5), HALVES], {"mode": "nearest", "padding_mode": "reflection"}),
    Row("GridSample", [f(1, 2, 4, 4, 4), f(1, 3, 3, 3, 3)]),
    Row("GridSample", [f(2, 2, 4, 3, 5), 2 * f(2, 3, 3, 3, 3)], {"mode": "nearest", "padding_mode": "border"}),
    Row("GridSample", [f(2, 2, 4, 3, 5), 2 * f(2, 3, 3, 3, 3)], {"padding_mode": "reflection", "align_corners": 1}),
    Row("DeformConv", [f(2, 3, 5, 6), f(4, 3, 3, 3), f(2, 18, 3, 4)]),
    Row(
        "DeformConv",
        [f(2, 4, 5, 6), C(f(6, 2, 3, 2)), 3 * f(2, 24, 3, 3), C(f(6)), f(2, 12, 3, 3)],
        {"group": 2, "offset_group": 2, "strides": (2, 3), "dilations": (1, 2), "pads": (1, 2, 1, 1)},
    ),
    Row("RoiAlign", [f(1, 2, 8, 8), C(np.array([[0, 0, 4, 4]], np.float32)), C(np.array([0]))], oldest=10),
    *(
        Row(
            "RoiAlign",
            [f(2, 3, 8, 9), ROIS, np.array([1, 0, 1, 0])],
            {"sampling_ratio": ratio, "output_height": 3, "output_width": 2, "spatial_scale": 0.5},
            oldest=9,
            reason="a choice between floats",
        )
        for ratio in (1, 3)
    ),
    Row(
        "RoiAlign",
        [f(2, 3, 8, 9), ROIS, np.array([1, 0, 1, 0])],
        oldest=16,
        reason="a number of samples that depends on the boxes",
    ),
    Row(
        "RoiAlign",
        [f(2, 3, 8, 9), ROIS, np.array([1, 0, 1, 0])],
        {"sampling_ratio": 2, "mode": "max"},
        oldest=16,
        reason="the maximum of the samples",
    ),
    Row(
        "RoiAlign",
        [f(1, 2, 8, 8), C(np.array([[0, 0, 4, 4]], np.float32)), C(np.array([0]))],
        {"coordinate_transformation_mode": "output_half_pixel"},
        oldest=10,
    ),
    Row("BatchNormalization", [x, C(f(4)), C(f(4)), C(f(4)), C(abs(f(4)))]),
    Row("LayerNormalization", [x, C(f(6)), C(f(6))]),
    Row("LayerNormalization", [x, C(f(5, 6))], {"axis": 2}, outputs=3),
    Row("LayerNormalization", [x.astype(np.float16), C(f(6).astype(np.float16))]),
    Row("GroupNormalization", [x, C(f(4)), C(f(4))], {"num_groups": 2}),
    Row("MeanVarianceNormalization", [x], {"axes": (0, 2, 3)}),
    Row("InstanceNormalization", [x, C(f(4)), C(f(4))]),
    Row("QuantizeLinear", [x * 10, C(np.float32(0.3)), C(np.uint8(128))]),
    Row("QuantizeLinear", [x * 10, C(abs(f(4)) + 0.1), C(np.zeros(4, np.int8))], {"axis": 1}),
    Row("QuantizeLinear", [x * 10, C(np.float32(0.03)), C(np.int16(5))]),
    Row("QuantizeLinear", [x * 10, C(np.float32(0.3))], {"output_dtype": 3}),
    Row("DequantizeLinear", [ints(2, 3, dtype=np.int8), C(np.float32(0.3)), C(np.int8(3))]),
    Row("DequantizeLinear", [ints(2, 3, dtype=np.int8), C(abs(f(3))), C(np.array([1, 2, 3], np.int8))], {"axis": -1}),
    Row("DequantizeLinear", [ints(2, 3, dtype=np.int32), C(np.float32(0.3))]),
    Row("DequantizeLinear", [ints(2, 3, dtype=np.uint16), C(np.float32(0.3)), C(np.uint16(3))]),
    Row("MaxPool", [x], {"kernel_shape": (2, 2), "strides": (2, 2), "ceil_mode": 1}),
    Row("MaxPool", [x], {"kernel_shape": (2, 2), "dilations": (2, 2)}, oldest=10, reason="dilations"),
    Row("MaxPool", [x], {"kernel_shape": (2, 2)}, outputs=2, oldest=8, reason="indices"),
    Row(
        "MaxPool",
        [ints(1, 1, 4, 4, dtype=np.uint8)],
        {"kernel_shape": (3, 3), "pads": (1, 1, 1, 1), "strides": (2, 2), "ceil_mode": 1},
    ),
    Row("AveragePool", [x], {"kernel_shape": (2, 2), "strides": (2, 2), "ceil_mode": 1}),
    Row("AveragePool", [x], {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (1, 1, 1, 1), "ceil_mode": 1}),
    Row(
        "AveragePool",
        [x],
        {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (1, 1, 1, 1), "ceil_mode": 1, "count_include_pad": 1},
        oldest=10,
        reason="ceil_mode with count_include_pad",
    ),
    Row("AveragePool", [x], {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (1, 1, 1, 1), "count_include_pad": 1}),
    Row("AveragePool", [x], {"kernel_shape": (2, 2), "dilations": (2, 2)}, oldest=19, reason="dilations"),
    Row("LpPool", [x], {"kernel_shape": (2, 2), "strides": (2, 2), "ceil_mode": 1}),
    Row("LSTM", [f(3, 2, 4), C(f(1, 12, 4)), C(f(1, 12, 3))], {"hidden_size": 3}, outputs=3),
    Row(
        "LSTM",
        [f(2, 3, 4), C(f(1, 12, 4)), C(f(1, 12, 3)), None, None, C(f(2, 1, 3)), C(f(2, 1, 3))],
        {"hidden_size": 3, "layout": 1},
        outputs=3,
    ),
    Row("GRU", [f(2, 3, 4), C(f(1, 9, 4)), C(f(1, 9, 3))], {"hidden_size": 3, "layout": 1}, outputs=1),
    Row("Gemm", [f(2, 3), C(f(3, 4))]),
    Row("Gemm", [f(2, 3), C(f(3, 4)), C(f(4))], {"alpha": 0.5}),
    Row("CumSum", [f(2, 3), C(np.int64(1))], oldest=11),
    Row("CumSum", [f(2, 3).astype(np.float16), C(np.int64(1))], oldest=11, tolerance=2e-3),
    Row("Einsum", [f(2, 3), f(3, 4)], {"equation": "ij,jk->ik"}, oldest=12),
    Row("Mod", [ints(5), np.full(5, 7)], oldest=10),
    Row("NonZero", [f(2, 3)], oldest=9),
    Row("Unique", [f(3)], oldest=11),
    Row("Det", [f(3, 3)], oldest=11),
    Row("BitwiseAnd", [ints(3), ints(3)], oldest=18),
    Row("PRelu", [x, C(f(4, 1, 1))]),
    Row("LeakyRelu", [x], {"alpha": 0.1}),
    Row("Elu", [x]),
    Row("Selu", [x]),
    Row("HardSigmoid", [x]),
    Row("Softplus", [x]),
    Row("LRN", [x], {"size": 3}),
    Row("LpNormalization", [x]),
    Row("Tile", [x, i64(1, 2, 1, 1)]),
    Row("Transpose", [x], {"perm": (0, 2, 1, 3)}),
    Row("Conv", [x, C(f(3, 4, 3, 3)), C(f(3))], {"pads": (1, 1, 1, 1)}),
    Row("ConvTranspose", [x, C(f(4, 3, 3, 3))], {"strides": (2, 2), "output_padding": (1, 1)}),
    Row("MatMul", [f(2, 3), f(3, 4)]),
]


def _resizes() -> list[Row]:
    nearest = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
    modes: list[dict[str, Any]] = [{"mode": "linear"}, {"mode": "cubic"}]
    modes += [{"mode": "nearest", "nearest_mode": mode} for mode in nearest]
    coordinates = ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric")
    rows: list[Row] = []
    for mode, coordinate in itertools.product(modes, coordinates):
        attrs = {**mode, "coordinate_transformation_mode": coordinate}
        rows += [Row("Resize", [x, None, f32(1, 1, *scales)], attrs) for scales in ((2, 2), (1.5, 0.6), (3, 1))]
        rows.append(Row("Resize", [x, None, None, i64(7, 4)], {**attrs, "axes": (2, 3)}))
        rows.append(Row("Resize", [x, None, f32(1.7)], {**attrs, "axes": (-1,)}))
    return rows


ROWS += [
    Row("RNN", [f(3, 2, 4), C(f(1, 3, 4)), C(f(1, 3, 3))], {"hidden_size": 3}, outputs=2),
    Row("ConstantOfShape", [np.array([2, 3])], oldest=9, reason="a shape computed at run time"),
]
ROWS += _resizes()
ROWS += [
    Row("Resize", [x, None, None, i64(3, 4)], {"mode": "linear", "axes": (2, 3), "antialias": 1}),
    Row("Resize", [x, None, None, i64(3, 9)], {"mode": "cubic", "axes": (2, 3), "antialias": 1}),
    Row("Resize", [x, None, None, i64(3, 4)], {"mode": "cubic", "axes": (2, 3), "exclude_outside": 1}),
    Row("Resize", [x, None, None, i64(7, 4)], {"axes": (2, 3), "keep_aspect_ratio_policy": "not_larger"}),
    Row("Resize", [x, None, None, i64(7, 4)], {"axes": (2, 3), "keep_aspect_ratio_policy": "not_smaller"}),
    Row(
        "Resize",
        [x, f32(0, 0, 0.1, 0.2, 1, 1, 0.8, 0.9), None, i64(2, 4, 4, 4)],
        {"mode": "linear", "coordinate_transformation_mode": "tf_crop_and_resize"},
    ),
]
