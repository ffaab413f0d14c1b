"""One-hot, gather, scatter, masks, diagonals, windows and pixel shuffle."""

from __future__ import annotations

from tests.harness import Case, Code, P, X

NN = "megengine.functional.nn."
F = "megengine.functional.tensor."
M = "megengine.module."
OP = "megengine.core.ops.builtin."
MASK = X(values=[[True, False, True], [False, False, True]], dtype="bool")

ROWS = [
    Case(NN + "one_hot", (X(2, 3, dtype="int32", high=5), 5)),
    Case(NN + "indexing_one_hot", (X(3, 5), X(3, dtype="int32", high=5))),
    Case(NN + "indexing_one_hot", (X(3, 5, 2), X(3, 2, dtype="int32", high=5)), {"axis": 1, "keepdims": True}),
    Case(NN + "indexing_one_hot", (X(3, 2, 5), X(3, 2, dtype="int32", high=5)), {"axis": -1}),
    Case(OP + "IndexingOneHot", (X(3, 5), X(3, dtype="int32", high=5)), {"axis": 1, "ndim": 2}),
    Case(OP + "IndexingSetOneHot", (X(3, 5), X(3, dtype="int32", high=5), X(3, 1)), {"axis": 1, "ndim": 2}),
    Case(F + "gather", (X(3, 5), 1, X(3, 4, dtype="int32", high=5))),
    Case(F + "gather", (X(3, 5, 2), 0, X(2, 5, 2, dtype="int32", high=3))),
    Case(F + "scatter", (X(3, 5), 1, P(values=[[0, 2], [4, 1], [3, 0]], dtype="int32"), X(3, 2))),
    Case(F + "cond_take", (MASK, X(2, 3))),
    Case(OP + "CondTake", (X(2, 3), MASK)),
    Case(F + "diag", (X(4),)),
    Case(F + "diag", (X(4),), {"k": 1}),
    Case(F + "diag", (X(4),), {"k": -2}),
    Case(F + "diag", (X(3, 4),)),
    Case(F + "diag", (X(3, 4),), {"k": 1}),
    Case(F + "diag", (X(3, 4),), {"k": -1}),
    Case(OP + "Diag", (X(3, 4),), {"k": 2}),
    Case(NN + "sliding_window", (X(1, 2, 5, 6), 3)),
    Case(NN + "sliding_window", (X(2, 2, 7, 8), (3, 2)), {"padding": (1, 2), "stride": (2, 1), "dilation": (1, 2)}),
    Case(OP + "Images2Neibs", (X(1, 2, 5, 6),), {"pad_h": 1, "stride_w": 2}),
    Case(NN + "sliding_window_transpose", (X(1, 2, 4, 4, 2, 2), 5, 2)),
    Case(NN + "sliding_window_transpose", (X(2, 3, 3, 4, 3, 2), (6, 5), (3, 2)), {"padding": (1, 0), "stride": (2, 1)}),
    Case(NN + "sliding_window_transpose", (X(1, 2, 3, 3, 2, 2), (5, 6), 2), {"stride": 1, "dilation": (2, 3)}),
    Case(OP + "SlidingWindowTranspose", (X(1, 2, 4, 4, 2, 2),), {"out_h": 5, "out_w": 5, "window_h": 2, "window_w": 2}),
    Case(NN + "pixel_shuffle", (X(1, 8, 2, 3), 2)),
    Case(NN + "pixel_shuffle", (X(2, 3, 9, 2, 3), 3)),
    Case(NN + "pixel_shuffle", (X(8, 2, 3), 2)),
    Case(OP + "PixelShuffle", (X(1, 8, 2, 3),), {"factor": 2}),
    Case(M + "pixel_shuffle.PixelShuffle", (X(1, 8, 2, 3),), init=(2,)),
    Case(M + "sliding_window.SlidingWindow", (X(1, 2, 5, 6),), init=(3,), init_kwargs={"padding": 1}),
    Case(M + "sliding_window.SlidingWindowTranspose", (X(1, 2, 4, 4, 2, 2),), init=(5, 2)),
    Case(M + "padding.Pad", (X(1, 2, 3, 4),), init=([(0, 0), (0, 1), (1, 2), (0, 1)],)),
    Case(M + "padding.Pad", (X(1, 2, 3, 4),), init=([(0, 0), (0, 0), (1, 2), (0, 1)], "reflect")),
    Case(M + "padding.Pad", (X(1, 2, 3, 4),), init=([(0, 0), (0, 0), (1, 2), (0, 1)], "edge")),
    Case(M + "lrn.LocalResponseNorm", (X(1, 7, 3, 3, low=-9, high=9),), init=(5,)),
    Case(M + "normalization.GeneralNorm", (X(2, 3, 4),), init=((3, 4), (1, 2))),
    Case(M + "linear_bn.LinearBn1d", (X(3, 5),), init=(5, 4)),
    Case(M + "linear_bn.LinearBnRelu1d", (X(3, 5),), init=(5, 4)),
    Case(M + "conv_transpose_bn.ConvTransposeBn2d", (X(1, 3, 4, 4),), init=(3, 2, 3), init_kwargs={"stride": 2}),
    Case(M + "conv_transpose_bn.ConvTransposeBnRelu2d", (X(1, 3, 4, 4),), init=(3, 2, 3)),
    Case(M + "batch_matmul_activation.BatchMatMulActivation", (X(2, 4, 4),), init=(2, 4, 4)),
    Case(
        M + "batch_matmul_activation.BatchMatMulActivation", (X(2, 4, 3),), init=(2, 4, 3),
        init_kwargs={"bias": False, "nonlinear_mode": "relu"},
    ),
    Code("F.cond_take(x > 0, x)[0] * 2", X(3, 4), id="cond_take-then"),
]  # fmt: skip
