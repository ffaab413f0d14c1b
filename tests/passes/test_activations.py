"""fuse-activations: compositions that are one function."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.passes import PassReport, optimize, select
from mgeconvert.passes.driver import run as run_passes
from tests.passes.harness import Row, examine, graph_of, tables

ROWS, changes, declines = tables()


def x(b: Builder, *shape: int | str, dtype: str = "float32") -> Value:
    return b.input("x", dtype, shape or (2, 3))


@changes(
    "fuse-activations",
    """
    graph main (x: float32[2,3])
      Relu: float32[2,3] = Relu(x)
      Clip: float32[2,3] = Clip(Relu, _, float32(6.0))
      return y=Clip
    """,
    """
    graph main (x: float32[2,3])
      Clip: float32[2,3] = Clip(x, float32(0.0), float32(6.0))
      return y=Clip
    """,
)
def relu_then_clip(b: Builder) -> Value:
    return b.op("Clip", b.op("Relu", x(b)), None, np.float32(6))


@changes(
    "fuse-activations",
    """
    graph main (x: float32[2,3])
      Clip: float32[2,3] = Clip(x, float32(-1.0), float32(6.0))
      Relu: float32[2,3] = Relu(Clip)
      return y=Relu
    """,
    """
    graph main (x: float32[2,3])
      Relu: float32[2,3] = Clip(x, float32(0.0), float32(6.0))
      return y=Relu
    """,
)
def clip_then_relu(b: Builder) -> Value:
    return b.op("Relu", b.op("Clip", x(b), np.float32(-1), np.float32(6)))


@changes(
    "fuse-activations",
    """
    graph main (x: float32[2,3])
      Max: float32[2,3] = Max(x, float32(0.0))
      Min: float32[2,3] = Min(float32(6.0), Max)
      return y=Min
    """,
    """
    graph main (x: float32[2,3])
      Min: float32[2,3] = Clip(x, float32(0.0), float32(6.0))
      return y=Min
    """,
)
def min_of_max(b: Builder) -> Value:
    return b.op("Min", np.float32(6), b.op("Max", x(b), 0.0))


@changes(
    "fuse-activations",
    """
    graph main (x: float32[2,3])
      Max: float32[2,3] = Max(x, float32(0.0))
      return y=Max
    """,
    """
    graph main (x: float32[2,3])
      Max: float32[2,3] = Relu(x)
      return y=Max
    """,
)
def max_with_zero(b: Builder) -> Value:
    return b.op("Max", x(b), 0.0)


@changes(
    "fuse-activations",
    """
    graph main (x: float32[2,3])
      Clip: float32[2,3] = Clip(x, float32(1.0), float32(2.0))
      Clip_1: float32[2,3] = Clip(Clip, float32(3.0), float32(4.0))
      return y=Clip_1
    """,
    """
    graph main (x: float32[2,3])
      Clip_1: float32[2,3] = Clip(x, float32(3.0), float32(3.0))
      return y=Clip_1
    """,
)
def limits_apart(b: Builder) -> Value:
    return b.op("Clip", b.op("Clip", x(b), np.float32(1), np.float32(2)), np.float32(3), np.float32(4))


@declines("fuse-activations", "Clip: the result of Relu is used elsewhere too")
def limited_value_is_read_twice(b: Builder) -> Value:
    first = b.op("Relu", x(b))
    return b.op("Add", b.op("Clip", first, None, np.float32(6)), first)


@declines("fuse-activations")
def limits_are_computed(b: Builder) -> Value:
    return b.op("Clip", b.op("Relu", x(b)), None, b.input("m", "float32", ()))


@declines("fuse-activations")
def integers_stay(b: Builder) -> Value:
    return b.op("Max", x(b, 2, dtype="int32"), 0)


@declines("fuse-activations")
def limit_for_each_element(b: Builder) -> Value:
    return b.op("Max", b.op("Relu", x(b, 2)), np.float32([1, 2]))


@changes(
    "fuse-activations",
    """
    graph main (x: float32[2,3])
      Add: float32[2,3] = Add(x, float32(3.0))
      Clip: float32[2,3] = Clip(Add, float32(0.0), float32(6.0))
      Div: float32[2,3] = Div(Clip, float32(6.0))
      return y=Div
    """,
    """
    graph main (x: float32[2,3])
      Div: float32[2,3] = HardSigmoid(x) {alpha=0.16666666666666666, beta=0.5}
      return y=Div
    """,
)
def hard_sigmoid(b: Builder) -> Value:
    return b.op("Div", b.op("Clip", b.op("Add", x(b), 3.0), np.float32(0), np.float32(6)), 6.0)


@changes(
    "fuse-activations",
    """
    graph main (x: float32[2,3])
      Mul: float32[2,3] = Mul(x, float32(0.20000000298023224))
      Add: float32[2,3] = Add(Mul, float32(0.5))
      Clip: float32[2,3] = Clip(Add, float32(0.0), float32(1.0))
      return y=Clip
    """,
    """
    graph main (x: float32[2,3])
      Clip: float32[2,3] = HardSigmoid(x) {alpha=0.20000000298023224, beta=0.5}
      return y=Clip
    """,
)
def hard_sigmoid_of_product(b: Builder) -> Value:
    return b.op("Clip", b.op("Add", b.op("Mul", x(b), 0.2), 0.5), np.float32(0), np.float32(1))


@changes(
    "fuse-activations",
    """
    graph main (x: float32[2,3])
      HardSigmoid: float32[2,3] = HardSigmoid(x) {alpha=0.16666666666666666, beta=0.5}
      Mul: float32[2,3] = Mul(x, HardSigmoid)
      return y=Mul
    """,
    """
    graph main (x: float32[2,3])
      Mul: float32[2,3] = HardSwish(x)
      return y=Mul
    """,
)
def hard_swish(b: Builder) -> Value:
    source = x(b)
    return b.op("Mul", source, b.op("HardSigmoid", source, alpha=1 / 6, beta=0.5))


@changes(
    "fuse-activations",
    """
    graph main (x: float32[2,3])
      Add: float32[2,3] = Add(x, float32(3.0))
      Clip: float32[2,3] = Clip(Add, float32(0.0), float32(6.0))
      Mul: float32[2,3] = Mul(Clip, float32(0.1666666716337204))
      Mul_1: float32[2,3] = Mul(Mul, x)
      return y=Mul_1
    """,
    """
    graph main (x: float32[2,3])
      Mul_1: float32[2,3] = HardSwish(x)
      return y=Mul_1
    """,
)
def hard_swish_from_parts(b: Builder) -> Value:
    source = x(b)
    gate = b.op("Clip", b.op("Add", source, 3.0), np.float32(0), np.float32(6))
    return b.op("Mul", b.op("Mul", gate, 1 / 6), source)


@changes(
    "fuse-activations",
    """
    graph main (x: float32[2,3])
      Add: float32[2,3] = Add(x, float32(3.0))
      Relu: float32[2,3] = Relu(Add)
      Min: float32[2,3] = Min(Relu, float32(6.0))
      Mul: float32[2,3] = Mul(x, Min)
      Div: float32[2,3] = Div(Mul, float32(6.0))
      return y=Div
    """,
    """
    graph main (x: float32[2,3])
      Div: float32[2,3] = HardSwish(x)
      return y=Div
    """,
)
def hard_swish_divided_last(b: Builder) -> Value:
    source = x(b)
    return b.op("Div", b.op("Mul", source, b.op("Min", b.op("Relu", b.op("Add", source, 3.0)), 6.0)), 6.0)


@changes(
    "fuse-activations",
    """
    graph main (x: float32[2,3])
      Softplus: float32[2,3] = Softplus(x)
      Tanh: float32[2,3] = Tanh(Softplus)
      Mul: float32[2,3] = Mul(Tanh, x)
      return y=Mul
    """,
    """
    graph main (x: float32[2,3])
      Mul: float32[2,3] = Mish(x)
      return y=Mul
    """,
)
def mish(b: Builder) -> Value:
    source = x(b)
    return b.op("Mul", b.op("Tanh", b.op("Softplus", source)), source)


@changes(
    "fuse-activations",
    """
    graph main (x: float32[2,3])
      Mul: float32[2,3] = Mul(x, float32(0.25))
      Max: float32[2,3] = Max(Mul, x)
      return y=Max
    """,
    """
    graph main (x: float32[2,3])
      Max: float32[2,3] = LeakyRelu(x) {alpha=0.25}
      return y=Max
    """,
)
def leaky_relu(b: Builder) -> Value:
    source = x(b)
    return b.op("Max", b.op("Mul", source, 0.25), source)


@changes(
    "fuse-activations",
    """
    graph main (x: float32[2,3])
      Neg: float32[2,3] = Neg(x)
      Exp: float32[2,3] = Exp(Neg)
      Add: float32[2,3] = Add(Exp, float32(1.0))
      Div: float32[2,3] = Div(float32(1.0), Add)
      return y=Div
    """,
    """
    graph main (x: float32[2,3])
      Div: float32[2,3] = Sigmoid(x)
      return y=Div
    """,
)
def sigmoid(b: Builder) -> Value:
    return b.op("Div", np.float32(1), b.op("Add", b.op("Exp", b.op("Neg", x(b))), 1.0))


@changes(
    "fuse-activations",
    """
    graph main (x: float32[2,3])
      Neg: float32[2,3] = Neg(x)
      Exp: float32[2,3] = Exp(Neg)
      Add: float32[2,3] = Add(float32(1.0), Exp)
      Reciprocal: float32[2,3] = Reciprocal(Add)
      return y=Reciprocal
    """,
    """
    graph main (x: float32[2,3])
      Reciprocal: float32[2,3] = Sigmoid(x)
      return y=Reciprocal
    """,
)
def sigmoid_by_reciprocal(b: Builder) -> Value:
    return b.op("Reciprocal", b.op("Add", 1.0, b.op("Exp", b.op("Neg", x(b)))))


@changes(
    "fuse-activations",
    """
    graph main (x: float32[2,3])
      Neg: float32[2,3] = Neg(x)
      Exp: float32[2,3] = Exp(Neg)
      Add: float32[2,3] = Add(Exp, float32(1.0))
      Div: float32[2,3] = Div(x, Add)
      return y=Div
    """,
    """
    graph main (x: float32[2,3])
      Sigmoid: float32[2,3] = Sigmoid(x)
      Div: float32[2,3] = Mul(x, Sigmoid)
      return y=Div
    """,
)
def product_with_sigmoid(b: Builder) -> Value:
    source = x(b)
    return b.op("Div", source, b.op("Add", b.op("Exp", b.op("Neg", source)), 1.0))


@declines("fuse-activations")
def other_slopes(b: Builder) -> Value:
    source = x(b)
    hard = b.op("Mul", source, b.op("HardSigmoid", source, alpha=0.2, beta=0.5))
    steep = b.op("Max", b.op("Mul", source, 2.0), source)
    clipped = b.op("Div", b.op("Clip", b.op("Add", source, 3.0), np.float32(0), np.float32(5)), 6.0)
    return b.op("Sum", hard, steep, clipped, b.op("Mul", source, b.op("Tanh", b.op("Softplus", hard))))


def test_only_what_the_target_supports() -> None:
    graph = graph_of(hard_swish)
    before = str(graph)
    outcome = run_passes(graph, select(1), {"Mul", "HardSigmoid"})
    assert list(map(str, outcome.declined)) == ["fuse-activations: Mul: the target has no HardSwish"]
    assert str(graph) == before
    (report,) = optimize(graph, supported={"HardSwish"}).passes
    assert report == PassReport("fuse-activations", 1, "1 activation recognised", {"gated": 1})


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
