"""Assignment to a part of a value: ``fc_out[0] = 1``, ``x[:, 3:5] = y``.

Whoever reads the value reads it as it is after the assignment. The part is taken apart axis by axis and the new one put
back with Concat, so that it works for sizes that only the run tells.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.errors import ConversionError, UsageError
from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder

from .behind import put_behind
from .expression import Part, build, literal, names, parse
from .lookup import Lookup
from .names import copied

FORM = 'write it as "fc_out[0, 2:5] = 1"'
END = int(np.iinfo(np.int64).max)
Region: TypeAlias = "tuple[int, int, int | None] | tuple[int, range]"
"""Axis, first position, position behind the last one (None: the end); or axis and the positions, with a step."""


def assign(
    graph: Graph, text: str, *, constants: Mapping[str, np.ndarray[Any, Any]] | None = None, module: str = ""
) -> Graph:
    """The graph with an assignment; the right side is an expression (`mgeconvert.surgery.expression`) over values of
    the graph and `constants`.

    Raises UsageError for a text that is none, ConversionError for an index that the value does not have.
    """
    name, index, said = _parsed(text)
    graph = copied(graph)
    lookup = Lookup(graph, constants)
    lookup.check({*names(said)} - {name}, [name])

    def assigned(b: Builder, x: Value) -> Value:
        made = build(b, said, lookup.over({name: x}, {lookup(name): x}), {})
        value = made if isinstance(made, Value) else b.constant(made, x.dtype)
        if value.dtype != x.dtype:
            raise ConversionError(f"{text}: {value.type_text} is assigned to {x.type_text}")
        if x.rank is None:
            raise ConversionError(f"{text}: the number of axes of {name} is not known")
        regions, dropped = _regions(text, index, x.rank, x)
        return _put(b, x, regions, _aligned(b, value, x.rank, dropped))

    return put_behind(graph, name, assigned, module=module)


def _parsed(text: str) -> tuple[str, Any, Part]:
    """The value's name, the index, the expression."""
    try:
        (statement,) = ast.parse(text.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UsageError(f"--assign {text}: is no assignment", hint=FORM) from error
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Subscript):
        raise UsageError(f"--assign {text}: is no assignment to a part of a value", hint=FORM)
    target = statement.targets[0]
    source = parse(ast.unparse(target.value))
    name = source if isinstance(source, str) else getattr(source, "name", None)
    if name is None:
        raise UsageError(f"--assign {text}: {ast.unparse(target.value)} is no value's name", hint=FORM)
    parts = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    return name, [_index(part, text) for part in parts], parse(ast.unparse(statement.value))


def _index(part: ast.expr, text: str) -> Any:
    if isinstance(part, ast.Slice):
        bounds = [None if each is None else literal(each, text) for each in (part.lower, part.upper, part.step)]
        if bounds[2] != 0 and all(bound is None or type(bound) is int for bound in bounds):
            return slice(*bounds)
    else:
        found = literal(part, text)
        if found is Ellipsis or type(found) is int:
            return found
    raise UsageError(f"--assign {text}: {ast.unparse(part)} is no index here", hint="numbers, ranges, and ...")


def _regions(text: str, index: list[Any], rank: int, x: Value) -> tuple[list[Region], list[int]]:
    """The region of each axis, and the axes that the index drops."""
    items = [*index] if Ellipsis in index else [*index, Ellipsis]
    at = items.index(Ellipsis)
    items[at : at + 1] = [slice(None)] * (rank - len(items) + 1)
    if len(items) != rank or Ellipsis in items:
        raise ConversionError(f"{text}: the value has {rank} axes")
    regions: list[Region] = []
    dropped = []
    for axis, item in enumerate(items):
        size = (x.shape or ())[axis]
        if isinstance(item, int):
            if isinstance(size, int) and not -size <= item < size:
                raise ConversionError(f"{text}: axis {axis} has {size} positions")
            dropped.append(axis)
            regions.append((axis, item, item + 1 if item != -1 else None))
        elif item.step not in (None, 1):
            if not isinstance(size, int):
                raise ConversionError(f"{text}: the size of axis {axis}, which has a step, is only known at run time")
            regions.append((axis, range(size)[item]))
        elif item != slice(None):
            regions.append((axis, item.start or 0, item.stop))
    return regions, dropped


def _aligned(b: Builder, value: Value, rank: int, dropped: list[int]) -> Value:
    """The value with an axis of size 1 where the index drops one, so that it broadcasts against the region."""
    kept = [axis for axis in range(rank) if axis not in dropped]
    axes = kept[len(kept) - (value.rank or 0) :]
    inserted = [axis for axis in dropped if axes and axis > axes[0]]
    return b.op("Unsqueeze", value, [axis - axes[0] for axis in inserted]) if inserted else value


def _put(b: Builder, x: Value, regions: list[Region], value: Value) -> Value:
    """`x` with the value at these regions."""
    if not regions:
        return b.op("Expand", value, b.op("Shape", x))
    region, *rest = regions
    if len(region) == 2:
        return _put_at(b, x, *region, rest, value)
    axis, start, stop = region

    def part(first: int, end: int | None) -> Value:
        return b.op("Slice", x, [first], [END if end is None else end], [axis])

    pieces = [] if start == 0 else [part(0, start)]
    pieces.append(_put(b, part(start, stop), rest, value))
    pieces += [] if stop is None else [part(stop, None)]
    return b.op("Concat", *pieces, axis=axis) if len(pieces) > 1 else pieces[0]


def _put_at(b: Builder, x: Value, axis: int, positions: range, rest: list[Region], value: Value) -> Value:
    """`x` with the value at these positions of an axis: the new part stands behind `x`, and is gathered from there."""
    if not positions:
        return x
    size = (x.shape or ())[axis]
    assert isinstance(size, int)
    part = _put(b, b.op("Gather", x, [*positions], axis=axis), rest, value)
    source = {position: size + number for number, position in enumerate(positions)}
    order = [source.get(position, position) for position in range(size)]
    return b.op("Gather", b.op("Concat", x, part, axis=axis), order, axis=axis)
