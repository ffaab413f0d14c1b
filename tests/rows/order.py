"""The k largest and smallest: with a k above the axis, negative, a tensor, from a shape or from the run."""

from __future__ import annotations

from tests.harness import Case, Code, P, X

TOPK = "megengine.functional.math.topk"
OPDEF = "megengine.core.ops.builtin.TopK"
NO_SIZE = {"caffe": "only known at run time"}


def k(value: int) -> P:
    return P(values=[value], dtype="int32")


ROWS = [
    *(
        Case(TOPK, (X(2, 5), count), {"descending": descending, **more})
        for count in (5, 8, -2, -8)
        for descending in (True, False)
        for more in ({}, {"kth_only": True})
    ),
    *(Case(TOPK, (X(5), count), more) for count in (8, -8) for more in ({}, {"kth_only": True})),
    Case(TOPK, (X(2, 9), 2), {"no_sort": True}),
    *(Code(f"F.topk(x, {count}, no_sort=True)[0].sum()", X(2, 5), id=f"no-sort-{count}") for count in (3, 8, -2)),
    Code("F.topk(x, 3, kth_only=True)", X(values=[[1, 3, 3, 3, 0], [2, 2, 2, 2, 2]]), id="kth-of-equal"),
    Code("k = mge.Tensor(8); return F.topk(x, k), F.topk(x, k, descending=False)", X(2, 5), id="tensor-k"),
    Code("F.topk(x, mge.Tensor(-2))", X(2, 5), id="negative-tensor-k"),
    Code("F.topk(x, y.shape[0]), F.topk(x, y.shape[1])", X(2, 5), X(3, 8), id="k-of-a-shape"),
    Code("F.topk(x[x > 0], 8)[0]", X(12, low=-1), id="fewer-than-k-at-run-time", refused=NO_SIZE),
    Code("F.topk(x[x > 0], 8, kth_only=True)[0]", X(12, low=-1), id="kth-of-fewer-at-run-time", refused=NO_SIZE),
    Code("F.topk(x, (y > 0).sum().astype('int32'))", X(2, 5), X(3), id="k-at-run-time", refused=NO_SIZE),
    *(
        Case(OPDEF, (X(3, 5), k(count)), {"mode": mode}, id=f"opdef-{mode}{count}")
        for count in (8, -8)
        for mode in ("value_idx_sorted", "kth_only")
    ),
]
