"""Products of matrices, linear modules, attention, inverses."""

from __future__ import annotations

from tests.harness import OP, Case, Code, F, M, P, T, X
from tests.harness.dtypes import images, matrices

A = M + "multiheadattn.MultiHeadAttention"
Q = X(2, 4, 8)
WEIGHTED = {"need_weights": True}
FLAT = "F.nn.multi_head_attention(x, x, x, 8, 2, 0., 0., self.w, 8, 8, 8, 8, need_weights=True, training=False)[0]"

ROWS = [
    Code(
        "F.softmax(F.matmul(x, y, transpose_b=True) / 2.0 + z, axis=-1)",
        X(1, 2, 5, 4),
        X(1, 2, 5, 4),
        X(1, 1, 1, 5),
        id="attention",
    ),
    Case(F + "nn.linear", (X(2, 6), P(4, 6), P(4))),
    Case(F + "nn.linear", (X(2, 3, 6), P(4, 6))),
    Case(F + "math.matmul", (X(4, 3), X(3, 5))),
    Case(F + "math.matmul", (X(4, 3), P(5, 3)), {"transpose_b": True}),
    Case(F + "math.matmul", (X(3, 4), X(3, 5)), {"transpose_a": True}),
    Case(F + "math.matmul", (X(2, 3, 4), X(2, 4, 5))),
    Case(F + "math.matmul", (X(2, 3, 4), X(4, 5))),
    Case(F + "math.matmul", (X(2, 3, 4, 5), X(2, 3, 6, 5)), {"transpose_b": True}),
    Case(F + "math.matmul", (X(4), X(4, 5))),
    Case(F + "math.matmul", (X(3, 4), X(4))),
    Case(F + "math.matmul", (X(2, 3, 4), X(4))),
    Case(F + "math.matmul", (X(4), X(4))),
    Case(F + "math.dot", (X(5), X(5))),
    *(Case(T + name, (X(3, 3), X(3, 3))) for name in ("__matmul__", "__imatmul__", "__rmatmul__")),
    Case(F + "math.svd", (X(3, 4),), refused={"tm": "singular value decomposition, which no target has"}),
    Case(M + "linear.Linear", (X(2, 6),), init=(6, 4)),
    Case(M + "linear.Linear", (X(2, 5, 6),), init=(6, 4), init_kwargs={"bias": False}),
    Case(M + "linear.LinearRelu", (X(2, 6),), init=(6, 4)),
    Case(M + "linear_bn.LinearBn1d", (X(3, 5),), init=(5, 4)),
    Case(M + "linear_bn.LinearBnRelu1d", (X(3, 5),), init=(5, 4)),
    Case(M + "batch_matmul_activation.BatchMatMulActivation", (X(2, 4, 4),), init=(2, 4, 4)),
    Case(
        M + "batch_matmul_activation.BatchMatMulActivation",
        (X(2, 4, 3),),
        init=(2, 4, 3),
        init_kwargs={"bias": False, "nonlinear_mode": "relu"},
    ),
    Case(A, (Q, Q, Q), WEIGHTED, init=(8, 2)),
    Case(A, (X(2, 3, 8), X(2, 4, 6), X(2, 4, 5)), WEIGHTED, init=(8, 2), init_kwargs={"kdim": 6, "vdim": 5}),
    Case(A, (Q, Q, Q), WEIGHTED | {"attn_mask": X(4, 4)}, init=(8, 2), init_kwargs={"bias": False}),
    Case(A, (Q, Q, Q), WEIGHTED | {"attn_mask": X(4, 4, 4)}, init=(8, 2)),
    Case(A, (Q, Q, Q), WEIGHTED | {"key_padding_mask": X(2, 4)}, init=(8, 2)),
    Case(A, (Q, Q, Q), WEIGHTED | {"attn_mask": X(4, 4), "key_padding_mask": X(2, 4)}, init=(8, 2)),
    Case(A, (Q, Q, Q), WEIGHTED | {"average_attn_weights": True}, init=(8, 4)),
    Code(FLAT, Q, w=P(1, 256), id="multi_head_attention"),
    Code("F.matinv(x @ x.transpose(0, 2, 1) + self.d)", X(2, 5, 7), d=P(values=[[[0.5]]]), id="matinv-gram"),
    Case(F + "math.matinv", (X(4, 4),)),
    Case(F + "math.matinv", (P(values=[[0, 2, 1], [1, 0, 3], [4, 1, 0]]),)),
    Case(OP + "MatrixInverse", (X(2, 3, 3),)),
    Case(OP + "MatrixMul", (X(3, 4), X(5, 4)), {"transposeB": True, "dimA": 2, "dimB": 2}),
    Case(OP + "BatchedMatrixMul", (X(2, 4, 3), X(2, 4, 5)), {"transposeA": True, "dimA": 3, "dimB": 3}),
    Case(OP + "Dot", (X(5), X(5))),
    *images(
        {
            "matmul": ("F.matmul(x, x)", "int8"),
        }
    ),
    *matrices(
        {
            "matmul": ("F.matmul(x, x.transpose(1, 0))", ["float16"]),
            "linear": ("F.linear(x, x)", ["float16"]),
        }
    ),
]
