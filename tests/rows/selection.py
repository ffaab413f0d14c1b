"""Sort, where, masks, one-hot; top-k, with a k above the axis, negative, a tensor, from a shape or from the run."""

from __future__ import annotations

from tests.harness import OP, Case, Code, F, X
from tests.harness.dtypes import NUMBERS, ints, matrices

CONDITION = X(values=[[True, False, True], [False, False, True]], dtype="bool")
NO_SIZE = {"caffe": "only known at run time"}

ROWS = [
    Case(F + "math.sort", (X(2, 7),)),
    Case(F + "math.sort", (X(2, 7),), {"descending": True}),
    Case(F + "math.argsort", (X(2, 7),)),
    Case(F + "math.argsort", (X(2, 7),), {"descending": True}),
    Case(F + "math.topk", (X(2, 7), 3)),
    Case(F + "math.topk", (X(2, 7), 3), {"descending": False}),
    Case(F + "math.topk", (X(2, 7), 3), {"kth_only": True}),
    Case(F + "tensor.where", (X(2, 3, dtype="bool"), X(2, 3), X(2, 3))),
    Case(F + "nn.one_hot", (X(2, 3, dtype="int32", high=5), 5)),
    Case(F + "tensor.cond_take", (CONDITION, X(2, 3))),
    Case(OP + "CondTake", (X(2, 3), CONDITION)),
    Code("F.cond_take(x > 0, x)[0] * 2", X(3, 4), id="cond_take-then"),
    *(
        Case(F + "math.topk", (X(2, 5), count), {"descending": descending, **more})
        for count in (5, 8, -2, -8)
        for descending in (True, False)
        for more in ({}, {"kth_only": True})
    ),
    *(Case(F + "math.topk", (X(5), count), more) for count in (8, -8) for more in ({}, {"kth_only": True})),
    Case(F + "math.topk", (X(2, 9), 2), {"no_sort": True}),
    *(Code(f"F.topk(x, {count}, no_sort=True)[0].sum()", X(2, 5), id=f"no-sort-{count}") for count in (3, 8, -2)),
    Code("F.topk(x, 3, kth_only=True)", X(values=[[1, 3, 3, 3, 0], [2, 2, 2, 2, 2]]), id="kth-of-equal"),
    Code("k = mge.Tensor(8); return F.topk(x, k), F.topk(x, k, descending=False)", X(2, 5), id="tensor-k"),
    Code("F.topk(x, mge.Tensor(-2))", X(2, 5), id="negative-tensor-k"),
    Code("F.topk(x, y.shape[0]), F.topk(x, y.shape[1])", X(2, 5), X(3, 8), id="k-of-a-shape"),
    Code("F.topk(x[x > 0], 8)[0]", X(12, low=-1), id="fewer-than-k-at-run-time", refused=NO_SIZE),
    Code("F.topk(x[x > 0], 8, kth_only=True)[0]", X(12, low=-1), id="kth-of-fewer-at-run-time", refused=NO_SIZE),
    Code("F.topk(x, (y > 0).sum().astype('int32'))", X(2, 5), X(3), id="k-at-run-time", refused=NO_SIZE),
    *(
        Case(OP + "TopK", (X(3, 5), ints(count)), {"mode": mode}, id=f"opdef-{mode}{count}")
        for count in (8, -8)
        for mode in ("value_idx_sorted", "kth_only")
    ),
    Case(OP + "Argsort", (X(3, 5),), {"order": "descending"}),
    Case(OP + "TopK", (X(3, 5), ints(-2)), {"mode": "value_idx_sorted"}),
    Case(OP + "TopK", (X(3, 5), ints(2)), {"mode": "kth_only"}),
    Case(OP + "MaskedFill", (X(2, 3), X(2, 3, dtype="bool")), {"value": 9.0}),
    *matrices(
        {
            "where": ("F.where(x > 1, x, x * 2)", NUMBERS),
            "sort": ("F.sort(x)[0]", NUMBERS),
            "topk": ("F.topk(x, 2)[0]", NUMBERS),
        }
    ),
]
