"""How each value of a graph is quantized, in words for people: `mgeconvert inspect --quantization`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.dtypes import integer_limits
from mgeconvert.quant_params import Quantized, quantized_values

from .grids import grid_of, scalar_of


@dataclass(frozen=True, slots=True)
class QuantizedValue:
    """One value: `name` of the float that is quantized, or of the stored integers; `dtype` of the integers, of which
    `lowest` to `highest` occur, in `bits`; value = scale (integer - zero_point), so that it is from `low` to `high`.
    Of several scales (`axis`) the smallest and the largest. `place` is where in the source it is quantized."""

    name: str
    kind: str
    dtype: str
    bits: int
    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int | None
    lowest: int
    highest: int
    low: float
    high: float
    place: str


def describe_quantization(graph: Graph) -> list[QuantizedValue]:
    """Every value with a DequantizeLinear of constant scales, in order; one that several read once."""
    producers = graph.producers()
    found: dict[Value, QuantizedValue] = {}
    for one in quantized_values(graph):
        if one.integers not in found:
            found[one.integers] = _described(one, producers)
    return list(found.values())


def _described(one: Quantized, producers: dict[Value, Node]) -> QuantizedValue:
    quantize = producers.get(one.integers)
    place = quantize if quantize is not None else one.node
    lowest, highest = _range(one, quantize, producers)
    scales = one.scales.scale.astype(np.float64).reshape(-1)
    zeros = one.scales.zero_point.astype(np.int64).reshape(-1)
    value = one.source or one.integers
    return QuantizedValue(
        value.name,
        "weight" if value.is_constant else "activation",
        one.scales.dtype.name,
        max(highest - lowest, 1).bit_length(),
        (float(scales.min()), float(scales.max())) if scales.size > 1 else (float(scales[0]),),
        (int(zeros.min()), int(zeros.max())) if zeros.size > 1 and zeros.min() != zeros.max() else (int(zeros[0]),),
        one.scales.axis,
        lowest,
        highest,
        float(((lowest - zeros) * scales).min()),
        float(((highest - zeros) * scales).max()),
        place.origin or place.name,
    )


def _range(one: Quantized, quantize: Node | None, producers: dict[Value, Node]) -> tuple[int, int]:
    """The integers that occur: of a constant those that are stored, else those that a ReLU or Clip lets through."""
    array = one.integers.array
    if array is not None and array.size:
        return int(array.min()), int(array.max())
    grid, low, high = grid_of(quantize), *integer_limits(one.scales.dtype)
    before = producers.get(one.source) if one.source is not None else None
    if grid is None or before is None or before.op not in ("Relu", "Clip"):
        return low, high
    bounds = (
        [0.0, None] if before.op == "Relu" else [scalar_of(value) for value in (*before.inputs[1:3], None, None)[:2]]
    )
    first, last = bounds[0], bounds[1]
    return low if first is None else grid.integer(first), high if last is None else grid.integer(last)
