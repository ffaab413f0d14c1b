"""The opdefs that `x[...]` and `x[...] = y` become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..names import OPDEF
from ..operands import rank
from ..table import lower
from .getitem import getitem
from .setitem import setitem

Item = tuple[int, bool, bool, bool, bool]


def as_index(x: Value, items: Sequence[Item], operands: Sequence[Value]) -> tuple[Any, ...]:
    """The index that items (axis, has begin, has end, has step, has index) and their operands stand for."""
    index: list[Any] = [slice(None)] * rank(x)
    rest = iter(operands)
    for axis, begin, end, step, single in items:
        bounds = [next(rest) if given else None for given in (begin, end, step)]
        index[axis] = next(rest) if single else slice(*bounds)
    return tuple(index)


def scalars(b: Builder, index: tuple[Any, ...]) -> tuple[Any, ...]:
    """A Subtensor index is one int, which may come as a vector of one element."""

    def scalar(item: Any) -> Any:
        return b.op("Reshape", item, []) if isinstance(item, Value) and rank(item) else item

    return tuple(
        slice(*map(scalar, (item.start, item.stop, item.step))) if isinstance(item, slice) else scalar(item)
        for item in index
    )


@lower(OPDEF + "Subtensor")
def subtensor(b: Builder, inp: Value, *operands: Value, items: Any, slice_items: Any = ()) -> Value:
    return getitem(b, inp, scalars(b, as_index(inp, items, operands)))


@lower(OPDEF + "IndexingMultiAxisVec")
def indexing_multi_axis_vec(b: Builder, inp: Value, *operands: Value, items: Any) -> Value:
    return getitem(b, inp, as_index(inp, items, operands))


@lower(OPDEF + "MeshIndexing")
def mesh_indexing(b: Builder, inp: Value, *operands: Value, items: Any) -> Value:
    """Every index applies to its own axis, independently of the others."""
    for axis, item in enumerate(as_index(inp, items, operands)):
        inp = getitem(b, inp, (slice(None),) * axis + (item,))
    return inp


@lower(OPDEF + "SetSubtensor")
def set_subtensor(b: Builder, inp: Value, value: Value, *operands: Value, items: Any) -> Value:
    return setitem(b, inp, scalars(b, as_index(inp, items, operands)), value)


@lower(OPDEF + "IncrSubtensor")
def incr_subtensor(b: Builder, inp: Value, value: Value, *operands: Value, items: Any) -> Value:
    index = scalars(b, as_index(inp, items, operands))
    return setitem(b, inp, index, b.op("Add", getitem(b, inp, index), value))


@lower(OPDEF + "IndexingSetMultiAxisVec")
def indexing_set_multi_axis_vec(b: Builder, inp: Value, value: Value, *operands: Value, items: Any) -> Value:
    return setitem(b, inp, as_index(inp, items, operands), value)
