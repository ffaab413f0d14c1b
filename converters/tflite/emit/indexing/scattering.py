"""Writing at indices: SCATTER_ND adds into zeros, what it did not touch is chosen from the data."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size
from mgeconvert.ir.table_size import check_table

from ...layout.wants import PLAIN
from ...model import Tensor
from ..emission import Emission
from ..table import emit
from .gathering import _wrapped_rows, element_rows


@emit("ScatterND", wants=PLAIN)
def scatter_nd(c: Emission, x: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    return _scattered(c, x, _wrapped_rows(c, indices, x.shape), updates)


@emit("ScatterElements", "Scatter", wants=PLAIN)
def scatter_elements(c: Emission, x: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    axis = c.attr("axis", 0) % x.rank
    return _scattered(c, x, element_rows(c, indices, axis, x.shape), updates)


def _scattered(c: Emission, x: Tensor, rows: Tensor, updates: Tensor) -> Tensor:
    """SCATTER_ND adds into zeros; what it did not touch is taken from x."""
    shape = c.const(c.static(x, "a scatter"), np.int32, "shape")
    if updates.array is not None and not updates.shape:
        updates = c.reshape(updates, (1,))
    placed = c.op("SCATTER_ND", rows, updates, shape, shape=x.shape, dtype=updates.dtype)
    mode = c.attr("reduction", "none")
    if mode not in ("none", "add"):
        refuse(f"a scatter with reduction {mode}: TFLite's SCATTER_ND only adds")
    if x.array is not None and not x.array.any():
        return placed
    if mode == "add":
        return c.op("ADD", x, placed)
    if rows.array is not None:
        if rows.shape[-1:] > (len(x.shape),):
            refuse("a scatter along more axes than its data has")
        check_table(*c.static(x, "a scatter"))
        mask = table_size.zeros(c.static(x, "a scatter"), np.bool_)
        mask[tuple(np.moveaxis(rows.array, -1, 0))] = True
        touched = c.const(mask, name="mask")
    else:
        ones = _ones(c, updates)
        count = c.op("SCATTER_ND", rows, ones, shape, shape=x.shape, dtype=np.int32)
        touched = c.op("GREATER", count, c.like(0, count), dtype=bool)
    return c.op("SELECT_V2", touched, placed, x, shape=x.shape, dtype=x.dtype)


def _ones(c: Emission, x: Tensor) -> Tensor:
    """int32 ones of the shape of x, which the run may have to tell."""
    if x.is_static:
        check_table(*c.static(x, "ones"))
        return c.const(table_size.ones(c.static(x, "ones"), np.int32))
    dims = c.op("SHAPE", x, shape=(x.rank,), dtype=np.int32, OutType=2)
    return c.op("FILL", dims, c.const(1, np.int32), shape=x.shape, dtype=np.int32)
