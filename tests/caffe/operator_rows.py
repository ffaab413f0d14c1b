"""Forms of IR operators as Caffe layers: what the backend is judged by beside the operator rows of MegEngine.

One line a form; the truth is onnxruntime.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tests.onnx.rows import C, Row

_RANDOM = np.random.RandomState(42)


def x(*shape: int) -> np.ndarray:
    """A computed operand."""
    return _RANDOM.standard_normal(shape).astype(np.float32)


def p(*shape: int) -> np.ndarray:
    """A positive one."""
    return np.abs(x(*shape)) + np.float32(0.1)


def w(*shape: int) -> C:
    """Weights."""
    return C(x(*shape))


def i(*numbers: int) -> C:
    """Whole numbers: axes, sizes, positions."""
    return C(np.array(numbers, np.int64))


def s(number: float) -> C:
    """One real number."""
    return C(np.float32(number))


def places(*numbers: int) -> np.ndarray:
    """Computed positions."""
    return np.array(numbers, np.int64)


def truth(*rows: str) -> np.ndarray:
    """``TF``, ``FF``: truth values."""
    return np.array([[letter == "T" for letter in row] for row in rows])


def one(op: str, *inputs: Any, outputs: int = 1, **attrs: Any) -> Row:
    return Row(op, inputs, attrs, outputs)


IMAGE = (2, 3, 4, 5)
PADS = [(0, 0, 0, 0), (1, 1, 1, 1), (0, 1, 1, 0), (2, 0, 1, 3), (0, 0, 1, 1)]
BINARY = ["Add", "Sub", "Mul", "Div", "Max", "Min", "Greater", "Less", "Equal", "GreaterOrEqual", "LessOrEqual"]
UNARY = [
    "Relu", "LeakyRelu", "Elu", "Selu", "Celu", "Sigmoid", "Tanh", "HardSigmoid", "HardSwish", "Softplus",
    "Mish", "Softsign", "Erf", "Gelu", "Sign", "Neg", "Abs", "Exp", "Sinh", "Cosh", "Asinh", "Identity",
    "Softmax", "LogSoftmax",
]  # fmt: skip
REDUCTIONS = ["Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp"]

ELEMENTWISE = [
    *(one(op, x(*IMAGE)) for op in UNARY),
    *(one(op, p(2, 3, 4)) for op in ("Sqrt", "Log", "Reciprocal")),
    one("Gelu", x(2, 3), approximate="tanh"),
    one("ThresholdedRelu", x(2, 3, 4), alpha=0.3),
    one("Acosh", p(2, 3) + 1),
    one("Atanh", np.tanh(x(2, 3))),
    one("Clip", x(*IMAGE), s(-0.5), s(0.5)),
    one("Clip", x(*IMAGE), None, s(0.5)),
    one("Clip", x(*IMAGE), s(0.1)),
    one("Clip", x(*IMAGE) * 1e9, s(0), s(6)),
    one("Clip", x(2, 3), np.array(-0.5, np.float32), np.array(0.5, np.float32)),
    *(one("PRelu", x(*IMAGE), C(p(*shape))) for shape in ((3, 1, 1), (1,), (3, 4, 5))),
    one("PRelu", x(2, 3), x(3)),
    one("Pow", p(2, 3), s(2.5)),
    one("Pow", s(2), x(2, 3)),
    one("Pow", x(2, 3), s(2)),
    one("Sum", x(2, 3), x(2, 3), x(3)),
    one("Mean", x(2, 3), x(2, 3)),
    one("Max", x(2, 3), x(2, 3), x(3)),
    one("Cast", np.round(x(2, 3)), to=9),
    one("CastLike", x(2, 3), C(np.float32(1))),
    one("Dropout", x(2, 3)),
    one("Where", truth("TFT"), x(2, 3), x(2, 3)),
    one("Not", truth("TFT")),
    *(one(op, truth("TFT"), truth("T", "F")) for op in ("And", "Or", "Xor")),
    *(
        one(op, *operands())
        for op in BINARY
        for operands in (
            lambda: (x(*IMAGE), x(*IMAGE)),
            lambda: (x(*IMAGE), x(3, 1, 1)),
            lambda: (x(2, 3, 1, 1), x(*IMAGE)),
            lambda: (x(2, 1, 4, 1), x(1, 3, 1, 5)),
            lambda: (x(*IMAGE), w(3, 1, 1)),
            lambda: (w(4, 5), x(*IMAGE)),
            lambda: (x(*IMAGE), s(0.7)),
            lambda: (x(3), w(2, 1)),
            lambda: (x(*IMAGE), w(2, 1, 1, 5)),
            lambda: (x(2, 1, 20), x(2, 30, 20)),
        )
    ),
]

WINDOWS = [
    *(
        one("Conv", x(1, 4, 9, 11), w(6, 4, 3, 3), w(6), pads=pads, strides=strides)
        for pads in PADS
        for strides in ((1, 1), (2, 2), (2, 1))
    ),
    one("Conv", x(2, 4, 9, 9), w(4, 1, 3, 3), None, group=4, pads=(1, 1, 1, 1)),
    one("Conv", x(2, 4, 9, 9), w(6, 2, 3, 3), w(6), group=2, dilations=(2, 2), pads=(2, 2, 2, 2)),
    one("Conv", x(2, 4, 9, 9), w(6, 4, 3, 3), w(6), auto_pad="SAME_UPPER", strides=(2, 2)),
    one("Conv", x(2, 4, 9, 9), w(6, 4, 3, 3), w(6), auto_pad="SAME_LOWER", strides=(2, 2)),
    one("Conv", x(2, 4, 9), w(6, 4, 3), w(6), pads=(1, 1)),
    one("Conv", x(1, 2, 5, 6, 7), w(3, 2, 3, 3, 3), w(3), pads=(1,) * 6),
    *(
        one("ConvTranspose", x(1, 4, 5, 6), w(4, 3, 3, 3), w(3), pads=pads, strides=(2, 2), output_padding=more)
        for pads in ((0, 0, 0, 0), (1, 1, 1, 1), (0, 1, 1, 0), (2, 0, 1, 0))
        for more in ((0, 0), (1, 1), (0, 1))
    ),
    one("ConvTranspose", x(1, 4, 5, 6), w(4, 1, 4, 4), None, group=4, strides=(2, 2), pads=(1, 1, 1, 1)),
    one("ConvTranspose", x(1, 4, 5, 6), w(4, 3, 3, 3), None, group=2, dilations=(2, 2)),
    one("ConvTranspose", x(1, 4, 5), w(4, 3, 3), w(3), strides=(2,)),
    *(
        one(op, x(1, 2, size, size + 1), kernel_shape=(k, k), strides=(stride,) * 2, pads=(b, b, e, e), **more)
        for size, k, stride, (b, e) in itertools.product((7, 8), (2, 3), (1, 2), ((0, 0), (1, 1), (0, 1), (1, 0)))
        for op, more in (
            ("MaxPool", {}),
            ("AveragePool", {"count_include_pad": 0}),
            ("AveragePool", {"count_include_pad": 1}),
        )
    ),
    one("MaxPool", x(1, 2, 9, 9), kernel_shape=(3, 3), strides=(2, 2), ceil_mode=1),
    one("MaxPool", x(1, 2, 8, 8), kernel_shape=(3, 3), strides=(2, 2), ceil_mode=1),
    one("MaxPool", x(1, 2, 9), kernel_shape=(3,), strides=(2,), pads=(1, 1)),
    one("AveragePool", x(1, 2, 9), kernel_shape=(3,), strides=(2,), pads=(1, 1)),
    one("AveragePool", x(1, 2, 9, 9), kernel_shape=(3, 2), strides=(2, 1), pads=(0, 1, 0, 1)),
    *(one(op, x(*shape)) for op in ("GlobalAveragePool", "GlobalMaxPool") for shape in (IMAGE, (2, 3, 4))),
]

STATISTICS = [
    one("BatchNormalization", x(*IMAGE), w(3), w(3), w(3), C(p(3))),
    one("BatchNormalization", x(2, 3), w(3), w(3), w(3), C(p(3))),
    one("InstanceNormalization", x(*IMAGE), w(3), w(3)),
    one("GroupNormalization", x(2, 6, 4, 5), w(6), w(6), num_groups=3),
    one("LayerNormalization", x(2, 6, 20), w(20), w(20)),
    one("LayerNormalization", x(2, 6, 4, 5), w(6, 4, 5), w(6, 4, 5), axis=1),
    one("MeanVarianceNormalization", x(*IMAGE)),
    one("LRN", x(2, 6, 4, 5), size=5, alpha=0.1, bias=2.0),
    one("LpNormalization", x(2, 6, 4), axis=1, p=2),
    one("LpNormalization", x(2, 6, 4), axis=1, p=1),
    *(
        one(f"Reduce{kind}", x(*IMAGE), i(*axes), keepdims=keep)
        for kind in REDUCTIONS
        for axes in ((1,), (2, 3), (0, 2), (-1,))
        for keep in (0, 1)
    ),
    *(one(f"Reduce{kind}", x(2, 3, 4)) for kind in REDUCTIONS),
    one("ReduceLogSum", p(2, 3, 4), i(1)),
    *(one(op, x(*IMAGE), axis=axis) for op in ("Softmax", "LogSoftmax") for axis in (1, -1, 0)),
    one("Softmax", x(7)),
    *(one(op, x(*IMAGE), axis=a, keepdims=k) for op in ("ArgMax", "ArgMin") for a in (1, -1, 0) for k in (0, 1)),
    one("ArgMax", places(3, 7, 7, 1).reshape(1, 4), axis=1),
    one("TopK", x(2, 9), i(3), outputs=2),
    one("TopK", x(2, 9, 3), i(3), outputs=2, axis=1, largest=0),
    *(one("CumSum", x(2, 9, 3), C(np.int64(1)), exclusive=e, reverse=r) for e in (0, 1) for r in (0, 1)),
    one("CumSum", x(2, 9), C(np.int64(-1))),
]

PRODUCTS = [
    one("Gemm", x(2, 5), w(5, 7), w(7)),
    one("Gemm", x(2, 5), w(7, 5), w(7), transB=1, alpha=0.5, beta=2.0),
    one("Gemm", x(5, 2), w(7, 5), x(2, 7), transB=1, transA=1, beta=2.0),
    one("Gemm", x(2, 5), x(5, 7), w(7)),
    one("Gemm", w(2, 5), x(7, 5), None, transB=1),
    one("MatMul", x(2, 3, 5), w(5, 7)),
    one("MatMul", x(2, 3, 5), x(2, 5, 7)),
    one("MatMul", x(2, 3, 5), x(5, 7)),
    one("MatMul", w(3, 5), x(2, 5, 7)),
    one("MatMul", x(5), x(5, 7)),
    one("MatMul", x(3, 5), w(5)),
    one("MatMul", x(2, 4, 3, 5), w(2, 4, 5, 6)),
    one("MatMul", x(5), x(5)),
    *(
        one("LSTM", x(5, 2, 3), w(d, 16, 3), w(d, 16, 4), w(d, 32), None, x(d, 2, 4), x(d, 2, 4), outputs=3,
            hidden_size=4, direction=direction)
        for direction, d in (("forward", 1), ("reverse", 1), ("bidirectional", 2))
    ),
    one("LSTM", x(1, 2, 3), w(1, 16, 3), w(1, 16, 4), outputs=1, hidden_size=4),
    one("RNN", x(5, 2, 3), w(2, 4, 3), w(2, 4, 4), w(2, 8), outputs=2, hidden_size=4, direction="bidirectional"),
    *(
        one("GRU", x(5, 2, 3), w(1, 12, 3), w(1, 12, 4), w(1, 24), None, start, outputs=2, hidden_size=4,
            linear_before_reset=before)
        for before in (0, 1)
        for start in (None, x(1, 2, 4))
    ),
]  # fmt: skip

SHAPES = [
    one("Reshape", x(2, 3, 4), i(6, 4)),
    one("Flatten", x(2, 3, 4)),
    one("Unsqueeze", x(2, 3), i(1)),
    one("Squeeze", x(2, 1, 3), i(1)),
    *(one("Transpose", x(*IMAGE), perm=perm) for perm in itertools.permutations(range(4))),
    *(one("DepthToSpace", x(2, 12, 4, 5), blocksize=2, mode=mode) for mode in ("DCR", "CRD")),
    one("SpaceToDepth", x(2, 3, 4, 6), blocksize=2),
    one("Concat", x(2, 3, 4), x(2, 5, 4), axis=1),
    one("Concat", x(2, 3, 4), x(2, 3, 1), axis=-1),
    one("Split", x(2, 6, 4), i(1, 3, 2), axis=1, outputs=3),
    one("Split", x(4, 6), axis=0, num_outputs=2, outputs=2),
    one("Slice", x(2, 4, 7, 9), i(1), i(3), i(1)),
    one("Slice", x(2, 4, 7, 9), i(-1), i(-100), i(2), i(-1)),
    one("Slice", x(2, 4, 7, 9), i(1, 1), i(-1, 5), i(1, 3), i(1, 3)),
    one("Slice", x(2, 4, 7, 9), i(4), i(0), i(2), i(-2)),
    one("Tile", x(2, 3), i(2, 3)),
    one("Tile", x(2, 3, 4), i(1, 12, 1)),
    one("Expand", x(2, 1, 4), i(2, 20, 4)),
    one("Trilu", x(2, 4, 5)),
    one("Trilu", x(2, 4, 5), C(np.int64(1)), upper=0),
    *(
        one("Pad", x(*IMAGE), i(*pads), None if mode != "constant" else s(1.5), mode=mode)
        for mode in ("constant", "edge", "reflect")
        for pads in ((0, 0, 1, 2, 0, 0, 0, 1), (0, 1, 0, 0, 0, 2, 0, 0))
    ),
    one("Pad", x(*IMAGE), i(0, 0, -1, 2, 0, 0, 0, -1)),
    *(
        one("Resize", x(1, 2, 4, 5), None, None, i(1, 2, *size), mode=mode, coordinate_transformation_mode=transform)
        for mode in ("nearest", "linear", "cubic")
        for transform in ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel")
        for size in ((8, 10), (3, 7))
    ),
]

LOOKUPS = [
    one("Gather", x(2, 4, 5), i(2, 0, 0), axis=1),
    one("Gather", x(2, 4, 5), C(np.int64(2)), axis=1),
    one("Gather", x(2, 4, 5), C(np.array([[0, 1], [3, 2]])), axis=-2),
    one("Gather", w(10, 4), places(1, 2, 3, 9, 0, 1).reshape(2, 3)),
    one("Gather", x(2, 4, 5), places(1, -1, 3), axis=1),
    one("GatherElements", x(3, 5), places(0, 4, -1, 2, 2, 2).reshape(3, 2), axis=1),
    one("GatherElements", x(3, 5), C(np.array([[1, 0, 2, 2, 1]])), axis=0),
    one("GatherND", x(3, 4, 5), places(0, 1, 2, -1).reshape(2, 2)),
    one("ScatterElements", x(3, 5), places(0, 4, -2, 1, 2, 3).reshape(3, 2), x(3, 2), axis=1),
    one("ScatterElements", x(3, 5), places(0, 0, 1, 1, 2, 2).reshape(3, 2), x(3, 2), axis=1, reduction="add"),
    one("ScatterND", x(4, 5), places(3, 1).reshape(2, 1), x(2, 5)),
    one("ScatterND", x(4, 5), places(3, 3).reshape(2, 1), x(2, 5), reduction="add"),
    one("OneHot", places(1, 2, 3, 4, 0, 1).reshape(2, 3), C(np.int64(5)), w(2)),
]

ROWS = [*ELEMENTWISE, *WINDOWS, *STATISTICS, *PRODUCTS, *SHAPES, *LOOKUPS]
