"""Products of matrices, attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.lower.names import NN

from .table import function, lower, opdef

opdef("MatrixMul", "MatrixMulV2")
opdef("BatchedMatrixMul", "BatchedMatrixMulV2")
opdef("Dot", "Dot")
opdef("MatrixInverse", "MatrixInverse")


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
