"""Reduction: sums, means, extremes and norms along axes, running sums, arg-max."""

from __future__ import annotations

from tests.harness.operators import BLOCK, IMAGE, Op, P, X, ints

KINDS = ["Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp"]

ROWS = [
    Op("ReduceMean", X(*BLOCK), ints(1, -1)),
    Op("ReduceMean", X(*BLOCK), keepdims=0),
    Op("ReduceMean", X(*BLOCK), ints(), noop_with_empty_axes=1),
    Op("ReduceL1", X(*BLOCK), ints(), noop_with_empty_axes=1),
    Op("ReduceSumSquare", X(*BLOCK), ints(), noop_with_empty_axes=1),
    Op("ReduceLogSum", X(*BLOCK, low=0.1, high=2.0), ints(), noop_with_empty_axes=1),
    Op("ReduceLogSumExp", X(*BLOCK, low=0.1, high=2.0), ints(), noop_with_empty_axes=1),
    Op("ReduceSum", X(*BLOCK), ints(-2), keepdims=0),
    Op("ReduceMax", X(*BLOCK), ints(1)),
    Op("ReduceMax", X(3, 4, dtype="int8", low=-50, high=50), ints(1)),
    Op("ReduceMax", X(3, 4, dtype="bool"), ints(1)),
    Op("ReduceMin", X(*BLOCK), ints(1)),
    Op("ReduceProd", X(*BLOCK), ints(1)),
    Op("ReduceL1", X(*BLOCK), ints(1)),
    Op("ReduceL2", X(*BLOCK), ints(-1)),
    Op("ReduceLogSum", X(*BLOCK, low=0.1, high=2.0), ints(-1)),
    Op("ReduceLogSumExp", X(*BLOCK), ints(-1)),
    Op("ReduceSumSquare", X(*BLOCK), ints(-1)),
    Op("ArgMax", X(*BLOCK), axis=-1),
    Op("ArgMin", X(*BLOCK), axis=1, keepdims=0, select_last_index=1),
    Op("CumSum", X(2, 3), P(values=1, dtype="int64")),
    Op(
        "CumSum",
        X(2, 3, dtype="float16"),
        P(values=1, dtype="int64"),
        rtol=0.002,
        reason="float16 has three decimal digits",
    ),
    *(
        Op(f"Reduce{kind}", X(*IMAGE), ints(*axes), keepdims=keep)
        for kind in KINDS
        for axes in ((1,), (2, 3), (0, 2), (-1,), (0, 1, 2, 3))
        for keep in (0, 1)
    ),
    *(Op(f"Reduce{kind}", X(2, 3, 4)) for kind in KINDS),
    Op("ReduceLogSum", X(2, 3, 4, low=0.1, high=2.0), ints(1)),
    Op("ArgMax", X(values=[[3, 7, 7, 1]], dtype="int64"), axis=1),
    *(Op("CumSum", X(2, 9, 3), P(values=1, dtype="int64"), exclusive=e, reverse=r) for e in (0, 1) for r in (0, 1)),
    Op("CumSum", X(2, 9), P(values=-1, dtype="int64")),
    Op("ReduceLogSum", X(*IMAGE, low=0.1, high=1), ints(1)),
    Op("ReduceSum", X(3, 4, high=5, dtype="int32"), ints(0)),
    Op("ReduceMax", X(3, 4, high=5, dtype="int32"), ints(1)),
    Op("ReduceProd", X(3, 4, high=5, dtype="int32"), ints(1)),
    Op("ReduceMean", X(2, 3, 4, 5, 2), ints(1, 3)),
    *(Op(op, X(*IMAGE), axis=a, keepdims=k) for op in ("ArgMax", "ArgMin") for a in (0, 1, 3, -1) for k in (0, 1)),
    *(
        Op("CumSum", X(*IMAGE), P(values=a, dtype="int64"), exclusive=e, reverse=r)
        for a in (0, 1, 3)
        for e in (0, 1)
        for r in (0, 1)
    ),
    Op("CumSum", X(3, 4, high=5, dtype="int32"), P(values=1, dtype="int64")),
    *(Op(op, X(2, 3, 2, 3, 2, 3, 2), ints(2, 4), keepdims=k) for op in ("ReduceSum", "ReduceMax") for k in (0, 1)),
    *(Op(f"Reduce{kind}", X(2, 3, 2, 3, 2, 3, 2), ints(1, 3, 5)) for kind in ("Mean", "Max", "Prod")),
]
