"""What a graph costs: parameters, bytes, multiply-accumulates and floating-point operations, operator by operator.

The counts follow the operators' definitions in the ONNX specification. A symbolic dimension counts as 1, so a model
with a dynamic batch is counted per sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from .graph import Graph, Node, Value

Count: TypeAlias = "Callable[[Node], int | None]"
"""The count for a node, None where a shape is not known."""


@dataclass(frozen=True, slots=True)
class OperatorStatistics:
    """All nodes of one operator; `unknown` is the number of nodes whose shapes are not known and that count as zero."""

    op: str
    nodes: int
    parameters: int
    macs: int
    flops: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """A graph's totals; `weight_bytes` is the size of all constants, `symbols` the symbolic dimensions counted as 1."""

    operators: tuple[OperatorStatistics, ...]
    nodes: int
    parameters: int
    weight_bytes: int
    macs: int
    flops: int
    symbols: tuple[str, ...]


def statistics(graph: Graph) -> Statistics:
    """Count once through the graph; a constant belongs to the first operator that reads it."""
    rows: dict[str, list[int]] = {}
    seen: set[Value] = set()
    symbols: dict[str, None] = {}
    weight_bytes = 0
    for node in graph.nodes:
        row = rows.setdefault(node.op, [0] * 5)
        row[0] += 1
        for value in node.inputs:
            if value is not None and value.array is not None and value not in seen:
                seen.add(value)
                weight_bytes += value.array.nbytes
                row[1] += value.array.size if is_parameter(value.array) else 0
        row[1] -= running_statistics(node)
        for output in node.outputs:
            symbols.update((dim, None) for dim in output.shape or () if isinstance(dim, str))
        macs, flops = operations(node)
        row[2] += macs or 0
        row[3] += flops or 0
        row[4] += macs is None or flops is None
    operators = tuple(OperatorStatistics(op, *row) for op, row in sorted(rows.items(), key=lambda item: -item[1][0]))
    return Statistics(
        operators,
        len(graph.nodes),
        sum(row.parameters for row in operators),
        weight_bytes,
        sum(row.macs for row in operators),
        sum(row.flops for row in operators),
        tuple(symbols),
    )


def operations(node: Node) -> tuple[int | None, int | None]:
    """Multiply-accumulates and floating-point operations of a node; None where a shape is not known."""
    macs = MACS[node.op](node) if node.op in MACS else 0
    flops = FLOPS[node.op](node) if node.op in FLOPS else None if macs is None else 2 * macs
    return macs, flops


def is_parameter(array: np.ndarray) -> bool:
    """Whether a constant holds weights: not a shape or an axis list (int64) or a mask."""
    return array.dtype not in (np.dtype(np.int64), np.dtype(np.bool_))


def running_statistics(node: Node) -> int:
    """BatchNormalization's mean and variance are constants but, as all frameworks count, no parameters."""
    if node.op != "BatchNormalization":
        return 0
    return sum(value.array.size for value in node.inputs[3:5] if value is not None and value.array is not None)


def elements(value: Value | None) -> int | None:
    """How many elements the value has, symbolic dimensions counted as 1."""
    if value is None or value.shape is None:
        return None
    return math.prod(1 if isinstance(dim, str) else dim for dim in value.shape)


def product(value: Value | None, start: int) -> int | None:
    """The product of a shape's dimensions from `start` on."""
    if value is None or value.shape is None:
        return None
    return math.prod(1 if isinstance(dim, str) else dim for dim in value.shape[start:])


def times(*factors: int | None) -> int | None:
    """The product, None when a factor is unknown."""
    known = [factor for factor in factors if factor is not None]
    return math.prod(known) if len(known) == len(factors) else None


def _convolution(weight: int) -> Count:
    """Each output element sums over the weights of its group: W is (M, C/group, k...)."""
    return lambda node: times(elements(node.outputs[0]), product(node.inputs[weight], 1))


def _conv_transpose(node: Node) -> int | None:
    """Each input element spreads over M/group output channels and the window: W is (C, M/group, k...)."""
    return times(elements(node.inputs[0]), product(node.inputs[1], 1))


def _matmul(node: Node) -> int | None:
    """Each output element sums over the inner dimension, the last of A."""
    return times(elements(node.outputs[0]), product(node.inputs[0], -1))


def _gemm(node: Node) -> int | None:
    left = node.inputs[0]
    if left is None or left.shape is None:
        return None
    inner = left.shape[0 if node.attrs.get("transA", 0) else 1]
    return times(elements(node.outputs[0]), 1 if isinstance(inner, str) else inner)


def _einsum(node: Node) -> int | None:
    """Every combination of all indices is one multiplication."""
    terms = str(node.attrs["equation"]).replace(" ", "").split("->")[0].split(",")
    sizes: dict[str, int] = {}
    for term, value in zip(terms, node.inputs, strict=True):
        if value is None or value.shape is None or "..." in term:
            return None
        sizes.update((index, 1 if isinstance(dim, str) else dim) for index, dim in zip(term, value.shape, strict=True))
    return math.prod(sizes.values())


def _recurrent(node: Node) -> int | None:
    """W (directions, gates*hidden, input) and R (directions, gates*hidden, hidden), applied to each step and sample."""
    sequence, weights = node.inputs[0], [elements(node.inputs[1]), elements(node.inputs[2])]
    if sequence is None or sequence.shape is None or weights[0] is None or weights[1] is None:
        return None
    return math.prod(1 if isinstance(dim, str) else dim for dim in sequence.shape[:2]) * (weights[0] + weights[1])


MACS: dict[str, Count] = {
    "Conv": _convolution(1),
    "ConvInteger": _convolution(1),
    "QLinearConv": _convolution(3),
    "DeformConv": _convolution(1),
    "ConvTranspose": _conv_transpose,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "MatMulInteger": _matmul,
    "QLinearMatMul": _matmul,
    "Einsum": _einsum,
    "GRU": _recurrent,
    "LSTM": _recurrent,
    "RNN": _recurrent,
}
"""Multiply-accumulates of the operators that are made of them; one is two floating-point operations."""


def _each_output(operations: int) -> Count:
    return lambda node: times(elements(node.outputs[0]), operations)


def _each_input(operations: int) -> Count:
    return lambda node: times(elements(node.inputs[0]), operations)


def _pool(node: Node) -> int | None:
    """One operation for each element of each window."""
    kernel = node.attrs["kernel_shape"]
    assert isinstance(kernel, tuple)
    return times(elements(node.outputs[0]), *(int(size) for size in kernel))


ELEMENTWISE = [
    "Abs", "Acos", "Acosh", "Add", "And", "Asin", "Asinh", "Atan", "Atanh", "BitShift", "BitwiseAnd", "BitwiseNot",
    "BitwiseOr", "BitwiseXor", "Ceil", "Celu", "Clip", "Cos", "Cosh", "CumSum", "Div", "Elu", "Equal", "Erf", "Exp",
    "Floor", "Gelu", "Greater", "GreaterOrEqual", "HardSigmoid", "HardSwish", "IsInf", "IsNaN", "LeakyRelu", "Less",
    "LessOrEqual", "Log", "Max", "Mean", "Min", "Mish", "Mod", "Mul", "Neg", "Not", "Or", "Pow", "PRelu",
    "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign",
    "Sqrt", "Sub", "Sum", "Tan", "Tanh", "ThresholdedRelu", "Where", "Xor",
]  # fmt: skip
"""One operation per output element."""
REDUCTIONS = [
    "ArgMax", "ArgMin", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "ReduceL1", "ReduceL2",
    "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",
    "ReduceSumSquare",
]  # fmt: skip
"""One operation per input element."""

FLOPS: dict[str, Count] = {
    **{op: _each_output(1) for op in ELEMENTWISE},
    **{op: _each_input(1) for op in REDUCTIONS},
    **dict.fromkeys(("AveragePool", "LpPool", "MaxPool"), _pool),
    "BatchNormalization": _each_output(2),  # folded: one scale, one shift
    "DequantizeLinear": _each_output(2),  # subtract, scale
    "GroupNormalization": _each_output(8),  # mean 1, variance 3, normalize 2, affine 2
    "InstanceNormalization": _each_output(8),
    "LayerNormalization": _each_output(8),
    "LogSoftmax": _each_output(5),
    "LpNormalization": _each_output(3),
    "LRN": _each_output(5),
    "QuantizeLinear": _each_output(3),  # scale, round, shift
    "Softmax": _each_output(5),  # maximum, subtract, exp, sum, divide
}
"""Floating-point operations of the other operators; what is not listed only moves data and counts as zero."""
