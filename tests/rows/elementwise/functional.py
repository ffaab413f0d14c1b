"""Elementwise functions, methods of tensors and modules: arithmetic, comparison, logic, shifts, casts, copies."""

from __future__ import annotations

from tests.harness import Case, Code, F, M, P, T, X

UNARY = [
    ("abs", -3, 3),
    ("acos", -0.99, 0.99),
    ("acosh", 1.1, 4),
    ("asin", -0.99, 0.99),
    ("asinh", -3, 3),
    ("atan", -3, 3),
    ("atanh", -0.9, 0.9),
    ("ceil", -3, 3),
    ("cos", -6, 6),
    ("cosh", -3, 3),
    ("expm1", -2, 2),
    ("floor", -3, 3),
    ("log", 0.1, 9),
    ("log1p", -0.9, 4),
    ("neg", -3, 3),
    ("round", -3, 3),
    ("sin", -6, 6),
    ("sinh", -3, 3),
    ("square", -3, 3),
    ("tan", -1.2, 1.2),
]
"""(function, low, high)."""
COMPARISONS = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
BINARY = ["add", "sub", "mul", "maximum", "minimum", "logaddexp", *COMPARISONS]
LOGICAL = ["logical_and", "logical_or", "logical_xor"]
BITWISE = [f"__{prefix}{name}__" for name in ("and", "or", "xor") for prefix in ("", "r", "i")]

SHIFTED = X(2, 3, dtype="int32", low=-90, high=90)
AMOUNT = X(3, dtype="int32", high=5)

ROWS = [
    Case(F + "math.isnan", (X(values=[1.0, float("nan"), -2.0, float("nan")]),), id="isnan"),
    Case(F + "math.sign", (X(values=[-2.0, 0.0, 3.0, -0.0]),), id="sign"),
    Case(F + "elemwise.clip", (X(2, 3, 4, low=-3, high=3), -0.5, 1.5)),
    Case(F + "elemwise.clip", (X(2, 3, low=-3, high=3),), {"lower": -1.0}),
    Case(F + "elemwise.clip", (X(2, 3, low=-3, high=3),), {"upper": 1.0}),
    Case(F + "elemwise.exp", (X(2, 3, 4),)),
    Case(F + "elemwise.sqrt", (X(2, 3, 4, low=0.1, high=4),)),
    Case(T + "__add__", (X(2, 3, 4), X(2, 3, 4))),
    Case(T + "__add__", (X(2, 3, 4), X(3, 1))),
    Case(T + "__add__", (X(2, 3), 2)),
    Case(T + "__add__", (X(2, 3), P(1, 3))),
    Case(T + "__add__", (X(2, 3, dtype="int32"), 2.5)),
    Case(T + "__iadd__", (X(2, 3, 4), X(2, 3, 4))),
    Case(T + "__radd__", (X(2, 3), 1.5)),
    Case(T + "__sub__", (X(2, 3, 4), X(4))),
    Case(T + "__sub__", (X(2, 3, dtype="int32"), X(2, 3, dtype="int32"))),
    Case(T + "__rsub__", (X(2, 3), 1)),
    Case(T + "__mul__", (X(2, 3, 4), X(2, 1, 4))),
    Case(T + "__mul__", (X(2, 3), 0.5)),
    Case(T + "__imul__", (X(2, 3), X(2, 3))),
    Case(T + "__rmul__", (X(2, 3), -10000.0)),
    Case(T + "__truediv__", (X(2, 3), X(2, 3, low=0.5, high=2))),
    Case(T + "__truediv__", (X(2, 3), 8.0)),
    Case(T + "__truediv__", (X(2, 3, dtype="int32"), 3)),
    Case(T + "__floordiv__", (X(2, 3, dtype="int32", low=-20, high=20), 3)),
    Case(T + "__floordiv__", (X(2, 3, low=-20, high=20), 3.0)),
    Case(T + "__floordiv__", (X(values=[-128, -127, -1, 0, 127], dtype="int8"), 7)),
    Case(T + "__floordiv__", (X(values=[-32768, -5, 32767], dtype="int16"), X(values=[-3, 3, -7], dtype="int16"))),
    Case(T + "__floordiv__", (X(4, dtype="int32", low=-20, high=20), X(values=[2, -3, 5, -7], dtype="int32"))),
    Case(T + "__pow__", (X(2, 3, low=0.1, high=3), 2)),
    Case(T + "__pow__", (X(2, 3, low=-3, high=3), 2), id="__pow__-of-negative"),
    Case(T + "__pow__", (X(2, 3, low=0.1, high=3), 0.5)),
    Case(T + "__pow__", (X(2, 3, low=0.1, high=3), X(2, 3))),
    Code("x += y\nz = x * 2\nx += z\nreturn x, z", X(2, 3), X(2, 3), id="in-place-twice"),
    Code("(1.0 - x) * -10000.0", X(2, 1, 1, 5, values=[[[[1, 1, 1, 0, 0]]], [[[1, 0, 0, 0, 0]]]]), id="attention-mask"),
    Code("x * np.float32(0.125) + np.array([1, 2, 3], 'float32')", X(2, 3), id="numpy-constants"),
    *(Case(F + "elemwise." + name, (X(2, 3, 4, low=low, high=high),)) for name, low, high in UNARY),
    *(Case(F + "elemwise." + name, (X(2, 3, 4), X(3, 1))) for name in BINARY),
    *(Case(F + "elemwise." + name, (X(2, 3, dtype="int32", low=-9), X(1, 3, dtype="int32"))) for name in COMPARISONS),
    *(
        Case(F + "elemwise." + name, (X(2, 3), X(2, 3, low=0.5, high=2)))
        for name in ("div", "atan2", "floor_div", "mod")
    ),
    Case(F + "elemwise.pow", (X(2, 3, low=0.1, high=3), X(2, 3, low=-2, high=2))),
    Case(
        F + "elemwise.mod",
        (X(values=[-7, -3, 3, 7, 8, -8], dtype="int32"), X(values=[3, 3, -3, -3, 4, 4], dtype="int32")),
    ),
    Case(
        F + "elemwise.floor_div",
        (X(values=[-7, -3, 3, 7, 8, -8], dtype="int32"), X(values=[3, 3, -3, -3, 4, 4], dtype="int32")),
    ),
    Case(F + "elemwise.mod", (X(2, 3, low=-9, high=9), 2.5)),
    *(Case(F + "elemwise." + name, (X(2, 8, dtype="bool"), X(2, 8, dtype="bool"))) for name in LOGICAL),
    Case(F + "elemwise.logical_not", (X(2, 8, dtype="bool"),)),
    Case(F + "elemwise.round", (X(values=[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.4, -0.6]),), id="round-halves"),
    Case(F + "elemwise.maximum", (X(2, 3), 0.25)),
    Case(F + "elemwise.minimum", (X(2, 3, dtype="int32"), X(2, 3, dtype="int32"))),
    Case(F + "elemwise.abs", (X(2, 3, dtype="int32", low=-9),)),
    Case(F + "elemwise.square", (X(3, dtype="int32"),)),
    *(
        Case(T + name, (X(2, 3, low=-5, high=5),))
        for name in ("__neg__", "__pos__", "__abs__", "__floor__", "__ceil__")
    ),
    Case(T + "__round__", (X(2, 3, low=-5, high=5),)),
    *(Case(T + name, (X(2, 3, 4), X(3, 4))) for name in ("__lt__", "__le__", "__gt__", "__ge__")),
    *(Case(T + name, (X(2, 6, dtype="int32", high=3), 1)) for name in ("__eq__", "__ne__", "__lt__", "__ge__")),
    *(Case(T + name, (X(2, 8, dtype="bool"), X(2, 8, dtype="bool"))) for name in BITWISE),
    Case(T + "__invert__", (X(2, 8, dtype="bool"),)),
    *(Case(T + name, (X(2, 3), X(2, 3, low=0.5, high=2))) for name in ("__isub__", "__itruediv__", "__ifloordiv__")),
    *(
        Case(T + name, (X(2, 3, low=0.5, high=2), X(2, 3, low=0.5, high=2)))
        for name in ("__mod__", "__imod__", "__ipow__")
    ),
    *(
        Case(T + name, (X(2, 3, low=0.5, high=2), 3.5))
        for name in ("__rtruediv__", "__rfloordiv__", "__rmod__", "__rpow__")
    ),
    Case(T + "astype", (X(2, 3, low=-3, high=3), "int32")),
    Case(T + "astype", (X(2, 3, dtype="int32"), "float32")),
    Case(T + "astype", (X(2, 3), "float16")),
    Code("mge.Tensor(x) + 1", X(2, 3), id="Tensor-of-tensor"),
    Case(F + "tensor.copy", (X(2, 3),)),
    Case(T + "detach", (X(2, 3),)),
    Code("x.to('cpu0') + 1", X(2, 3), id="to"),
    Case(M + "elemwise.Elemwise", (X(2, 3, 4, 4), X(2, 3, 4, 4)), init=("add",)),
    Case(M + "elemwise.Elemwise", (X(2, 3, 4, 4), X(2, 3, 4, 4)), init=("fuse_add_relu",)),
    Case(M + "elemwise.Elemwise", (X(2, 3), X(2, 3)), init=("mul",)),
    Case(M + "identity.Identity", (X(2, 3),)),
    *(Case(F + "elemwise." + name, (SHIFTED, 2)) for name in ("left_shift", "right_shift")),
    *(Case(F + "elemwise." + name, (SHIFTED, AMOUNT)) for name in ("left_shift", "right_shift")),
    *(
        Case(F + "elemwise." + name, (X(4, dtype=dtype, high=100), 2))
        for dtype in ("int8", "uint8", "int16")
        for name in ("left_shift", "right_shift")
    ),
    *(Case(T + name, (SHIFTED, 1)) for name in ("__lshift__", "__rshift__", "__ilshift__", "__irshift__")),
    *(Case(T + name, (AMOUNT, 9)) for name in ("__rlshift__", "__rrshift__")),
    Case(F + "math.isinf", (X(values=[1.0, float("inf"), float("-inf"), float("nan")]),)),
    Case(F + "math.isinf", (X(2, 3, dtype="int32"),)),
    Code("x.to('cpu0') + 1", X(2, 3), id="Tensor.to"),
    Code("y = x + 1\ny.reset_zero()\nreturn y", X(2, 3), id="Tensor.reset_zero"),
]
