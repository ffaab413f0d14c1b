"""fuse-add-mul: chains of arithmetic by constants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables

ROWS, changes, declines = tables()


CHANNELS = np.float32([[[1]], [[2]]])


def x(b: Builder, *shape: int | str, dtype: str = "float32") -> Value:
    return b.input("x", dtype, shape or (2, 3))


@changes(
    "fuse-add-mul",
    """
    graph main (x: float32[2,3])
      Add: float32[2,3] = Add(x, float32(1.0))
      Add_1: float32[2,3] = Add(float32(2.0), Add)
      Mul: float32[2,3] = Mul(Add_1, float32(4.0))
      Mul_1: float32[2,3] = Mul(Mul, float32(0.25))
      return y=Mul_1
    """,
    """
    graph main (x: float32[2,3])
      Add_1: float32[2,3] = Add(x, float32(3.0))
      return y=Add_1
    """,
)
def example_of_megengine(b: Builder) -> Value:
    """x + 1, 2 + x, x * 4, x * 0.25"""
    total = b.op("Add", np.float32(2), b.op("Add", x(b), 1.0))
    return b.op("Mul", b.op("Mul", total, 4.0), 0.25)


@changes(
    "fuse-add-mul",
    """
    graph main (x: float32[2,3])
      Mul: float32[2,3] = Mul(x, float32(-0.5))
      Relu: float32[2,3] = Relu(Mul)
      Mul_1: float32[2,3] = Mul(Relu, float32(8.0))
      return y=Mul_1
    """,
    """
    graph main (x: float32[2,3])
      Mul: float32[2,3] = Mul(x, float32(-4.0))
      Mul_1: float32[2,3] = Relu(Mul)
      return y=Mul_1
    """,
)
def positive_factor_passes_relu(b: Builder) -> Value:
    """The Scale and the stride of FCOS's boxes."""
    return b.op("Mul", b.op("Relu", b.op("Mul", x(b), -0.5)), 8.0)


@declines("fuse-add-mul")
def negative_factor_does_not_pass_relu(b: Builder) -> Value:
    return b.op("Mul", b.op("Relu", b.op("Mul", x(b), 0.5)), np.float32([8, -1, 2]))


@changes(
    "fuse-add-mul",
    """
    graph main (x: float32[2,3])
      Add: float32[2,3] = Add(x, float32(3.0))
      Sub: float32[2,3] = Sub(Add, float32(3.0))
      Exp: float32[2,3] = Exp(Sub)
      return y=Exp
    """,
    """
    graph main (x: float32[2,3])
      Exp: float32[2,3] = Exp(x)
      return y=Exp
    """,
)
def additions_that_cancel(b: Builder) -> Value:
    return b.op("Exp", b.op("Sub", b.op("Add", x(b), 3.0), 3.0))


@changes(
    "fuse-add-mul",
    """
    graph main (x: float32[2,3])
      Mul: float32[2,3] = Mul(x, float32(8.0))
      Neg: float32[2,3] = Neg(Mul)
      Div: float32[2,3] = Div(Neg, float32(2.0))
      return y=Div
    """,
    """
    graph main (x: float32[2,3])
      Div: float32[2,3] = Mul(x, float32(-4.0))
      return y=Div
    """,
)
def products_and_quotients(b: Builder) -> Value:
    return b.op("Div", b.op("Neg", b.op("Mul", x(b), 8.0)), 2.0)


@changes(
    "fuse-add-mul",
    """
    graph main (x: float32[2,3])
      Neg: float32[2,3] = Neg(x)
      Mul: float32[2,3] = Mul(Neg, float32(-1.0))
      Exp: float32[2,3] = Exp(Mul)
      return y=Exp
    """,
    """
    graph main (x: float32[2,3])
      Exp: float32[2,3] = Exp(x)
      return y=Exp
    """,
)
def negated_twice_by_products(b: Builder) -> Value:
    return b.op("Exp", b.op("Mul", b.op("Neg", x(b)), -1.0))


@changes(
    "fuse-add-mul",
    """
    graph main (x: float32[2,3])
      Mul: float32[2,3] = Mul(x, float32(0.5))
      Mul_1: float32[2,3] = Mul(Mul, float32(-2.0))
      return y=Mul_1
    """,
    """
    graph main (x: float32[2,3])
      Mul_1: float32[2,3] = Neg(x)
      return y=Mul_1
    """,
)
def becomes_a_negation(b: Builder) -> Value:
    return b.op("Mul", b.op("Mul", x(b), 0.5), -2.0)


@changes(
    "fuse-add-mul",
    """
    graph main (x: float32[2,3])
      Sub: float32[2,3] = Sub(float32(3.0), x)
      Sub_1: float32[2,3] = Sub(float32(5.0), Sub)
      return y=Sub_1
    """,
    """
    graph main (x: float32[2,3])
      Sub_1: float32[2,3] = Add(x, float32(2.0))
      return y=Sub_1
    """,
)
def subtracted_twice(b: Builder) -> Value:
    return b.op("Sub", np.float32(5), b.op("Sub", np.float32(3), x(b)))


@changes(
    "fuse-add-mul",
    """
    graph main (x: float32[2,3])
      Neg: float32[2,3] = Neg(x)
      Add: float32[2,3] = Add(Neg, float32(1.0))
      return y=Add
    """,
    """
    graph main (x: float32[2,3])
      Add: float32[2,3] = Sub(float32(1.0), x)
      return y=Add
    """,
)
def negation_and_addition(b: Builder) -> Value:
    return b.op("Add", b.op("Neg", x(b)), 1.0)


@changes(
    "fuse-add-mul",
    """
    graph main (x: float32[N,2,2,2])
      Div: float32[N,2,2,2] = Div(x, float32(256.0))
      Sub: float32[N,2,2,2] = Sub(Div, float32([[[0.5]], [[1.0]]]))
      Div_1: float32[N,2,2,2] = Div(Sub, float32([[[1.0]], [[2.0]]]))
      return y=Div_1
    """,
    """
    graph main (x: float32[N,2,2,2])
      Mul: float32[N,2,2,2] = Mul(x, float32([[[0.00390625]], [[0.001953125]]]))
      Div_1: float32[N,2,2,2] = Add(Mul, float32([[[-0.5]], [[-0.5]]]))
      return y=Div_1
    """,
)
def normalization_of_pictures(b: Builder) -> Value:
    """((x / 255) - mean) / std"""
    small = b.op("Div", x(b, "N", 2, 2, 2), 256.0)
    return b.op("Div", b.op("Sub", small, CHANNELS / 2), CHANNELS)


@changes(
    "fuse-add-mul",
    """
    graph main (x: float32[2,3])
      Add: float32[2,3] = Add(x, float32(1.0))
      Mul: float32[2,3] = Mul(Add, float32(2.0))
      Add_1: float32[2,3] = Add(Mul, float32(3.0))
      return y=Add_1
    """,
    """
    graph main (x: float32[2,3])
      Mul: float32[2,3] = Mul(x, float32(2.0))
      Add_1: float32[2,3] = Add(Mul, float32(5.0))
      return y=Add_1
    """,
)
def shift_scale_shift(b: Builder) -> Value:
    return b.op("Add", b.op("Mul", b.op("Add", x(b), 1.0), 2.0), 3.0)


@changes(
    "fuse-add-mul",
    """
    graph main (x: float32[1,2,2,2])
      Add: float32[1,2,2,2] = Add(x, float32(1.0))
      Add_1: float32[1,2,2,2] = Add(Add, float32([[[1.0]], [[2.0]]]))
      return y=Add_1
    """,
    """
    graph main (x: float32[1,2,2,2])
      Add_1: float32[1,2,2,2] = Add(x, float32([[[2.0]], [[3.0]]]))
      return y=Add_1
    """,
)
def a_number_and_channels(b: Builder) -> Value:
    return b.op("Add", b.op("Add", x(b, 1, 2, 2, 2), 1.0), CHANNELS)


@changes(
    "fuse-add-mul",
    """
    graph main (x: float32[2,2])
      Mul: float32[2,2] = Mul(x, float32([1.0, 2.0]))
      Mul_1: float32[2,2] = Mul(Mul, float32([[3.0], [4.0]]))
      return y=Mul_1
    """,
    """
    graph main (x: float32[2,2])
      Mul_1: float32[2,2] = Mul(x, float32([[3.0, 6.0], [4.0, 8.0]]))
      return y=Mul_1
    """,
)
def rows_and_columns(b: Builder) -> Value:
    """Two constants that broadcast against each other, as large together as one by one."""
    return b.op("Mul", b.op("Mul", x(b, 2, 2), np.float32([1, 2])), np.float32([[3], [4]]))


@changes(
    "fuse-add-mul",
    """
    graph main (x: int32[2])
      Mul: int32[2] = Mul(x, int32(3))
      Mul_1: int32[2] = Mul(Mul, int32(5))
      return y=Mul_1
    """,
    """
    graph main (x: int32[2])
      Mul_1: int32[2] = Mul(x, int32(15))
      return y=Mul_1
    """,
)
def integers(b: Builder) -> Value:
    return b.op("Mul", b.op("Mul", x(b, 2, dtype="int32"), 3), 5)


@changes(
    "fuse-add-mul",
    """
    graph main (x: float32[2,3])
      Pow: float32[2,3] = Pow(x, float32(2.0))
      Pow_1: float32[2,3] = Pow(Pow, float32(3.0))
      return y=Pow_1
    """,
    """
    graph main (x: float32[2,3])
      Pow_1: float32[2,3] = Pow(x, float32(6.0))
      return y=Pow_1
    """,
)
def powers(b: Builder) -> Value:
    return b.op("Pow", b.op("Pow", x(b), 2.0), 3.0)


@declines("fuse-add-mul", "Pow_1: the exponents 2 and 0.5 are not both positive integers")
def powers_of_negative_numbers(b: Builder) -> Value:
    return b.op("Pow", b.op("Pow", x(b), 2.0), 0.5)


@declines("fuse-add-mul")
def two_steps_stay_two(b: Builder) -> Value:
    return b.op("Mul", b.op("Add", x(b), 1.0), 2.0)


@declines("fuse-add-mul", "Add_1: the combined constants are larger: the file would grow by 3,712 bytes")
def constants_would_grow(b: Builder) -> Value:
    row = np.arange(1, 33, dtype=np.float32)
    return b.op("Add", b.op("Add", x(b, 32, 32), row), row.reshape(32, 1))


@declines("fuse-add-mul", "Sub: adding 1.25829e+07 rounds to multiples of 1")
def rounding_trick(b: Builder) -> Value:
    return b.op("Sub", b.op("Add", x(b), 1.5 * 2**23), 1.5 * 2**23)


@declines("fuse-add-mul", "Mul_1: the combined constants do not fit into float32")
def overflow(b: Builder) -> Value:
    return b.op("Mul", b.op("Mul", x(b), 1e30), 1e30)


@declines("fuse-add-mul", "Mul_1: the combined constants do not fit into float32")
def underflow(b: Builder) -> Value:
    return b.op("Mul", b.op("Mul", x(b), 1e-30), 1e-30)


@declines("fuse-add-mul", "Add_1: the result of Add is used elsewhere too")
def inner_result_is_an_output(b: Builder) -> dict[str, Value]:
    first = b.op("Add", x(b), 1.0)
    return {"y": b.op("Add", first, 2.0), "z": first}


@declines("fuse-add-mul", "Sub: the result is wider than the combined constants make it")
def result_is_widened_by_what_would_go(b: Builder) -> Value:
    """(x + [[0], [1]]) - [[0], [1]] has two rows though x has one."""
    rows = np.float32([[0], [1]])
    return b.op("Sub", b.op("Add", x(b, 1, 3), rows), rows)


@declines("fuse-add-mul")
def small_integers(b: Builder) -> Value:
    """What they do at their limits differs between runtimes."""
    return b.op("Sub", np.uint8(5), b.op("Sub", np.uint8(3), x(b, 2, dtype="uint8")))


@declines("fuse-add-mul")
def integer_division(b: Builder) -> Value:
    return b.op("Mul", b.op("Div", x(b, 2, dtype="int32"), 2), 2)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
