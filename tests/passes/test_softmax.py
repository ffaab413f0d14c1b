"""fuse-softmax: exponentials divided by their sum, and logarithms of such sums."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables
from tests.passes.layers import x

ROWS, changes, declines = tables()


@changes(
    "fuse-softmax",
    """
    graph main (x: float32[2,3])
      ReduceMax: float32[2,1] = ReduceMax(x, int64([1]))
      Sub: float32[2,3] = Sub(x, ReduceMax)
      Exp: float32[2,3] = Exp(Sub)
      ReduceSum: float32[2,1] = ReduceSum(Exp, int64([-1]))
      Div: float32[2,3] = Div(Exp, ReduceSum)
      return y=Div
    """,
    """
    graph main (x: float32[2,3])
      Div: float32[2,3] = Softmax(x) {axis=1}
      return y=Div
    """,
)
def quotient(b: Builder) -> Value:
    source = x(b, 2, 3)
    exp = b.op("Exp", b.op("Sub", source, b.op("ReduceMax", source, [1])))
    return b.op("Div", exp, b.op("ReduceSum", exp, [-1]))


@changes(
    "fuse-softmax",
    """
    graph main (x: float32[2,3])
      ReduceMax: float32[2,1] = ReduceMax(x, int64([1]))
      Sub: float32[2,3] = Sub(x, ReduceMax)
      Exp: float32[2,3] = Exp(Sub)
      ReduceSum: float32[2,1] = ReduceSum(Exp, int64([1]))
      Log: float32[2,1] = Log(ReduceSum)
      Sub_1: float32[2,3] = Sub(Sub, Log)
      return y=Sub_1
    """,
    """
    graph main (x: float32[2,3])
      Sub_1: float32[2,3] = LogSoftmax(x) {axis=1}
      return y=Sub_1
    """,
)
def logarithm_taken_away_last(b: Builder) -> Value:
    source = x(b, 2, 3)
    lowered = b.op("Sub", source, b.op("ReduceMax", source, [1]))
    return b.op("Sub", lowered, b.op("Log", b.op("ReduceSum", b.op("Exp", lowered), [1])))


@changes(
    "fuse-softmax",
    """
    graph main (x: float32[2,3])
      ReduceMax: float32[2,1] = ReduceMax(x, int64([1]))
      Sub: float32[2,3] = Sub(x, ReduceMax)
      Exp: float32[2,3] = Exp(Sub)
      ReduceSum: float32[2,1] = ReduceSum(Exp, int64([1]))
      Log: float32[2,1] = Log(ReduceSum)
      Add: float32[2,1] = Add(ReduceMax, Log)
      Sub_1: float32[2,3] = Sub(x, Add)
      return y=Sub_1
    """,
    """
    graph main (x: float32[2,3])
      Sub_1: float32[2,3] = LogSoftmax(x) {axis=1}
      return y=Sub_1
    """,
)
def log_sum_exp_taken_away(b: Builder) -> Value:
    source = x(b, 2, 3)
    most = b.op("ReduceMax", source, [1])
    total = b.op("ReduceSum", b.op("Exp", b.op("Sub", source, most)), [1])
    return b.op("Sub", source, b.op("Add", most, b.op("Log", total)))


@changes(
    "fuse-softmax",
    """
    graph main (x: float32[2,3])
      ReduceMax: float32[1,3] = ReduceMax(x, int64([0]))
      Sub: float32[2,3] = Sub(x, ReduceMax)
      Exp: float32[2,3] = Exp(Sub)
      ReduceSum: float32[1,3] = ReduceSum(Exp, int64([0]))
      Log: float32[1,3] = Log(ReduceSum)
      Add: float32[1,3] = Add(Log, ReduceMax)
      return y=Add
    """,
    """
    graph main (x: float32[2,3])
      Add: float32[1,3] = ReduceLogSumExp(x, int64([0])) {keepdims=1}
      return y=Add
    """,
)
def log_sum_exp_alone(b: Builder) -> Value:
    source = x(b, 2, 3)
    most = b.op("ReduceMax", source, [0])
    total = b.op("ReduceSum", b.op("Exp", b.op("Sub", source, most)), [0])
    return b.op("Add", b.op("Log", total), most)


@changes(
    "fuse-softmax",
    """
    graph main (x: float32[2,3])
      ReduceMax: float32[2,1] = ReduceMax(x, int64([1]))
      Sub: float32[2,3] = Sub(x, ReduceMax)
      Exp: float32[2,3] = Exp(Sub)
      ReduceSum: float32[2] = ReduceSum(Exp, int64([1])) {keepdims=0}
      Squeeze: float32[2] = Squeeze(ReduceMax, int64([1]))
      Log: float32[2] = Log(ReduceSum)
      Add: float32[2] = Add(Squeeze, Log)
      return y=Add
    """,
    """
    graph main (x: float32[2,3])
      Add: float32[2] = ReduceLogSumExp(x, int64([1])) {keepdims=0}
      return y=Add
    """,
)
def log_sum_exp_without_axis(b: Builder) -> Value:
    source = x(b, 2, 3)
    most = b.op("ReduceMax", source, [1])
    total = b.op("ReduceSum", b.op("Exp", b.op("Sub", source, most)), [1], keepdims=0)
    return b.op("Add", b.op("Squeeze", most, [1]), b.op("Log", total))


@declines("fuse-softmax")
def other_axes(b: Builder) -> dict[str, Value]:
    source = x(b, 2, 3)
    exp = b.op("Exp", b.op("Sub", source, b.op("ReduceMax", source, [1])))
    lowered = b.op("Sub", source, b.op("ReduceMax", source, [0]))
    return {
        "sum": b.op("Div", exp, b.op("ReduceSum", exp, [0])),
        "several": b.op("Div", exp, b.op("ReduceSum", exp, [0, 1])),
        "of_another": b.op("Div", b.op("Exp", lowered), b.op("ReduceSum", exp, [1])),
        "logarithm": b.op("Sub", lowered, b.op("Log", b.op("ReduceSum", exp, [1]))),
        "difference": b.op("Sub", source, b.op("Add", source, b.op("Log", b.op("ReduceSum", exp, [1])))),
    }


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
