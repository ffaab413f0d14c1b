"""Elements chosen or written by position. Source: measured on dumps of MegEngine 1.13."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.lower.operands import rank
from mgeconvert.tracedmodule.lower.shapes import pack

from .layouts import StaticBuilder
from .table import lower, opdef, value_of

Item = tuple[int, bool, bool, bool, bool]
"""An axis, and whether it has a begin, an end, a step, an index: each is an operand then."""
_WRITES = frozenset([
    "SetSubtensor", "IncrSubtensor", "IndexingSetMultiAxisVec", "IndexingIncrMultiAxisVec", "SetMeshIndexing",
    "IncrMeshIndexing", "BatchedSetMeshIndexing", "BatchedIncrMeshIndexing",
])  # fmt: skip
_READS = frozenset(["Subtensor", "IndexingMultiAxisVec", "MeshIndexing", "BatchedMeshIndexing"])


def _indexing(name: str) -> Callable[..., Value]:
    """The opdef of that name, with the operands that are bounds as scalars."""

    def handler(b: Builder, *inputs: Value, items: Sequence[Mapping[str, Any]]) -> Value:
        indexed: tuple[Item, ...] = tuple(tuple(item.values()) for item in items)
        bounds = [kind < 3 for _, *given in indexed for kind, present in enumerate(given) if present]
        first = len(inputs) - len(bounds)
        if first != (2 if name in _WRITES else 1):
            refuse(f"{len(inputs)} inputs for an index of {len(bounds)} operands")
        part = _part_of_shape(b, inputs[0], inputs[1:], indexed) if name == "Subtensor" else None
        if part is not None:
            return part
        operands = [
            b.op("Reshape", value, []) if is_bound and rank(value) else value
            for value, is_bound in zip(inputs[first:], bounds, strict=True)
        ]
        return value_of(b, name, *inputs[:first], *operands, items=indexed)

    return handler


def _part_of_shape(b: Builder, vector: Value, operands: Sequence[Value], items: Sequence[Item]) -> Value | None:
    """Some of the sizes in a vector of sizes, which stay known; None for other vectors and computed positions."""
    assert isinstance(b, StaticBuilder)
    if vector not in b.elements or len(items) != 1 or any(value.array is None for value in operands):
        return None
    numbers = iter(int(value.array.item()) for value in operands if value.array is not None)
    _, *given = items[0]
    begin, end, step, index = (next(numbers) if present else None for present in given)
    sizes = b.elements[vector]
    if index is None:
        return pack(b, sizes[begin:end:step])
    return pack(b, [sizes[index]]) if -len(sizes) <= index < len(sizes) else None


for _name in sorted(_READS | _WRITES):
    lower(_name)(_indexing(_name))
opdef("Diag", "Diag")


@lower("IndexingOneHot")
def indexing_one_hot(b: Builder, inp: Value, index: Value, *, axis: int) -> Value:
    return value_of(b, "IndexingOneHot", inp, index, axis=axis, ndim=rank(inp))


@lower("IndexingSetOneHot")
def indexing_set_one_hot(b: Builder, inp: Value, index: Value, value: Value, *, axis: int) -> Value:
    return value_of(b, "IndexingSetOneHot", inp, index, value, axis=axis, ndim=rank(inp))
