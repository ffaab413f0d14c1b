# ruff: noqa: E501 - printed graphs have long lines
"""fuse-norm: normalizations written as arithmetic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables

ROWS, changes, declines = tables()


def x(b: Builder, *shape: int | str, dtype: str = "float32") -> Value:
    return b.input("x", dtype, shape or (2, 3))


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


@declines("fuse-norm", "Div: it has no scale, and LayerNormalization stores one: the file would grow by 1,616 bytes")
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


@declines("fuse-norm", "Mul: the constant is not one number per channel")
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
