"""Elementwise: arithmetic, comparison, logic, rounding, trigonometry, casts: each element by itself."""

from __future__ import annotations

import numpy as np

from tests.harness.operators import BLOCK, IMAGE, Op, P, X

UNARY = [
    "Abs",
    "Asinh",
    "Atan",
    "Ceil",
    "Cos",
    "Cosh",
    "Erf",
    "Exp",
    "Floor",
    "Identity",
    "IsNaN",
    "Neg",
    "Round",
    "Sign",
    "Sin",
    "Sinh",
]
POSITIVE = ["Log", "Reciprocal", "Sqrt"]
INSIDE = ["Acos", "Asin", "Atanh", "Tan"]
"""Operators whose operands lie between -1 and 1."""
BINARY = ["Add", "Sub", "Mul", "Div", "Max", "Min", "Greater", "Less", "Equal", "GreaterOrEqual", "LessOrEqual"]
PAIRS = (
    (X(*IMAGE), X(*IMAGE)),
    (X(*IMAGE), X(3, 1, 1)),
    (X(2, 3, 1, 1), X(*IMAGE)),
    (X(2, 1, 4, 1), X(1, 3, 1, 5)),
    (X(*IMAGE), P(3, 1, 1)),
    (P(5, 7), X(*IMAGE)),
    (X(*IMAGE), P(values=0.7)),
    (X(3), P(2, 1)),
    (X(*IMAGE), P(2, 1, 1, 7)),
    (X(2, 1, 20), X(2, 30, 20)),
)
"""How two operands broadcast."""
ODD = X(values=[[np.nan, 1, -1, np.inf, -np.inf, 0, 2.5, -0.5]])
TURNED = X(values=[[-0.5, 2.5, 0, -np.inf, np.inf, -1, 1, np.nan]])

ROWS = [
    *(Op(op, X(*shape, low=-3, high=3)) for op in UNARY for shape in ((2, 6), IMAGE, (2, 3, 4, 2, 3))),
    *(Op(op, X(*IMAGE, low=0.1, high=4)) for op in POSITIVE),
    *(Op(op, X(*IMAGE, low=-0.99, high=0.99)) for op in INSIDE),
    *(Op(op, *operands) for op in BINARY for operands in PAIRS),
    Op("Max", X(*BLOCK), X(6)),
    Op(
        "Max",
        X(3, 4, dtype="int64", low=-50, high=50),
        X(4, dtype="int64", low=-50, high=50),
        X(1, dtype="int64", low=-50, high=50),
    ),
    Op("Min", X(3, 4, dtype="int8", low=-50, high=50), X(4, dtype="int8", low=-50, high=50)),
    Op(
        "Max",
        X(3, 4, dtype="uint64", low=0, high=50),
        X(4, dtype="uint64", low=0, high=50),
    ),
    Op("Sum", X(*BLOCK), X(6), X(5, 1)),
    Op("Mean", X(*BLOCK), X(6), X(5, 1)),
    Op("Add", X(3, dtype="int8", low=-50, high=50), X(3, dtype="int8", low=-50, high=50)),
    Op("Mul", X(3, dtype="uint16", low=0, high=50), X(3, dtype="uint16", low=0, high=50)),
    Op("Sub", X(3, 4, dtype="int64", low=-50, high=50), X(4, dtype="int64", low=-50, high=50)),
    Op("Div", X(9, dtype="int16", low=-50, high=50), X(values=[-7] * 9, dtype="int16")),
    Op("Sign", X(*BLOCK)),
    Op("Round", X(values=[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.3, -0.7, np.inf, -np.inf, 1e20])),
    Op("Sinh", X(*BLOCK)),
    Op("Cosh", X(*BLOCK)),
    Op("Asinh", X(*BLOCK, low=-20.0, high=20.0)),
    Op("Acosh", X(*BLOCK, low=1.1, high=4.0)),
    Op("Atanh", X(*BLOCK, low=-0.9, high=0.9)),
    Op("Erf", X(*BLOCK)),
    Op("Clip", X(*BLOCK), P(values=-0.5), P(values=0.5)),
    Op("Clip", X(*BLOCK), None, P(values=0.5)),
    Op("Clip", X(*BLOCK), X(values=-0.1), X(values=0.2)),
    Op(
        "Clip",
        X(9, dtype="int64", low=-50, high=50),
        P(values=-3, dtype="int64"),
        P(values=9, dtype="int64"),
    ),
    Op("Clip", X(9, dtype="int32", low=-50, high=50), P(values=-3, dtype="int32"), None),
    Op("Clip", X(9, dtype="uint8", low=0, high=50), P(values=3, dtype="uint8"), None),
    Op("Pow", X(*BLOCK, low=0.1, high=2.0), P(values=2)),
    Op("Pow", X(*BLOCK, low=0.1, high=2.0), X(values=[2] * 6, dtype="int64")),
    Op("Pow", X(6, dtype="int32", low=-50, high=50), P(values=2, dtype="int32")),
    Op("Pow", X(6, dtype="int64", low=0, high=50), P(values=0.5)),
    Op("GreaterOrEqual", ODD, TURNED),
    Op("LessOrEqual", ODD, ODD),
    Op("Equal", ODD, ODD),
    Op("Equal", X(5, dtype="int64", low=-50, high=50), X(5, dtype="int64", low=-50, high=50)),
    Op("Equal", X(5, dtype="uint8", low=0, high=50), X(5, dtype="uint8", low=0, high=50)),
    Op(
        "Less",
        X(5, dtype="int64", low=-50, high=50),
        X(5, dtype="int64", low=-50, high=50),
    ),
    Op("Less", X(5, dtype="int32", low=-50, high=50), X(5, dtype="int32", low=-50, high=50)),
    Op("Greater", X(*BLOCK), X(6)),
    Op("IsNaN", ODD),
    Op("IsInf", ODD),
    Op("IsInf", ODD, detect_negative=0),
    Op("IsInf", ODD, detect_positive=0),
    Op("CastLike", X(*BLOCK), X(1, dtype="int64", low=-50, high=50)),
    Op("Cast", X(*BLOCK), to=6),
    Op("Mod", X(5, dtype="int64", low=-50, high=50), X(values=[7] * 5, dtype="int64")),
    Op("BitwiseAnd", X(3, dtype="int64", low=-50, high=50), X(3, dtype="int64", low=-50, high=50)),
    *(Op(op, X(2, 3, 4, low=0.1, high=2.0)) for op in ("Sqrt", "Log", "Reciprocal")),
    Op("Acosh", X(2, 3, low=1.1, high=4.0)),
    Op("Atanh", X(2, 3, low=-0.9, high=0.9)),
    Op("Clip", X(*IMAGE), P(values=-0.5), P(values=0.5)),
    Op("Clip", X(*IMAGE), None, P(values=0.5)),
    Op("Clip", X(*IMAGE), P(values=0.1)),
    Op("Clip", X(*IMAGE, low=-2000000000.0, high=2000000000.0), P(values=0), P(values=6)),
    Op("Clip", X(2, 3), X(values=-0.5), X(values=0.5)),
    Op("Pow", X(2, 3, low=0.1, high=2.0), P(values=2.5)),
    Op("Pow", P(values=2), X(2, 3)),
    Op("Pow", X(2, 3), P(values=2)),
    Op("Sum", X(2, 3), X(2, 3), X(3)),
    Op("Mean", X(2, 3), X(2, 3)),
    Op("Max", X(2, 3), X(2, 3), X(3)),
    Op("Cast", X(2, 3), to=9),
    Op("CastLike", X(2, 3), P(values=1)),
    Op("Not", X(values=[[True, False, True]], dtype="bool")),
    *(
        Op(op, X(values=[[True, False, True]], dtype="bool"), X(values=[[True], [False]], dtype="bool"))
        for op in ("And", "Or", "Xor")
    ),
    Op("Acosh", X(3, 4, low=1, high=9)),
    Op("Erf", X(values=[0])),
    Op("IsInf", X(values=[1, np.inf, -np.inf, np.nan])),
    Op("IsNaN", X(values=[1, np.inf, np.nan])),
    Op("Not", X(3, 4, dtype="bool")),
    Op("Neg", X(3, 4, high=5, dtype="int32")),
    Op("Abs", X(3, 4, low=-4, high=5, dtype="int32")),
    Op("Sign", X(3, 4, low=-4, high=5, dtype="int32")),
    Op("BitwiseNot", X(3, 4, high=5, dtype="int32")),
    *(
        Op(op, X(*a), X(*b, low=0.5, high=2))
        for op in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Less")
        for a, b in (
            (IMAGE, IMAGE),
            (IMAGE, (1, 3, 1, 1)),
            ((3, 1, 1), IMAGE),
            (IMAGE, ()),
            ((2, 3, 4, 5, 6), (4, 1, 6)),
            ((2, 3, 4, 2, 3, 2), (3, 1, 2, 3, 1)),
        )
    ),
    *(
        Op(op, X(*IMAGE), P(*s, low=0.5, high=2))
        for op in ("Add", "Mul", "Div", "Sub", "Max")
        for s in ((3, 1, 1), (1,), (7,), IMAGE)
    ),
    Op("Mod", X(3, 4, low=-5, high=5), X(3, 4, low=1, high=3), fmod=1),
    Op("Mod", X(9, low=-9, high=5, dtype="int32"), X(9, low=1, high=5, dtype="int32")),
    Op("Mod", X(9, low=-9, high=5, dtype="int32"), X(9, low=1, high=5, dtype="int32"), fmod=1),
    Op("Pow", X(3, 4, low=0.1, high=2), X(3, 4)),
    Op("Pow", X(3, 4), P(values=2.0)),
    Op("Pow", X(2, 3, 4, 5), P(values=3.0)),
    Op("Add", X(3, 4, high=5, dtype="int32"), X(3, 4, high=5, dtype="int32")),
    Op("Mul", X(3, 4, high=5, dtype="int32"), X(1, 4, high=5, dtype="int32")),
    Op("Div", X(9, low=-9, high=5, dtype="int32"), X(9, low=1, high=5, dtype="int32")),
    Op("Sub", X(3, 4, high=5, dtype="int32"), X(4, high=5, dtype="int32")),
    Op("Max", X(3, 4, high=5, dtype="int32"), X(4, high=5, dtype="int32")),
    Op("Sum", X(3, 4), X(4), X(3, 1)),
    Op("Mean", X(3, 4), X(4)),
    *(Op(op, X(3, 4, dtype="bool"), X(3, 4, dtype="bool")) for op in ("And", "Or", "Xor", "Equal")),
    *(
        Op(op, X(3, 4, high=5, dtype="int32"), X(3, 4, high=5, dtype="int32"))
        for op in ("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual")
    ),
    Op("Equal", X(*IMAGE), X(1, 3, 1, 1)),
    Op("Greater", X(2, 3, 4, 5, 6), X(6)),
    Op("BitwiseXor", X(4, high=5, dtype="int32"), X(4, high=5, dtype="int32")),
    Op("BitShift", X(4, dtype="uint8", high=5), X(4, dtype="uint8", high=5), direction="RIGHT"),
    *(Op("Cast", X(3, 4, low=-3, high=3), to=to) for to in (1, 6, 7, 9, 3, 10)),
    Op("Cast", X(3, 4, low=0, high=9), to=2),
    Op("Cast", X(3, 4, high=5, dtype="int32"), to=1),
    Op("Cast", X(3, dtype="bool"), to=1),
    Op("Cast", X(3, 4, dtype="uint8", high=5), to=1),
    Op("Cast", X(3, 4, dtype="bool"), to=7),
    Op("CastLike", X(3), P(values=0, dtype="int32")),
    Op("Clip", X(3, 4, low=-9, high=9), P(values=0), P(values=6)),
    Op("Clip", X(3, 4, low=-9, high=9), P(values=-1), P(values=1)),
    Op("Clip", X(3, 4), P(values=-0.3), None),
    Op("Clip", X(3, 4), None, P(values=0.2)),
    Op("Clip", X(2, 3, 4, 5, 2), P(values=0), P(values=0.2)),
    Op("Clip", X(9, high=5, dtype="int32"), P(values=1, dtype="int32"), P(values=3, dtype="int32")),
    Op("Add", X(2, 3, 2, 3, 2, 3, 2), X(2, 3, 2, 3, 2, 3, 2)),
]
