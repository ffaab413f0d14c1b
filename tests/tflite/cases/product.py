"""Products, normalizations and reductions."""

from __future__ import annotations

from .case import IMAGE, C, Op, ints, real, whole

CASES = [
    # products
    Op("Gemm", real(3, 4), C(real(4, 5)), C(real(5))),
    Op("Gemm", real(3, 4), C(real(5, 4)), C(real(5)), transB=1, alpha=0.5, beta=2.0),
    Op("Gemm", real(4, 3), C(real(4, 5)), transA=1),
    Op("Gemm", real(3, 4), real(4, 5), real(5)),
    Op("Gemm", real(3, 4), real(5, 4), C(real(3, 5)), transB=1),
    Op("Gemm", real(3, 4), C(real(4, 5)), C(real(3, 1))),
    Op("Gemm", real(3, 4), C(real(4, 5)), real(3, 5), beta=0.5),
    *[
        Op("MatMul", real(*a), real(*b, seed=1))
        for a, b in (
            ((3, 4), (4, 5)),
            ((2, 3, 4), (4, 5)),
            ((2, 3, 4), (2, 4, 5)),
            ((2, 1, 3, 4), (3, 4, 5)),
            ((4,), (4, 5)),
            ((3, 4), (4,)),
            ((4,), (4,)),
            ((2, 3, 4), (4,)),
            ((4,), (2, 4, 5)),
        )
    ],
    *[
        Op("MatMul", real(*a), C(real(*b, seed=1)))
        for a, b in (((3, 4), (4, 5)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((2, 5, 3, 4), (4, 5)))
    ],
    Op("MatMul", C(real(3, 4)), real(4, 5)),
    # normalizations
    Op(
        "BatchNormalization",
        real(*IMAGE),
        C(real(3)),
        C(real(3, seed=1)),
        C(real(3, seed=2)),
        C(real(3, low=0.5, high=2)),
    ),
    Op(
        "BatchNormalization",
        real(5, 3),
        C(real(3)),
        C(real(3, seed=1)),
        C(real(3, seed=2)),
        C(real(3, low=0.5, high=2)),
    ),
    Op("LayerNormalization", real(2, 5, 8), C(real(8)), C(real(8, seed=1))),
    Op("LayerNormalization", real(*IMAGE), C(real(3, 5, 7)), None, axis=1),
    Op("LayerNormalization", real(*IMAGE), C(real(7)), C(real(7, seed=1))),
    Op("InstanceNormalization", real(*IMAGE), C(real(3)), C(real(3, seed=1))),
    Op("GroupNormalization", real(2, 6, 4, 5), C(real(6)), C(real(6, seed=1)), num_groups=3),
    Op("GroupNormalization", real(2, 6, 5), C(real(6)), C(real(6, seed=1)), num_groups=2),
    Op("LpNormalization", real(3, 4)),
    Op("LpNormalization", real(3, 4), p=1, axis=0),
    Op("LRN", real(*IMAGE), size=3),
    Op("MeanVarianceNormalization", real(*IMAGE)),
    Op("Hardmax", real(3, 4)),
    Op("Hardmax", real(3, 4, 5), axis=1),
    *[Op(op, real(*IMAGE), axis=a) for op in ("Softmax", "LogSoftmax") for a in (0, 1, 2, 3, -1)],
    # reductions
    *[
        Op(op, real(*IMAGE), C(axes, "int64") if axes else None, keepdims=k)
        for op in (
            "ReduceSum",
            "ReduceMean",
            "ReduceMax",
            "ReduceMin",
            "ReduceProd",
            "ReduceL1",
            "ReduceL2",
            "ReduceSumSquare",
            "ReduceLogSumExp",
        )
        for axes, k in (((2, 3), 1), ((2, 3), 0), ((1,), 0), ((-1,), 1), (None, 0))
    ],
    Op("ReduceLogSum", real(*IMAGE, low=0.1, high=1), ints(1)),
    Op("ReduceSum", whole(3, 4), ints(0)),
    Op("ReduceMax", whole(3, 4), ints(1)),
    Op("ReduceProd", whole(3, 4), ints(1)),
    Op("ReduceMean", real(2, 3, 4, 5, 2), ints(1, 3)),
    Op("ReduceMax", real(3, 4, dtype="bool"), ints(1)),
    *[Op(op, real(*IMAGE), axis=a, keepdims=k) for op in ("ArgMax", "ArgMin") for a in (0, 1, 3) for k in (0, 1)],
    *[
        Op("CumSum", real(*IMAGE), C(a, "int64"), exclusive=e, reverse=r)
        for a in (0, 1, 3)
        for e in (0, 1)
        for r in (0, 1)
    ],
    Op("CumSum", whole(3, 4), C(1, "int64")),
    *[Op(f"Reduce{kind}", real(2, 3, 2, 3, 2, 3, 2), ints(1, 3, 5)) for kind in ("Mean", "Max", "Prod")],
    *[Op(op, real(2, 3, 2, 3, 2, 3, 2), ints(2, 4), keepdims=k) for op in ("ReduceSum", "ReduceMax") for k in (0, 1)],
    Op("Softmax", real(2, 3, 2, 3, 2, 3, 2), axis=2),
    Op("Add", real(2, 3, 2, 3, 2, 3, 2), real(2, 3, 2, 3, 2, 3, 2, seed=1)),
]
