"""Rows of TFLite operators: one form of an operator a line, judged by LiteRT.

    Row("EXPAND_DIMS", X(2, 3), K(1))

`X` is an input of the file, `K` a constant, None an omitted operand; the other keywords are the operator's options.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tflite.files import KINDS, Array, G, O, T, file_of

TABLES = {
    "ARG_MAX": "ArgMaxOptions", "AVERAGE_POOL_2D": "Pool2DOptions", "BATCH_MATMUL": "BatchMatMulOptions",
    "BIDIRECTIONAL_SEQUENCE_LSTM": "BidirectionalSequenceLSTMOptions", "BUCKETIZE": "BucketizeOptions",
    "CONCATENATION": "ConcatenationOptions", "CONV_2D": "Conv2DOptions", "CUMSUM": "CumsumOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions", "FAKE_QUANT": "FakeQuantOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions", "GATHER": "GatherOptions", "L2_POOL_2D": "Pool2DOptions",
    "LEAKY_RELU": "LeakyReluOptions", "LOCAL_RESPONSE_NORMALIZATION": "LocalResponseNormalizationOptions",
    "MAX_POOL_2D": "Pool2DOptions", "MEAN": "ReducerOptions", "MIRROR_PAD": "MirrorPadOptions",
    "ONE_HOT": "OneHotOptions", "PACK": "PackOptions", "REDUCE_ALL": "ReducerOptions", "REDUCE_ANY": "ReducerOptions",
    "RESIZE_BILINEAR": "ResizeBilinearOptions", "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
    "REVERSE_SEQUENCE": "ReverseSequenceOptions", "SHAPE": "ShapeOptions", "SOFTMAX": "SoftmaxOptions",
    "SPLIT": "SplitOptions", "SPLIT_V": "SplitVOptions", "SQUEEZE": "SqueezeOptions",
    "STRIDED_SLICE": "StridedSliceOptions", "TRANSPOSE_CONV": "TransposeConvOptions",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
    "RNN": "RNNOptions", "SVDF": "SVDFOptions",
    "UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNNOptions", "UNIQUE": "UniqueOptions", "UNPACK": "UnpackOptions",
    "ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions", "GELU": "GeluOptions",
    "RESHAPE": "ReshapeOptions", "DEPTH_TO_SPACE": "DepthToSpaceOptions", "SPACE_TO_DEPTH": "SpaceToDepthOptions",
    "CAST": "CastOptions",
}  # fmt: skip
VERSIONS = {"BROADCAST_TO": 2}
"""Operators without a first version."""
SCALED = {"int8": (0.05, 3), "uint8": (0.04, 120), "int16": (0.001, 0)}
"""Scale and zero point of quantized tensors."""


class X:
    """An input: random numbers between `low` and `high`, or `values`; `scale` makes integers stand for real numbers."""

    def __init__(self, *shape: int, dtype: str = "float32", low: float = -2, high: float = 2, values: Any = None,
                 quantized: bool = False) -> None:  # fmt: skip
        self.shape, self.dtype, self.low, self.high, self.values = shape, dtype, low, high, values
        self.quantized = quantized

    def array(self, seed: int) -> Array:
        if self.values is not None:
            return np.asarray(self.values, self.dtype)
        rng = np.random.default_rng(seed)
        if self.dtype == "bool":
            return rng.random(self.shape) > 0.5
        if self.dtype != "float32":
            low, high = (-128, 127) if self.quantized else (int(self.low), int(self.high))
            low, high = (0, 255) if self.quantized and self.dtype == "uint8" else (low, high)
            return rng.integers(low, high, self.shape).astype(self.dtype)
        return rng.uniform(self.low, self.high, self.shape).astype(np.float32)


class K(X):
    """A constant: an array or numbers, int32 unless `dtype` says otherwise; `scale` per tensor or per channel."""

    def __init__(self, values: Any = None, *, shape: tuple[int, ...] = (), dtype: str = "int32",
                 scale: Any = (), axis: int = 0, variable: bool = False, **more: Any) -> None:  # fmt: skip
        super().__init__(*shape, dtype=dtype, values=values, **more)
        self.scale, self.axis, self.variable = scale, axis, variable


def W(*shape: int, low: float = -1, high: float = 1) -> K:  # noqa: N802  a kind of operand, like X and K
    """Float weights."""
    return K(None, shape=shape, dtype="float32", low=low, high=high)


class Row:
    """One form of an operator; `out` are the results' dtypes, int8 and the like with a scale where `quantized`."""

    def __init__(self, op: str, *operands: X | None, out: str = "float32", quantized: bool = False, steps: int = 0,
                 rtol: float = 1e-5, **options: Any) -> None:  # fmt: skip
        self.op, self.operands, self.out, self.options = op, operands, out.split(), options
        self.quantized, self.steps, self.rtol = quantized, steps, rtol

    def __str__(self) -> str:
        shapes = [_brief(operand) for operand in self.operands]
        return "-".join([self.op, *shapes, *(f"{key}={value}" for key, value in self.options.items())])

    @property
    def feeds(self) -> dict[str, Array]:
        return {
            f"x{at}": operand.array(at)
            for at, operand in enumerate(self.operands)
            if operand is not None and not isinstance(operand, K)
        }

    def file(self) -> bytes:
        tensors, names = [], []
        for at, operand in enumerate(self.operands):
            names.append("" if operand is None else f"x{at}")
            if operand is not None:
                tensors.append(_tensor(f"x{at}", operand, at))
        outputs = [f"y{at}" for at in range(len(self.out))]
        for name, dtype in zip(outputs, self.out, strict=True):
            scale, zero = SCALED.get(dtype, (0.0, 0))
            more = {"scale": [scale], "zero": [zero]} if self.quantized and dtype in SCALED else {}
            tensors.append(T(name, (), KINDS[dtype], **more))
        operator = O(self.op, names, outputs, TABLES.get(self.op, ""), self.options, version=VERSIONS.get(self.op, 1))
        return file_of(G(tensors, list(self.feeds), outputs, [operator]), key="serving_default")


def _tensor(name: str, operand: X, seed: int) -> T:
    array = operand.array(seed)
    scale, zero = SCALED.get(operand.dtype, (0.0, 0))
    more: dict[str, Any] = {"scale": [scale], "zero": [zero]} if operand.quantized else {}
    if isinstance(operand, K):
        if len(operand.scale):
            more = {"scale": operand.scale, "axis": operand.axis}
        if operand.variable:
            return T(name, array.shape, KINDS[operand.dtype], variable=True)
        return T(name, array.shape, KINDS[operand.dtype], array, **more)
    return T(name, array.shape, KINDS[operand.dtype], **more)


def _brief(operand: X | None) -> str:
    if operand is None:
        return "_"
    array = operand.array(0)
    letter = "k" if isinstance(operand, K) else "x"
    if isinstance(operand, K) and array.size <= 8 and array.dtype.kind == "i":
        return f"{letter}{array.tolist()}".replace(" ", "")
    return f"{letter}{array.dtype.name}{list(array.shape)}".replace(" ", "")
