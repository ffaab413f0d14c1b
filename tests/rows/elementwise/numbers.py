"""Python numbers that an integer tensor cannot hold, which wrap; and rounding, exactly."""

from __future__ import annotations

from tests.harness import OP, Case, Code, F, X
from tests.harness.dtypes import beyond_int32, wrapping

COMMON = "megengine.core._imperative_rt.common"
HARD_TO_ROUND = [
    0.49999997, -0.49999997, 0.5, -0.5, 1.5, 2.5, -2.5, -0.3, 8388609.0, -8388609.0, 8388607.5, 4194304.5, -4194305.5,
    float("inf"), float("-inf"),
]  # fmt: skip
"""Beside halves: the number before 0.5, and odd integers above 2**23, to which 0.5 cannot be added."""

ROWS = [
    *wrapping(
        {
            "sum": "x + 300, 300 - x, x - 70000",
            "product": "x * -1, x * 300, x * 40000",
            "comparison": "x < 300, x >= -1, F.equal(x, 3000000000), F.not_equal(x, 300)",
            "extreme": "F.maximum(x, 300), F.minimum(-1, x)",
            "clip": "F.clip(x, -5, 300), F.clip(x, 2, 3000000000), F.clip(x, upper=300), F.clip(x, 2.5, 300)",
            "division": "x / 300, x // 300, x % 300, x / 2.5",
        }
    ),
    *beyond_int32(
        {
            "sum": "x + 3000000000, x + -3000000000",
            "extreme": "F.maximum(x, 3000000000)",
        }
    ),
    Code("x + 300, x * 3000000000, x / 3000000000, x + 2147483648", X(values=[False, True, True], dtype="bool")),
    Code("x + 1099511627776, x * 16777217", X(3)),
    Case(F + "elemwise.round", (X(values=HARD_TO_ROUND),), rtol=0),
    Case(OP + "Elemwise", (X(values=HARD_TO_ROUND),), {"mode": "round"}, rtol=0),
    Code("round(x)", X(values=HARD_TO_ROUND), rtol=0),
    Code("F.round(x)", X(values=[0.5, -1.5, 2.5, 1025.0, 0.49975586], dtype="float16"), rtol=0),
    Code(
        "x + self.t.sum().astype('float32') * 0",
        X(2),
        init=f"from {COMMON} import bfloat16\nself.t = mge.Tensor([1.0, 2.0]).astype(bfloat16)",
        refused={"tm": "constant: the dtype bfloat16"},
        id="bfloat16",
    ),
]
