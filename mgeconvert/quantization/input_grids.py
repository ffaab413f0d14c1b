"""Inputs that are put on a grid which the network itself does not say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph, Node, Value

from .grids import DEQUANTIZE, QUANTIZE

SMALLEST = float(np.finfo(np.float32).tiny)


def check_input_grid(scale: float, zero_point: int, dtype: np.dtype[Any]) -> None:
    """UsageError for a scale and zero point that are none; a scale of 0 is none given."""
    limits = np.iinfo(dtype)
    if scale == 0 and zero_point:
        raise UsageError(f"--input-zero-point {zero_point}: --input-scale is missing", hint="give both")
    if scale and not (math.isfinite(scale) and scale >= SMALLEST):
        raise UsageError(f"--input-scale {scale:g}: expected a positive normal number", hint="--input-scale 0.0078125")
    if not limits.min <= zero_point <= limits.max:
        raise UsageError(f"--input-zero-point {zero_point}: expected {limits.min} to {limits.max}, as {dtype} has them")


def with_input_grids(graph: Graph, scale: float, zero_point: int, dtype: np.dtype[Any]) -> Graph:
    """x -> DequantizeLinear(QuantizeLinear(x, scale, zero_point)) for each float input x that nothing puts on a grid;
    a copy. UsageError where there is none."""
    copy = graph.copy()
    users, outputs = copy.users(), set(copy.outputs.values())
    made: list[Node] = []
    given: dict[Value, Value] = {}
    for name, value in copy.inputs.items():
        readers = users.get(value, [])
        on_grid = bool(readers) and all(node.op == QUANTIZE and not node.domain for node in readers)
        if value.dtype != np.float32 or (on_grid and value not in outputs):
            continue
        grid: list[Value | None] = [
            Value(f"{name}/input_scale", array=np.asarray(np.float32(scale))),
            Value(f"{name}/input_zero_point", array=np.asarray(zero_point, dtype)),
        ]
        whole = Value(f"{name}/input_{QUANTIZE}", dtype, value.shape)
        given[value] = Value(f"{name}/input_{DEQUANTIZE}", value.dtype, value.shape)
        made.append(Node(QUANTIZE, [value, *grid], [whole], {}, whole.name))
        made.append(Node(DEQUANTIZE, [whole, *grid], [given[value]], {}, given[value].name))
    if not given:
        raise UsageError(
            "--input-scale: each input is on a grid already, or is not float32",
            hint="`mgeconvert inspect MODEL --quantization` lists the grids",
        )
    for node in copy.nodes:
        node.inputs = [None if value is None else given.get(value, value) for value in node.inputs]
    copy.nodes = [*made, *copy.nodes]
    copy.calls = []
    return copy
