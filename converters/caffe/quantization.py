"""Quantization taken out of the graph, because Caffe computes in float32, and kept as a document.

The document, ``--quant-params FILE`` (JSON):

    {"format": "mgeconvert quantization parameters", "version": 1,
     "values": [{"name": "conv1", "kind": "activation", "dtype": "int8", "scale": [0.05], "zero_point": [0],
                 "axis": null, "min": [-6.4], "max": [6.35]}, ...]}

`name` is a blob of the net for an activation, ``LAYER/NUMBER`` (its weights in the caffemodel) for a weight. `scale`,
`zero_point`, `min` and `max` have one element, or one for each index of `axis`; `min` and `max` are the smallest and
largest number that the type can stand for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mgeconvert.ir import Graph, Node, Value

DEQUANTIZE, QUANTIZE = "DequantizeLinear", "QuantizeLinear"


@dataclass(frozen=True, slots=True)
class Parameters:
    """How one value of the source is quantized; `value` is what stands for it in the graph without quantization."""

    value: Value
    dtype: np.dtype
    scale: np.ndarray
    zero_point: np.ndarray
    axis: int | None


def remove_quantization(graph: Graph, fake: bool) -> list[Parameters]:
    """Take every QuantizeLinear/DequantizeLinear out, in place, and return what they said.

    Constants become the floats that their integers stand for. A constant that is float and is quantized in the graph
    stays as it is, or with `fake` becomes what the quantization makes of it.
    """
    found: list[Parameters] = []
    producers = graph.producers()
    replaced: dict[Value, Value] = {}
    for node in graph.nodes:
        if node.op != DEQUANTIZE:
            continue
        parameters = _parameters(node)
        if parameters is None:
            continue
        scale, zero = parameters
        inner = node.inputs[0]
        assert inner is not None
        quantize = producers.get(inner)
        axis = int(node.attrs.get("axis", 1)) if scale.size > 1 else None  # type: ignore[arg-type]
        if inner.array is not None:
            floats = _dequantized(inner.array, scale, zero, axis)
            replaced[node.output] = Value(node.output.name, array=floats)
        elif quantize is not None and quantize.op == QUANTIZE and quantize.inputs[0] is not None:
            source = quantize.inputs[0]
            replaced[node.output] = source
            if source.array is not None and fake:
                integers = _quantized(source.array, scale, zero, axis)
                replaced[node.output] = Value(node.output.name, array=_dequantized(integers, scale, zero, axis))
        else:
            continue
        found.append(Parameters(replaced[node.output], zero.dtype, scale, zero, axis))
    graph.replace(replaced)
    graph.remove_dead_nodes()
    return found


def _parameters(node: Node) -> tuple[np.ndarray, np.ndarray] | None:
    """Scale and zero point, where they are constant."""
    scale = node.inputs[1]
    zero = node.inputs[2] if len(node.inputs) > 2 else None
    if scale is None or scale.array is None or (zero is not None and zero.array is None):
        return None
    inner = node.inputs[0]
    if zero is None or zero.array is None:
        return scale.array, np.zeros(scale.array.shape, inner.dtype if inner is not None else np.uint8)
    return scale.array, zero.array


def _along(parameter: np.ndarray, rank: int, axis: int | None) -> np.ndarray:
    return parameter if axis is None else parameter.reshape([-1 if at == axis % rank else 1 for at in range(rank)])


def _dequantized(integers: np.ndarray, scale: np.ndarray, zero: np.ndarray, axis: int | None) -> np.ndarray:
    difference = integers.astype(np.int64) - _along(zero, integers.ndim, axis).astype(np.int64)
    floats: np.ndarray = difference.astype(np.float32) * _along(scale, integers.ndim, axis)
    return floats.astype(np.float32, copy=False)


def _quantized(floats: np.ndarray, scale: np.ndarray, zero: np.ndarray, axis: int | None) -> np.ndarray:
    limits = np.iinfo(zero.dtype)
    integers = np.rint(floats / _along(scale, floats.ndim, axis)) + _along(zero, floats.ndim, axis)
    quantized: np.ndarray = integers.clip(limits.min, limits.max).astype(zero.dtype)
    return quantized


def document(parameters: list[Parameters], name_in_file: Callable[[Value], str | None]) -> bytes:
    """The JSON document; `name_in_file` says what a value is called there (None: it is not in the file)."""
    rows: dict[tuple[str, str], Mapping[str, Any]] = {}
    for one in parameters:
        weight = one.value.is_constant
        name = name_in_file(one.value)
        if name is None:
            continue
        limits = np.iinfo(one.dtype)
        zero = one.zero_point.astype(np.int64).reshape(-1)
        scale = one.scale.astype(np.float64).reshape(-1)
        rows[name, "weight" if weight else "activation"] = {
            "name": name,
            "kind": "weight" if weight else "activation",
            "dtype": one.dtype.name,
            "scale": scale.tolist(),
            "zero_point": zero.tolist(),
            "axis": one.axis,
            "min": ((limits.min - zero) * scale).tolist(),
            "max": ((limits.max - zero) * scale).tolist(),
        }
    values = list(rows.values())
    content = {"format": "mgeconvert quantization parameters", "version": 1, "values": values}
    return (json.dumps(content, indent=1) + "\n").encode()
