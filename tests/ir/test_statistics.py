"""Counting: the operators' definitions, checked on small nodes and on a network whose figures are public."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx.defs
import pytest

from mgeconvert.ir import OPSET
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.statistics import FLOPS, MACS, statistics


def weights(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


X = (2, 6, 8, 8)
ROWS: dict[str, tuple[str, tuple[Any, ...], tuple[Any, ...], dict[str, Any], int, int]] = {
    # operator, shape of x, other operands, attributes, MACs, FLOPs
    "conv": ("Conv", X, (weights(4, 6, 3, 3),), {"pads": (1, 1, 1, 1)}, 2 * 4 * 64 * 54, 2 * 2 * 4 * 64 * 54),
    "strided": ("Conv", X, (weights(4, 6, 2, 2),), {"strides": (2, 2)}, 2 * 4 * 16 * 24, 2 * 2 * 4 * 16 * 24),
    "grouped": ("Conv", X, (weights(4, 3, 1, 1),), {"group": 2}, 2 * 4 * 64 * 3, 2 * 2 * 4 * 64 * 3),
    "depthwise": ("Conv", X, (weights(6, 1, 1, 1),), {"group": 6}, 2 * 6 * 64, 2 * 2 * 6 * 64),
    "transposed": (
        "ConvTranspose",
        X,
        (weights(6, 4, 2, 2),),
        {"strides": (2, 2)},
        2 * 6 * 64 * 16,
        2 * 2 * 6 * 64 * 16,
    ),
    "gemm": ("Gemm", (5, 7), (weights(3, 7),), {"transB": 1}, 5 * 3 * 7, 2 * 5 * 3 * 7),
    "gemm of the transpose": ("Gemm", (7, 5), (weights(7, 3),), {"transA": 1}, 5 * 3 * 7, 2 * 5 * 3 * 7),
    "matmul": ("MatMul", (2, 5, 7), (weights(7, 3),), {}, 2 * 5 * 3 * 7, 2 * 2 * 5 * 3 * 7),
    "einsum": ("Einsum", (2, 5), (weights(5, 3),), {"equation": "ij, jk -> ik"}, 30, 60),
    "relu": ("Relu", X, (), {}, 0, 768),
    "maximum pool": ("MaxPool", X, (), {"kernel_shape": (2, 2), "strides": (2, 2)}, 0, 768),
    "global pool": ("GlobalAveragePool", X, (), {}, 0, 768),
    "softmax": ("Softmax", (2, 10), (), {}, 0, 100),
    "transpose": ("Transpose", X, (), {"perm": (0, 2, 3, 1)}, 0, 0),
    "dynamic batch": ("Gemm", ("N", 7), (weights(7, 3),), {}, 21, 42),
}


@pytest.mark.parametrize("case", ROWS)
def test_counts_of_an_operator(case: str) -> None:
    op, shape, operands, attrs, macs, flops = ROWS[case]
    b = Builder()
    b.output("y", b.op(op, b.input("x", np.float32, shape), *operands, **attrs))
    (row,) = statistics(b.graph).operators
    assert (row.op, row.macs, row.flops, row.unknown) == (op, macs, flops, 0)
    assert row.parameters == sum(each.size for each in operands)
    assert statistics(b.graph).symbols == (("N",) if "N" in shape else ())


def test_a_shared_weight_counts_once_and_a_shape_is_no_parameter() -> None:
    b = Builder()
    weight = b.constant(weights(7, 7))
    y = b.op("MatMul", b.op("MatMul", b.input("x", np.float32, (5, 7)), weight), weight)
    b.output("y", b.op("Reshape", y, [35]))
    figures = statistics(b.graph)
    assert (figures.nodes, figures.parameters, figures.weight_bytes) == (3, 49, 49 * 4 + 8)


def test_running_statistics_are_no_parameters() -> None:
    b = Builder()
    b.output("y", b.op("BatchNormalization", b.input("x", np.float32, X), *(weights(6) for _ in range(4))))
    figures = statistics(b.graph)
    assert (figures.parameters, figures.weight_bytes, figures.flops) == (12, 96, 2 * 768)


def test_unknown_shapes_are_counted_as_unknown() -> None:
    b = Builder()
    x, shape = b.input("x", np.float32, (6,)), b.input("s", np.int64, ("R",))
    b.output("y", b.op("Relu", b.op("Reshape", x, shape)))
    assert {row.op: row.unknown for row in statistics(b.graph).operators} == {"Reshape": 0, "Relu": 1}


def test_every_key_is_an_operator() -> None:
    known = {schema.name for schema in onnx.defs.get_all_schemas_with_history() if schema.since_version <= OPSET}
    assert known >= set(MACS) | set(FLOPS)
    assert not set(MACS) & set(FLOPS)
