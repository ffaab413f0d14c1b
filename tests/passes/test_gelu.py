"""fuse-gelu: the forms Gelu is written in."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from mgeconvert import registry
from mgeconvert.api import Selection, run_passes
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, graph_of, tables

ROWS, changes, declines = tables()


def x(b: Builder, *shape: int | str, dtype: str = "float32") -> Value:
    return b.input("x", dtype, shape or (2, 3))


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


@pytest.mark.parametrize(("opset", "recognised"), [(17, False), (20, True)])
def test_older_opsets_would_take_it_apart_again(opset: int, recognised: bool) -> None:
    graph = graph_of(erf_form)
    outcome = run_passes(graph, Selection(1), registry.backend("onnx"), {"opset": opset})
    assert [report.name for report in outcome.passes] == (["fuse-gelu"] if recognised else [])


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
