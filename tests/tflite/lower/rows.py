"""Rows of TFLite operators: one form of an operator a line, judged by LiteRT.

    Row("EXPAND_DIMS", X(2, 3), ints(1))

`X` is an input of the file, `P` a constant, None an omitted operand; the keywords that are not a row's are the
operator's options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.harness import rows
from tests.harness.operators import operator_id
from tests.harness.rows import EMPTY
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


class X(rows.X):
    """An input. Where `quantized`, integers of the whole range that stand for real numbers, by `SCALED`."""

    def __init__(self, *shape: int, quantized: bool = False, **more: Any) -> None:
        if quantized:
            stored = np.iinfo(more["dtype"])
            more = {"low": stored.min, "high": stored.max, **more}
        super().__init__(*shape, **more)
        self.quantized = quantized


class P(X, rows.P):
    """A constant; `scale` is its scale, one or one per channel of `axis`. A `variable` has no numbers in the file."""

    def __init__(
        self, *shape: int, scale: Sequence[float] = (), axis: int = 0, variable: bool = False, **more: Any
    ) -> None:
        super().__init__(*shape, **more)
        self.scale, self.axis, self.variable = scale, axis, variable


def ints(values: Any) -> P:
    """Constant int32: a number, or nested lists of them."""
    return P(values=values, dtype="int32")


@dataclass(frozen=True, eq=False, init=False)
class Row(rows.Row):
    """One form of an operator. `out` are the results' dtypes, int8 and the like with a scale where `quantized`; these
    may be off by `steps` of it.
    """

    op: str
    operands: tuple[X | None, ...]
    out: tuple[str, ...]
    quantized: bool
    steps: int
    attrs: Mapping[str, Any]

    def __init__(
        self,
        op: str,
        *operands: X | None,
        out: str = "float32",
        quantized: bool = False,
        steps: int = 0,
        id: str = "",
        rtol: float = 1e-5,
        reason: str = "",
        refused: Mapping[str, str] = EMPTY,
        **attrs: Any,
    ) -> None:
        own = {"op": op, "operands": operands, "out": tuple(out.split()), "quantized": quantized, "steps": steps}
        inherited = {"id": id, "rtol": rtol, "reason": reason, "refused": refused, "xfail": EMPTY, "options": EMPTY}
        for name, value in {**own, "attrs": attrs, **inherited}.items():
            object.__setattr__(self, name, value)
        self.__post_init__()

    def automatic_id(self) -> str:
        return operator_id(self.op, self.operands, self.attrs)

    def named_operands(self) -> Mapping[str, rows.X]:
        return {f"x{at}": operand for at, operand in enumerate(self.operands) if operand is not None}

    @property
    def feeds(self) -> dict[str, Array]:
        """The arrays of the file's inputs, by name."""
        constants = {f"x{at}" for at, operand in enumerate(self.operands) if isinstance(operand, P)}
        return {name: array for name, array in self.arrays().items() if name not in constants}

    def file(self) -> bytes:
        """The file of one operator: inputs and constants ``x0``, ``x1``, ..., outputs ``y0``, ``y1``, ..."""
        arrays = self.arrays()
        names = ["" if operand is None else f"x{at}" for at, operand in enumerate(self.operands)]
        pairs = zip(names, self.operands, strict=True)
        tensors = [_tensor(name, operand, arrays[name]) for name, operand in pairs if operand is not None]
        outputs = [f"y{at}" for at in range(len(self.out))]
        for name, dtype in zip(outputs, self.out, strict=True):
            scale, zero = SCALED.get(dtype, (0.0, 0))
            more = {"scale": [scale], "zero": [zero]} if self.quantized and dtype in SCALED else {}
            tensors.append(T(name, (), KINDS[dtype], **more))
        operator = O(self.op, names, outputs, TABLES.get(self.op, ""), self.attrs, version=VERSIONS.get(self.op, 1))
        return file_of(G(tensors, list(self.feeds), outputs, [operator]), key="serving_default")


def _tensor(name: str, operand: X, array: Array) -> T:
    scale, zero = SCALED.get(operand.dtype, (0.0, 0))
    more: dict[str, Any] = {"scale": [scale], "zero": [zero]} if operand.quantized else {}
    if not isinstance(operand, P):
        return T(name, array.shape, KINDS[operand.dtype], **more)
    if len(operand.scale):
        more = {"scale": operand.scale, "axis": operand.axis}
    if operand.variable:
        return T(name, array.shape, KINDS[operand.dtype], variable=True)
    return T(name, array.shape, KINDS[operand.dtype], array, **more)
