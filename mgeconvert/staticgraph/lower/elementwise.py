"""Arithmetic, comparison and conversion of each element by itself."""

from __future__ import annotations

from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.lower.operands import INT32, cast, is_narrow

from .convolution import with_bias
from .layouts import in_nchw
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
    result = in_nchw(b, operands, lambda *values: value_of(b, "Elemwise", *values, mode=mode))
    return cast(b, result, inputs[-1].dtype) if narrow else result


@lower("ElemwiseMultiType")
def elemwise_multi_type(b: Builder, *inputs: Value, mode: str, dtype: Any = None) -> Value:
    return in_nchw(b, inputs, lambda *operands: value_of(b, "ElemwiseMultiType", *operands, mode=mode, dtype=dtype))


@lower("TypeCvtV2")
def type_cvt(b: Builder, inp: Value, *, dtype: Any) -> Value:
    return in_nchw(b, [inp], lambda operand: value_of(b, "TypeCvt", operand, dtype=dtype))


@lower("PowC")
def pow_c(b: Builder, inp: Value, *, exp: float) -> Value:
    """inp ** exp"""
    return in_nchw(b, [inp], lambda operand: b.op("Pow", operand, b.constant(exp, operand.dtype)))


@lower(
    "Copy", "Identity", "MarkDynamicVar", "MarkNoBroadcastElemwise", "PersistentOutputStorage",
    "RequireInputDynamicStorage",
)  # fmt: skip
def identity(b: Builder, inp: Value) -> Value:
    """Marks for MegEngine's scheduler, and copies between devices: the value itself."""
    return inp
