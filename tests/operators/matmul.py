"""Matmul: products of matrices, Einsum, attention, determinants."""

from __future__ import annotations

from tests.harness.operators import Op, P, X

ROWS = [
    Op("DFT", X(1, 8, 1), None, P(values=1, dtype="int64")),
    Op("DFT", X(2, 5, 2), None, P(values=1, dtype="int64")),
    Op("DFT", X(2, 5, 2), None, P(values=1, dtype="int64"), inverse=1),
    Op("Gemm", X(2, 3), P(3, 4)),
    Op("Gemm", X(2, 3), P(3, 4), P(4), alpha=0.5),
    Op("Einsum", X(2, 3), X(3, 4), equation="ij,jk->ik"),
    Op("Det", X(3, 3)),
    Op("MatMul", X(2, 3), X(3, 4)),
    Op("Gemm", X(2, 5), P(5, 7), P(7)),
    Op("Gemm", X(2, 5), P(7, 5), P(7), transB=1, alpha=0.5, beta=2.0),
    Op("Gemm", X(5, 2), P(7, 5), X(2, 7), transB=1, transA=1, beta=2.0),
    Op("Gemm", X(2, 5), X(5, 7), P(7)),
    Op("Gemm", P(2, 5), X(7, 5), None, transB=1),
    Op("MatMul", X(2, 3, 5), P(5, 7)),
    Op("MatMul", X(2, 3, 5), X(2, 5, 7)),
    Op("MatMul", X(2, 3, 5), X(5, 7)),
    Op("MatMul", P(3, 5), X(2, 5, 7)),
    Op("MatMul", X(5), X(5, 7)),
    Op("MatMul", X(3, 5), P(5)),
    Op("MatMul", X(2, 4, 3, 5), P(2, 4, 5, 6)),
    Op("MatMul", X(5), X(5)),
    Op("Gemm", X(3, 4), P(4, 5), P(5)),
    Op("Gemm", X(3, 4), P(5, 4), P(5), transB=1, alpha=0.5, beta=2.0),
    Op("Gemm", X(4, 3), P(4, 5), transA=1),
    Op("Gemm", X(3, 4), X(4, 5), X(5)),
    Op("Gemm", X(3, 4), X(5, 4), P(3, 5), transB=1),
    Op("Gemm", X(3, 4), P(4, 5), P(3, 1)),
    Op("Gemm", X(3, 4), P(4, 5), X(3, 5), beta=0.5),
    *(
        Op("MatMul", X(*a), X(*b))
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
    ),
    *(
        Op("MatMul", X(*a), P(*b))
        for a, b in (((3, 4), (4, 5)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((2, 5, 3, 4), (4, 5)))
    ),
    Op("MatMul", P(3, 4), X(4, 5)),
]
