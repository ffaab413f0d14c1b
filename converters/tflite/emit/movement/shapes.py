"""Sizes, and tensors that are made of sizes."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size
from mgeconvert.ir.table_size import check_table

from ...layout.view import Stored, plain
from ...layout.wants import PLAIN, VIEW
from ...model import Tensor
from ..emission import Emission
from ..table import emit


@emit("Range", wants=PLAIN)
def range_(c: Emission, start: Tensor, limit: Tensor, delta: Tensor) -> Tensor:
    start, limit, delta = (c.reshape(tensor, ()) for tensor in (start, limit, delta))
    return c.op("RANGE", start, limit, delta, shape=c.dims(), dtype=start.dtype)


@emit("Shape", wants=VIEW)
def shape_of(c: Emission) -> Stored:
    """The IR's order of axes: SHAPE of the stored tensor, gathered."""
    dims = c.input_dims()
    start, end = c.attr("start", 0), c.attr("end")
    wanted = list(range(len(dims)))[start:end]
    if all(isinstance(dims[axis], int) for axis in wanted):
        made = c.const([dims[axis] for axis in wanted], np.int32)
        return Stored(made, plain(c.dims(), (0,)))
    stored = c.stored()
    layout = stored.view.natural([]) or tuple(range(len(dims)))
    tensor = c.storage.realise(c.node.inputs[0], layout)  # type: ignore[arg-type]
    made = c.op("SHAPE", tensor, shape=(len(dims),), dtype=np.int32, OutType=2)
    picks = [layout.index(axis) for axis in wanted]
    if picks != list(range(len(dims))):
        made = c.op("GATHER", made, c.const(picks, np.int32), shape=(len(picks),), Axis=0)
    return Stored(made, plain(c.dims(), (0,)))


@emit("Size", wants=PLAIN)
def size(c: Emission, x: Tensor) -> Tensor:
    dims = c.op("SHAPE", x, shape=(x.rank,), dtype=np.int32, OutType=2)
    return c.op("REDUCE_PROD", dims, c.const([0], np.int32), shape=(), KeepDims=False)


@emit("ConstantOfShape", wants=PLAIN, data=1)
def constant_of_shape(c: Emission, shape: Tensor) -> Tensor:
    value = c.attr("value", np.zeros(1, np.float32)).reshape(())
    return c.op("FILL", shape, c.const(value, c.dtype()), shape=c.dims(), dtype=c.dtype())


@emit("EyeLike", wants=PLAIN)
def eye_like(c: Emission, x: Tensor) -> Tensor:
    rows, columns = c.static(x, "an identity matrix")
    check_table(rows, columns)
    return c.const(table_size.eye(rows, columns, c.attr("k", 0)), c.dtype())


@emit("Constant", wants=PLAIN)
def constant(c: Emission) -> Tensor:
    value = c.attr("value")
    if not isinstance(value, np.ndarray):
        refuse("a Constant without a tensor")
    return c.const(value, c.dtype())
