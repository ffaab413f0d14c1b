"""Joining, splitting and repeating."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Shape

from ...dtypes import fits_int32
from ...layout.merging import LARGEST, around
from ...layout.wants import FOLLOW
from ...model import Tensor
from ..emission import Emission
from ..indexing.slicing import strided
from ..table import emit


@emit("Concat", wants=FOLLOW)
def concat(c: Emission, *tensors: Tensor) -> Tensor:
    if len(tensors) == 1:
        return tensors[0]
    axis, shape = c.axis(c.attr("axis")), c.shape()
    if len(shape) <= LARGEST:
        return c.op("CONCATENATION", *tensors, shape=shape, Axis=axis)
    flat = [c.reshape(tensor, around(tensor.shape, axis)) for tensor in tensors]
    return c.reshape(c.op("CONCATENATION", *flat, shape=around(shape, axis), Axis=1), shape)


@emit("Expand", wants=FOLLOW, data=1)
def expand(c: Emission, x: Tensor) -> Tensor:
    rank = len(c.dims())
    if not all(isinstance(dim, int) for dim in c.dims()):
        return _expanded_at_run_time(c)
    if rank != x.rank:
        layout = tuple(range(rank))
        x = c.storage.aligned(c.node.inputs[0], layout)  # type: ignore[arg-type]
        c.layout = layout
    return c.broadcast_to(x, c.shape())


def _expanded_at_run_time(c: Emission) -> Tensor:
    """BROADCAST_TO a computed shape; an axis where that says 1 keeps its size, as BROADCAST_ARGS works out."""
    x, shape = c.tensor(0), c.tensor(1)
    c.layout = tuple(range(len(c.dims())))
    if any(dim != 1 for dim in x.shape):
        own = c.op("SHAPE", x, shape=(x.rank,), dtype=np.int32, OutType=2)
        shape = c.op("BROADCAST_ARGS", own, shape, shape=(len(c.dims()),))
    return c.op("BROADCAST_TO", x, shape, shape=c.dims(), dtype=x.dtype)


@emit("Tile", wants=FOLLOW, data=1)
def tile(c: Emission, x: Tensor) -> Tensor:
    repeats = fits_int32(np.array(c.ints(1, "repeats"), np.int64), "repeats")
    if (repeats == 1).all():
        return x
    return c.op("TILE", x, c.const(repeats[list(c.layout)]), shape=c.shape())


@emit("Split", wants=FOLLOW, data=1)
def split(c: Emission, x: Tensor) -> list[Tensor]:
    """SPLIT takes no bools: those are sliced. Equal parts of a size that only the run will tell are SPLIT's too."""
    axis = c.axis(c.attr("axis", 0))
    shapes = [c.shape(index) for index in range(len(c.node.outputs))]
    if len(shapes) == 1:
        return [x]
    if not isinstance(x.shape[axis], int) and c.value(1) is None and x.dtype.kind != "b":
        return c.ops(
            "SPLIT", len(shapes), c.const(axis, np.int32), x, shape=shapes, dtype=x.dtype, NumSplits=len(shapes)
        )
    sizes = c.known(tuple(shape[axis] for shape in shapes), "a split")
    if x.dtype.kind == "b":
        starts = np.cumsum([0, *sizes])
        bounds = [(int(start), int(start) + size) for start, size in zip(starts, sizes, strict=False)]
        return [strided(c, x, {axis: (start, stop, 1)}) for start, stop in bounds]
    if x.rank > LARGEST:
        pieces = [around(shape, axis) for shape in shapes]
        made = _split(c, c.reshape(x, around(x.shape, axis)), 1, sizes, pieces)
        return [c.reshape(piece, shape) for piece, shape in zip(made, shapes, strict=True)]
    return _split(c, x, axis, sizes, shapes)


def _split(c: Emission, x: Tensor, axis: int, sizes: tuple[int, ...], shapes: list[Shape]) -> list[Tensor]:
    operand = c.const(axis, np.int32)
    if len(set(sizes)) == 1 and sum(sizes) == x.shape[axis]:
        return c.ops("SPLIT", len(shapes), operand, x, shape=shapes, dtype=x.dtype, NumSplits=len(shapes))
    return c.ops("SPLIT_V", len(shapes), x, c.const(sizes, np.int32), operand, shape=shapes, NumSplits=len(shapes))
