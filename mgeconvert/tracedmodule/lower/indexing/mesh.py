"""Raw operators that index several axes independently of each other, each with its own vector of positions.

``Mesh*`` has one vector per axis, ``BatchedMesh*`` one matrix per axis: row n is the vector for element n of axis 0.
Source: measured against MegEngine 1.13; adding through equal positions adds every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.builder import Builder

from ..names import OPDEF
from ..operands import INT64, cast, rank
from ..shapes import dimension, expand_like
from ..table import lower
from .getitem import take_slices
from .opdefs import as_index, scalars
from .setitem import setitem


class Mesh:
    """A mesh in one tensor: its axes to the front, and per position of the mesh the coordinates on them."""

    def __init__(self, b: Builder, x: Value, indices: dict[int, Value], batched: bool) -> None:
        self._b = b
        coordinates = {axis: cast(b, index, INT64) for axis, index in indices.items()}
        if batched:
            batch = dimension(b, x, 0)
            if not isinstance(batch, int):
                refuse("batched mesh indexing of a batch that is only known at run time")
            coordinates = {0: b.constant(table_size.arange(batch), INT64), **coordinates}
        axes = list(coordinates)
        self._order = [*axes, *(axis for axis in range(rank(x)) if axis not in axes)]
        self._points = self._stacked([self._spread(coordinates[axis], axes.index(axis), len(axes)) for axis in axes])

    def _spread(self, index: Value, place: int, count: int) -> Value:
        """Size 1 on the mesh's axes that are not this one's (a matrix has the batch as its first)."""
        own = [place] if rank(index) == 1 else [0, place]
        others = [axis for axis in range(count) if axis not in own]
        return self._b.op("Unsqueeze", index, others) if others else index

    def _stacked(self, coordinates: list[Value]) -> Value:
        b, common = self._b, coordinates[0]
        for index in coordinates[1:]:
            common = b.op("Add", common, index)
        full = [expand_like(b, index, common) for index in coordinates]
        return b.op("Concat", *(b.op("Unsqueeze", index, [-1]) for index in full), axis=-1)

    def _front(self, x: Value) -> Value:
        return self._b.op("Transpose", x, perm=self._order)

    def _back(self, x: Value) -> Value:
        return self._b.op("Transpose", x, perm=[int(axis) for axis in np.argsort(self._order)])

    def read(self, x: Value) -> Value:
        return self._back(self._b.op("GatherND", self._front(x), self._points))

    def write(self, x: Value, value: Value, reduction: str) -> Value:
        updates = self._front(value)
        return self._back(self._b.op("ScatterND", self._front(x), self._points, updates, reduction=reduction))


def _parts(
    b: Builder, x: Value, items: Sequence[Any], operands: Sequence[Value]
) -> tuple[dict[int, slice], dict[int, Value]]:
    index = [scalars(b, (item,))[0] if isinstance(item, slice) else item for item in as_index(x, items, operands)]
    slices = {axis: item for axis, item in enumerate(index) if isinstance(item, slice) and item != slice(None)}
    return slices, {axis: item for axis, item in enumerate(index) if isinstance(item, Value)}


def _write(
    b: Builder, x: Value, value: Value, items: Any, operands: Sequence[Value], batched: bool, reduction: str = "none"
) -> Value:
    slices, indices = _parts(b, x, items, operands)
    region = take_slices(b, x, slices)
    written = Mesh(b, region, indices, batched).write(region, value, reduction)
    return setitem(b, x, tuple(slices.get(axis, slice(None)) for axis in range(rank(x))), written)


@lower(OPDEF + "BatchedMeshIndexing")
def batched_mesh_indexing(b: Builder, inp: Value, *operands: Value, items: Any) -> Value:
    slices, indices = _parts(b, inp, items, operands)
    region = take_slices(b, inp, slices)
    return Mesh(b, region, indices, batched=True).read(region)


@lower(OPDEF + "SetMeshIndexing")
def set_mesh_indexing(b: Builder, inp: Value, value: Value, *operands: Value, items: Any) -> Value:
    return _write(b, inp, value, items, operands, batched=False)


@lower(OPDEF + "BatchedSetMeshIndexing")
def batched_set_mesh_indexing(b: Builder, inp: Value, value: Value, *operands: Value, items: Any) -> Value:
    return _write(b, inp, value, items, operands, batched=True)


@lower(OPDEF + "IncrMeshIndexing")
def incr_mesh_indexing(b: Builder, inp: Value, value: Value, *operands: Value, items: Any) -> Value:
    return _write(b, inp, value, items, operands, batched=False, reduction="add")


@lower(OPDEF + "BatchedIncrMeshIndexing")
def batched_incr_mesh_indexing(b: Builder, inp: Value, value: Value, *operands: Value, items: Any) -> Value:
    return _write(b, inp, value, items, operands, batched=True, reduction="add")


@lower(OPDEF + "IndexingIncrMultiAxisVec")
def indexing_incr_multi_axis_vec(b: Builder, inp: Value, value: Value, *operands: Value, items: Any) -> Value:
    """The axes go together, as in x[i, j] += y."""
    slices, indices = _parts(b, inp, items, operands)
    if slices or list(indices) != list(range(len(indices))):
        refuse("adding through an index that mixes tensors with slices or ints")
    points = b.op("Concat", *(b.op("Unsqueeze", cast(b, item, INT64), [-1]) for item in indices.values()), axis=-1)
    return b.op("ScatterND", inp, points, value, reduction="add")
