"""Arithmetic, comparison and conversion of each element by itself. Source: measured on dumps of MegEngine 1.13."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.lower.operands import INT32, cast, is_narrow

from .convolution import with_bias
from .layouts import NCHW, StaticBuilder, in_nchw
from .table import lower, value_of

_SUMS = {
    "ADD": "", "FUSE_ADD_RELU": "RELU", "FUSE_ADD_SIGMOID": "SIGMOID", "FUSE_ADD_TANH": "TANH",
    "FUSE_ADD_H_SWISH": "H_SWISH",
}  # fmt: skip
"""Sums, with the activation that follows."""
_CHOOSING = frozenset(["SWITCH_GT0", "COND_LEQ_MOV", "COND_LT_MOV"])


@lower("Elemwise", "ForceInplaceElemwise")
def elemwise(b: Builder, *inputs: Value, mode: str) -> Value:
    """Integers of 8 and 16 bits choose in 32: onnxruntime has no Where for all of them."""
    biased = with_bias(b, inputs) if mode in _SUMS and len(inputs) == 2 else None
    if biased is not None:
        return biased if mode == "ADD" else value_of(b, "Elemwise", biased, mode=_SUMS[mode])
    narrow = mode in _CHOOSING and all(is_narrow(value.dtype) for value in inputs)
    operands = [cast(b, value, INT32) for value in inputs] if narrow else inputs
    result = in_nchw(b, operands, lambda *values: _computed(b, values, mode))
    return cast(b, result, inputs[-1].dtype) if narrow else result


def _computed(b: Builder, inputs: Sequence[Value], mode: str) -> Value:
    known = _normalized(b, inputs) if mode == "FUSE_MUL_ADD3" else None
    return value_of(b, "Elemwise", *inputs, mode=mode) if known is None else known


def _normalized(b: Builder, inputs: Sequence[Value]) -> Value | None:
    """x * scale + bias with constants per channel -> BatchNormalization(x, scale, bias, 0, 1): what optimization makes
    of a batch normalization that no convolution takes."""
    assert isinstance(b, StaticBuilder)
    for x, scale in (inputs[:2], inputs[1::-1]):
        if x.is_constant or x.rank != len(NCHW.split()) or x in b.quantized:
            continue
        shape = (1, *(x.shape or ())[1:2], 1, 1)
        if all(each.shape == shape and each.array is not None for each in (scale, inputs[2])):
            vectors = [b.op("Reshape", each, [-1]) for each in (scale, inputs[2])]
            unit = [b.constant(table_size.full(shape[1], number, x.dtype)) for number in (0, 1)]
            return b.op("BatchNormalization", x, *vectors, *unit, epsilon=0.0)
    return None


@lower("ElemwiseMultiType")
def elemwise_multi_type(b: Builder, *inputs: Value, mode: str, dtype: Any = None) -> Value:
    return in_nchw(b, inputs, lambda *operands: value_of(b, "ElemwiseMultiType", *operands, mode=mode, dtype=dtype))


@lower("TypeCvtV2")
def type_cvt(b: Builder, inp: Value, *, dtype: Any) -> Value:
    return in_nchw(b, [inp], lambda operand: value_of(b, "TypeCvt", operand, dtype=dtype))


@lower("PowC")
def pow_c(b: Builder, inp: Value, *, exp: float) -> Value:
    """inp ** exp. MegEngine's kernels, too, compute a root for 1/2 and a quotient for -1."""

    def power(operand: Value) -> Value:
        if exp in (0.5, -0.5):
            root = b.op("Sqrt", operand)
            return root if exp > 0 else b.op("Reciprocal", root)
        return b.op("Reciprocal", operand) if exp == -1 else b.op("Pow", operand, b.constant(exp, operand.dtype))

    return in_nchw(b, [inp], power)


@lower(
    "Copy", "Identity", "MarkDynamicVar", "MarkNoBroadcastElemwise", "PersistentOutputStorage",
    "RequireInputDynamicStorage",
)  # fmt: skip
def identity(b: Builder, inp: Value) -> Value:
    """Marks for MegEngine's scheduler, and copies between devices: the value itself."""
    return inp
