"""Raw elementwise operators: every mode of Elemwise and ElemwiseMultiType, casts and copies."""

from __future__ import annotations

from tests.harness import OP, Case, P, X

UNARY = {
    "abs": (-3, 3), "acos": (-0.99, 0.99), "acosh": (1.1, 4), "asin": (-0.99, 0.99), "asinh": (-3, 3),
    "atanh": (-0.9, 0.9), "ceil": (-3, 3), "cos": (-6, 6), "cosh": (-3, 3), "erfcinv": (0.01, 1.99),
    "erfinv": (-0.99, 0.99), "exp": (-3, 3), "expm1": (-2, 2), "floor": (-3, 3), "gelu": (-4, 4), "h_swish": (-4, 4),
    "hsigmoid": (-4, 4), "log": (0.1, 9), "log1p": (-0.9, 4), "logsigmoid": (-4, 4), "negate": (-3, 3),
    "relu": (-3, 3), "relu6": (-3, 9), "round": (-3, 3), "sigmoid": (-4, 4), "sign": (-3, 3), "silu": (-4, 4),
    "sin": (-6, 6), "sinh": (-3, 3), "softplus": (-4, 4), "sqrt": (0.1, 4), "square": (-3, 3), "tan": (-1.2, 1.2),
    "tanh": (-4, 4),
}  # fmt: skip
"""Mode: low and high. Those with rows of their own are not repeated."""
BINARY = [
    "add", "sub", "mul", "true_div", "floor_div", "mod", "pow", "max", "min", "atan2", "log_sum_exp", "prelu",
    "lt", "leq",
]  # fmt: skip
TRAINING = [
    "abs_grad", "fast_tanh_grad", "gelu_grad", "hsigmoid_grad", "h_swish_grad", "relu6_grad", "sigmoid_grad",
    "silu_grad", "softplus_grad", "tanh_grad", "acosh_grad", "asinh_grad", "atanh_grad",
]  # fmt: skip
LOGICAL = ["and", "or", "xor"]

SHIFTED = X(2, 3, dtype="int32", low=-90, high=90)
AMOUNT = X(3, dtype="int32", high=5)
BIG = X(4, dtype="int32", low=-(2**30), high=2**30)

ROWS = [
    Case(OP + "Elemwise", (SHIFTED, AMOUNT), {"mode": "shl"}),
    Case(OP + "Elemwise", (SHIFTED, AMOUNT), {"mode": "shr"}),
    Case(OP + "Elemwise", (BIG, BIG), {"mode": "rmulh"}, refused={"tflite": "64-bit integers beyond int32"}),
    Case(OP + "FastpathCopy", (X(2, 3),)),
    Case(OP + "Borrow", (X(2, 3),), {"comp_node": "cpu0"}),
    Case(OP + "Elemwise", (X(2, 3), X(2, 3)), {"mode": "fuse_add_relu"}),
    Case(OP + "Elemwise", (X(2, 3), X(2, 3)), {"mode": "fuse_add_sigmoid"}),
    Case(OP + "Elemwise", (X(2, 3), X(2, 3)), {"mode": "fuse_add_tanh"}),
    Case(OP + "Elemwise", (X(2, 3, low=-4, high=4), X(2, 3)), {"mode": "fuse_add_h_swish"}),
    Case(OP + "Elemwise", (X(2, 3), X(2, 3), X(2, 3)), {"mode": "fuse_mul_add3"}),
    Case(OP + "Elemwise", (X(2, 3), X(2, 3), X(2, 3), X(2, 3)), {"mode": "fuse_mul_add4"}),
    Case(OP + "Elemwise", (X(2, 3), X(2, 3)), {"mode": "switch_gt0"}),
    Case(OP + "Elemwise", (X(2, 3), X(2, 3), X(2, 3)), {"mode": "cond_leq_mov"}),
    Case(OP + "Elemwise", (X(2, 3), X(2, 3), X(2, 3)), {"mode": "cond_lt_mov"}),
    Case(OP + "Elemwise", (X(2, 3, dtype="int32", high=3), X(2, 3, dtype="int32", high=3)), {"mode": "eq"}),
    Case(OP + "Elemwise", (X(2, 3),), {"mode": "erf"}),
    Case(OP + "Elemwise", (X(2, 3),), {"mode": "erfc"}),
    Case(OP + "Elemwise", (X(2, 3),), {"mode": "fast_tanh"}),
    Case(OP + "ElemwiseMultiType", (X(2, 3), X(2, 3)), {"mode": "lt", "dtype": "bool"}),
    Case(OP + "ElemwiseMultiType", (X(2, 3),), {"mode": "isnan", "dtype": "bool"}),
    Case(OP + "InplaceAdd", (X(2, 3), X(2, 3), P(1), P(1))),
    Case(OP + "TypeCvt", (X(2, 3, low=-5, high=5),), {"dtype": "int32"}),
    Case(OP + "Copy", (X(2, 3),), {"comp_node": "xpux"}),
    Case(OP + "Identity", (X(2, 3),)),
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
    *(
        Case(OP + "ElemwiseMultiType", (X(2, 3), X(2, 3)), {"mode": mode, "dtype": "bool"})
        for mode in ("eq", "neq", "leq")
    ),
    Case(OP + "ElemwiseMultiType", (X(values=[1.0, float("inf"), float("nan")]),), {"mode": "isinf", "dtype": "bool"}),
]
