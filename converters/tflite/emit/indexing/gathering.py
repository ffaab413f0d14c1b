"""Reading at indices. Indices may be negative as in ONNX; TFLite's may not."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Shape, table_size
from mgeconvert.ir.table_size import check_table

from ...layout.wants import FOLLOW, PLAIN
from ...model import Array, Tensor
from ...names import FROM_FRONT, INDICES
from ..emission import Emission
from ..reduction import without
from ..table import emit


def wrapped(c: Emission, indices: Tensor, size: int | str) -> Tensor:
    """Indices counted from the start."""
    if not isinstance(size, int) or _are_from_front(c):
        return indices
    if indices.array is not None:
        return c.const(indices.array % size, np.int32, "indices")
    return c.op("FLOOR_MOD", indices, c.like(size, indices))


def _are_from_front(c: Emission) -> bool:
    """Whether the node picks as a TFLite file did."""
    return c.node.op in ("Gather", "GatherND") and c.storage.graph.metadata.get(INDICES) == FROM_FRONT


@emit("Gather", wants=FOLLOW, data=1)
def gather(c: Emission, x: Tensor) -> Tensor:
    axis = c.attr("axis", 0) % x.rank
    indices = c.node.inputs[1]
    assert indices is not None
    rank = indices.rank or 0
    if rank > 1 and c.layout != tuple(range(x.rank)):
        c.layout = tuple(range(x.rank))
        x = c.tensor(0)
    where = c.layout.index(axis)
    picks = wrapped(c, c.tensor(1), x.shape[where])
    if rank == 0:
        c.layout = without(c.layout, [axis])
    elif rank > 1:
        c.layout = tuple(range(x.rank - 1 + rank))
    return c.op("GATHER", x, picks, shape=c.shape(), dtype=x.dtype, Axis=where)


@emit("GatherND", wants=PLAIN)
def gather_nd(c: Emission, x: Tensor, indices: Tensor) -> Tensor:
    if c.attr("batch_dims", 0):
        refuse("GatherND with batch dimensions: TFLite's GATHER_ND has none")
    return c.op("GATHER_ND", x, _wrapped_rows(c, indices, x.shape), shape=c.dims(), dtype=x.dtype)


def _wrapped_rows(c: Emission, indices: Tensor, shape: Shape) -> Tensor:
    """Index tuples (last axis) counted from the start."""
    if _are_from_front(c):
        return indices
    (depth,) = c.known(indices.shape[-1:], "indexing")
    sizes = np.array(c.known(shape[:depth], "indexing"), np.int32)
    if indices.array is not None:
        return c.const(indices.array % sizes, np.int32, "indices")
    return c.op("FLOOR_MOD", indices, c.const(sizes))


def element_rows(c: Emission, indices: Tensor, axis: int, shape: Shape) -> Tensor:
    """The full index tuples of elements addressed along one axis: (..., rank)."""
    sizes = c.static(indices, "element indices")
    indices = wrapped(c, indices, shape[axis])
    check_table(len(sizes), *sizes)
    grid: list[Array] = list(table_size.indices(sizes, np.int32))
    if indices.array is not None:
        grid[axis] = indices.array
        return c.const(np.stack(grid, -1), np.int32, "indices")
    parts = [indices if index == axis else c.const(numbers) for index, numbers in enumerate(grid)]
    rank = len(sizes)
    return c.op("PACK", *parts, shape=(*sizes, rank), dtype=np.int32, Axis=rank, ValuesCount=rank)


@emit("GatherElements", wants=PLAIN)
def gather_elements(c: Emission, x: Tensor, indices: Tensor) -> Tensor:
    axis = c.attr("axis", 0) % x.rank
    return c.op("GATHER_ND", x, element_rows(c, indices, axis, x.shape), shape=c.dims(), dtype=x.dtype)


@emit("ReverseSequence", wants=PLAIN)
def reverse_sequence(c: Emission, x: Tensor, lengths: Tensor) -> Tensor:
    where = {"SeqDim": c.attr("time_axis", 0), "BatchDim": c.attr("batch_axis", 1)}
    return c.op("REVERSE_SEQUENCE", x, lengths, shape=x.shape, **where)
