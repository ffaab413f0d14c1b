"""Activations as uint8 instead of int8, or the other way: the same numbers with a zero point that is 128 away."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.quantization import ROUNDING

from .grids import DEQUANTIZE, QUANTIZE, grid_of

INT8, UINT8 = np.dtype(np.int8), np.dtype(np.uint8)
HALF = 128


def with_type(graph: Graph, wanted: np.dtype[Any], only_marked: bool = False) -> None:
    """DQ(Q(x, scale, z), scale, z) -> DQ(Q(x, scale, z + 128), scale, z + 128) with uint8 (-128 with int8).

    Where nothing else reads the integers; with `only_marked` for the QuantizeLinears of MegEngine, and those that
    continue their grids.
    """
    users, producers = graph.users(), graph.producers()
    outputs = set(graph.outputs.values())
    points: dict[int, Value] = {}
    changed: set[Value] = set()
    for node in graph.nodes:
        grid = grid_of(node) if node.op == QUANTIZE else None
        if grid is None or grid.dtype == wanted or node.outputs[0] in outputs:
            continue
        readers = users.get(node.outputs[0], [])
        if any(reader.op != DEQUANTIZE or reader.domain or grid_of(reader) is None for reader in readers):
            continue
        if only_marked and ROUNDING not in node.attrs and not _continues(node, producers, changed):
            continue
        shift = HALF if wanted == UINT8 else -HALF
        for each in (node, *readers):
            own = grid_of(each)
            assert own is not None
            point = own.zero_point + shift
            if point not in points:
                points[point] = Value(f"zero_point_{wanted.name}_{point}", array=np.array(point, wanted))
            each.inputs = [*each.inputs[:2], points[point]]
        node.attrs.pop("output_dtype", None)
        node.outputs[0].dtype = wanted
        changed.add(node.outputs[0])


def _continues(node: Node, producers: dict[Value, Node], changed: set[Value]) -> bool:
    """Whether a QuantizeLinear stands behind what moves numbers of a DequantizeLinear that was changed."""
    moved = producers.get(node.inputs[0]) if node.inputs[0] is not None else None
    before = (
        producers.get(moved.inputs[0]) if moved is not None and moved.inputs and moved.inputs[0] is not None else None
    )
    return before is not None and before.op == DEQUANTIZE and before.inputs[0] in changed
