"""Products of matrices, attention. Source: measured on dumps of MegEngine 1.13."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Shape, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.lower.names import NN
from mgeconvert.tracedmodule.lower.operands import rank

from .layouts import StaticBuilder
from .table import function, lower, opdef, value_of

opdef("Dot", "Dot")
opdef("MatrixInverse", "MatrixInverse")


@lower("MatrixMulV2")
def matrix_mul(b: Builder, left: Value, right: Value, **fields: Any) -> Value:
    return _product(b, "MatrixMul", left, right, fields)


@lower("BatchedMatrixMulV2")
def batched_matrix_mul(b: Builder, left: Value, right: Value, **fields: Any) -> Value:
    return _product(b, "BatchedMatrixMul", left, right, fields)


def _product(b: Builder, name: str, left: Value, right: Value, fields: Mapping[str, Any]) -> Value:
    assert isinstance(b, StaticBuilder)
    result = value_of(b, name, left, right, **fields)
    b.products[result] = left, right, fields
    return result


def in_one(b: StaticBuilder, product: Value, shape: Shape | None) -> Value | None:
    """Reshape(MatMul(Reshape(x), Reshape(y))) -> MatMul(x, y), where the axes that were collapsed come back: MegEngine
    multiplies matrices of two or three axes only, ONNX those of any number. None where they do not."""
    if product not in b.products or shape is None or product.shape is None:
        return None
    left, right, fields = b.products[product]
    x, y = b.reshaped.get(left, left), b.reshaped.get(right, right)
    if fields.get("transposeA") or None in (x.shape, y.shape, left.shape, right.shape):
        return None
    if (
        _same_matrix(x, left, 1)
        and rank(right) == rank(left) == 2
        and shape == (*(x.shape or ())[:-1], product.shape[-1])
    ):
        return value_of(b, "MatrixMul", x, right, **fields)
    batched = rank(left) == rank(right) == 3 and _same_matrix(x, left, 2) and _same_matrix(y, right, 2)
    outer = (x.shape or ())[:-2]
    if batched and outer == (y.shape or ())[:-2] and shape == (*outer, *product.shape[-2:]):
        return value_of(b, "BatchedMatrixMul", x, y, **fields)
    return None


def _same_matrix(whole: Value, collapsed: Value, kept: int) -> bool:
    """Whether the last axes are the same, so that only those before them were collapsed into one."""
    return whole is not collapsed and (whole.shape or ())[-kept:] == (collapsed.shape or ())[-kept:]


@lower("MultiHeadAttn")
def multi_head_attn(
    b: Builder, query: Value, key: Value, value: Value, weights: Value, mask: Value | None = None, *, num_heads: int,
    embeding_size: int, sm_scaler: float, tensor_combination_type: str, need_weights: bool, **fields: Any,
) -> list[Value]:  # fmt: skip
    """The last two outputs are what training keeps. The scale is 1 / sqrt(embedding size / heads)."""
    if tensor_combination_type not in ("NONE", "ONLY_MASK"):
        refuse("attention with a bias of keys and values")
    if abs(sm_scaler - (embeding_size / num_heads) ** -0.5) > 1e-5 * sm_scaler:
        refuse(f"attention scaled by {sm_scaler:g}")
    named = {name: fields[name] for name in _NAMED}
    found = function(NN + "multi_head_attention")(
        b, query, key, value, embeding_size, num_heads, 0.0, 0.0, weights, attn_mask=mask, need_weights=True,
        training=False, **named,
    )  # fmt: skip
    kept = b.constant(np.zeros(1, np.float32))
    return [*found, kept, kept]


_NAMED = (
    "qproj_size", "kproj_size", "vproj_size", "oproj_size", "qbias", "kbias", "vbias", "obias", "add_zero_attn",
    "reslink",
)  # fmt: skip
"""Fields that the function calls the same."""
