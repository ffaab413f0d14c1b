"""Elements chosen or written by position."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.lower.operands import rank

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
        operands = [
            b.op("Reshape", value, []) if is_bound and rank(value) else value
            for value, is_bound in zip(inputs[first:], bounds, strict=True)
        ]
        return value_of(b, name, *inputs[:first], *operands, items=indexed)

    return handler


for _name in sorted(_READS | _WRITES):
    lower(_name)(_indexing(_name))
opdef("Diag", "Diag")


@lower("IndexingOneHot")
def indexing_one_hot(b: Builder, inp: Value, index: Value, *, axis: int) -> Value:
    return value_of(b, "IndexingOneHot", inp, index, axis=axis, ndim=rank(inp))


@lower("IndexingSetOneHot")
def indexing_set_one_hot(b: Builder, inp: Value, index: Value, value: Value, *, axis: int) -> Value:
    return value_of(b, "IndexingSetOneHot", inp, index, value, axis=axis, ndim=rank(inp))
