"""The opdefs of products of matrices."""

from __future__ import annotations

from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..names import OPDEF
from ..table import lower
from .functional import dot, matmul


@lower(OPDEF + "MatrixMul", OPDEF + "BatchedMatrixMul")
def matrix_mul(
    b: Builder,
    left: Value,
    right: Value,
    *,
    transposeA: bool = False,
    transposeB: bool = False,
    **tuning: Any,
) -> Value:
    return matmul(b, left, right, transposeA, transposeB)


@lower(OPDEF + "Dot")
def dot_opdef(b: Builder, left: Value, right: Value) -> Value:
    return dot(b, left, right)
