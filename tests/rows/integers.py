"""Shifts, the rounding high product and mesh indexing."""

from __future__ import annotations

from tests.harness import Case, P, X

F = "megengine.functional.elemwise."
T = "megengine.tensor.Tensor."
OP = "megengine.core.ops.builtin."
SHIFTED = X(2, 3, dtype="int32", low=-90, high=90)
AMOUNT = X(3, dtype="int32", high=5)
BIG = X(4, dtype="int32", low=-(2**30), high=2**30)
BOXES = P(values=[[[0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30], [0, 0, 9, 10]]])


def ints(*values: object) -> P:
    return P(values=list(values), dtype="int32")


def at(*axes: int) -> dict[str, list[tuple[int, bool, bool, bool, bool]]]:
    """A vector of positions for each axis."""
    return {"items": [(axis, False, False, False, True) for axis in axes]}


SLICED = {"items": [(0, False, True, False, False), (1, False, False, False, True)]}

ROWS = [
    *(Case(F + name, (SHIFTED, 2)) for name in ("left_shift", "right_shift")),
    *(Case(F + name, (SHIFTED, AMOUNT)) for name in ("left_shift", "right_shift")),
    *(
        Case(F + name, (X(4, dtype=dtype, high=100), 2))
        for dtype in ("int8", "uint8", "int16")
        for name in ("left_shift", "right_shift")
    ),
    *(Case(T + name, (SHIFTED, 1)) for name in ("__lshift__", "__rshift__", "__ilshift__", "__irshift__")),
    *(Case(T + name, (AMOUNT, 9)) for name in ("__rlshift__", "__rrshift__")),
    Case(OP + "Elemwise", (SHIFTED, AMOUNT), {"mode": "shl"}),
    Case(OP + "Elemwise", (SHIFTED, AMOUNT), {"mode": "shr"}),
    Case(OP + "Elemwise", (BIG, BIG), {"mode": "rmulh"}, refused={"tflite": "64-bit integers beyond int32"}),
    Case(OP + "SetMeshIndexing", (X(2, 3, 4), X(2, 2, 2), ints(0, 2), ints(1, 3)), at(1, 2)),
    Case(OP + "SetMeshIndexing", (X(2, 3, 4), X(2, 3, 2), ints(-1, 0)), at(2)),
    Case(OP + "SetMeshIndexing", (X(4, 3), X(2, 2), ints(2), ints(0, 2)), SLICED),
    Case(OP + "IncrMeshIndexing", (X(2, 3, 4), X(2, 2, 2), ints(0, 2), ints(1, 3)), at(1, 2)),
    Case(OP + "IncrMeshIndexing", (X(2, 3, 4), X(2, 2, 4), ints(1, 1)), at(1)),
    Case(OP + "BatchedMeshIndexing", (X(2, 3, 4), ints([0, 2], [1, 1])), at(1)),
    Case(OP + "BatchedMeshIndexing", (X(2, 3, 4), ints([0, 2], [1, 1]), ints([0, 2, 1], [1, 1, 0])), at(1, 2)),
    Case(OP + "BatchedSetMeshIndexing", (X(2, 3, 4), X(2, 2, 4), ints([0, 2], [1, 0])), at(1)),
    Case(OP + "BatchedIncrMeshIndexing", (X(2, 3, 4), X(2, 2, 4), ints([0, 2], [1, 1])), at(1)),
    Case(OP + "IndexingIncrMultiAxisVec", (X(2, 3, 4), X(3, 4), ints(0, 1, 0), ints(1, 1, 1)), at(0, 1)),
    Case(OP + "NMSKeep", (BOXES,), {"iou_thresh": 0.5, "max_output": 3}),
    Case(OP + "NMSKeep", (BOXES,), {"iou_thresh": 0.95, "max_output": 6}),
]
