"""Elementwise functions and the arithmetic methods of tensors."""

from __future__ import annotations

from tests.harness import Case, Code, P, X

F = "megengine.functional.elemwise."
T = "megengine.tensor.Tensor."

ROWS = [
    Case(F + "clip", (X(2, 3, 4, low=-3, high=3), -0.5, 1.5)),
    Case(F + "clip", (X(2, 3, low=-3, high=3),), {"lower": -1.0}),
    Case(F + "clip", (X(2, 3, low=-3, high=3),), {"upper": 1.0}),
    Case(F + "exp", (X(2, 3, 4),)),
    Case(F + "sqrt", (X(2, 3, 4, low=0.1, high=4),)),
    Case(F + "tanh", (X(2, 3, 4, low=-4, high=4),)),
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
    Case(T + "__floordiv__", (X(4, dtype="int32", low=-20, high=20), X(values=[2, -3, 5, -7], dtype="int32"))),
    Case(T + "__pow__", (X(2, 3, low=0.1, high=3), 2)),
    Case(T + "__pow__", (X(2, 3, low=-3, high=3), 2), id="__pow__-of-negative"),
    Case(T + "__pow__", (X(2, 3, low=0.1, high=3), 0.5)),
    Case(T + "__pow__", (X(2, 3, low=0.1, high=3), X(2, 3))),
    Code("x += y\nz = x * 2\nx += z\nreturn x, z", X(2, 3), X(2, 3), id="in-place-twice"),
    Code("(1.0 - x) * -10000.0", X(2, 1, 1, 5, values=[[[[1, 1, 1, 0, 0]]], [[[1, 0, 0, 0, 0]]]]), id="attention-mask"),
    Code("x * np.float32(0.125) + np.array([1, 2, 3], 'float32')", X(2, 3), id="numpy-constants"),
]
