"""Outputs of sigmoids and softmaxes that are nearly zero: rounding is no fault, more than the last place of 1 is."""

from __future__ import annotations

import numpy as np
import pytest

from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.verification.bounded import ROUNDING, roundings_of
from mgeconvert.verification.comparison import compare
from mgeconvert.verification.tolerance import Limit

TRUTH = np.float32([0, 0])


@pytest.mark.parametrize(
    ("found", "limit", "passes"),
    [(1.5e-8, Limit(), True), (1e-6, Limit(), False), (1.5e-8, Limit(1e-4, is_given=True), False)],
)
def test_what_a_runtime_leaves_of_a_sigmoid_is_noted(found: float, limit: Limit, passes: bool) -> None:
    report = compare("y", np.float32([0, found]), TRUTH, limit, rounding=ROUNDING)
    assert (report.problem == "") == passes
    assert report.note == ("max abs error 1.5e-08: a function of 0 to 1 is computed to 1.19e-07" if passes else "")
    assert compare("y", np.float32([0, found]), TRUTH, limit).problem


def graph_of(*ops: str) -> Graph:
    b = Builder()
    y = b.input("x", np.float32, (2, 3))
    for op in ops:
        y = b.op(op, y, [3, 2]) if op == "Reshape" else b.op(op, y)
    b.output("y", y)
    return b.graph


@pytest.mark.parametrize(
    ("ops", "is_bounded"),
    [
        (("Sigmoid",), True),
        (("Softmax", "Reshape", "Transpose"), True),
        (("Sigmoid", "Exp"), False),
        (("Exp",), False),
        (("Exp", "Reshape"), False),
    ],
)
def test_which_outputs_are_bounded(ops: tuple[str, ...], is_bounded: bool) -> None:
    assert roundings_of(graph_of(*ops)) == ({"y": ROUNDING} if is_bounded else {})


def test_a_part_that_is_not_bounded_makes_the_whole_so() -> None:
    b = Builder()
    x = b.input("x", np.float32, (2, 3))
    b.output("both", b.op("Concat", b.op("Sigmoid", x), b.op("Softmax", x), axis=0))
    b.output("mixed", b.op("Concat", b.op("Sigmoid", x), x, axis=0))
    assert roundings_of(b.graph) == {"both": ROUNDING}
