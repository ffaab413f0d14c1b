"""Indexing: gather, slice, scatter: elements chosen or written by position."""

from __future__ import annotations

import numpy as np

from tests.harness.operators import BLOCK, IMAGE, Op, P, X, ints

ROWS = [
    Op("Slice", X(*BLOCK), ints(1), ints(100), ints(-1)),
    Op("Slice", X(*BLOCK), ints(-1, 0), ints(-100, 9), ints(-1, 2), ints(-2, 2)),
    Op("Slice", X(*BLOCK), ints(1, 1), ints(2, 3)),
    Op("Slice", X(*BLOCK), ints(-2), ints(0), ints(3), ints(-1)),
    Op(
        "Slice",
        X(*BLOCK),
        X(values=[1], dtype="int64"),
        X(values=[3], dtype="int64"),
    ),
    Op("Gather", X(*BLOCK), ints(0, -1, 2), axis=-3),
    Op("Gather", X(*BLOCK), X(values=[[0, -1], [2, 1]], dtype="int64"), axis=1),
    Op("Gather", X(*BLOCK), X(values=[0, -1], dtype="int32")),
    Op("GatherElements", X(3, 3), X(values=[[0, -1, 1]], dtype="int64"), axis=0),
    Op("GatherND", X(3, 3), X(values=[[0, 1], [2, 2]], dtype="int64")),
    Op("GatherND", X(2, 3), X(values=[[0], [1]], dtype="int64"), batch_dims=1),
    Op("GatherND", X(2, 3, 4, 5), X(values=[[[1], [-1], [0]], [[2], [3], [-4]]], dtype="int64"), batch_dims=2),
    Op("ScatterElements", X(3, 3), X(values=[[0, -1, 1]], dtype="int64"), X(1, 3), axis=0),
    Op("ScatterND", X(3, 3), X(values=[[0], [2]], dtype="int64"), X(2, 3)),
    *(
        Op(
            "ScatterElements",
            X(3, 4),
            X(values=[[0, 0, -1]], dtype="int64"),
            X(1, 3),
            axis=1,
            reduction=reduction,
        )
        for reduction in ("add", "mul", "max", "min")
    ),
    Op(
        "ScatterElements",
        X(3, 3, dtype="int64", low=-50, high=50),
        X(values=[[0, 2, 0]], dtype="int64"),
        X(1, 3, dtype="int64", low=-50, high=50),
        reduction="add",
    ),
    *(
        Op("ScatterND", X(3, 2, 3), points, X(4, *rest), reduction=reduction)
        for points, rest in (
            (X(values=[[0], [2], [0], [-3]], dtype="int64"), (2, 3)),
            (X(values=[[0, 1], [2, -1], [0, 1], [1, 0]], dtype="int64"), (3,)),
        )
        for reduction in ("add", "mul", "max", "min")
    ),
    Op(
        "ScatterND",
        X(3),
        X(values=[[0], [1], [1]], dtype="int64"),
        X(values=[np.inf, 1, 2]),
        reduction="add",
    ),
    Op("Slice", X(2, 4, 7, 9), ints(1), ints(3), ints(1)),
    Op("Slice", X(2, 4, 7, 9), ints(-1), ints(-100), ints(2), ints(-1)),
    Op("Slice", X(2, 4, 7, 9), ints(1, 1), ints(-1, 5), ints(1, 3), ints(1, 3)),
    Op("Slice", X(2, 4, 7, 9), ints(4), ints(0), ints(2), ints(-2)),
    Op("Gather", X(2, 4, 5), ints(2, 0, 0), axis=1),
    Op("Gather", X(2, 4, 5), P(values=2, dtype="int64"), axis=1),
    Op("Gather", X(2, 4, 5), P(values=[[0, 1], [3, 2]], dtype="int64"), axis=-2),
    Op("Gather", P(10, 4), X(values=[[1, 2, 3], [9, 0, 1]], dtype="int64")),
    Op("Gather", X(2, 4, 5), X(values=[1, -1, 3], dtype="int64"), axis=1),
    Op("GatherElements", X(3, 5), X(values=[[0, 4], [-1, 2], [2, 2]], dtype="int64"), axis=1),
    Op("GatherElements", X(3, 5), P(values=[[1, 0, 2, 2, 1]], dtype="int64"), axis=0),
    Op("GatherND", X(3, 4, 5), X(values=[[0, 1], [2, -1]], dtype="int64")),
    Op("ScatterElements", X(3, 5), X(values=[[0, 4], [-2, 1], [2, 3]], dtype="int64"), X(3, 2), axis=1),
    Op("ScatterElements", X(3, 5), X(values=[[0, 0], [1, 1], [2, 2]], dtype="int64"), X(3, 2), axis=1, reduction="add"),
    Op("ScatterND", X(4, 5), X(values=[[3], [1]], dtype="int64"), X(2, 5)),
    Op("ScatterND", X(4, 5), X(values=[[3], [3]], dtype="int64"), X(2, 5), reduction="add"),
    *(
        Op(
            "Slice",
            X(2, 6, 7, 8),
            P(values=s, dtype="int64"),
            P(values=e, dtype="int64"),
            P(values=a, dtype="int64"),
            P(values=t, dtype="int64"),
        )
        for s, e, a, t in (
            ((0,), (1,), (0,), (1,)),
            ((1, -3), (5, 2**63 - 1), (1, 3), (2, 1)),
            ((-1,), (-(2**63),), (2,), (-1,)),
            ((5, 6), (0, 0), (1, 3), (-2, -3)),
        )
    ),
    Op("Slice", X(2, 3, 4, 5, 6), ints(1), ints(3), ints(3)),
    Op("Slice", X(9, high=5, dtype="int32"), ints(1), ints(7), ints(0), ints(3)),
    Op("Slice", X(5, 6), X(values=[1], dtype="int64"), X(values=[4], dtype="int64"), ints(0)),
    Op("Slice", X(2, 6, 4, 5), X(values=[-3, 1], dtype="int64"), ints(2**63 - 1, -1), ints(1, 3), ints(1, 2)),
    Op("Slice", X(2, 3, 2, 3, 2, 3), ints(1), ints(3), ints(3)),
    Op("Gather", X(*IMAGE), P(values=[0, 2, -1], dtype="int64"), axis=1),
    Op("Gather", X(*IMAGE), P(values=1, dtype="int64"), axis=1),
    Op("Gather", X(9, 4), X(2, 3, high=9, dtype="int32")),
    Op("Gather", X(9, 4), X(2, 3, low=-9, high=9, dtype="int32")),
    Op("Gather", X(2, 3, 4), X(2, 3, high=3, dtype="int32"), axis=1),
    Op("Gather", X(*IMAGE), P(values=[[0, 1]], dtype="int64"), axis=3),
    Op("Gather", X(9, high=5, dtype="int32"), X(3, high=9, dtype="int32")),
    Op("Gather", X(4, 5), X(values=2, dtype="int32")),
    Op("Gather", X(5), X(values=-2, dtype="int64")),
    Op("Gather", P(5), X(values=3, dtype="int32")),
    Op("Gather", P(5), X(values=-2, dtype="int64")),
    Op("GatherND", X(3, 4, 5), X(6, 2, low=-3, high=3, dtype="int64")),
    Op("GatherND", X(3, 4, 5), P(values=[[0, 1], [2, -1]], dtype="int64")),
    Op("GatherElements", X(3, 4), X(3, 2, low=-4, high=4, dtype="int32"), axis=1),
    Op("GatherElements", X(3, 4), P(values=[[0, 1, 2, 0]], dtype="int64"), axis=0),
    Op("ScatterND", X(4, 5), P(values=[[1], [3]], dtype="int64"), X(2, 5)),
    Op("ScatterND", X(4, 5), P(values=[[1, 2], [-1, 0]], dtype="int64"), X(2)),
    Op("ScatterND", X(4, 5), X(values=[[1, 2], [3, 0]], dtype="int64"), X(2)),
    Op("ScatterND", X(4, 5), P(values=[[1], [1]], dtype="int64"), X(2, 5), reduction="add"),
    Op("ScatterElements", X(3, 4), P(values=[[1, 2], [0, 3], [3, 1]], dtype="int64"), X(3, 2), axis=1),
    Op("ScatterElements", X(3, 4), X(values=[[2, 0, 1, -1]], dtype="int64"), X(1, 4), axis=0),
    Op(
        "ScatterElements",
        P(values=np.zeros((3, 4))),
        P(values=[[1, 2], [0, 3], [3, 1]], dtype="int64"),
        X(3, 2),
        axis=1,
    ),
    Op("ReverseSequence", X(4, 3, 2), X(values=[1, 4, 3], dtype="int64")),
    Op("ReverseSequence", X(4, 3, 2), P(values=[1, 4, 3], dtype="int64")),
]
