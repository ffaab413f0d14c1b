"""Every mode of the Elemwise operator, and the Elemwise modules that name one."""

from __future__ import annotations

from tests.harness import Case, X

OP = "megengine.core.ops.builtin."
MULTI = OP + "ElemwiseMultiType"

UNARY = {
    "abs": (-3, 3), "acos": (-0.99, 0.99), "acosh": (1.1, 4), "asin": (-0.99, 0.99), "asinh": (-3, 3),
    "atanh": (-0.9, 0.9), "ceil": (-3, 3), "cos": (-6, 6), "cosh": (-3, 3), "erfcinv": (0.01, 1.99),
    "erfinv": (-0.99, 0.99), "exp": (-3, 3), "expm1": (-2, 2), "floor": (-3, 3), "gelu": (-4, 4), "h_swish": (-4, 4),
    "hsigmoid": (-4, 4), "log": (0.1, 9), "log1p": (-0.9, 4), "logsigmoid": (-4, 4), "negate": (-3, 3),
    "relu": (-3, 3), "relu6": (-3, 9), "round": (-3, 3), "sigmoid": (-4, 4), "sign": (-3, 3), "silu": (-4, 4),
    "sin": (-6, 6), "sinh": (-3, 3), "softplus": (-4, 4), "sqrt": (0.1, 4), "square": (-3, 3), "tan": (-1.2, 1.2),
    "tanh": (-4, 4),
}  # fmt: skip
"""Mode: low and high. Those with rows in `opdef` are not repeated."""
BINARY = [
    "add", "sub", "mul", "true_div", "floor_div", "mod", "pow", "max", "min", "atan2", "log_sum_exp", "prelu",
    "lt", "leq",
]  # fmt: skip
TRAINING = [
    "abs_grad", "fast_tanh_grad", "gelu_grad", "hsigmoid_grad", "h_swish_grad", "relu6_grad", "sigmoid_grad",
    "silu_grad", "softplus_grad", "tanh_grad", "acosh_grad", "asinh_grad", "atanh_grad",
]  # fmt: skip
LOGICAL = ["and", "or", "xor"]

ROWS = [
    *(Case(OP + "Elemwise", (X(2, 3, 4, low=low, high=high),), {"mode": mode}) for mode, (low, high) in UNARY.items()),
    *(Case(OP + "Elemwise", (X(2, 3, low=0.2, high=3), X(2, 3, low=0.3, high=2)), {"mode": mode}) for mode in BINARY),
    *(Case(OP + "Elemwise", (X(2, 8, dtype="bool"), X(2, 8, dtype="bool")), {"mode": mode}) for mode in LOGICAL),
    Case(OP + "Elemwise", (X(2, 8, dtype="bool"),), {"mode": "not"}),
    Case(OP + "Elemwise", (X(2, 3), X(1), X(1)), {"mode": "clip"}),
    *(
        Case(OP + "Elemwise", (X(2, 3, low=0.3, high=0.9), X(2, 3)), {"mode": mode}, refused={"tm": "training only"})
        for mode in TRAINING
    ),
    Case(OP + "Elemwise", (X(2, 3), X(2, 3), X(2, 3)), {"mode": "prelu_grad"}, refused={"tm": "training only"}),
    *(Case(MULTI, (X(2, 3), X(2, 3)), {"mode": mode, "dtype": "bool"}) for mode in ("eq", "neq", "leq")),
    Case(MULTI, (X(values=[1.0, float("inf"), float("nan")]),), {"mode": "isinf", "dtype": "bool"}),
]
