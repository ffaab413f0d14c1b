"""Writing at indices.

Source: scatter_nd.cc, sparse_to_dense.cc, segment_sum.cc, unsorted_segment.cc of tensorflow/lite/kernels/.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size

from ...layout.wants import PLAIN
from ..table import lower
from ..translation import Translation

REDUCTIONS = {"SUM": "add", "PROD": "mul", "MAX": "max", "MIN": "min"}


@lower("SCATTER_ND", wants=PLAIN, data=2)
def scatter_nd(t: Translation, indices: Value, updates: Value) -> Value:
    """The updates added into zeros of the shape of operand 2."""
    shape = t.int64(2)
    t.layout = tuple(range(t.known(shape.shape or (), "a shape")[0]))
    zeros = t.b.op("ConstantOfShape", shape, value=np.zeros(1, updates.dtype))
    return t.b.op("ScatterND", zeros, t.b.op("Cast", indices, to=7), updates, reduction="add")


@lower("SPARSE_TO_DENSE", wants=PLAIN, data=0)
def sparse_to_dense(t: Translation) -> Value:
    """Operand 2 at the indices of operand 0, operand 3 elsewhere, in the shape of operand 1."""
    sizes = t.ints(1, "shape") or []
    t.layout = tuple(range(len(sizes)))
    indices, values = t.int64(0), t.value(2)
    if len(indices.shape or ()) < 2:
        indices = t.b.op("Reshape", indices, [-1, len(sizes)])
    (count,) = t.known((indices.shape or ())[:1], "indices")
    data = t.b.op("Expand", t.value(3), sizes)
    return t.b.op("ScatterND", data, indices, t.b.op("Expand", values, [count]))


@lower(*(f"UNSORTED_SEGMENT_{name}" for name in REDUCTIONS), "SEGMENT_SUM", wants=PLAIN, data=1)
def segments(t: Translation, x: Value) -> Value:
    """Rows of x reduced into the rows that operand 1 says."""
    name = t.operator.op.split("_")[-1]
    if x.dtype is None or x.dtype.kind != "f":
        refuse("segments of integers")
    count = t.number(2, "number of segments") if t.tensor(2) is not None else 1 + max(t.ints(1, "segments") or [0])
    empty = {"SUM": 0.0, "PROD": 1.0, "MAX": np.finfo(np.float32).min, "MIN": np.finfo(np.float32).max}[name]
    sizes = t.known((x.shape or ())[1:], "segments")
    data = t.b.constant(table_size.full((count, *sizes), empty, x.dtype))
    indices = t.b.op("Unsqueeze", t.int64(1), [len(t.shape(1))])
    return t.b.op("ScatterND", data, indices, x, reduction=REDUCTIONS[name])
