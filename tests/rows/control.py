"""Losses and metrics that are deterministic maths."""

from __future__ import annotations

from tests.harness import Case, Code, F, X

LABELS = X(3, dtype="int32", high=5)

ROWS = [
    Case(F + "loss.l1_loss", (X(3, 5), X(3, 5))),
    Case(F + "loss.cross_entropy", (X(3, 5, low=-3, high=3), LABELS)),
    Case(F + "loss.cross_entropy", (X(3, 5, low=0.1, high=1), LABELS), {"with_logits": False}),
    Case(F + "loss.cross_entropy", (X(3, 4, 5), X(3, 4, dtype="int32", high=5)), {"axis": 2}),
    Case(F + "loss.binary_cross_entropy", (X(3, 5, low=-3, high=3), X(3, 5, low=0, high=1))),
    Case(F + "loss.binary_cross_entropy", (X(3, 5, low=0.1, high=0.9), X(3, 5, low=0, high=1)), {"with_logits": False}),
    Case(F + "loss.hinge_loss", (X(3, 5), X(3, 5))),
    Case(F + "loss.hinge_loss", (X(3, 5), X(3, 5)), {"norm": "L2"}),
    Case(F + "loss.square_loss", (X(3, 5), X(3, 5))),
    Case(F + "loss.cross_entropy", (X(3, 5, low=-3, high=3), LABELS), {"label_smooth": 0.1}),
    Case(F + "metric.topk_accuracy", (X(6, 5), X(6, dtype="int32", high=5))),
    Code("F.metric.topk_accuracy(x, y, (1, 3))", X(6, 5), X(6, dtype="int32", high=5), id="topk_accuracy-1-3"),
]
