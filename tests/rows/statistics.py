"""Batch normalization by the statistics of the batch, with weights of every shape that MegEngine takes."""

from __future__ import annotations

from tests.harness import Case, Code, P, X

NN = "megengine.functional.nn.batch_norm"
NETWORK = "self.bn = M.BatchNorm{}(3, track_running_stats=False{})"

ROWS = [
    *(
        Case(NN, (X(*shape),), {"weight": P(3), "bias": P(3), "training": True}, id=f"vector-weights-{len(shape)}d")
        for shape in ((4, 3), (2, 3, 5), (2, 3, 4, 5))
    ),
    Case(NN, (X(2, 3, 4, 3),), {"weight": P(3), "bias": P(3), "training": True}, id="as-wide-as-channels"),
    Case(NN, (X(2, 3, 4, 5),), {"weight": P(1, 3, 1, 1), "bias": P(3), "training": True}, id="weights-of-two-shapes"),
    Case(NN, (X(2, 3, 4, 5),), {"weight": P(3), "training": True}, id="weight-alone"),
    Case(NN, (X(2, 3, 4, 5),), {"bias": P(3), "training": True}, id="bias-alone"),
    Case(NN, (X(2, 3, 4, 5),), {"training": True, "eps": 0.1}, id="no-weights"),
    Case(NN, (X(2, 3, 4, 5),), {"running_mean": P(1, 3, 1, 1), "training": True, "inplace": True}, id="mean-alone"),
    *(
        Code("self.bn(x)", X(*shape), init=NETWORK.format(kind, affine), id=f"module-{kind}{affine[2:]}-{len(shape)}d")
        for kind, shape in (("1d", (4, 3)), ("1d", (2, 3, 5)), ("2d", (2, 3, 4, 5)))
        for affine in ("", ", affine=False")
    ),
]
