"""What a QuantizeLinear or DequantizeLinear of one scale says: the grid that its numbers are on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mgeconvert.ir import Node, Value

QUANTIZE, DEQUANTIZE = "QuantizeLinear", "DequantizeLinear"
COMPUTING = frozenset([
    "Conv", "Gemm", "MatMul", "Add", "Mul", "Concat", "AveragePool", "GlobalAveragePool", "Sigmoid", "LeakyRelu",
    "Softmax", "Where",
])  # fmt: skip
"""What onnxruntime computes with integers between a DequantizeLinear for each input and a QuantizeLinear.

Source: SelectorActionRegistry of onnxruntime/core/optimizer/qdq_transformer/selectors_actions.
"""
MOVING = frozenset([
    "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Gather", "MaxPool", "GlobalMaxPool",
    "DepthToSpace", "SpaceToDepth", "Expand", "Tile", "Split", "Identity", "Relu",
])  # fmt: skip
"""What only moves or chooses numbers of its first input: its results are on the grid of that."""


@dataclass(frozen=True, slots=True)
class Grid:
    """value = scale (integer - zero_point), with integers of `dtype`, which has 8 bits."""

    scale: np.float32
    zero_point: int
    dtype: np.dtype[Any]

    @property
    def limits(self) -> tuple[int, int]:
        """The smallest and the largest integer."""
        info = np.iinfo(self.dtype)
        return int(info.min), int(info.max)

    def integer(self, number: float) -> int:
        """The integer that QuantizeLinear makes of a number."""
        low, high = self.limits
        steps = np.rint(np.float32(number) / self.scale) + self.zero_point
        return int(np.clip(steps, low, high))


def grid_of(node: Node | None) -> Grid | None:
    """The grid of a QuantizeLinear or DequantizeLinear with one constant scale and 8 bits, else None."""
    if node is None or node.domain or node.op not in (QUANTIZE, DEQUANTIZE):
        return None
    scale, zero = node.inputs[1], node.inputs[2] if len(node.inputs) > 2 else None
    whole = node.outputs[0] if node.op == QUANTIZE else node.inputs[0]
    if whole is None or whole.dtype is None or whole.dtype.name not in ("int8", "uint8"):
        return None
    if scale is None or scale.array is None or scale.array.size != 1 or scale.array.dtype != np.float32:
        return None
    if zero is not None and (zero.array is None or zero.array.size != 1):
        return None
    point = 0 if zero is None or zero.array is None else int(zero.array.item())
    return Grid(np.float32(scale.array.item()), point, whole.dtype)


def scalar_of(value: Value | None) -> float | None:
    """The number that a constant of one element is."""
    return None if value is None or value.array is None or value.array.size != 1 else float(value.array.item())
