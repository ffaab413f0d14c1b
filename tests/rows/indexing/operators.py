"""Gather, scatter, diagonals, one-hot positions, embeddings and the raw operators of indexing."""

from __future__ import annotations

from tests.harness import OP, Case, F, M, P, X
from tests.harness.dtypes import ALL, ints, matrices

SET = [(1, True, True, False, False)]
SLICED = {"items": [(0, False, True, False, False), (1, False, False, False, True)]}


def at(*axes: int) -> dict[str, list[tuple[int, bool, bool, bool, bool]]]:
    """A vector of positions for each axis."""
    return {"items": [(axis, False, False, False, True) for axis in axes]}


ROWS = [
    Case(F + "nn.embedding", (X(2, 5, dtype="int32"), P(10, 4))),
    Case(M + "embedding.Embedding", (X(2, 5, dtype="int32"),), init=(10, 4)),
    Case(M + "embedding.Embedding", (X(3, dtype="int32"),), init=(10, 4)),
    Case(F + "nn.indexing_one_hot", (X(3, 5), X(3, dtype="int32", high=5))),
    Case(F + "nn.indexing_one_hot", (X(3, 5, 2), X(3, 2, dtype="int32", high=5)), {"axis": 1, "keepdims": True}),
    Case(F + "nn.indexing_one_hot", (X(3, 2, 5), X(3, 2, dtype="int32", high=5)), {"axis": -1}),
    Case(OP + "IndexingOneHot", (X(3, 5), X(3, dtype="int32", high=5)), {"axis": 1, "ndim": 2}),
    Case(OP + "IndexingSetOneHot", (X(3, 5), X(3, dtype="int32", high=5), X(3, 1)), {"axis": 1, "ndim": 2}),
    Case(F + "tensor.gather", (X(3, 5), 1, X(3, 4, dtype="int32", high=5))),
    Case(F + "tensor.gather", (X(3, 5, 2), 0, X(2, 5, 2, dtype="int32", high=3))),
    Case(F + "tensor.scatter", (X(3, 5), 1, P(values=[[0, 2], [4, 1], [3, 0]], dtype="int32"), X(3, 2))),
    Case(F + "tensor.diag", (X(4),)),
    Case(F + "tensor.diag", (X(4),), {"k": 1}),
    Case(F + "tensor.diag", (X(4),), {"k": -2}),
    Case(F + "tensor.diag", (X(3, 4),)),
    Case(F + "tensor.diag", (X(3, 4),), {"k": 1}),
    Case(F + "tensor.diag", (X(3, 4),), {"k": -1}),
    Case(OP + "Diag", (X(3, 4),), {"k": 2}),
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
    Case(OP + "Subtensor", (X(2, 5, 4), ints(1), ints(4)), {"items": SET}),
    Case(
        OP + "Subtensor",
        (X(2, 5, 4), ints(2), ints(-1)),
        {"items": [(1, False, False, True, False), (0, False, False, False, True)]},
    ),
    Case(
        OP + "IndexingMultiAxisVec",
        (X(2, 3, 4), ints(0, 1, 1), ints(2, 0, 1)),
        {"items": [(0, False, False, False, True), (1, False, False, False, True)]},
    ),
    Case(
        OP + "IndexingMultiAxisVec",
        (X(2, 5, 4), ints(0, 1, 1), ints(2, 0, 1)),
        {"items": [(0, False, False, False, True), (2, False, False, False, True)]},
    ),
    Case(
        OP + "MeshIndexing",
        (X(2, 3, 4), ints(0, 2), ints(2, 0, 1)),
        {"items": [(1, False, False, False, True), (2, False, False, False, True)]},
    ),
    Case(OP + "SetSubtensor", (X(2, 5, 4), X(2, 2, 4), ints(1), ints(3)), {"items": SET}),
    Case(OP + "IncrSubtensor", (X(2, 5, 4), X(2, 2, 4), ints(1), ints(3)), {"items": SET}),
    Case(
        OP + "IndexingSetMultiAxisVec",
        (X(3, 4), X(2), ints(0, 2), ints(3, 1)),
        {"items": [(0, False, False, False, True), (1, False, False, False, True)]},
    ),
    *matrices(
        {
            "gather": ("F.gather(x, 1, (x > 0).astype('int32'))", ALL),
        }
    ),
]
