"""The largest elements."""

from __future__ import annotations

import numpy as np

from ..call import Call
from ..table import VIEW, emit
from ..view import Stored, plain


@emit("TopK", wants=VIEW)
def top_k(c: Call) -> list[Stored]:
    """TOPK_V2 finds the largest along the last axis; the smallest are the largest of the negated."""
    dims, stored = c.input_dims(), c.stored()
    axis = c.attr("axis", -1) % len(dims)
    natural = stored.view.natural([]) or tuple(range(len(dims)))
    layout = (*(index for index in natural if index != axis), axis)
    x = c.tensor(0, layout)
    count = c.ints(1, "count")
    assert count is not None
    shape = (*x.shape[:-1], count[0])
    smallest = not c.attr("largest", 1)
    if smallest:
        x = c.op("NEG", x)
    types = [x.dtype, np.int32]
    values, indices = c.ops("TOPK_V2", 2, x, c.const(count[0], np.int32), shape=[shape, shape], dtype=types)
    if smallest:
        values = c.op("NEG", values)
    results = [Stored(values, plain(c.dims(), layout)), Stored(indices, plain(c.dims(), layout))]
    return results[: len(c.node.outputs)]
