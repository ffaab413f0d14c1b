"""A quantized network for quantization-aware training: its weights are floats that are rounded when it computes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.quantization.grids import DEQUANTIZE, QUANTIZE


def with_float_weights(graph: Graph, weights: Mapping[Value, np.ndarray]) -> None:
    """DequantizeLinear(w') -> DequantizeLinear(QuantizeLinear(w)), in place, for the constant integers w' of weights.

    `weights` are the floats w, by what the DequantizeLinear gives. A weight so near to a half step that MegEngine
    would round it to another integer than w' becomes what w' stands for, so that the network computes the same. What
    the source had besides its calls, its float modules among that, is not part of the new network.
    """
    made: list[Node] = []
    for node in graph.nodes:
        held = node.inputs[0] if node.op == DEQUANTIZE else None
        floats = weights.get(node.outputs[0]) if node.outputs else None
        if held is not None and held.array is not None and floats is not None:
            scale = node.inputs[1]
            assert scale is not None
            assert scale.array is not None
            weight = Value(f"{held.name}/floats", array=_rounded_alike(floats, held.array, scale.array))
            whole = Value(held.name, held.dtype, held.shape)
            made.append(Node(QUANTIZE, [weight, *node.inputs[1:]], [whole], dict(node.attrs), whole.name, node.scope))
            node.inputs[0] = whole
        made.append(node)
    graph.nodes = made
    graph.root = None


def _rounded_alike(floats: np.ndarray, integers: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The floats, or what the integers stand for where MegEngine's rounding (to the nearest, a half away from zero) or
    ONNX's (to even) gives another integer."""
    steps = floats / scale
    away = np.trunc(steps + np.copysign(np.float32(0.5), steps))
    same = (np.clip(away, -128, 127) == integers) & (np.clip(np.rint(steps), -128, 127) == integers)
    return np.where(same, floats, integers.astype(np.float32) * scale).astype(np.float32)
