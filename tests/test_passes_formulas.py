# ruff: noqa: E501 - printed graphs have long lines
"""fuse-activations, fuse-gelu, fuse-norm: compositions that are one operator."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from mgeconvert.builder import Builder
from mgeconvert.ir import Value
from mgeconvert.passes import optimize, select
from mgeconvert.passes.driver import run as run_passes
from tests.passes import Row, examine, graph_of, tables

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
    assert optimize(graph, supported={"HardSwish"}) == [("fuse-activations", 1, "1 activation recognised")]


@changes(
    "fuse-gelu",
    """
    graph main (x: float32[2,3])
      Div: float32[2,3] = Div(x, float32(1.4142135381698608))
      Erf: float32[2,3] = Erf(Div)
      Add: float32[2,3] = Add(Erf, float32(1.0))
      Mul: float32[2,3] = Mul(x, Add)
      Mul_1: float32[2,3] = Mul(Mul, float32(0.5))
      return y=Mul_1
    """,
    """
    graph main (x: float32[2,3])
      Mul_1: float32[2,3] = Gelu(x)
      return y=Mul_1
    """,
)
def erf_form(b: Builder) -> Value:
    source = x(b)
    one = b.op("Add", b.op("Erf", b.op("Div", source, math.sqrt(2))), 1.0)
    return b.op("Mul", b.op("Mul", source, one), 0.5)


@changes(
    "fuse-gelu",
    """
    graph main (x: float32[2,3])
      Mul: float32[2,3] = Mul(x, float32(0.7071067690849304))
      Erf: float32[2,3] = Erf(Mul)
      Add: float32[2,3] = Add(float32(1.0), Erf)
      Mul_1: float32[2,3] = Mul(float32(0.5), x)
      Mul_2: float32[2,3] = Mul(Mul_1, Add)
      return y=Mul_2
    """,
    """
    graph main (x: float32[2,3])
      Mul_2: float32[2,3] = Gelu(x)
      return y=Mul_2
    """,
)
def erf_form_halved_first(b: Builder) -> Value:
    source = x(b)
    one = b.op("Add", 1.0, b.op("Erf", b.op("Mul", source, math.sqrt(0.5))))
    return b.op("Mul", b.op("Mul", 0.5, source), one)


@changes(
    "fuse-gelu",
    """
    graph main (x: float32[2,3])
      Pow: float32[2,3] = Pow(x, float32(3.0))
      Mul: float32[2,3] = Mul(Pow, float32(0.044714998453855515))
      Add: float32[2,3] = Add(x, Mul)
      Mul_1: float32[2,3] = Mul(Add, float32(0.7978845834732056))
      Tanh: float32[2,3] = Tanh(Mul_1)
      Add_1: float32[2,3] = Add(Tanh, float32(1.0))
      Mul_2: float32[2,3] = Mul(x, float32(0.5))
      Mul_3: float32[2,3] = Mul(Mul_2, Add_1)
      return y=Mul_3
    """,
    """
    graph main (x: float32[2,3])
      Mul_3: float32[2,3] = Gelu(x) {approximate='tanh'}
      return y=Mul_3
    """,
)
def tanh_form(b: Builder) -> Value:
    source = x(b)
    inner = b.op("Add", source, b.op("Mul", b.op("Pow", source, 3.0), 0.044715))
    gate = b.op("Add", b.op("Tanh", b.op("Mul", inner, math.sqrt(2 / math.pi))), 1.0)
    return b.op("Mul", b.op("Mul", source, 0.5), gate)


@changes(
    "fuse-gelu",
    """
    graph main (x: float32[2,3])
      Mul: float32[2,3] = Mul(x, x)
      Mul_1: float32[2,3] = Mul(float32(0.044714998453855515), Mul)
      Add: float32[2,3] = Add(Mul_1, float32(1.0))
      Mul_2: float32[2,3] = Mul(x, float32(0.7978845834732056))
      Mul_3: float32[2,3] = Mul(Mul_2, Add)
      Tanh: float32[2,3] = Tanh(Mul_3)
      Add_1: float32[2,3] = Add(Tanh, float32(1.0))
      Mul_4: float32[2,3] = Mul(float32(0.5), Add_1)
      Mul_5: float32[2,3] = Mul(x, Mul_4)
      return y=Mul_5
    """,
    """
    graph main (x: float32[2,3])
      Mul_5: float32[2,3] = Gelu(x) {approximate='tanh'}
      return y=Mul_5
    """,
)
def tanh_form_of_products(b: Builder) -> Value:
    source = x(b)
    square = b.op("Add", b.op("Mul", 0.044715, b.op("Mul", source, source)), 1.0)
    inner = b.op("Mul", b.op("Mul", source, math.sqrt(2 / math.pi)), square)
    return b.op("Mul", source, b.op("Mul", 0.5, b.op("Add", b.op("Tanh", inner), 1.0)))


@changes(
    "fuse-activations,fuse-gelu",
    """
    graph main (x: float32[2,3])
      Mul: float32[2,3] = Mul(x, x)
      Mul_1: float32[2,3] = Mul(Mul, x)
      Mul_2: float32[2,3] = Mul(Mul_1, float32(0.044714998453855515))
      Add: float32[2,3] = Add(x, Mul_2)
      Mul_3: float32[2,3] = Mul(Add, float32(1.5957691669464111))
      Neg: float32[2,3] = Neg(Mul_3)
      Exp: float32[2,3] = Exp(Neg)
      Add_1: float32[2,3] = Add(Exp, float32(1.0))
      Div: float32[2,3] = Div(x, Add_1)
      return y=Div
    """,
    """
    graph main (x: float32[2,3])
      Div: float32[2,3] = Gelu(x) {approximate='tanh'}
      return y=Div
    """,
)
def exp_form(b: Builder) -> Value:
    """tanh(z) + 1 = 2 / (1 + exp(-2 z))"""
    source = x(b)
    cubic = b.op("Mul", b.op("Mul", b.op("Mul", source, source), source), 0.044715)
    inner = b.op("Mul", b.op("Add", source, cubic), 2 * math.sqrt(2 / math.pi))
    return b.op("Div", source, b.op("Add", b.op("Exp", b.op("Neg", inner)), 1.0))


@declines("fuse-gelu")
def other_constants(b: Builder) -> Value:
    source = x(b)
    one = b.op("Add", b.op("Erf", b.op("Div", source, 1.4)), 1.0)
    quick = b.op("Mul", source, b.op("Sigmoid", b.op("Mul", source, 1.702)))
    return b.op("Add", b.op("Mul", b.op("Mul", source, one), 0.5), quick)


@declines("fuse-gelu")
def gate_is_an_output(b: Builder) -> dict[str, Value]:
    source = x(b)
    one = b.op("Add", b.op("Erf", b.op("Div", source, math.sqrt(2))), 1.0)
    return {"y": b.op("Mul", b.op("Mul", source, one), 0.5), "z": one}


def standardize(b: Builder, source: Value, axes: list[int], eps: float = 1e-5) -> Value:
    centred = b.op("Sub", source, b.op("ReduceMean", source, axes, keepdims=1))
    variance = b.op("ReduceMean", b.op("Mul", centred, centred), axes, keepdims=1)
    return b.op("Div", centred, b.op("Sqrt", b.op("Add", variance, eps)))


@changes(
    "fuse-norm",
    """
    graph main (x: float32[N,3,4])
      ReduceMean: float32[N,3,1] = ReduceMean(x, int64([-1])) {keepdims=1}
      Sub: float32[N,3,4] = Sub(x, ReduceMean)
      Mul: float32[N,3,4] = Mul(Sub, Sub)
      ReduceMean_1: float32[N,3,1] = ReduceMean(Mul, int64([-1])) {keepdims=1}
      Add: float32[N,3,1] = Add(ReduceMean_1, float32(9.999999747378752e-06))
      Sqrt: float32[N,3,1] = Sqrt(Add)
      Div: float32[N,3,4] = Div(Sub, Sqrt)
      Mul_1: float32[N,3,4] = Mul(Div, float32([1.0, 2.0, 3.0, 4.0]))
      Add_1: float32[N,3,4] = Add(float32([5.0, 6.0, 7.0, 8.0]), Mul_1)
      return y=Add_1
    """,
    """
    graph main (x: float32[N,3,4])
      Add_1: float32[N,3,4] = LayerNormalization(x, float32([1.0, 2.0, 3.0, 4.0]), float32([5.0, 6.0, 7.0, 8.0])) {axis=-1, epsilon=9.999999747378752e-06}
      return y=Add_1
    """,
)
def layer_norm(b: Builder) -> Value:
    scaled = b.op("Mul", standardize(b, x(b, "N", 3, 4), [-1]), np.float32([1, 2, 3, 4]))
    return b.op("Add", np.float32([5, 6, 7, 8]), scaled)


@changes(
    "fuse-norm",
    """
    graph main (x: float32[2,3,2])
      ReduceMean: float32[2,1,1] = ReduceMean(x, int64([1, 2])) {keepdims=1}
      Sub: float32[2,3,2] = Sub(x, ReduceMean)
      Pow: float32[2,3,2] = Pow(Sub, float32(2.0))
      ReduceMean_1: float32[2,1,1] = ReduceMean(Pow, int64([1, 2])) {keepdims=1}
      Add: float32[2,1,1] = Add(ReduceMean_1, float32(9.999999747378752e-06))
      Pow_1: float32[2,1,1] = Pow(Add, float32(-0.5))
      Sub_1: float32[2,3,2] = Sub(x, ReduceMean)
      Mul: float32[2,3,2] = Mul(Pow_1, Sub_1)
      return y=Mul
    """,
    """
    graph main (x: float32[2,3,2])
      Mul: float32[2,3,2] = LayerNormalization(x, float32([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])) {axis=-2, epsilon=9.999999747378752e-06}
      return y=Mul
    """,
)
def layer_norm_by_powers(b: Builder) -> Value:
    source = x(b, 2, 3, 2)
    mean = b.op("ReduceMean", source, [1, 2], keepdims=1)
    square = b.op("Pow", b.op("Sub", source, mean), 2.0)
    root = b.op("Pow", b.op("Add", b.op("ReduceMean", square, [1, 2], keepdims=1), 1e-5), -0.5)
    return b.op("Mul", root, b.op("Sub", source, mean))


@changes(
    "fuse-norm",
    """
    graph main (x: float32[2,4])
      ReduceMean: float32[2,1] = ReduceMean(x, int64([1])) {keepdims=1}
      Sub: float32[2,4] = Sub(x, ReduceMean)
      Mul: float32[2,4] = Mul(Sub, Sub)
      ReduceMean_1: float32[2,1] = ReduceMean(Mul, int64([1])) {keepdims=1}
      Add: float32[2,1] = Add(ReduceMean_1, float32(9.999999747378752e-06))
      Sqrt: float32[2,1] = Sqrt(Add)
      Div: float32[2,1] = Div(float32(1.0), Sqrt)
      Mul_1: float32[2,4] = Mul(Sub, Div)
      return y=Mul_1
    """,
    """
    graph main (x: float32[2,4])
      Mul_1: float32[2,4] = LayerNormalization(x, float32([1.0, 1.0, 1.0, 1.0])) {axis=-1, epsilon=9.999999747378752e-06}
      return y=Mul_1
    """,
)
def layer_norm_by_reciprocal(b: Builder) -> Value:
    source = x(b, 2, 4)
    centred = b.op("Sub", source, b.op("ReduceMean", source, [1], keepdims=1))
    variance = b.op("ReduceMean", b.op("Mul", centred, centred), [1], keepdims=1)
    return b.op("Mul", centred, b.op("Div", np.float32(1), b.op("Sqrt", b.op("Add", variance, 1e-5))))


@changes(
    "fuse-norm",
    """
    graph main (x: float32[1,2,3])
      InstanceNormalization: float32[1,2,3] = InstanceNormalization(x, float32([2.0, 2.0]), float32([1.0, 1.0]))
      Mul: float32[1,2,3] = Mul(InstanceNormalization, float32([[3.0], [4.0]]))
      Add: float32[1,2,3] = Add(Mul, float32([[5.0], [6.0]]))
      return y=Add
    """,
    """
    graph main (x: float32[1,2,3])
      Add: float32[1,2,3] = InstanceNormalization(x, float32([6.0, 8.0]), float32([8.0, 10.0]))
      return y=Add
    """,
)
def scale_and_bias_of_norms(b: Builder) -> Value:
    ones = np.ones(2, np.float32)
    norm = b.op("InstanceNormalization", x(b, 1, 2, 3), ones * 2, ones)
    return b.op("Add", b.op("Mul", norm, np.float32([[3], [4]])), np.float32([[5], [6]]))


@changes(
    "fuse-norm",
    """
    graph main (x: float32[2,4,3])
      Reshape: float32[2,2,6] = Reshape(x, int64([0, 2, -1]))
      InstanceNormalization: float32[2,2,6] = InstanceNormalization(Reshape, float32([1.0, 1.0]), float32([0.0, 0.0])) {epsilon=0.001}
      Reshape_1: float32[2,4,3] = Reshape(InstanceNormalization, int64([2, 4, 3]))
      Mul: float32[2,4,3] = Mul(Reshape_1, float32([[1.0], [2.0], [3.0], [4.0]]))
      Add: float32[2,4,3] = Add(Mul, float32([[5.0], [6.0], [7.0], [8.0]]))
      return y=Add
    """,
    """
    graph main (x: float32[2,4,3])
      Add: float32[2,4,3] = GroupNormalization(x, float32([1.0, 2.0, 3.0, 4.0]), float32([5.0, 6.0, 7.0, 8.0])) {epsilon=0.001, num_groups=2}
      return y=Add
    """,
)
def group_norm(b: Builder) -> Value:
    grouped = b.op("Reshape", x(b, 2, 4, 3), [0, 2, -1])
    norm = b.op("InstanceNormalization", grouped, np.ones(2, np.float32), np.zeros(2, np.float32), epsilon=1e-3)
    scaled = b.op("Mul", b.op("Reshape", norm, [2, 4, 3]), np.float32([[1], [2], [3], [4]]))
    return b.op("Add", scaled, np.float32([[5], [6], [7], [8]]))


@changes(
    "fuse-norm",
    """
    graph main (x: float32[1,2,3])
      BatchNormalization: float32[1,2,3] = BatchNormalization(x, float32([1.0, 1.0]), float32([0.0, 0.0]), float32([5.0, 5.0]), float32([6.0, 6.0]))
      Mul: float32[1,2,3] = Mul(BatchNormalization, float32([[3.0], [4.0]]))
      Add: float32[1,2,3] = Add(Mul, float32([[5.0], [6.0]]))
      return y=Add
    """,
    """
    graph main (x: float32[1,2,3])
      Add: float32[1,2,3] = BatchNormalization(x, float32([3.0, 4.0]), float32([5.0, 6.0]), float32([5.0, 5.0]), float32([6.0, 6.0]))
      return y=Add
    """,
)
def layers_of_caffe(b: Builder) -> Value:
    """BatchNorm, then Scale with a bias."""
    ones = np.ones(2, np.float32)
    norm = b.op("BatchNormalization", x(b, 1, 2, 3), ones, ones * 0, ones * 5, ones * 6)
    return b.op("Add", b.op("Mul", norm, np.float32([[3], [4]])), np.float32([[5], [6]]))


@declines("fuse-norm")
def not_the_last_axes(b: Builder) -> Value:
    return standardize(b, x(b, 2, 3, 4), [1])


@declines("fuse-norm", "Div: it normalizes a dimension known only at run time")
def dynamic_normalized_axis(b: Builder) -> Value:
    return standardize(b, x(b, 2, "N"), [1])


@declines("fuse-norm", "Div: it has no scale, and LayerNormalization would store one")
def long_axis_without_scale(b: Builder) -> Value:
    return standardize(b, x(b, 2, 500), [1])


@declines("fuse-norm")
def mean_of_something_else(b: Builder) -> Value:
    source = x(b, 2, 4)
    centred = b.op("Sub", source, b.op("ReduceMean", b.op("Exp", source), [1], keepdims=1))
    variance = b.op("ReduceMean", b.op("Mul", centred, centred), [1], keepdims=1)
    return b.op("Div", centred, b.op("Sqrt", b.op("Add", variance, 1e-5)))


@declines("fuse-norm", "Reshape_1: the groups are scaled one by one")
def groups_scaled_one_by_one(b: Builder) -> Value:
    grouped = b.op("Reshape", x(b, 2, 4, 3), [0, 2, -1])
    norm = b.op("InstanceNormalization", grouped, np.float32([1, 2]), np.zeros(2, np.float32))
    return b.op("Reshape", norm, [2, 4, 3])


@declines("fuse-norm", "Reshape_1: a dimension known only at run time would have to be grouped again for older opsets")
def groups_of_a_dynamic_size(b: Builder) -> Value:
    source = x(b, 2, 4, "L")
    grouped = b.op("Reshape", source, [2, 2, -1])
    norm = b.op("InstanceNormalization", grouped, np.ones(2, np.float32), np.zeros(2, np.float32))
    result = b.op("Reshape", norm, [2, 4, -1])
    result.shape = source.shape
    return result


@declines("fuse-norm", "Mul: the constant does not have the shape of the scale")
def factor_along_another_axis(b: Builder) -> Value:
    norm = b.op("LayerNormalization", x(b, 2, 2), np.ones(2, np.float32), axis=-1)
    return b.op("Mul", norm, np.float32([[1], [2]]))


@declines("fuse-norm", "Mul: the constant is not one number a channel")
def factor_of_another_shape(b: Builder) -> Value:
    norm = b.op("InstanceNormalization", x(b, 1, 2, 2), np.ones(2, np.float32), np.ones(2, np.float32))
    return b.op("Mul", norm, np.float32([1, 2]))


@declines("fuse-norm", "Mul: the scale of LayerNormalization is computed")
def computed_scale(b: Builder) -> Value:
    norm = b.op("LayerNormalization", x(b, 2, 2), b.input("s", "float32", (2,)), axis=-1)
    return b.op("Mul", norm, np.float32([1, 2]))


@declines("fuse-norm", "Mul: the result of LayerNormalization is used elsewhere too")
def norm_is_read_twice(b: Builder) -> Value:
    norm = b.op("LayerNormalization", x(b, 2, 2), np.ones(2, np.float32), axis=-1)
    return b.op("Sub", norm, b.op("Mul", norm, np.float32([1, 2])))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
