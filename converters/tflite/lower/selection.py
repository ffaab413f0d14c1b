"""Elements chosen by value.

Source: select.cc, topk_v2.cc, one_hot.cc, where.cc, unique.cc of tensorflow/lite/kernels/.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.table_size import check_table

from ..layout.wants import FOLLOW, PLAIN
from .table import lower
from .translation import Translation


@lower("SELECT_V2", wants=FOLLOW)
def select_v2(t: Translation, condition: Value, a: Value, b: Value) -> Value:
    return t.b.op("Where", condition, a, b)


@lower("SELECT", wants=PLAIN)
def select(t: Translation, condition: Value, a: Value, b: Value) -> Value:
    """A vector of conditions chooses whole rows."""
    missing = len(a.shape or ()) - len(condition.shape or ())
    t.layout = tuple(range(len(a.shape or ())))
    if condition.shape and missing:
        condition = t.b.op("Unsqueeze", condition, list(range(1, 1 + missing)))
    return t.b.op("Where", condition, a, b)


@lower("TOPK_V2", wants=PLAIN, data=1)
def topk_v2(t: Translation, x: Value) -> list[Value]:
    """The largest along the last axis, in descending order."""
    return t.b.ops("TopK", 2, x, t.b.op("Reshape", t.int64(1), [1]), axis=-1)


@lower("ONE_HOT", wants=PLAIN, data=1)
def one_hot(t: Translation, indices: Value) -> Value:
    """Operands: indices, depth, on value, off value."""
    rank = len(indices.shape or ()) + 1
    axis = t.option("Axis")
    t.layout = tuple(range(rank))
    values = t.b.op("Concat", *(t.b.op("Reshape", t.value(at), [1]) for at in (3, 2)), axis=0)
    if values.dtype != np.float32:
        values = t.b.op("Cast", values, to=7)  # onnxruntime has no kernel for other integers
    depth = t.b.op("Reshape", t.int64(1), [1])
    made = t.b.op("OneHot", t.b.op("Cast", indices, to=7), depth, values, axis=axis)
    # ONNX counts negative indices from the end, TFLite has no element for them
    there = t.b.op("Unsqueeze", t.b.op("GreaterOrEqual", indices, 0), [t.own_axis(axis, rank)])
    if there.array is not None and there.array.all():
        return made
    return t.b.op("Where", there, made, t.b.op("Reshape", t.b.op("Slice", values, [0], [1]), np.array([], np.int64)))


@lower("WHERE", wants=PLAIN)
def where(t: Translation, condition: Value) -> Value:
    """One row per element that is not zero; ONNX has one row per axis."""
    t.layout = (0, 1)
    return t.b.op("Transpose", t.b.op("NonZero", condition), perm=(1, 0))


@lower("UNIQUE", wants=PLAIN)
def unique(t: Translation, x: Value) -> list[Value]:
    """In the order of first appearance, and where each element is among them."""
    t.layout = (0,)
    if x.dtype == np.int32:
        x = t.b.op("Cast", x, to=7)  # onnxruntime has no kernel for int32
    made = t.b.ops("Unique", 3, x, sorted=0)
    return [made[0], made[2]]


@lower("MATRIX_DIAG", wants=PLAIN)
def matrix_diag(t: Translation, x: Value) -> Value:
    (size,) = t.known((x.shape or ())[-1:], "a diagonal")
    rank = len(x.shape or ())
    t.layout = tuple(range(rank + 1))
    check_table(size, size)
    return t.b.op("Where", table_size.eye(size, dtype=bool), t.b.op("Unsqueeze", x, [rank]), np.zeros((), x.dtype))


@lower("MATRIX_SET_DIAG", wants=PLAIN)
def matrix_set_diag(t: Translation, x: Value, diagonal: Value) -> Value:
    """The diagonal in the last two axes."""
    rows, columns = t.known((x.shape or ())[-2:], "a matrix")
    short = min(rows, columns)
    if (diagonal.shape or ())[-1:] != (short,):
        refuse(f"a diagonal of {list(diagonal.shape or ())}")
    spread = t.b.op("Unsqueeze", diagonal, [len(diagonal.shape or ())])
    if rows > short:
        pads = [0] * (2 * len(spread.shape or ()))
        pads[-2] = rows - short
        spread = t.b.op("Pad", spread, pads)
    check_table(rows, columns)
    return t.b.op("Where", table_size.eye(rows, columns, dtype=bool), spread, x)


@lower("BUCKETIZE", wants=PLAIN)
def bucketize(t: Translation, x: Value) -> Value:
    """How many boundaries are not above each element."""
    boundaries = np.array(t.option("Boundaries", ()), np.float32)
    rank = len(x.shape or ())
    above = t.b.op("GreaterOrEqual", t.b.op("Unsqueeze", t.b.op("Cast", x, to=1), [rank]), boundaries)
    return t.b.op("ReduceSum", t.b.op("Cast", above, to=6), [rank], keepdims=0)
