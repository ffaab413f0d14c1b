"""Neural network functions."""

from __future__ import annotations

from tests.harness import Case, Code, P, X

F = "megengine.functional.nn."

ROWS = [
    Case(F + "avg_pool2d", (X(1, 3, 8, 8), 2)),
    Case(F + "avg_pool2d", (X(1, 3, 7, 7), 7)),
    Case(F + "avg_pool2d", (X(1, 3, 9, 8), (3, 2)), {"stride": (2, 1), "padding": (1, 0)}),
    Case(F + "avg_pool2d", (X(1, 3, 8, 8), 3), {"stride": 2, "padding": 1, "mode": "average"}),
    Case(F + "conv2d", (X(1, 3, 8, 8), P(4, 3, 3, 3))),
    Case(F + "conv2d", (X(2, 3, 8, 8), P(4, 3, 3, 3), P(1, 4, 1, 1)), {"stride": 2, "padding": 1}),
    Case(F + "conv2d", (X(1, 4, 9, 8), P(2, 3, 2, 3, 3)), {"padding": (2, 1), "dilation": (2, 1), "groups": 2}),
    Case(F + "conv2d", (X(1, 4, 8, 8), P(4, 1, 1, 3, 3), P(1, 4, 1, 1)), {"groups": 4, "padding": 1}),
    Case(F + "conv2d", (X(1, 3, 6, 6), X(4, 3, 3, 3))),
    Case(F + "relu", (X(2, 3, 4, 4),)),
    Case(F + "relu6", (X(2, 3, 4, 4, low=-9, high=9),)),
    Case(F + "sigmoid", (X(2, 3, 4, low=-6, high=6),)),
    Case(F + "softmax", (X(2, 3, 4, low=-4, high=4), -1)),
    Case(F + "softmax", (X(2, 3, 4, low=-4, high=4),), {"axis": 1}),
    Case(F + "softmax", (X(2, 5, low=-90, high=90),)),
    Case(F + "softmax", (X(2, 3, 4, 5),)),
    Code(
        "F.softmax(F.matmul(x, y, transpose_b=True) / 2.0 + z, axis=-1)",
        X(1, 2, 5, 4),
        X(1, 2, 5, 4),
        X(1, 1, 1, 5),
        id="attention",
    ),
]
