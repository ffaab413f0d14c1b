"""Pools, also adaptive ones."""

from __future__ import annotations

from tests.harness import OP, Case, F, M, X
from tests.harness.dtypes import images, ints, matrices

ROWS = [
    Case(F + "nn.avg_pool2d", (X(1, 3, 8, 8), 2)),
    Case(F + "nn.avg_pool2d", (X(1, 3, 7, 7), 7)),
    Case(F + "nn.avg_pool2d", (X(1, 3, 9, 8), (3, 2)), {"stride": (2, 1), "padding": (1, 0)}),
    Case(F + "nn.avg_pool2d", (X(1, 3, 8, 8), 3), {"stride": 2, "padding": 1, "mode": "average"}),
    Case(F + "nn.max_pool2d", (X(1, 3, 8, 8), 2)),
    Case(F + "nn.max_pool2d", (X(1, 3, 9, 7), (3, 2)), {"stride": (2, 1), "padding": (1, 0)}),
    Case(F + "nn.adaptive_avg_pool2d", (X(1, 3, 7, 8), 1)),
    Case(F + "nn.adaptive_avg_pool2d", (X(1, 3, 7, 8), (3, 2))),
    Case(F + "nn.adaptive_max_pool2d", (X(1, 3, 7, 8), (3, 2))),
    Case(F + "nn.adaptive_max_pool2d", (X(1, 3, 6, 6), 2)),
    Case(M + "adaptive_pooling.AdaptiveAvgPool2d", (X(1, 3, 7, 7),), init=(1,)),
    Case(M + "adaptive_pooling.AdaptiveAvgPool2d", (X(1, 3, 8, 8),), init=((2, 4),)),
    Case(M + "adaptive_pooling.AdaptiveAvgPool2d", (X(1, 3, 7, 5),), init=(3,)),
    Case(M + "pooling.AvgPool2d", (X(1, 3, 7, 7),), init=(7,)),
    Case(M + "pooling.AvgPool2d", (X(1, 3, 8, 8),), init=(3, 2, 1)),
    Case(M + "pooling.MaxPool2d", (X(1, 3, 8, 8),), init=(3, 2, 1)),
    Case(M + "pooling.MaxPool2d", (X(1, 3, 7, 8),), init=((2, 3),)),
    Case(M + "adaptive_pooling.AdaptiveMaxPool2d", (X(1, 3, 7, 8),), init=((3, 2),)),
    Case(OP + "Pooling", (X(1, 3, 7, 8),), {"mode": "max", "window_h": 3, "stride_h": 2, "pad_h": 1}),
    Case(OP + "Pooling", (X(1, 3, 7, 8),), {"mode": "average", "window_h": 3, "stride_h": 2, "pad_h": 1}),
    Case(OP + "AdaptivePooling", (X(1, 3, 7, 8), ints(3, 2)), {"mode": "average"}),
    *images(
        {
            "max-pool": ("F.max_pool2d(x, 2)", "int8"),
            "average-pool": ("F.avg_pool2d(x, 2)", "int8"),
            "global-average": ("F.adaptive_avg_pool2d(x, 1)", "int8"),
            "adaptive-average": ("F.adaptive_avg_pool2d(x, 2)", "int8"),
            "negative-averages": ("F.avg_pool2d(x - 50, 2), F.adaptive_avg_pool2d(x - 90, (1, 2))", "int8"),
        }
    ),
    *matrices(
        {
            "avg-pool2d": ("F.avg_pool2d(x.reshape(1, 1, 2, 3), 2, 1)", ["float16"]),
        }
    ),
]
