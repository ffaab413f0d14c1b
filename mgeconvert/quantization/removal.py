"""Quantization taken out of a graph, for who computes in floats; what it said is kept for a document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.dtypes import integer_limits
from mgeconvert.ir.quantization import dequantized_blocks
from mgeconvert.quant_params import DEQUANTIZE, QUANTIZE, Quantized, Scales, quantized_values

from .grids import grid_of, scalar_of


@dataclass(frozen=True, slots=True)
class Parameters:
    """How one value of the source is quantized; `value` is what stands for it in the graph without quantization.

    `as_trained`: it is a weight that the source stores in floats and rounds while it computes, and it is not rounded.
    """

    value: Value
    scales: Scales
    as_trained: bool


def remove_quantization(graph: Graph, fake: bool) -> list[Parameters]:
    """Take every QuantizeLinear/DequantizeLinear out, in place, and return what they said.

    Constants become the floats that their integers stand for. A constant that is float and is quantized in the graph
    stays as it is, or with `fake` becomes what the quantization makes of it.
    """
    found: list[Parameters] = []
    replaced: dict[Value, Value] = {}
    for one in quantized_values(graph):
        value = _stand_in(one, fake)
        if value is not None:
            replaced[one.node.output] = value
            found.append(Parameters(value, one.scales, value is one.source and value.is_constant))
    for node in graph.nodes:
        floats = _floats_of_blocks(node)
        if floats is not None:
            replaced[node.output] = floats
    graph.replace(replaced)
    graph.remove_dead_nodes()
    return found


def _floats_of_blocks(node: Node) -> Value | None:
    """The floats of constant integers, each block of which has a scale of its own; None for other nodes."""
    size, axis = node.attrs.get("block_size"), node.attrs.get("axis", 1)
    if node.op != DEQUANTIZE or not size or any(value is not None and value.array is None for value in node.inputs):
        return None
    array, scale, zero = (None if value is None else value.array for value in (*node.inputs, None)[:3])
    assert array is not None
    assert scale is not None
    assert isinstance(size, int)
    assert isinstance(axis, int)
    return Value(node.output.name, array=dequantized_blocks(array, scale, zero, axis, size))


def without_quantization(graph: Graph) -> tuple[Graph, list[Parameters]]:
    """A copy that computes in floats, and what the graph said; narrow ranges, which only quantization has, go too."""
    copy = graph.copy()
    _drop_narrow_ranges(copy)
    parameters = remove_quantization(copy, fake=False)
    return copy, parameters


def _drop_narrow_ranges(graph: Graph) -> None:
    """Q(Clip(x, -127 scale, 127 scale)) -> Q(x), where the Clip cuts off one integer and nothing else."""
    producers, users = graph.producers(), graph.users()
    outputs = set(graph.outputs.values())
    for node in graph.nodes:
        grid = grid_of(node) if node.op == QUANTIZE else None
        clip = None if grid is None or node.inputs[0] is None else producers.get(node.inputs[0])
        if grid is None or clip is None or clip.op != "Clip" or len(clip.inputs) != 3:
            continue
        ends = [scalar_of(value) for value in clip.inputs[1:]]
        low, high = grid.limits
        own = [[float(np.float32((whole - grid.zero_point) * grid.scale)) for whole in (low + 1, high)]]
        own += [[float(np.float32((whole - grid.zero_point) * grid.scale)) for whole in (low, high - 1)]]
        if ends in own and len(users[clip.outputs[0]]) == 1 and clip.outputs[0] not in outputs:
            node.inputs[0] = clip.inputs[0]


def _stand_in(one: Quantized, fake: bool) -> Value | None:
    """The float value in place of the quantized one; None where integers are computed, not quantized."""
    integers = one.integers.array
    if integers is None and one.source is not None:
        if one.source.array is None or not fake:
            return one.source
        integers = _quantized(one.source.array, one.scales)
    return None if integers is None else Value(one.node.output.name, array=_dequantized(integers, one.scales))


def _along(parameter: np.ndarray, rank: int, axis: int | None) -> np.ndarray:
    return parameter if axis is None else parameter.reshape([-1 if at == axis % rank else 1 for at in range(rank)])


def _dequantized(integers: np.ndarray, scales: Scales) -> np.ndarray:
    zero = _along(scales.zero_point, integers.ndim, scales.axis).astype(np.float64)
    difference = integers.astype(np.float64) - zero
    floats: np.ndarray = difference.astype(np.float32) * _along(scales.scale, integers.ndim, scales.axis)
    return floats.astype(np.float32, copy=False)


def _quantized(floats: np.ndarray, scales: Scales) -> np.ndarray:
    integers = np.rint(floats / _along(scales.scale, floats.ndim, scales.axis))
    integers = integers + _along(scales.zero_point, floats.ndim, scales.axis)
    quantized: np.ndarray = integers.clip(*integer_limits(scales.dtype)).astype(scales.dtype)
    return quantized


def rows(parameters: Sequence[Parameters], name_in_file: Callable[[Value], str | None]) -> Iterator[dict[str, Any]]:
    """The document's entries; `name_in_file` says what a value is called there (None: it is not in the file)."""
    for one in parameters:
        name = name_in_file(one.value)
        if name is not None:
            yield one.scales.row(name, one.value.is_constant)
