"""Matrix products and reductions."""

from __future__ import annotations

from tests.harness import Case, P, X

F = "megengine.functional.math."

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
]
