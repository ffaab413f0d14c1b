"""The opdefs of element-wise arithmetic and casts."""

from __future__ import annotations

from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..names import OPDEF
from ..operands import BOOL, cast, promoted_dtype
from ..quantization.functional import quantized_elemwise
from ..table import lower
from .functional import astype
from .modes import elemwise


@lower(OPDEF + "Elemwise")
def elemwise_opdef(b: Builder, *inputs: Value, mode: str) -> Value:
    """The comparison modes of the opdef answer in the dtype of their operands."""
    result = elemwise(b, mode, *inputs)
    return cast(b, result, promoted_dtype(inputs)) if result.dtype == BOOL else result


@lower(OPDEF + "TypeCvt")
def type_cvt(b: Builder, inp: Value, *, dtype: Any) -> Value:
    return astype(b, inp, dtype)


@lower(OPDEF + "ElemwiseMultiType")
def elemwise_multi_type(b: Builder, *inputs: Value, mode: str, dtype: Any = None) -> Value:
    """Comparisons and tests that answer in `dtype`."""
    if mode.startswith("Q"):
        return quantized_elemwise(b, mode, inputs, dtype)
    result = elemwise(b, mode, *inputs)
    return result if dtype is None else cast(b, result, dtype)


@lower(OPDEF + "InplaceAdd")
def inplace_add(b: Builder, inp: Value, delta: Value, alpha: Value, beta: Value) -> Value:
    """inp * alpha + delta * beta."""
    return elemwise(b, "FUSE_MUL_ADD4", inp, alpha, delta, beta)


@lower(OPDEF + "Borrow")
def borrow(b: Builder, inp: Value, *, comp_node: Any = None) -> Value:
    return inp
