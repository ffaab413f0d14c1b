"""Operators that came with opset 20 and later: operands, attributes, how many outputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from .rows import KEEPS, normal, whole


def linear(heads: int, kv_heads: int, rule: str) -> dict[str, Any]:
    return {"q_num_heads": heads, "kv_num_heads": kv_heads, "update_rule": rule}


NEWER: list[tuple[str, list[np.ndarray | None], dict[str, Any], int]] = [
    ("AffineGrid", [normal(2, 2, 3), np.int64([2, 3, 4, 5])], {"align_corners": 1}, 1),
    ("AffineGrid", [normal(2, 3, 4), np.int64([2, 3, 4, 5, 6])], {}, 1),
    ("DFT", [normal(2, 9, 4, 1), np.int64(7), np.int64(1)], {}, 1),
    ("DFT", [normal(2, 9, 4, 2), np.int64(12), np.int64(-3)], {"inverse": 1}, 1),
    ("DFT", [normal(2, 8, 1)], {"onesided": 1}, 1),
    ("Attention", [normal(2, 2, 4, 8), normal(2, 2, 6, 8), normal(2, 2, 6, 5)], {}, 1),
    ("Attention", [normal(2, 4, 16), normal(2, 4, 8), normal(2, 4, 8)], {"q_num_heads": 4, "kv_num_heads": 2}, 1),
    ("Attention", [normal(2, 2, 4, 8), normal(2, 2, 6, 8), normal(2, 2, 6, 5), KEEPS], {"softcap": 2.0}, 1),
    (
        "Attention", [normal(2, 2, 4, 8), normal(2, 2, 6, 8), normal(2, 2, 6, 5), normal(4, 6)],
        {"is_causal": 1, "scale": 0.2}, 1,
    ),
    (
        "Attention",
        [normal(2, 2, 4, 8), normal(2, 2, 4, 8), normal(2, 2, 4, 8), None, normal(2, 2, 3, 8), normal(2, 2, 3, 8)],
        {"is_causal": 1, "qk_matmul_output_mode": 3}, 4,
    ),
    (
        "Attention",
        [normal(2, 2, 4, 8), normal(2, 2, 4, 8), normal(2, 2, 4, 8), normal(2, 1, 4, 7), normal(2, 2, 3, 8),
         normal(2, 2, 3, 8)],
        {"qk_matmul_output_mode": 2}, 4,
    ),
    *(
        ("CumProd", [array, np.int64(axis)], attrs, 1)
        for array in (normal(3, 5, 2), whole(-3, 4, 3, 5, 2, dtype=np.int32))
        for axis, attrs in (
            (1, {}), (-1, {"reverse": 1}), (0, {"exclusive": 1}), (1, {"exclusive": 1, "reverse": 1})
        )
    ),
    ("CumProd", [normal(3, 1), np.int64(1)], {"exclusive": 1}, 1),
    ("CumProd", [normal(3, 1), np.int64(1)], {}, 1),
    ("TensorScatter", [normal(2, 5, 3), normal(2, 2, 3), np.int64([1, 3])], {}, 1),
    ("TensorScatter", [normal(2, 4, 5, 3), normal(2, 4, 2, 3)], {}, 1),
    ("TensorScatter", [normal(2, 5, 3), normal(2, 4, 3), np.int64([4, 2])], {"mode": "circular", "axis": 1}, 1),
    ("TensorScatter", [normal(3, 2, 5), normal(3, 2, 2), np.int64([1, 1, 1])], {"axis": 2}, 1),
    *(
        ("CausalConvWithState", [normal(2, 3, 5), normal(3, 1, 4), *more], {"activation": activation}, 2)
        for more, activation in (
            ([], "none"), ([normal(3)], "silu"), ([None, normal(2, 3, 3)], "swish"),
            ([normal(3), normal(2, 3, 3)], "none"),
        )
    ),
    ("LinearAttention", [normal(2, 3, 8), normal(2, 3, 8), normal(2, 3, 6)], linear(2, 2, "linear"), 2),
    (
        "LinearAttention", [normal(2, 3, 16), normal(2, 3, 8), normal(2, 3, 6), normal(2, 2, 4, 3), normal(2, 3, 2)],
        {**linear(4, 2, "gated"), "scale": 0.7}, 2,
    ),
    (
        "LinearAttention",
        [normal(2, 3, 8), normal(2, 3, 8), normal(2, 3, 6), normal(2, 2, 4, 3), None, normal(2, 3, 2)],
        linear(2, 2, "delta"), 2,
    ),
    (
        "LinearAttention", [normal(2, 3, 8), normal(2, 3, 8), normal(2, 3, 6), None, normal(2, 3, 8), normal(2, 3, 1)],
        linear(2, 2, "gated_delta"), 2,
    ),
    ("RotaryEmbedding", [normal(2, 2, 3, 8), normal(9, 4), normal(9, 4), whole(0, 9, 2, 3, dtype=np.int64)], {}, 1),
    (
        "RotaryEmbedding", [normal(2, 3, 16), normal(2, 3, 2), normal(2, 3, 2)],
        {"num_heads": 2, "rotary_embedding_dim": 4, "interleaved": 1}, 1,
    ),
]  # fmt: skip
"""Operators of opset 20 and newer."""
