"""Elementwise operators."""

from __future__ import annotations

import numpy as np

from .case import IMAGE, C, Op, real, whole

UNARY = [
    "Abs",
    "Ceil",
    "Cos",
    "Exp",
    "Floor",
    "Neg",
    "Relu",
    "Round",
    "Sigmoid",
    "Sign",
    "Sin",
    "Tanh",
    "HardSwish",
    "Erf",
    "Sinh",
    "Cosh",
    "Asinh",
    "Softplus",
    "Softsign",
    "Mish",
    "Selu",
    "Celu",
    "HardSigmoid",
    "Atan",
    "Elu",
    "LeakyRelu",
    "IsNaN",
    "Softmax",
    "LogSoftmax",
    "Gelu",
    "Identity",
]
POSITIVE = ["Log", "Sqrt", "Reciprocal"]
INSIDE = ["Asin", "Acos", "Atanh", "Tan"]
CASES = [
    # elementwise
    *[Op(op, real(*shape, low=-3, high=3)) for op in UNARY for shape in ((2, 6), IMAGE, (2, 3, 4, 2, 3))],
    *[Op(op, real(*IMAGE, low=0.1, high=4)) for op in POSITIVE],
    *[Op(op, real(*IMAGE, low=-0.99, high=0.99)) for op in INSIDE],
    Op("Acosh", real(3, 4, low=1, high=9)),
    Op("Erf", C(0).array.reshape(1)),
    Op("Gelu", real(3, 4), approximate="tanh"),
    Op("Elu", real(3, 4), alpha=0.3),
    Op("Celu", real(3, 4), alpha=0.3),
    Op("ThresholdedRelu", real(3, 4), alpha=0.2),
    Op("Shrink", real(3, 4), bias=0.1, lambd=0.2),
    Op("HardSigmoid", real(3, 4), alpha=1 / 6),
    Op("IsInf", np.array([1, np.inf, -np.inf, np.nan], "f")),
    Op("IsNaN", np.array([1, np.inf, np.nan], "f")),
    Op("Not", real(3, 4, dtype="bool")),
    Op("Neg", whole(3, 4)),
    Op("Abs", whole(3, 4, low=-4)),
    Op("Sign", whole(3, 4, low=-4)),
    Op("BitwiseNot", whole(3, 4)),
    *[
        Op(op, real(*a), real(*b, seed=1, low=0.5, high=2))
        for op in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Less", "Mod")
        for a, b in (
            (IMAGE, IMAGE),
            (IMAGE, (1, 3, 1, 1)),
            ((3, 1, 1), IMAGE),
            (IMAGE, ()),
            ((2, 3, 4, 5, 6), (4, 1, 6)),
            ((2, 3, 4, 2, 3, 2), (3, 1, 2, 3, 1)),
        )
        if op != "Mod"
    ],
    *[
        Op(op, real(*IMAGE), C(real(*s, low=0.5, high=2)))
        for op in ("Add", "Mul", "Div", "Sub", "Max")
        for s in ((3, 1, 1), (1,), (7,), IMAGE)
    ],
    Op("Mod", real(3, 4, low=-5, high=5), real(3, 4, low=1, high=3), fmod=1),
    Op("Mod", whole(9, low=-9), whole(9, low=1, seed=1)),
    Op("Mod", whole(9, low=-9), whole(9, low=1, seed=1), fmod=1),
    Op("Pow", real(3, 4, low=0.1, high=2), real(3, 4, seed=2)),
    Op("Pow", real(3, 4), C(2.0)),
    Op("Pow", real(2, 3, 4, 5), C(3.0)),
    Op("Add", whole(3, 4), whole(3, 4, seed=1)),
    Op("Mul", whole(3, 4), whole(1, 4)),
    Op("Div", whole(9, low=-9), whole(9, low=1, seed=1)),
    Op("Sub", whole(3, 4), whole(4)),
    Op("Max", whole(3, 4), whole(4)),
    Op("Sum", real(3, 4), real(4), real(3, 1)),
    Op("Mean", real(3, 4), real(4)),
    *[Op(op, real(3, 4, dtype="bool"), real(3, 4, dtype="bool", seed=1)) for op in ("And", "Or", "Xor", "Equal")],
    *[Op(op, whole(3, 4), whole(3, 4, seed=1)) for op in ("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual")],
    Op("Equal", real(*IMAGE), real(1, 3, 1, 1)),
    Op("Greater", real(2, 3, 4, 5, 6), real(6, seed=2)),
    Op("BitwiseXor", whole(4), whole(4, seed=1)),
    Op("BitShift", whole(4, dtype="uint8"), whole(4, dtype="uint8", seed=1), direction="RIGHT"),
    Op("Where", real(*IMAGE, dtype="bool"), real(*IMAGE), real(*IMAGE, seed=1)),
    Op("Where", real(3, 1, dtype="bool"), real(3, 4), real(4)),
    Op("Where", real(2, 1, 4, 1, 6, dtype="bool"), real(2, 3, 4, 5, 6), real(1)),
    *[Op("Cast", real(3, 4, low=-3, high=3), to=to) for to in (1, 6, 7, 9, 3, 10)],
    Op("Cast", real(3, 4, low=0, high=9), to=2),
    Op("Cast", whole(3, 4), to=1),
    Op("Cast", real(3, dtype="bool"), to=1),
    Op("Cast", whole(3, 4, dtype="uint8"), to=1),
    Op("Cast", real(3, 4, dtype="bool"), to=7),
    Op("CastLike", real(3), C(0, "int32")),
    Op("Clip", real(3, 4, low=-9, high=9), C(0), C(6)),
    Op("Clip", real(3, 4, low=-9, high=9), C(-1), C(1)),
    Op("Clip", real(3, 4), C(-0.3), None),
    Op("Clip", real(3, 4), None, C(0.2)),
    Op("Clip", real(2, 3, 4, 5, 2), C(0), C(0.2)),
    Op("Clip", whole(9), C(1, "int32"), C(3, "int32")),
    Op("PRelu", real(*IMAGE), C(real(3, 1, 1))),
    Op("PRelu", real(*IMAGE), C([0.3])),
    Op("PRelu", real(3, 4), real(4)),
    Op("PRelu", real(2, 3, 4, 5, 2), C(real(3, 1, 1, 1))),
]
