"""Quantized values: QuantizeLinear and DequantizeLinear around float operators.

A quantized tensor is, in the IR, the float value behind its DequantizeLinear; `ShapeBuilder.quantized` remembers the
grid of its values: scale, zero point and limits, which MegEngine keeps in the tensor's dtype (quantized files) or in
`qparams` (QAT files). Weights stay the integers of the file.
Source: megengine/quantization/*.py and megengine/module/{qat,quantized}/*.py (MegEngine 1.13).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.quantization import HALVES_AWAY, ROUNDING

from ..read.arrays import MgeDType
from .elementwise.modes import elemwise
from .operands import FLOAT32, INT8, INT32, UINT8

STORAGE: dict[str, np.dtype] = {
    "QuantizedS8": INT8,
    "Quantized8Asymm": UINT8,
    "QuantizedS32": INT32,
}
"""The quantized dtypes that ONNX can hold; 1- and 4-bit ones are computed in floats."""


INT8_LIMITS = (-128, 127)
"""Weights of fewer bits are stored as int8."""

PASSIVE = frozenset([
    "Reshape", "Transpose", "Slice", "Gather", "Squeeze", "Unsqueeze", "Concat", "MaxPool", "GlobalMaxPool",
    "Relu", "Split", "Expand", "DepthToSpace",
])  # fmt: skip
"""Operators whose results are on the grid of their inputs."""


@dataclass(frozen=True, slots=True)
class Quantization:
    """value = scale (q - zero_point), with q from qmin to qmax."""

    scale: np.float32
    zero_point: int
    storage: np.dtype | None
    qmin: int
    qmax: int
    rounds_bias: bool = field(default=False, compare=False)
    """Whether MegEngine's QAT modules put a bias beside such values on the grid of the products: those of symmetric
    quantization whose numpy dtype is called int8, of however many bits."""

    def __post_init__(self) -> None:
        if not float(np.finfo(np.float32).tiny) <= self.scale < np.inf:
            refuse(f"a quantization scale of {self.scale:g}: expected a positive normal number")

    @property
    def is_symmetric(self) -> bool:
        return self.storage in (INT8, INT32)


def of_dtype(dtype: MgeDType) -> Quantization:
    """The parameters in a quantized dtype."""
    if dtype.scale is None:
        refuse(f"the dtype {dtype.name}: only float32, float16, integers and quantized dtypes are read")
    bits = {"QuantizedS4": (-8, 7), "Quantized4Asymm": (0, 15), "QuantizedS1": (-1, 1)}
    storage = STORAGE.get(dtype.name)
    low, high = bits[dtype.name] if storage is None else _limits(storage)
    return Quantization(np.float32(dtype.scale), dtype.zero_point or 0, storage, low, high)


def _limits(storage: np.dtype) -> tuple[int, int]:
    info = np.iinfo(storage)
    return int(info.min), int(info.max)


def integers(array: np.ndarray, q: Quantization) -> np.ndarray:
    """Floats as the integers MegEngine makes of them: half away from zero."""
    with np.errstate(over="ignore", divide="ignore"):
        ratio = np.asarray(array, np.float32) / q.scale
    rounded = np.trunc(ratio + np.copysign(np.float32(0.5), ratio)) + q.zero_point
    return np.asarray(np.clip(rounded, q.qmin, q.qmax), q.storage)


def half_away(number: float | np.floating) -> int:
    """The nearest integer; halves away from zero."""
    return int(math.copysign(math.floor(abs(number) + 0.5), number))


def dequantized(b: Builder, constant: Value, q: Quantization) -> Value:
    """The float value of a constant of integers."""
    zero_point = b.constant(q.zero_point, q.storage or constant.dtype)
    value = b.op("DequantizeLinear", constant, b.constant(q.scale), zero_point)
    b.quantized[value] = q  # type: ignore[attr-defined]
    if constant.is_constant:
        b.stored[value] = constant  # type: ignore[attr-defined]
    return value


def quantize(b: Builder, x: Value, q: Quantization) -> Value:
    """`x` on the grid of `q`: a pair of QuantizeLinear and DequantizeLinear, for a constant its integers."""
    if b.quantized.get(x) == q:  # type: ignore[attr-defined]
        return x
    if q.storage is None and x.array is not None and INT8_LIMITS[0] <= q.qmin and q.qmax <= INT8_LIMITS[1]:
        q = replace(q, storage=INT8)
    if q.storage is None:
        return _in_floats(b, x, q)
    if x.array is not None:
        return dequantized(b, b.constant(integers(x.array, q), name=x.name), q)
    if q.storage == INT32:
        return x
    limits = np.iinfo(q.storage)
    if q.qmin > limits.min or q.qmax < limits.max:
        low, high = (np.float32((limit - q.zero_point) * q.scale) for limit in (q.qmin, q.qmax))
        x = b.op("Clip", x, low, high)
    stored = b.op(
        "QuantizeLinear", x, b.constant(q.scale), b.constant(q.zero_point, q.storage), **{ROUNDING: HALVES_AWAY}
    )
    return dequantized(b, stored, q)


def _in_floats(b: Builder, x: Value, q: Quantization) -> Value:
    """Quantization to other than 8 bits, computed in floats; halves are rounded away from zero."""
    steps = b.op("Add", elemwise(b, "ROUND", b.op("Div", x, q.scale)), float(q.zero_point))
    clipped = b.op("Clip", steps, np.float32(q.qmin), np.float32(q.qmax))
    value = b.op("Mul", b.op("Sub", clipped, float(q.zero_point)), q.scale)
    b.quantized[value] = q  # type: ignore[attr-defined]
    return value


def convert(b: Builder, x: Value, dtype: Any) -> Value:
    """`x.astype(dtype)` where one of the two is quantized: to a grid, or the float value as it is."""
    return quantize(b, x, of_dtype(dtype)) if isinstance(dtype, MgeDType) else x


def fake_quantized_bias(b: Builder, bias: Value | None, inp: Value, weight: Value) -> Value | None:
    """The bias of a QAT module: on the grid of int32 accumulators where input and weight are both such that it rounds.

    Source: `fake_quant_bias` of megengine/quantization/utils.py (MegEngine 1.13).
    """
    grids = [b.quantized.get(x) for x in (inp, weight)]  # type: ignore[attr-defined]
    return accumulated(b, bias, inp, weight) if all(q is not None and q.rounds_bias for q in grids) else bias


def accumulated(b: Builder, bias: Value | None, inp: Value, weight: Value) -> Value | None:
    """The bias on the grid of int32 accumulators, the products of the grids of input and weight."""
    left, right = (b.quantized.get(x) for x in (inp, weight))  # type: ignore[attr-defined]
    return bias if bias is None or left is None or right is None else quantize(b, bias, accumulator(left, right))


def accumulator(left: Quantization, right: Quantization) -> Quantization:
    """The grid of sums of products of two grids."""
    limits = np.iinfo(np.int32)
    return Quantization(np.float32(left.scale * right.scale), 0, INT32, int(limits.min), int(limits.max))


def settle(b: Builder, value: Value, dtype: Any, nodes: list[Any]) -> Value:
    """Give an output of a quantized file the grid that its dtype says, unless moving data left it on one."""
    if not isinstance(dtype, MgeDType) or dtype.scale is None or value.dtype != FLOAT32:
        return value
    q = of_dtype(dtype)
    if all(node.op in PASSIVE for node in nodes) or q.storage == INT32:
        b.quantized.setdefault(value, q)  # type: ignore[attr-defined]
        return value
    return quantize(b, value, q)


def single_scale(value: Any) -> np.float32:
    if value.array is None or value.array.size != 1:
        refuse("fake quantization with more than one scale, or one that is only known at run time")
    scale: np.float32 = np.float32(value.array.item())
    return scale
