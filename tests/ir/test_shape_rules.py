"""Our own shape rules say what onnx's inference says, and leave to it what they cannot say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mgeconvert.ir import Node, Value
from mgeconvert.ir.inference import InferenceError, _infer_with_onnx
from mgeconvert.ir.shape_rules import SHAPE_RULES

Operand = tuple[Any, ...] | list[int] | None
"""A shape, or a constant vector of integers."""


def x(*shape: int | str) -> tuple[int | str, ...]:
    return shape


def node(op: str, operands: list[Operand], attrs: dict[str, Any], dtypes: tuple[str, ...] = ()) -> Node:
    values: list[Value | None] = []
    for index, operand in enumerate(operands):
        dtype = np.dtype(dtypes[index] if index < len(dtypes) else "float32")
        if operand is None:
            values.append(None)
        elif isinstance(operand, list):
            values.append(Value(f"i{index}", array=np.array(operand, np.int64)))
        else:
            values.append(Value(f"i{index}", dtype, operand))
    return Node(op, values, [Value("y")], attrs, "node")


OURS: list[tuple[str, list[Operand], dict[str, Any]]] = [
    ("Conv", [x("N", 4, 9, 8), x(6, 4, 3, 2)], {}),
    ("Conv", [x(2, 4, 9, 8), x(6, 2, 3, 3), x(6)], {"group": 2, "pads": (1, 0, 2, 1), "strides": (2, 3)}),
    ("Conv", [x(2, 4, 9, 8), x(6, 4, 3, 3)], {"dilations": (2, 1)}),
    ("Conv", [x(1, 4, 9), x(4, 1, 3)], {"group": 4, "kernel_shape": (3,)}),
    ("Conv", [x(1, 2, 5, 5, 5), x(4, 2, 2, 2, 2)], {"pads": (0, 0, 0, 1, 1, 1)}),
    ("Conv", [x(1, 4, "H", 8), x(6, 4, 3, 3)], {}),
    ("AveragePool", [x("N", 3, 9, "W")], {"kernel_shape": (2, 2), "pads": (1, 1, 0, 1), "strides": (2, 3)}),
    ("MaxPool", [x("N", "C", 9, 8)], {"kernel_shape": (3, 2), "strides": (2, 2), "dilations": (2, 1)}),
    ("AveragePool", [x(1, 3, 9)], {"kernel_shape": (2,), "pads": (1, 1), "strides": (2,)}),
    ("GlobalAveragePool", [x("N", 3, "H", 4)], {}),
    ("GlobalMaxPool", [x(1, 3, 4)], {}),
    ("Gemm", [x("N", 4), x(4, 5), x(5)], {}),
    ("Gemm", [x(4, "N"), x(5, 4)], {"transA": 1, "transB": 1}),
    ("MatMul", [x("N", 2, 3), x(3, 4)], {}),
    ("MatMul", [x("N", 7, 2, 3), x("N", 7, 3, "M")], {}),
    ("Concat", [x("N", 2, 3), x("N", 4, 3)], {"axis": 1}),
    ("Concat", [x(2), x(1), x(4)], {"axis": -1}),
    ("Transpose", [x("N", 2, 3)], {"perm": (2, 0, 1)}),
    ("Transpose", [x("N", 2, 3)], {}),
    ("Reshape", [x(2, 3, 4), [4, -1]], {}),
    ("Reshape", [x(2, 3, 4), [0, 2, -1]], {}),
    ("Reshape", [x("N", 3, 4), [0, 12]], {}),
    ("Reshape", [x(1), []], {}),
    ("Flatten", [x(2, 3, 4)], {}),
    ("Flatten", [x(2, 3, 4)], {"axis": -1}),
    ("Flatten", [x(2, 3, 4)], {"axis": 0}),
    ("Unsqueeze", [x("N", 3), [0, -1]], {}),
    ("Squeeze", [x("N", 1, 3, 1), [1, -1]], {}),
    ("ReduceMean", [x("N", 2, 3), [1]], {}),
    ("ReduceSum", [x("N", 2, 3), [-1, 1]], {"keepdims": 0}),
    ("ReduceMax", [x(2, 3), [0, 1]], {"keepdims": 0}),
    ("Slice", [x("N", 9, 5), [1], [7], [1], [2]], {}),
    ("Slice", [x(9, 5), [-1, 0], [-100, 100], [0, 1], [-2, 1]], {}),
    ("Slice", [x(9, 5), [20, -3], [30, -9]], {}),
    ("Slice", [x(9), [8], [-(2**63)], [0], [-1]], {}),
    ("Slice", [x(9), [-2], [2**63 - 1], [-1]], {}),
    ("Slice", [x(9), [30], [-30], [0], [-4]], {}),
    ("Gather", [x("N", 5, 3), [0, 2]], {"axis": 1}),
    ("Pad", [x(2, 3), [0, 1, 2, -1]], {}),
    ("Pad", [x(2, 3), [0, 1, 2, 3], ()], {"mode": "constant"}),
    ("MaxPool", [x(1, 4, 9, 8)], {"kernel_shape": (2, 2), "strides": (2, 2), "ceil_mode": 1}),
]  # fmt: skip

ONNX: list[tuple[str, list[Operand], dict[str, Any]]] = [
    ("Conv", [x(1, 4, 9, 8), x(6, 4, 3, 3)], {"auto_pad": "SAME_UPPER"}),
    ("MaxPool", [x(1, 4, 9, 8)], {"kernel_shape": (2, 2), "strides": (2, 2), "auto_pad": "SAME_LOWER"}),
    ("MatMul", [x(3), x(3, 4)], {}),
    ("MatMul", [x(2, 1, 2, 3), x(5, 3, 4)], {}),
    ("Concat", [x("N", 2), x("M", 2)], {"axis": 0}),
    ("Reshape", [x("N", 2, 3), [-1, 6]], {}),
    ("Reshape", [x(2, 3), x(2)], {}),
    ("Squeeze", [x(1, 3, 1)], {}),
    ("ReduceMean", [x(2, 3)], {}),
    ("Slice", [x("N", 3), [0], [2], [0]], {}),
    ("Pad", [x(2, 3), [1, 1], (), [1]], {}),
]  # fmt: skip

DAMAGED: list[tuple[str, list[Operand], dict[str, Any]]] = [
    ("Conv", [x(1, 4, 9, 8), x(6, 3, 3, 3)], {"kernel_shape": (3, 3), "pads": (1, 1)}),
    ("Gemm", [x(2, 3), x(4, 5)], {}),
    ("MatMul", [x(2, 3), x(4, 5)], {}),
    ("Concat", [x(2, 3), x(2, 4, 5)], {"axis": 1}),
    ("Concat", [x(2, 3), x(4, 4)], {"axis": 1}),
    ("Transpose", [x(2, 3)], {"perm": (0, 0)}),
    ("Reshape", [x(2, 3), [-1, 4]], {}),
    ("Reshape", [x(2, 3), [-1, -1]], {}),
    ("Unsqueeze", [x(2, 3), [7]], {}),
    ("Squeeze", [x(2, 3), [0]], {}),
    ("Gather", [x(2, 3), [0]], {"axis": 5}),
]  # fmt: skip


@pytest.mark.parametrize(("op", "operands", "attrs"), OURS, ids=str)
def test_ours_is_what_onnx_says(op: str, operands: list[Operand], attrs: dict[str, Any]) -> None:
    ours = node(op, operands, attrs)
    onnxs = replace(ours, outputs=[Value("y")])
    assert SHAPE_RULES[op](ours)
    _infer_with_onnx(onnxs)
    assert (ours.output.dtype, ours.output.shape) == (onnxs.output.dtype, onnxs.output.shape)


@pytest.mark.parametrize(("op", "operands", "attrs"), [*ONNX, *DAMAGED], ids=str)
def test_the_rest_is_left_to_onnx(op: str, operands: list[Operand], attrs: dict[str, Any]) -> None:
    left = node(op, operands, attrs)
    assert not SHAPE_RULES[op](left)
    assert (left.output.dtype, left.output.shape) == (None, None)


@pytest.mark.parametrize(("op", "operands", "attrs"), DAMAGED, ids=str)
def test_onnx_says_what_does_not_fit(op: str, operands: list[Operand], attrs: dict[str, Any]) -> None:
    with pytest.raises(InferenceError, match=rf"node: {op}\("):
        _infer_with_onnx(node(op, operands, attrs))


@pytest.mark.parametrize(
    ("op", "dtypes", "wanted"),
    [
        ("QuantizeLinear", ("float32", "float32", "int8"), "int8"),
        ("DequantizeLinear", ("uint8", "float32", "uint8"), "float32"),
    ],
)
def test_types_of_quantized_values(op: str, dtypes: tuple[str, ...], wanted: str) -> None:
    ours = node(op, [x("N", 3, 4), x(3), x(3)], {"axis": 1}, dtypes)
    assert SHAPE_RULES[op](ours)
    assert (str(ours.output.dtype), ours.output.shape) == (wanted, ("N", 3, 4))
