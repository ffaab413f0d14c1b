"""What quantization does besides rounding: it cuts off what its integers cannot hold."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from mgeconvert.ir import Graph, Node, Value

Range: TypeAlias = "tuple[float, float]"

ANY: Range = (-math.inf, math.inf)
MADE: Mapping[str, Range] = {
    "Relu": (0.0, math.inf),
    "Sigmoid": (0.0, 1.0),
    "HardSigmoid": (0.0, 1.0),
    "Softmax": (0.0, 1.0),
    "Tanh": (-1.0, 1.0),
    "Abs": (0.0, math.inf),
    "Exp": (0.0, math.inf),
    "Sqrt": (0.0, math.inf),
}
"""The smallest and the largest result of operators, whatever they are given."""
KEPT = frozenset([
    "AveragePool", "Concat", "DepthToSpace", "Expand", "Flatten", "Gather", "GlobalAveragePool", "GlobalMaxPool",
    "Identity", "Max", "MaxPool", "Min", "Relu", "Reshape", "Resize", "Slice", "SpaceToDepth", "Split", "Squeeze",
    "Tile", "Transpose", "Unsqueeze",
])  # fmt: skip
"""Operators whose results lie between the smallest and the largest number of their inputs, and 0."""


def saturate(graph: Graph, *, fused_only: bool) -> None:
    """QuantizeLinear(x) -> QuantizeLinear(Clip(x, (low - zero) scale, (high - zero) scale)), in place, where x may lie
    beyond what the integers from low to high hold.

    `fused_only`: only where 0 is the least of them, so that a quantizer fused a Relu or Relu6 into them.
    """
    ranges: dict[Value, Range] = {}
    cut: dict[tuple[Value, Range], Value] = {}
    nodes: list[Node] = []
    for node in graph.nodes:
        held = _held(node)
        source = node.inputs[0] if node.op == "QuantizeLinear" else None
        if held is not None and source is not None and not source.is_constant and (held[0] == 0 or not fused_only):
            found = ranges.get(source, ANY)
            if (found[0] < held[0] or found[1] > held[1]) and (source, held) not in cut:
                clip = _clip(node, source, found, held)
                cut[source, held] = clip.output
                nodes.append(clip)
            node.inputs[0] = cut.get((source, held), source)
        nodes.append(node)
        ranges.update(dict.fromkeys(node.outputs, _made(node, ranges) if held is None else held))
    graph.nodes = nodes


def _held(node: Node) -> Range | None:
    """What the integers of a QuantizeLinear or DequantizeLinear stand for; None where they have several scales, and for
    the sums that integers of 32 bits are."""
    if node.op not in ("QuantizeLinear", "DequantizeLinear") or node.domain:
        return None
    whole = node.output if node.op == "QuantizeLinear" else node.inputs[0]
    scale, zero = (value.array if value is not None else None for value in (*node.inputs[1:3], None)[:2])
    if whole is None or whole.dtype is None or scale is None or scale.size != 1 or whole.dtype.itemsize > 2:
        return None
    if len(node.inputs) > 2 and node.inputs[2] is not None and (zero is None or zero.size != 1):
        return None
    kind = re.fullmatch(r"(u?)int(\d+)", whole.dtype.name)
    if kind is None:
        return None
    least = 0 if kind[1] else -(1 << int(kind[2]) - 1)
    middle = 0 if zero is None else int(zero.item())
    low, high = (
        np.float32(scale.item()) * np.float32(end - middle) for end in (least, least + (1 << int(kind[2])) - 1)
    )
    return float(low), float(high)


def _made(node: Node, ranges: Mapping[Value, Range]) -> Range:
    """Between which numbers the result of a node lies."""
    low, high = MADE.get(node.op, ANY)
    if node.domain:
        return ANY
    if node.op == "Clip":
        ends = [value.array if value is not None else None for value in (*node.inputs[1:3], None, None)[:2]]
        low, high = (
            other if end is None or end.size != 1 else float(end.item()) for end, other in zip(ends, ANY, strict=True)
        )
    elif node.op in KEPT and node.attrs.get("mode") != "cubic" and "extrapolation_value" not in node.attrs:
        known = [_range(value, ranges) for value in _moved(node)]
        low, high = max(low, min(0.0, *(one[0] for one in known))), min(high, max(0.0, *(one[1] for one in known)))
    return low, high


def _moved(node: Node) -> list[Value]:
    """The inputs whose numbers the results are made of."""
    inputs = node.inputs if node.op in ("Concat", "Max", "Min") else node.inputs[:1]
    return [value for value in inputs if value is not None]


def _range(value: Value, ranges: Mapping[Value, Range]) -> Range:
    if value.array is not None and value.array.size and value.array.dtype.kind == "f":
        return float(value.array.min()), float(value.array.max())
    return ranges.get(value, ANY)


def _clip(node: Node, source: Value, found: Range, held: Range) -> Node:
    """The Clip before a QuantizeLinear, with the ends that are needed."""
    cut = Value(f"{node.name}/cut", source.dtype, source.shape)
    low = Value(f"{cut.name}/low", array=np.array(held[0], np.float32)) if found[0] < held[0] else None
    high = Value(f"{cut.name}/high", array=np.array(held[1], np.float32)) if found[1] > held[1] else None
    return Node("Clip", [source, low, high], [cut], {}, cut.name, node.scope)
