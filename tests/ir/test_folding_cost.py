"""What folding would cost is known before a kernel runs, and what a kernel cannot take is the model's fault."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from mgeconvert.ir import Graph
from mgeconvert.ir.builder import FOLD_TOTAL, Builder
from mgeconvert.ir.evaluate import EvaluationError, evaluate
from mgeconvert.ir.folding_cost import elements

ONE = np.ones(1, np.float32)


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


COSTS: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("Tile", [np.ones((2, 3), np.float32), ints(2, 5)], {}),
    ("Pad", [np.ones((2, 3), np.float32), ints(1, 0, 2, -1)], {}),
    ("Pad", [np.ones((2, 3), np.float32), ints(3, 4), None, ints(-1)], {}),
    ("OneHot", [ints(0, 2), np.array(4), np.array([0, 1], np.float32)], {}),
    ("Concat", [np.ones((2, 3)), np.ones((1, 3))], {"axis": 0}),
    ("Expand", [np.ones((3, 1), np.float32), ints(2, 1, 4)], {}),
    ("ConstantOfShape", [ints(3, 4)], {}),
    ("Range", [np.array(1), np.array(10), np.array(4)], {}),
    ("Gather", [np.ones((4, 5)), ints(0, 3, 3)], {"axis": 1}),
    ("GatherElements", [np.ones((4, 5)), np.zeros((4, 2), np.int64)], {"axis": 1}),
    ("GatherND", [np.ones((4, 5, 6)), np.zeros((2, 1), np.int64)], {}),
    ("MatMul", [np.ones((7, 2, 3)), np.ones((3, 4))], {}),
    ("MatMul", [np.ones((2, 3)), np.ones(3)], {}),
    ("Add", [np.ones((2, 1)), np.ones(3)], {}),
    ("Where", [np.ones((2, 1), bool), np.ones(3), np.ones(())], {}),
    ("Transpose", [np.ones((2, 3))], {}),
    ("NonZero", [np.ones((2, 3))], {}),
    ("Shape", [np.ones((2, 3))], {}),
]


@pytest.mark.parametrize(("op", "operands", "attrs"), COSTS, ids=lambda item: item if isinstance(item, str) else "")
def test_the_estimate_is_never_below_the_result(op: str, operands: list[Any], attrs: dict[str, Any]) -> None:
    (result,) = evaluate(op, operands, attrs) or []
    assert result.size <= elements(op, operands, attrs) <= 2 * result.size + 8


@pytest.mark.parametrize(
    ("op", "operands", "attrs"),
    [
        ("Tile", [ONE, ints(1 << 40)], {}),
        ("Pad", [ONE, ints(1 << 40, 0)], {}),
        ("OneHot", [ints(0), np.array(1 << 40), np.array([0, 1], np.float32)], {}),
        ("MatMul", [np.broadcast_to(ONE, (1 << 20, 1)), np.broadcast_to(ONE, (1, 1 << 20))], {}),
        ("MatMul", [np.broadcast_to(ONE, (1 << 12, 1 << 12)), np.broadcast_to(ONE, (1 << 12, 1 << 12))], {}),
        ("Expand", [ONE, ints(1 << 20, 1 << 20)], {}),
        ("Add", [np.broadcast_to(ONE, (1 << 20, 1)), np.broadcast_to(ONE, (1 << 20,))], {}),
        ("Range", [np.array(0), np.array(1 << 50), np.array(1)], {}),
        ("Erf", [np.broadcast_to(ONE, (1 << 25,))], {}),
        ("ConstantOfShape", [ints(1 << 30, 1 << 30)], {}),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_what_is_too_large_is_not_computed(op: str, operands: list[Any], attrs: dict[str, Any]) -> None:
    start = time.perf_counter()
    assert evaluate(op, operands, attrs) is None
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "fact"),
    [
        ("Gather", [ONE, ints(7)], {}, "Gather(float32[1], int64[1]): index 7 is out of bounds"),
        (
            "Reshape",
            [ONE, ints(7)],
            {},
            "Reshape(float32[1], int64[1]): cannot reshape array of size 1",
        ),
        ("Range", [np.array(0.0), np.array(1.0), np.array(0.0)], {}, "Range(float64[], float64[], float64[]): float d"),
        (
            "Slice",
            [ONE, ints(0), ints(1), ints(0), ints(0)],
            {},
            "Slice(float32[1], int64[1], int64[1], int64[",
        ),
        (
            "ConstantOfShape",
            [ints(-1)],
            {},
            "ConstantOfShape(int64[1]): all elements of broadcast shape",
        ),
        ("Concat", [np.ones((1, 2)), np.ones((1, 3))], {"axis": 0}, "Concat(float64[1, 2], float64[1, 3]): all the"),
    ],
)
def test_operands_that_do_not_fit(op: str, operands: list[Any], attrs: dict[str, Any], fact: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate(op, operands, attrs)
    assert caught.value.message.startswith(fact)
    assert caught.value.exit_code == 3


def test_types_without_arithmetic_stay_nodes() -> None:
    assert evaluate("Sub", [np.array(["a"], object), np.array(["b"], object)], {}) is None


def test_a_chain_of_doublings_ends() -> None:
    b = Builder(Graph())
    value = b.constant(ONE)
    for _ in range(40):
        value = b.op("Concat", value, value, axis=0)
    assert sum(array.nbytes for each in b.graph.constants() if (array := each.array) is not None) <= FOLD_TOTAL
    assert value.shape == (1 << 40,)


@pytest.mark.parametrize(
    ("pads", "wanted"),
    [((-1, 0), [2, 3]), ((1, -1), [0, 1, 2]), ((-1, -1), [2]), ((-3, 2), [0, 0])],
)
def test_pads_below_zero_cut(pads: tuple[int, int], wanted: list[int]) -> None:
    (result,) = evaluate("Pad", [ints(1, 2, 3), ints(*pads)], {}) or []
    assert result.tolist() == wanted


def test_integers_to_powers_below_zero() -> None:
    (result,) = evaluate("Pow", [ints(1, 2, -1, -2, 5), ints(-1, -1, -3, -2, 2)], {}) or []
    assert result.tolist() == [1, 0, -1, 0, 25]
    assert result.dtype == np.int64


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool", "LpPool"])
@pytest.mark.parametrize(
    ("size", "kernel", "stride", "pads", "count"),
    [
        (4, 3, 2, (0, 0), 2),
        (5, 3, 3, (1, 1), 2),  # a third window would begin in the padding at the end
        (1, 1, 2, (0, 1), 1),
        (7, 2, 2, (0, 0), 4),
        (7, 2, 3, (0, 2), 3),
        (2, 1, 2, (0, 1), 1),
    ],
)
def test_windows_rounded_up(op: str, size: int, kernel: int, stride: int, pads: tuple[int, int], count: int) -> None:
    b = Builder(Graph())
    x = b.input("x", np.float32, ("N", 1, size, "W"))
    attrs = {"kernel_shape": (kernel, 1), "strides": (stride, 1), "pads": (pads[0], 0, pads[1], 0), "ceil_mode": 1}
    shape = b.op(op, x, **attrs).shape
    assert shape is not None
    assert shape[:3] == ("N", 1, count)
    assert isinstance(shape[3], str)
