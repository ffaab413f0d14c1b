"""Every IR operator that has a TFLite emitter, form by form, in LiteRT (XNNPACK and builtin kernels) against
onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgeconvert_converters.tflite.emit import EMITTERS
from tests.tflite_judge import graph_of, judge

Array = np.ndarray[Any, Any]


def X(*shape: int, low: float = -1.0, high: float = 1.0, dtype: str = "float32", seed: int = 0) -> Array:
    rng = np.random.default_rng((seed, *shape))
    if dtype == "bool":
        return rng.random(shape) > 0.5
    if dtype.startswith(("int", "uint")):
        return rng.integers(int(low), int(high), shape).astype(dtype)
    return rng.uniform(low, high, shape).astype(dtype)


def I(*shape: int, high: int = 5, low: int = 0, seed: int = 0, dtype: str = "int32") -> Array:  # noqa: E743
    return X(*shape, low=low, high=high, dtype=dtype, seed=seed)


class Op:
    """One case: operator, operands (`X`s are inputs, `C`s constants, None omitted), attributes."""

    def __init__(self, op: str, *operands: Any, outputs: int = 1, rtol: float = 1e-5, tag: str = "", **attrs: Any) -> None:
        self.op, self.operands, self.outputs, self.rtol, self.attrs, self.tag = op, operands, outputs, rtol, attrs, tag

    def make(self, b: Any, *values: Any) -> Any:
        given = iter(values)
        operands = [operand.array if isinstance(operand, C) else operand if operand is None else next(given)
                    for operand in self.operands]  # fmt: skip
        return b.ops(self.op, self.outputs, *operands, **self.attrs)

    @property
    def inputs(self) -> tuple[Array, ...]:
        return tuple(operand for operand in self.operands if isinstance(operand, np.ndarray))

    def __str__(self) -> str:
        shapes = "_".join("x".join(map(str, getattr(o, "array", o).shape)) for o in self.operands if o is not None)
        attrs = ",".join(f"{k}={v}" for k, v in self.attrs.items() if not isinstance(v, np.ndarray))
        return f"{self.op}-{self.tag or shapes}-{attrs}"


class C:
    """A constant operand."""

    def __init__(self, array: Any, dtype: str = "float32") -> None:
        self.array = np.asarray(array, dtype)


def ints(*numbers: int) -> C:
    return C(numbers, "int64")


IMAGE = (2, 3, 5, 7)
UNARY = "Abs Ceil Cos Exp Floor Neg Relu Round Sigmoid Sign Sin Tanh HardSwish Erf Sinh Cosh Asinh Softplus Softsign Mish Selu Celu HardSigmoid Atan Elu LeakyRelu IsNaN Softmax LogSoftmax Gelu Identity".split()
POSITIVE = "Log Sqrt Reciprocal".split()
INSIDE = "Asin Acos Atanh Tan".split()
CASES = [
    *[Op(op, X(*shape, low=-3, high=3)) for op in UNARY for shape in ((2, 6), IMAGE, (2, 3, 4, 2, 3))],
    *[Op(op, X(*IMAGE, low=0.1, high=4)) for op in POSITIVE],
    *[Op(op, X(*IMAGE, low=-0.99, high=0.99)) for op in INSIDE],
    Op("Acosh", X(3, 4, low=1, high=9)),
    Op("Erf", C(0).array.reshape(1)),
    Op("Gelu", X(3, 4), approximate="tanh"),
    Op("Elu", X(3, 4), alpha=0.3), Op("Celu", X(3, 4), alpha=0.3), Op("ThresholdedRelu", X(3, 4), alpha=0.2),
    Op("Shrink", X(3, 4), bias=0.1, lambd=0.2), Op("HardSigmoid", X(3, 4), alpha=1 / 6),
    Op("IsInf", np.array([1, np.inf, -np.inf, np.nan], "f")), Op("IsNaN", np.array([1, np.inf, np.nan], "f")),
    Op("Not", X(3, 4, dtype="bool")),
    Op("Neg", I(3, 4)), Op("Abs", I(3, 4, low=-4)), Op("Sign", I(3, 4, low=-4)), Op("BitwiseNot", I(3, 4)),
    *[Op(op, X(*a), X(*b, seed=1, low=0.5, high=2)) for op in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Less", "Mod")
      for a, b in ((IMAGE, IMAGE), (IMAGE, (1, 3, 1, 1)), ((3, 1, 1), IMAGE), (IMAGE, ()), ((2, 3, 4, 5, 6), (4, 1, 6)),
                   ((2, 3, 4, 2, 3, 2), (3, 1, 2, 3, 1)))
      if op != "Mod"],
    *[Op(op, X(*IMAGE), C(X(*s, low=0.5, high=2))) for op in ("Add", "Mul", "Div", "Sub", "Max")
      for s in ((3, 1, 1), (1,), (7,), IMAGE)],
    Op("Mod", X(3, 4, low=-5, high=5), X(3, 4, low=1, high=3), fmod=1), Op("Mod", I(9, low=-9), I(9, low=1, seed=1)),
    Op("Mod", I(9, low=-9), I(9, low=1, seed=1), fmod=1),
    Op("Pow", X(3, 4, low=0.1, high=2), X(3, 4, seed=2)), Op("Pow", X(3, 4), C(2.0)), Op("Pow", X(2, 3, 4, 5), C(3.0)),
    Op("Add", I(3, 4), I(3, 4, seed=1)), Op("Mul", I(3, 4), I(1, 4)), Op("Div", I(9, low=-9), I(9, low=1, seed=1)),
    Op("Sub", I(3, 4), I(4)), Op("Max", I(3, 4), I(4)), Op("Sum", X(3, 4), X(4), X(3, 1)), Op("Mean", X(3, 4), X(4)),
    *[Op(op, X(3, 4, dtype="bool"), X(3, 4, dtype="bool", seed=1)) for op in ("And", "Or", "Xor", "Equal")],
    *[Op(op, I(3, 4), I(3, 4, seed=1)) for op in ("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual")],
    Op("Equal", X(*IMAGE), X(1, 3, 1, 1)), Op("Greater", X(2, 3, 4, 5, 6), X(6, seed=2)), Op("BitwiseXor", I(4), I(4, seed=1)),
    Op("BitShift", I(4, dtype="uint8"), I(4, dtype="uint8", seed=1), direction="RIGHT"),
    Op("Where", X(*IMAGE, dtype="bool"), X(*IMAGE), X(*IMAGE, seed=1)), Op("Where", X(3, 1, dtype="bool"), X(3, 4), X(4)),
    Op("Where", X(2, 1, 4, 1, 6, dtype="bool"), X(2, 3, 4, 5, 6), X(1)),
    *[Op("Cast", X(3, 4, low=-3, high=3), to=to) for to in (1, 6, 7, 9, 3, 10)], Op("Cast", X(3, 4, low=0, high=9), to=2), Op("Cast", I(3, 4), to=1), Op("Cast", X(3, dtype="bool"), to=1),
    Op("Cast", I(3, 4, dtype="uint8"), to=1), Op("Cast", X(3, 4, dtype="bool"), to=7), Op("CastLike", X(3), C(0, "int32")),
    Op("Clip", X(3, 4, low=-9, high=9), C(0), C(6)), Op("Clip", X(3, 4, low=-9, high=9), C(-1), C(1)), Op("Clip", X(3, 4), C(-0.3), None),
    Op("Clip", X(3, 4), None, C(0.2)), Op("Clip", X(2, 3, 4, 5, 2), C(0), C(0.2)), Op("Clip", I(9), C(1, "int32"), C(3, "int32")),
    Op("PRelu", X(*IMAGE), C(X(3, 1, 1))), Op("PRelu", X(*IMAGE), C([0.3])), Op("PRelu", X(3, 4), X(4)), Op("PRelu", X(2, 3, 4, 5, 2), C(X(3, 1, 1, 1))),
    # convolutions
    *[Op("Conv", X(2, 4, 9, 11), C(X(6, 4, 3, 3)), b, pads=p, strides=s, dilations=d)
      for b, p, s, d in ((None, (0, 0, 0, 0), (1, 1), (1, 1)), (C(X(6)), (1, 1, 1, 1), (1, 1), (1, 1)), (C(X(6)), (1, 1, 1, 1), (2, 2), (1, 1)),
                         (C(X(6)), (0, 1, 2, 3), (2, 1), (1, 1)), (C(X(6)), (2, 2, 2, 2), (1, 1), (2, 2)), (None, (0, 0, 1, 1), (2, 2), (1, 1)))],
    Op("Conv", X(1, 4, 8, 8), C(X(6, 2, 3, 3)), C(X(6)), group=2, pads=(1, 1, 1, 1)),
    Op("Conv", X(1, 4, 8, 8), C(X(4, 1, 3, 3)), C(X(4)), group=4, pads=(1, 1, 1, 1)),
    Op("Conv", X(1, 4, 8, 8), C(X(8, 1, 3, 3)), C(X(8)), group=4, strides=(2, 2)), Op("Conv", X(1, 4, 8, 8), C(X(8, 1, 3, 3)), None, group=4, dilations=(2, 2)),
    Op("Conv", X(1, 4, 8, 8), C(X(5, 4, 1, 1)), None), Op("Conv", X(1, 4, 8, 7), C(X(5, 4, 2, 3)), None, auto_pad="SAME_UPPER", strides=(2, 2)),
    Op("Conv", X(1, 4, 8, 7), C(X(5, 4, 2, 3)), None, auto_pad="SAME_LOWER"),
    Op("Conv", X(2, 4, 9), C(X(6, 4, 3)), C(X(6)), pads=(1, 2), strides=(2,)), Op("Conv", X(2, 4, 9), C(X(6, 2, 3)), None, group=2),
    Op("Conv", X(1, 2, 5, 6, 7), C(X(4, 2, 3, 3, 3)), C(X(4)), pads=(1, 1, 1, 1, 1, 1)), Op("Conv", X(1, 4, 5, 6, 7), C(X(4, 2, 2, 3, 3)), None, group=2, strides=(1, 2, 1)),
    *[Op("ConvTranspose", X(2, 4, 5, 6), C(X(4, 3 // g * 1 if g == 1 else 2, 3, 3)), b, group=g, pads=p, strides=s, output_padding=o, dilations=d)
      for g, b, p, s, o, d in ((1, None, (0, 0, 0, 0), (1, 1), (0, 0), (1, 1)), (1, C(X(3)), (1, 1, 1, 1), (2, 2), (0, 0), (1, 1)), (1, C(X(3)), (1, 1, 1, 1), (2, 2), (1, 1), (1, 1)),
                               (2, C(X(4)), (1, 0, 0, 1), (2, 1), (0, 0), (1, 1)), (1, None, (0, 0, 0, 0), (3, 3), (2, 2), (1, 1)), (1, None, (1, 1, 1, 1), (1, 1), (0, 0), (2, 2)))],
    Op("ConvTranspose", X(2, 4, 5), C(X(4, 3, 3)), None, strides=(2,), pads=(1, 1)), Op("ConvTranspose", X(1, 4, 4, 4), C(X(4, 2, 2, 2)), C(X(2)), strides=(2, 2)),
    Op("ConvTranspose", X(1, 4, 4, 4), C(X(4, 2, 3, 3)), None, strides=(2, 2), output_shape=(8, 8), auto_pad="SAME_UPPER"),
    Op("ConvTranspose", X(1, 4, 3, 4, 5), C(X(4, 2, 3, 2, 3)), C(X(2)), strides=(1, 2, 1), pads=(0, 1, 1, 0, 1, 1)),
    Op("Conv", X(1, 3, 6, 6), X(4, 3, 3, 3, seed=1), X(4), pads=(1, 1, 1, 1)), Op("Conv", X(1, 3, 6, 6), X(3, 1, 3, 3, seed=1), None, group=3), Op("Conv", X(1, 3, 6), X(4, 3, 3, seed=1), None),
    # pools
    *[Op(op, X(2, 3, 9, 8), kernel_shape=(3, 3), pads=p, strides=s, ceil_mode=m)
      for op in ("MaxPool", "AveragePool") for p, s, m in (((0, 0, 0, 0), (1, 1), 0), ((1, 1, 1, 1), (2, 2), 0), ((0, 0, 0, 0), (2, 2), 1), ((1, 0, 0, 1), (2, 1), 0), ((1, 1, 1, 1), (2, 2), 1))],
    *[Op("AveragePool", X(2, 3, 9, 8), kernel_shape=(3, 2), pads=(1, 1, 1, 1), strides=(2, 2), ceil_mode=m, count_include_pad=1) for m in (0, 1)],
    Op("MaxPool", X(2, 3, 9, 8), kernel_shape=(2, 2), dilations=(2, 2)), Op("MaxPool", X(2, 3, 9), kernel_shape=(3,), strides=(2,), pads=(1, 1)),
    Op("AveragePool", X(2, 3, 9), kernel_shape=(3,), strides=(2,), pads=(1, 1)), Op("AveragePool", X(2, 3, 4, 5, 6), kernel_shape=(2, 2, 2), strides=(2, 2, 2)),
    Op("MaxPool", X(2, 3, 4, 5, 6), kernel_shape=(2, 3, 2), pads=(1, 1, 1, 1, 1, 1)), Op("AveragePool", X(2, 3, 4, 5, 6), kernel_shape=(2, 2, 2), pads=(1, 1, 1, 1, 1, 1)),
    Op("GlobalAveragePool", X(*IMAGE)), Op("GlobalMaxPool", X(*IMAGE)), Op("GlobalAveragePool", X(2, 3, 4)),
    # products
    Op("Gemm", X(3, 4), C(X(4, 5)), C(X(5))), Op("Gemm", X(3, 4), C(X(5, 4)), C(X(5)), transB=1, alpha=0.5, beta=2.0), Op("Gemm", X(4, 3), C(X(4, 5)), transA=1),
    Op("Gemm", X(3, 4), X(4, 5), X(5)), Op("Gemm", X(3, 4), X(5, 4), C(X(3, 5)), transB=1), Op("Gemm", X(3, 4), C(X(4, 5)), C(X(3, 1))), Op("Gemm", X(3, 4), C(X(4, 5)), X(3, 5), beta=0.5),
    *[Op("MatMul", X(*a), X(*b, seed=1)) for a, b in (((3, 4), (4, 5)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((2, 1, 3, 4), (3, 4, 5)), ((4,), (4, 5)), ((3, 4), (4,)), ((4,), (4,)), ((2, 3, 4), (4,)), ((4,), (2, 4, 5)))],
    *[Op("MatMul", X(*a), C(X(*b, seed=1))) for a, b in (((3, 4), (4, 5)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((2, 5, 3, 4), (4, 5)))], Op("MatMul", C(X(3, 4)), X(4, 5)),
    # normalizations
    Op("BatchNormalization", X(*IMAGE), C(X(3)), C(X(3, seed=1)), C(X(3, seed=2)), C(X(3, low=0.5, high=2))),
    Op("BatchNormalization", X(5, 3), C(X(3)), C(X(3, seed=1)), C(X(3, seed=2)), C(X(3, low=0.5, high=2))),
    Op("LayerNormalization", X(2, 5, 8), C(X(8)), C(X(8, seed=1))), Op("LayerNormalization", X(*IMAGE), C(X(3, 5, 7)), None, axis=1), Op("LayerNormalization", X(*IMAGE), C(X(7)), C(X(7, seed=1))),
    Op("InstanceNormalization", X(*IMAGE), C(X(3)), C(X(3, seed=1))), Op("GroupNormalization", X(2, 6, 4, 5), C(X(6)), C(X(6, seed=1)), num_groups=3), Op("GroupNormalization", X(2, 6, 5), C(X(6)), C(X(6, seed=1)), num_groups=2),
    Op("LpNormalization", X(3, 4)), Op("LpNormalization", X(3, 4), p=1, axis=0), Op("LRN", X(*IMAGE), size=3), Op("MeanVarianceNormalization", X(*IMAGE)), Op("Hardmax", X(3, 4)), Op("Hardmax", X(3, 4, 5), axis=1),
    *[Op(op, X(*IMAGE), axis=a) for op in ("Softmax", "LogSoftmax") for a in (0, 1, 2, 3, -1)],
    # reductions
    *[Op(op, X(*IMAGE), C(axes, "int64") if axes else None, keepdims=k) for op in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp")
      for axes, k in (((2, 3), 1), ((2, 3), 0), ((1,), 0), ((-1,), 1), (None, 0))],
    Op("ReduceLogSum", X(*IMAGE, low=0.1, high=1), ints(1)), Op("ReduceSum", I(3, 4), ints(0)), Op("ReduceMax", I(3, 4), ints(1)), Op("ReduceProd", I(3, 4), ints(1)), Op("ReduceMean", X(2, 3, 4, 5, 2), ints(1, 3)), Op("ReduceMax", X(3, 4, dtype="bool"), ints(1)),
    *[Op(op, X(*IMAGE), axis=a, keepdims=k) for op in ("ArgMax", "ArgMin") for a in (0, 1, 3) for k in (0, 1)],
    *[Op("CumSum", X(*IMAGE), C(a, "int64"), exclusive=e, reverse=r) for a in (0, 1, 3) for e in (0, 1) for r in (0, 1)], Op("CumSum", I(3, 4), C(1, "int64")),
    # shapes
    Op("Transpose", X(*IMAGE), perm=(0, 2, 3, 1)), Op("Transpose", X(2, 3, 4, 5, 2), perm=(4, 2, 0, 3, 1)), Op("Transpose", X(2, 3, 2, 3, 2, 3), perm=(5, 3, 1, 4, 2, 0)), Op("Transpose", X(3, 4)), Op("Transpose", X(2, 3, 2, 3, 2, 3, 2, 2), perm=(7, 5, 3, 1, 6, 4, 2, 0)),
    Op("Reshape", X(*IMAGE), ints(6, 35)), Op("Reshape", X(*IMAGE), ints(3, 2, 7, 5)), Op("Reshape", X(*IMAGE), ints(-1)), Op("Flatten", X(*IMAGE)), Op("Flatten", X(*IMAGE), axis=3), Op("Squeeze", X(1, 3, 1, 4), ints(0, 2)), Op("Unsqueeze", X(3, 4), ints(0, 3)),
    *[Op("Concat", X(*IMAGE), X(*IMAGE, seed=1), C(X(*IMAGE, seed=2)), axis=a) for a in (0, 1, 2, -1)], Op("Concat", X(3, dtype="int32", high=5), I(4), axis=0), Op("Concat", X(2, 3, 4, 5, 2), X(2, 3, 1, 5, 2), axis=2),
    *[Op("Split", X(2, 6, 4, 8), C(s, "int64") if s else None, outputs=3 if s else 2, axis=1, num_outputs=None if s else 2) for s in ((2, 2, 2), (1, 2, 3), None)], Op("Split", I(6), ints(2, 4), outputs=2, axis=0),
    *[Op("Slice", X(2, 6, 7, 8), C(s, "int64"), C(e, "int64"), C(a, "int64"), C(t, "int64"))
      for s, e, a, t in (((0,), (1,), (0,), (1,)), ((1, -3), (5, 2**63 - 1), (1, 3), (2, 1)), ((-1,), (-(2**63),), (2,), (-1,)), ((5, 6), (0, 0), (1, 3), (-2, -3)), ((3,), (3,), (1,), (1,))) if s != (3,)],
    Op("Slice", X(2, 3, 4, 5, 6), ints(1), ints(3), ints(3)), Op("Slice", I(9), ints(1), ints(7), ints(0), ints(3)),
    Op("Expand", X(1, 3, 1, 1), ints(2, 3, 4, 5)), Op("Expand", X(3, 1), ints(2, 3, 4)), Op("Expand", X(2, 1, 3, 1, 2), ints(2, 4, 3, 2, 2)), Op("Expand", I(1), ints(4)), Op("Expand", X(2, 3), ints(1, 1)), Op("Expand", X(1, 2, dtype="bool"), ints(3, 2)),
    Op("Tile", X(*IMAGE), ints(1, 2, 3, 1)), Op("Tile", I(3), ints(2)), Op("DepthToSpace", X(1, 8, 3, 4), blocksize=2), Op("DepthToSpace", X(2, 8, 3, 4), blocksize=2, mode="CRD"), Op("SpaceToDepth", X(1, 2, 4, 6), blocksize=2),
    # indices
    Op("Gather", X(*IMAGE), C([0, 2, -1], "int64"), axis=1), Op("Gather", X(*IMAGE), C(1, "int64"), axis=1), Op("Gather", X(9, 4), I(2, 3, high=9)), Op("Gather", X(9, 4), I(2, 3, low=-9, high=9)), Op("Gather", X(2, 3, 4), I(2, 3, high=3), axis=1), Op("Gather", X(*IMAGE), C([[0, 1]], "int64"), axis=3), Op("Gather", I(9), I(3, high=9)), Op("Gather", X(4, 5), np.array(2, "int32")),
    Op("GatherND", X(3, 4, 5), I(6, 2, low=-3, high=3, dtype="int64")), Op("GatherND", X(3, 4, 5), C([[0, 1], [2, -1]], "int64")), Op("GatherElements", X(3, 4), I(3, 2, low=-4, high=4), axis=1), Op("GatherElements", X(3, 4), C([[0, 1, 2, 0]], "int64"), axis=0),
    Op("ScatterND", X(4, 5), C([[1], [3]], "int64"), X(2, 5, seed=1)), Op("ScatterND", X(4, 5), C([[1, 2], [-1, 0]], "int64"), X(2, seed=1)), Op("ScatterND", X(4, 5), np.array([[1, 2], [3, 0]], "int64"), X(2, seed=1)), Op("ScatterND", X(4, 5), C([[1], [1]], "int64"), X(2, 5, seed=1), reduction="add"),
    Op("ScatterElements", X(3, 4), C([[1, 2], [0, 3], [3, 1]], "int64"), X(3, 2, seed=1), axis=1), Op("ScatterElements", X(3, 4), np.array([[2, 0, 1, -1]], "int64"), X(1, 4, seed=1), axis=0), Op("ScatterElements", C(np.zeros((3, 4))), C([[1, 2], [0, 3], [3, 1]], "int64"), X(3, 2, seed=1), axis=1),
    Op("OneHot", I(3, 4, low=-5, dtype="int64"), C(5, "int64"), C([0, 1])), Op("OneHot", I(3, 4, dtype="int64"), C(5, "int64"), C([0.5, 2]), axis=1), Op("OneHot", I(4, dtype="int64"), C(5, "int64"), C([0, 1], "int64"), axis=0),
    Op("Range", np.array(0, "int32"), np.array(7, "int32"), np.array(2, "int32")), Op("NonZero", I(3, 4, high=2)), Op("Trilu", X(3, 4)), Op("Trilu", X(2, 4, 4), C(1, "int64"), upper=0), Op("Compress", X(3, 4), C([1, 0, 1], "bool"), axis=0), Op("Compress", X(3, 4), C([1, 0, 1], "bool")),
    Op("TopK", X(3, 9), ints(4), outputs=2), Op("TopK", X(3, 9, 4), ints(4), outputs=2, axis=1), Op("TopK", X(3, 9), ints(4), outputs=2, largest=0),
    *[Op("Pad", X(2, 3, 5, 7), ints(*p), v, mode=m) for p in ((0, 0, 1, 2, 0, 0, 3, 0), (0, 1, 0, 0, 0, 1, 2, 1)) for m, v in (("constant", None), ("constant", C(1.5)), ("reflect", None), ("edge", None), ("wrap", None))],
    Op("Pad", X(2, 3, 5), ints(0, 0, -1, 0, 0, 2)), Op("Pad", X(5, 4), ints(1, 1), None, ints(1)), Op("Pad", I(4), ints(1, 2), C(7, "int32")), Op("Pad", X(2, 3, 4, 5, 2), ints(0, 0, 1, 0, 0, 0, 0, 1, 0, 2)),
    Op("Shape", X(2, 3)), Op("Size", X(2, 3)), Op("EyeLike", X(3, 4), dtype=1), Op("Dropout", X(3, 4)), Op("ConstantOfShape", np.array([2, 3], "int64"), value=np.array([1.5], "f")),
    # resizing
    *[Op("Resize", X(1, 3, 5, 6), None, None, ints(1, 3, *size), mode="linear", coordinate_transformation_mode=rule)
      for size in ((10, 12), (3, 4), (7, 13)) for rule in ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel")],
    *[Op("Resize", X(1, 3, 5, 6), None, None, ints(1, 3, *size), mode="nearest", coordinate_transformation_mode=rule, nearest_mode=n)
      for size in ((10, 12), (3, 4), (7, 13)) for rule, n in (("asymmetric", "floor"), ("half_pixel", "round_prefer_floor"), ("align_corners", "round_prefer_ceil"))],
    *[Op("Resize", X(1, 3, 5, 6), None, None, ints(1, 3, *size), mode="cubic", coordinate_transformation_mode=rule, cubic_coeff_a=-0.75, exclude_outside=e)
      for size in ((10, 12), (7, 4)) for rule, e in (("half_pixel", 0), ("align_corners", 0), ("half_pixel", 1))],
    Op("Resize", X(1, 3, 5, 6), None, C([1, 1, 1.5, 2.3]), mode="linear"), Op("Resize", X(1, 3, 6), None, None, ints(1, 3, 11), mode="linear"), Op("Resize", X(1, 2, 3, 4, 5), None, None, ints(1, 2, 6, 5, 7), mode="linear"), Op("Resize", X(1, 3, 5, 6), None, None, ints(1, 3, 1, 1), mode="linear", coordinate_transformation_mode="align_corners"),
    # recurrent
    *[Op(op, X(4, 2, 3), C(X(d, g * 5, 3)), C(X(d, g * 5, 5, seed=1)), C(X(d, 2 * g * 5, seed=2)), outputs=3 if op == "LSTM" else 2, hidden_size=5, direction=way, **more)
      for op, g, more in (("LSTM", 4, {}), ("RNN", 1, {}), ("GRU", 3, {}), ("GRU", 3, {"linear_before_reset": 1})) for way, d in (("forward", 1), ("reverse", 1), ("bidirectional", 2))],
    Op("LSTM", X(4, 2, 3), C(X(1, 20, 3)), C(X(1, 20, 5, seed=1)), None, None, X(1, 2, 5), X(1, 2, 5, seed=3), outputs=3, hidden_size=5),
    # sampling
    *[Op("GridSample", X(2, 3, 5, 6), X(2, 4, 3, 2, low=-1.3, high=1.3), mode=m, padding_mode=p, align_corners=a) for m in ("linear", "nearest") for p in ("zeros", "border", "reflection") for a in (0, 1)],
    *[Op("RoiAlign", X(2, 3, 9, 8), np.array([[0, 0, 5, 6], [1.3, 2.2, 7.9, 8.8], [-3, -3, 12, 14], [2, 2, 2.5, 2.5]], "f"), np.array([0, 1, 1, 0], "int64"), output_height=3, output_width=2, sampling_ratio=2, spatial_scale=sc, coordinate_transformation_mode=r) for r in ("half_pixel", "output_half_pixel") for sc in (1.0, 0.5)],
    Op("NonMaxSuppression", np.array([[[0, 0, 2, 2], [0, 0, 2, 2.1], [3, 3, 5, 5], [0, 1, 2, 3]]], "f"), np.array([[[0.3, 0.9, 0.5, 0.4]]], "f"), ints(4), C([0.5])),
    Op("NonMaxSuppression", np.array([[[0, 0, 2, 2], [0, 0, 2, 2.1], [3, 3, 5, 5], [0, 1, 2, 3]]], "f"), np.array([[[0.3, 0.9, 0.5, 0.4]]], "f"), ints(2), C([0.5]), C([0.35])),
    Op("ReverseSequence", X(4, 3, 2), np.array([1, 4, 3], "int64")),
    # quantization
    Op("QuantizeLinear", X(3, 4), C(0.1), C(3, "int8")), Op("DequantizeLinear", X(3, 4, dtype="int8", low=-128, high=127), C(0.1), C(3, "int8")), Op("QuantizeLinear", X(3, 4), C(0.1), C(3, "uint8")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{i:03d}-{case}"[:70] for i, case in enumerate(CASES)])
def test_operator(case: Op, tmp_path: Path) -> None:
    judge(graph_of(case.make, *case.inputs), case.inputs, tmp_path, case.rtol)
