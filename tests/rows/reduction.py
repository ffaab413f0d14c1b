"""Reductions, running sums, norms, arg-max."""

from __future__ import annotations

from tests.harness import OP, Case, F, T, X
from tests.harness.dtypes import ALL, NUMBERS, images, ints, matrices

REDUCTIONS = ["sum", "prod", "max", "min", "var", "std"]

ROWS = [
    Case(F + "nn.logsumexp", (X(2, 3, 4, low=-4, high=4), 1)),
    Case(F + "nn.logsumexp", (X(2, 3, 4, low=-4, high=4), -1), {"keepdims": True}),
    Case(F + "nn.logsumexp", (X(2, 3, 4), (0, 2))),
    Case(F + "math.mean", (X(2, 3, 4, 5),)),
    Case(F + "math.mean", (X(2, 3, 4, 5), -1), {"keepdims": True}),
    Case(F + "math.mean", (X(2, 3, 4, 5), 1)),
    Case(F + "math.mean", (X(2, 3, 4, 5),), {"axis": [2, 3], "keepdims": True}),
    Case(F + "math.mean", (X(2, 3, 4, 5),), {"axis": (-1, -2)}),
    Case(F + "math.mean", (X(2, 6, dtype="int32"), 1)),
    *(Case(F + "math." + name, (X(2, 3, 4), 1)) for name in REDUCTIONS),
    *(Case(F + "math." + name, (X(2, 3, 4),)) for name in REDUCTIONS),
    *(Case(F + "math." + name, (X(2, 3, 4), -1), {"keepdims": True}) for name in REDUCTIONS),
    *(Case(F + "math." + name, (X(2, 3, 4),), {"axis": (0, 2)}) for name in ("sum", "max", "min", "var", "std")),
    *(Case(F + "math." + name, (X(2, 3, 4), 1)) for name in ("argmax", "argmin")),
    *(Case(F + "math." + name, (X(2, 3, 4),)) for name in ("argmax", "argmin")),
    *(Case(F + "math." + name, (X(2, 3, 4), -1), {"keepdims": True}) for name in ("argmax", "argmin")),
    Case(F + "math.sum", (X(2, 6, dtype="int32"), 1)),
    Case(F + "math.max", (X(2, 6, dtype="int32"), 1)),
    *(Case(T + name, (X(2, 3, 4),), {"axis": 1}) for name in ("sum", "prod", "max", "min", "mean")),
    Case(T + "sum", (X(2, 3, 4), -1, True)),
    Case(T + "mean", (X(2, 3, 4),)),
    Case(F + "math.norm", (X(7),)),
    Case(F + "math.norm", (X(2, 3, 4),), {"axis": 1}),
    Case(F + "math.norm", (X(2, 3, 4),), {"axis": -1, "ord": 1.0, "keepdims": True}),
    Case(F + "math.norm", (X(2, 3, 4),), {"axis": 1, "ord": 3.0}),
    Case(F + "tensor.cumsum", (X(2, 3, 4), 1)),
    Case(F + "tensor.cumsum", (X(2, 3, dtype="int32"), -1)),
    Case(OP + "Reduce", (X(2, 3, 4),), {"mode": "sum", "axis": 1, "keepdim": False}),
    Case(OP + "Reduce", (X(2, 3, 4),), {"mode": "product", "axis": -1}),
    Case(OP + "Reduce", (X(2, 3, 4), ints(1, 3, 1)), {"mode": "sum_sqr"}),
    Case(OP + "Reduce", (X(2, 3, 4), ints(1)), {"mode": "mean"}),
    Case(OP + "Argmax", (X(2, 3, 4),), {"axis": 1}),
    Case(OP + "Argmin", (X(2, 3, 4),), {"axis": 2}),
    Case(OP + "Cumsum", (X(2, 3, 4),), {"axis": 1, "exclusive": True, "reverse": True}),
    *images(
        {
            "norm": ("F.norm(x, axis=1)", "uint8 int8 int32"),
        }
    ),
    *matrices(
        {
            "sum": ("F.sum(x)", ALL),
            "sum-axis": ("F.sum(x, axis=0)", ALL),
            "prod": ("F.prod(x, axis=0)", NUMBERS),
            "mean": ("F.mean(x)", ALL),
            "max": ("F.max(x, axis=-1, keepdims=True)", ALL),
            "min": ("F.min(x)", ALL),
            "argmax": ("F.argmax(x, axis=0)", NUMBERS),
            "cumsum": ("F.cumsum(x, 1)", NUMBERS),
        }
    ),
]
