"""How the values of a file are quantized, as a document beside it that any tool chain can read.

The document, ``--quant-params FILE`` (JSON), is the same for every target:

    {"format": "mgeconvert quantization parameters", "version": 1,
     "values": [{"name": "conv1", "kind": "activation", "dtype": "int8", "scale": [0.05], "zero_point": [0],
                 "axis": null, "min": [-6.4], "max": [6.35]}, ...]}

`name` is what the target's file calls the value. `scale`, `zero_point`, `min` and `max` have one element, or one for
each index of `axis`; `min` and `max` are the smallest and largest number that the type can stand for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .errors import UsageError
from .ir import Graph, Node, Value
from .ir.dtypes import integer_limits

FORMAT, VERSION = "mgeconvert quantization parameters", 1
DEQUANTIZE, QUANTIZE = "DequantizeLinear", "QuantizeLinear"
LIMITS = ("Max", "Min", "Clip")
"""What may stand between them: a range on the integers."""


@dataclass(frozen=True, slots=True)
class Scales:
    """real = scale * (stored - zero point), `stored` of type `dtype`; one scale, or one per index along `axis`."""

    dtype: np.dtype
    scale: np.ndarray
    zero_point: np.ndarray
    axis: int | None = None

    def row(self, name: str, weight: bool) -> dict[str, Any]:
        """The document's entry for the value that the file calls so."""
        low, high = integer_limits(self.dtype)
        zero = self.zero_point.astype(np.int64).reshape(-1)
        scale = self.scale.astype(np.float64).reshape(-1)
        return {
            "name": name,
            "kind": "weight" if weight else "activation",
            "dtype": self.dtype.name,
            "scale": scale.tolist(),
            "zero_point": zero.tolist(),
            "axis": self.axis,
            "min": ((low - zero) * scale).tolist(),
            "max": ((high - zero) * scale).tolist(),
        }


@dataclass(frozen=True, slots=True)
class Quantized:
    """What one DequantizeLinear says: `integers` is what it reads, `source` the float value those were made of by a
    QuantizeLinear (None where they are stored)."""

    node: Node
    integers: Value
    source: Value | None
    scales: Scales


def quantized_values(graph: Graph) -> list[Quantized]:
    """Every DequantizeLinear whose scale and zero point are constants, in order."""
    producers = graph.producers()
    found = []
    for node in graph.nodes:
        scales = _scales(node) if node.op == DEQUANTIZE else None
        integers = node.inputs[0] if scales else None
        if scales is None or integers is None:
            continue
        quantize = producers.get(integers)
        while quantize is not None and quantize.op in LIMITS and quantize.inputs[0] is not None:
            quantize = producers.get(quantize.inputs[0])
        source = quantize.inputs[0] if quantize is not None and quantize.op == QUANTIZE else None
        found.append(Quantized(node, integers, source, scales))
    return found


def _scales(node: Node) -> Scales | None:
    """Scale and zero point, where they are constant, those of integers, and not of blocks."""
    integers, scale = node.inputs[:2]
    zero = node.inputs[2] if len(node.inputs) > 2 else None
    if integers is None or node.attrs.get("block_size") or "float" in getattr(integers.dtype, "name", ""):
        return None
    if scale is None or scale.array is None or (zero is not None and zero.array is None):
        return None
    axis = int(node.attrs.get("axis", 1)) if scale.array.size > 1 else None  # type: ignore[arg-type]
    if zero is not None and zero.array is not None:
        return Scales(zero.array.dtype, scale.array, zero.array, axis)
    dtype = integers.dtype or np.dtype(np.uint8)
    return Scales(dtype, scale.array, np.zeros(scale.array.shape, dtype), axis)


def document_paths(given: str, *taken: Path) -> list[Path]:
    """The document's path in a list, empty where none is `given`; UsageError where it is one of the model's files."""
    if not given:
        return []
    path = Path(given)
    if path.resolve() in {one.resolve() for one in taken}:
        raise UsageError(f"--quant-params {given}: a file of the model itself", hint=f"--quant-params {given}.json")
    return [path]


def document(rows: Iterable[dict[str, Any]]) -> bytes:
    """The JSON document; of entries with the same name and kind the last one counts."""
    values = {(row["name"], row["kind"]): row for row in rows}
    content = {"format": FORMAT, "version": VERSION, "values": list(values.values())}
    return (json.dumps(content, indent=1) + "\n").encode()
