"""Matrix products and reductions."""

from __future__ import annotations

from tests.harness import Case, P, X

F = "megengine.functional.math."

T = "megengine.tensor.Tensor."
REDUCTIONS = ["sum", "prod", "max", "min", "var", "std"]

ROWS = [
    Case(F + "matmul", (X(4, 3), X(3, 5))),
    Case(F + "matmul", (X(4, 3), P(5, 3)), {"transpose_b": True}),
    Case(F + "matmul", (X(3, 4), X(3, 5)), {"transpose_a": True}),
    Case(F + "matmul", (X(2, 3, 4), X(2, 4, 5))),
    Case(F + "matmul", (X(2, 3, 4), X(4, 5))),
    Case(F + "matmul", (X(2, 3, 4, 5), X(2, 3, 6, 5)), {"transpose_b": True}),
    Case(F + "matmul", (X(4), X(4, 5))),
    Case(F + "matmul", (X(3, 4), X(4))),
    Case(F + "matmul", (X(2, 3, 4), X(4))),
    Case(F + "matmul", (X(4), X(4))),
    Case(F + "mean", (X(2, 3, 4, 5),)),
    Case(F + "mean", (X(2, 3, 4, 5), -1), {"keepdims": True}),
    Case(F + "mean", (X(2, 3, 4, 5), 1)),
    Case(F + "mean", (X(2, 3, 4, 5),), {"axis": [2, 3], "keepdims": True}),
    Case(F + "mean", (X(2, 3, 4, 5),), {"axis": (-1, -2)}),
    Case(F + "mean", (X(2, 6, dtype="int32"), 1)),
    *(Case(F + name, (X(2, 3, 4), 1)) for name in REDUCTIONS),
    *(Case(F + name, (X(2, 3, 4),)) for name in REDUCTIONS),
    *(Case(F + name, (X(2, 3, 4), -1), {"keepdims": True}) for name in REDUCTIONS),
    *(Case(F + name, (X(2, 3, 4),), {"axis": (0, 2)}) for name in ("sum", "max", "min", "var", "std")),
    *(Case(F + name, (X(2, 3, 4), 1)) for name in ("argmax", "argmin")),
    *(Case(F + name, (X(2, 3, 4),)) for name in ("argmax", "argmin")),
    *(Case(F + name, (X(2, 3, 4), -1), {"keepdims": True}) for name in ("argmax", "argmin")),
    Case(F + "sum", (X(2, 6, dtype="int32"), 1)),
    Case(F + "max", (X(2, 6, dtype="int32"), 1)),
    *(Case(T + name, (X(2, 3, 4),), {"axis": 1}) for name in ("sum", "prod", "max", "min", "mean")),
    Case(T + "sum", (X(2, 3, 4), -1, True)),
    Case(T + "mean", (X(2, 3, 4),)),
    Case(F + "dot", (X(5), X(5))),
    Case(F + "isnan", (X(values=[1.0, float("nan"), -2.0, float("nan")]),), id="isnan"),
    Case(F + "sign", (X(values=[-2.0, 0.0, 3.0, -0.0]),), id="sign"),
    Case(F + "norm", (X(7),)),
    Case(F + "norm", (X(2, 3, 4),), {"axis": 1}),
    Case(F + "norm", (X(2, 3, 4),), {"axis": -1, "ord": 1.0, "keepdims": True}),
    Case(F + "norm", (X(2, 3, 4),), {"axis": 1, "ord": 3.0}),
    Case(F + "normalize", (X(2, 3, 4),), {"axis": 1}),
    Case(F + "normalize", (X(2, 3, 4),), {"axis": -1, "ord": 1.0}),
    Case(F + "sort", (X(2, 7),)),
    Case(F + "sort", (X(2, 7),), {"descending": True}),
    Case(F + "argsort", (X(2, 7),)),
    Case(F + "argsort", (X(2, 7),), {"descending": True}),
    Case(F + "topk", (X(2, 7), 3)),
    Case(F + "topk", (X(2, 7), 3), {"descending": False}),
    Case(F + "topk", (X(2, 7), 3), {"kth_only": True}),
]
