"""Matrix inverse by Gauss-Jordan elimination with row pivoting, unrolled: no target has the operator.

Source: megengine/functional/math.py, matinv (MegEngine 1.13).
"""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import Builder

from ..names import MATH, OPDEF
from ..operands import INT64, rank
from ..shapes import expand_like
from ..table import lower

LARGEST = 64
"""Each row takes fourteen nodes; larger matrices would make graphs that no tool opens."""


@lower(MATH + "matinv", OPDEF + "MatrixInverse")
def matinv(b: Builder, inp: Value) -> Value:
    """Of the last two axes; the others are batches."""
    size = (inp.shape or (None,))[-1]
    if not isinstance(size, int) or size > LARGEST:
        refuse(f"the inverse of a matrix with more than {LARGEST} rows, or a number only known at run time")
    identity = b.constant(table_size.eye(size, dtype=inp.dtype))
    rows = b.op("Concat", inp, expand_like(b, identity, inp), axis=-1)
    for step in range(size):
        rows = _eliminated(b, _pivoted(b, rows, step, size), step, size)
    return b.op("Slice", rows, [size], [2 * size], [-1])


def _pivoted(b: Builder, rows: Value, step: int, size: int) -> Value:
    """The row whose element in this column is largest, of those below, changes places with the row of the step."""
    if step == size - 1:
        return rows
    column = b.op("Slice", rows, [step, step], [size, step + 1], [-2, -1])
    best = b.op("Add", b.op("ArgMax", b.op("Abs", column), axis=-2, keepdims=1), b.constant(step, INT64))
    positions = b.constant(table_size.arange(size).reshape(size, 1), INT64)
    here = b.constant(step, INT64)
    swapped = b.op(
        "Where", b.op("Equal", positions, here), best, b.op("Where", b.op("Equal", positions, best), here, positions)
    )
    order = expand_like(b, swapped, rows)
    return b.op("GatherElements", rows, order, axis=rank(rows) - 2)


def _eliminated(b: Builder, rows: Value, step: int, size: int) -> Value:
    """Subtract multiples of the scaled pivot row so that the column becomes one of the identity."""
    pivot_row = b.op("Slice", rows, [step], [step + 1], [-2])
    scaled = b.op("Div", pivot_row, b.op("Slice", pivot_row, [step], [step + 1], [-1]))
    unit = table_size.eye(size, dtype=rows.dtype)[:, step : step + 1]
    column = b.op("Sub", b.op("Slice", rows, [step], [step + 1], [-1]), unit)
    return b.op("Sub", rows, b.op("MatMul", column, scaled))
