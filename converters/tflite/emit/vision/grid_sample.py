"""GridSample: positions from [-1, 1] to pixels."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size
from mgeconvert.ir.table_size import check_table

from ...layout.view import Stored, plain
from ...layout.wants import VIEW
from ...model import Tensor
from ..emission import Emission
from ..table import emit
from .sampling import sampled


@emit("GridSample", wants=VIEW, note="2-D; linear and nearest")
def grid_sample(c: Emission) -> Stored:
    """Positions from [-1, 1] to pixels, then `sampled`."""
    mode, padding, corners = c.attr("mode", "linear"), c.attr("padding_mode", "zeros"), c.attr("align_corners", 0)
    if len(c.input_dims()) != 4 or mode not in ("linear", "nearest", "bilinear"):
        refuse(f"GridSample {mode} of {len(c.input_dims())}-D data: TFLite gets linear and nearest of 4-D")
    x = c.tensor(0, (0, 2, 3, 1))
    grid = c.tensor(1)
    batch, rows, columns, _ = c.static(grid, "GridSample")
    shape = (batch, rows, columns)
    check_table(*shape)
    positions = []
    for index, length in ((1, x.shape[1]), (0, x.shape[2])):
        at = c.op("GATHER", grid, c.const(index, np.int32), shape=shape, dtype=grid.dtype, Axis=3)
        (size,) = c.known((length,), "GridSample")
        scale = (size - 1) / 2 if corners else size / 2
        at = c.op("ADD", c.op("MUL", at, c.like(scale, at)), c.like((size - 1) / 2, at))
        positions.append(_reflected(c, at, size, bool(corners)) if padding == "reflection" else at)
    batches = c.const(np.broadcast_to(table_size.arange(batch, dtype=np.int32)[:, None, None], shape))
    made = sampled(c, x, batches, positions, nearest=mode == "nearest", zeros=padding == "zeros")
    return Stored(made, plain(c.dims(), (0, 2, 3, 1)))


def _reflected(c: Emission, at: Tensor, size: int, corners: bool) -> Tensor:
    """Positions mirrored into the image, at pixel centres (`corners`) or at pixel edges."""
    low, span = (0.0, size - 1.0) if corners else (-0.5, float(size))
    if span == 0:
        return c.op("MUL", at, c.like(0, at))
    turned = c.op("FLOOR_MOD", c.op("SUB", at, c.like(low, at)), c.like(2 * span, at))
    folded = c.op("ABS", c.op("SUB", turned, c.like(span, at)))
    return c.op("SUB", c.like(span + low, at), folded)
