"""Which operators are computed with integers, and what their kernels want of the scales."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mgeconvert.ir import Node, Value
from mgeconvert.quantization.grids import MOVING as ON_GRID

FLOAT = np.dtype(np.float32)
WEIGHTED = frozenset(["Conv", "ConvTranspose", "Gemm", "MatMul"])
"""Operators with a weight, and a bias that is added in the accumulator."""
RESCALING = frozenset(["Add", "Sub", "Mul", "GlobalAveragePool", "ReduceMean", "HardSwish", "LeakyRelu", "PRelu"])
"""Operators whose kernels take any scales in and out."""
FIXED = {"Sigmoid": (1 / 256, 0.0), "Softmax": (1 / 256, 0.0), "Tanh": (1 / 128, -1.0)}
"""Operators whose 8-bit kernels in LiteRT have one output grid: its scale, and the number of its smallest integer.

Source: tensorflow/lite/kernels/activations.cc, `TanhPrepare`, `SigmoidPrepare`, `SoftmaxPrepare`.
"""
FIXED_16 = 1 / 32768
"""The scale of those operators' 16-bit results; the zero point is 0."""
KEEPING = frozenset(["Concat", "AveragePool", "Resize"])
"""Operators that compute, and whose kernels have one grid for all inputs and the output."""
MOVING = ON_GRID | {"Pad", "Clip"}
"""Operators that only move or choose numbers of their first input: the grid stays."""
ACTIVATIONS = ("Relu", "Clip")
"""What is computed in one kernel with the operator before it."""
BIAS = {"Conv": 2, "ConvTranspose": 2, "Gemm": 2}
"""The position of the bias."""


def activations_of(node: Node) -> list[int] | None:
    """The positions of the inputs that are quantized as activations; None for what is not computed with integers.

    Of a Gemm or convolution the weight must be constant; a MatMul may have two activations.
    """
    if node.domain or any(value.dtype != FLOAT for value in node.outputs):
        return None
    if node.op in WEIGHTED:
        return _of_weighted(node)
    if node.op in FIXED or node.op in KEEPING or node.op in RESCALING:
        floats = [at for at, value in enumerate(node.inputs) if value is not None and value.dtype == FLOAT]
        if node.op == "Resize":
            floats = floats[:1]
        if node.op == "PRelu" and (node.inputs[1] is None or not node.inputs[1].is_constant):
            return None
        computed = [at for at in floats if not _constant(node.inputs[at])]
        return floats if computed else None
    return None


def _of_weighted(node: Node) -> list[int] | None:
    x, weight = node.inputs[0], node.inputs[1]
    if x is None or weight is None or _constant(x) or x.dtype != FLOAT or weight.dtype != FLOAT:
        return None
    if node.op == "MatMul" and not _constant(weight):
        return [0, 1]
    plain = node.attrs.get("alpha", 1.0) == node.attrs.get("beta", 1.0) == 1.0 and not node.attrs.get("transA")
    return [0] if _constant(weight) and plain else None


def weight_axis(node: Node) -> int | None:
    """The axis of the output channels in the weight; None where each channel is not one index of one axis."""
    weight = node.inputs[1]
    assert weight is not None
    assert weight.shape is not None
    if node.op == "Conv":
        return 0
    if node.op == "ConvTranspose":
        return 1 if node.attrs.get("group", 1) == 1 else None
    if node.op == "Gemm":
        return 0 if node.attrs.get("transB") else 1
    return 1 if len(weight.shape) == 2 else None


def bias_of(node: Node) -> Value | None:
    """The bias that an accumulator of integers can start with: one constant for each output channel."""
    at = BIAS.get(node.op)
    bias = node.inputs[at] if at is not None and len(node.inputs) > at else None
    return bias if bias is not None and _constant(bias) and bias.shape is not None and len(bias.shape) == 1 else None


def moves(node: Node) -> bool:
    """Whether the node only moves numbers of its first input: where to is said by constants, or by no floats."""
    if node.domain or node.op not in MOVING or not node.inputs or node.inputs[0] is None:
        return False
    if node.op == "Pad":
        value = node.inputs[2] if len(node.inputs) > 2 else None
        return node.attrs.get("mode", "constant") != "constant" or value is None or _is_zero(value)
    return node.inputs[0].dtype == FLOAT and node.outputs[0].dtype == FLOAT


def is_activation(node: Node) -> bool:
    """Whether the node is a ReLU, or a Clip with constant bounds."""
    return not node.domain and node.op in ACTIVATIONS and all(v is None or _constant(v) for v in node.inputs[1:])


def end_of(node: Node, users: Mapping[Value, list[Node]], outputs: set[Value]) -> Value:
    """The value that the kernel of the node gives: that of the activation behind it, where nothing else reads it."""
    value = node.outputs[0]
    readers = users.get(value, [])
    alone = len(readers) == 1 and value not in outputs and is_activation(readers[0])
    return readers[0].outputs[0] if alone else value


def _constant(value: Value | None) -> bool:
    return value is not None and value.array is not None


def _is_zero(value: Value) -> bool:
    return value.array is not None and not value.array.any()
