# ruff: noqa: E501 - printed graphs have long lines
"""What MegEngine's static graphs write with several operators becomes the one that it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables
from tests.passes.layers import conv, norm, x

ROWS, changes, declines = tables()


@changes(
    "fuse-conv-scale",
    """
    graph main (x: float32[1,2,3,3], z: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(z, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]))
      Add: float32[1,2,3,3] = Add(x, Conv)
      Add_1: float32[1,2,3,3] = Add(float32([[[10.0]], [[20.0]]]), Add)
      Relu: float32[1,2,3,3] = Relu(Add_1)
      return y=Relu
    """,
    """
    graph main (x: float32[1,2,3,3], z: float32[1,2,3,3])
      Conv: float32[1,2,3,3] = Conv(z, float32([[[[-1.5]], [[-1.0]]], [[[-0.5]], [[0.0]]]]), float32([10.0, 20.0]))
      Add_1: float32[1,2,3,3] = Add(Conv, x)
      Relu: float32[1,2,3,3] = Relu(Add_1)
      return y=Relu
    """,
)
def term_behind_a_residual(b: Builder) -> Value:
    residual = b.op("Add", x(b, 1, 2, 3, 3), conv(b, b.input("z", "float32", (1, 2, 3, 3)), 2, 2, 1, 1))
    return b.op("Relu", b.op("Add", np.float32([[[10]], [[20]]]), residual))


@declines("fuse-conv-scale")
def sums_that_stay(b: Builder) -> dict[str, Value]:
    layer = conv(b, x(b, 1, 2, 3, 3), 2, 2, 1, 1)
    other = b.input("z", "float32", (1, 2, 3, 3))
    return {"y": b.op("Add", b.op("Add", layer, other), np.float32([[[10]], [[20]]])), "layer": layer}


@changes(
    "fuse-activations",
    """
    graph main (x: float32[1,2,2,2])
      Min: float32[1,2,2,2] = Min(float32([0.0]), x)
      Mul: float32[1,2,2,2] = Mul(float32([0.10000000149011612]), Min)
      Relu: float32[1,2,2,2] = Relu(x)
      Add: float32[1,2,2,2] = Add(Mul, Relu)
      return y=Add
    """,
    """
    graph main (x: float32[1,2,2,2])
      Add: float32[1,2,2,2] = LeakyRelu(x) {alpha=0.10000000149011612}
      return y=Add
    """,
)
def leaky_relu_of_parts(b: Builder) -> Value:
    source = x(b, 1, 2, 2, 2)
    below = b.op("Mul", np.float32([0.1]), b.op("Min", np.float32([0]), source))
    return b.op("Add", below, b.op("Relu", source))


@changes(
    "fuse-activations",
    """
    graph main (x: float32[1,2,2,2])
      Min: float32[1,2,2,2] = Min(x, float32(0.0))
      Mul: float32[1,2,2,2] = Mul(Min, float32([[[0.10000000149011612]], [[0.20000000298023224]]]))
      Relu: float32[1,2,2,2] = Relu(x)
      Add: float32[1,2,2,2] = Add(Relu, Mul)
      return y=Add
    """,
    """
    graph main (x: float32[1,2,2,2])
      Add: float32[1,2,2,2] = PRelu(x, float32([[[0.10000000149011612]], [[0.20000000298023224]]]))
      return y=Add
    """,
)
def prelu_of_parts(b: Builder) -> Value:
    source = x(b, 1, 2, 2, 2)
    below = b.op("Mul", b.op("Min", source, np.float32(0)), np.float32([[[0.1]], [[0.2]]]))
    return b.op("Add", b.op("Relu", source), below)


@declines("fuse-activations")
def parts_of_two(b: Builder) -> Value:
    below = b.op("Mul", b.op("Min", x(b, 2, 2), np.float32(0)), np.float32(0.1))
    return b.op("Add", b.op("Relu", b.input("z", "float32", (2, 2))), below)


@changes(
    "fuse-add-mul",
    """
    graph main (x: float32[2,3], z: float32[2,3])
      Neg: float32[2,3] = Neg(z)
      Add: float32[2,3] = Add(x, Neg)
      Neg_1: float32[2,3] = Neg(x)
      Add_1: float32[2,3] = Add(Neg_1, z)
      Neg_2: float32[2,3] = Neg(z)
      Sub: float32[2,3] = Sub(x, Neg_2)
      return right=Add, left=Add_1, less=Sub
    """,
    """
    graph main (x: float32[2,3], z: float32[2,3])
      Add: float32[2,3] = Sub(x, z)
      Add_1: float32[2,3] = Sub(z, x)
      Sub: float32[2,3] = Add(x, z)
      return right=Add, left=Add_1, less=Sub
    """,
)
def added_opposites(b: Builder) -> dict[str, Value]:
    first, second = x(b, 2, 3), b.input("z", "float32", (2, 3))
    return {
        "right": b.op("Add", first, b.op("Neg", second)),
        "left": b.op("Add", b.op("Neg", first), second),
        "less": b.op("Sub", first, b.op("Neg", second)),
    }


@changes(
    "fuse-add-mul",
    """
    graph main (x: float32[2,3], z: float32[2,3])
      Exp: float32[2,3] = Exp(x)
      Reciprocal: float32[2,3] = Reciprocal(Exp)
      Mul: float32[2,3] = Mul(Reciprocal, z)
      return y=Mul
    """,
    """
    graph main (x: float32[2,3], z: float32[2,3])
      Exp: float32[2,3] = Exp(x)
      Mul: float32[2,3] = Div(z, Exp)
      return y=Mul
    """,
)
def product_with_inverse(b: Builder) -> Value:
    return b.op("Mul", b.op("Reciprocal", b.op("Exp", x(b, 2, 3))), b.input("z", "float32", (2, 3)))


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[2,3])
      Greater: bool[2,3] = Greater(x, float32(0.0))
      Cast: int64[2,3] = Cast(Greater) {to=7}
      Reshape: int64[6] = Reshape(Cast, int64([-1]))
      Gather: float32[6,2] = Gather(float32([[1.0, 2.0], [3.0, 4.0]]), Reshape)
      Reshape_1: float32[2,3,2] = Reshape(Gather, int64([2, 3, 2]))
      Relu: float32[2,3,2] = Relu(Reshape_1)
      return y=Relu
    """,
    """
    graph main (x: float32[2,3])
      Greater: bool[2,3] = Greater(x, float32(0.0))
      Cast: int64[2,3] = Cast(Greater) {to=7}
      Reshape_1: float32[2,3,2] = Gather(float32([[1.0, 2.0], [3.0, 4.0]]), Cast)
      Relu: float32[2,3,2] = Relu(Reshape_1)
      return y=Relu
    """,
)
def rows_of_a_table(b: Builder) -> Value:
    indices = b.op("Cast", b.op("Greater", x(b, 2, 3), 0.0), to=7)
    found = b.op("Gather", np.float32([[1, 2], [3, 4]]), b.op("Reshape", indices, [-1]))
    return b.op("Relu", b.op("Reshape", found, [2, 3, 2]))


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[2,3])
      Greater: bool[2,3] = Greater(x, float32(0.0))
      Cast: int64[2,3] = Cast(Greater) {to=7}
      Reshape: int64[6] = Reshape(Cast, int64([-1]))
      Gather: float32[6,2] = Gather(float32([[1.0, 2.0], [3.0, 4.0]]), Reshape)
      Reshape_1: float32[3,2,2] = Reshape(Gather, int64([3, 2, 2]))
      Relu: float32[3,2,2] = Relu(Reshape_1)
      return y=Relu
    """,
    """
    graph main (x: float32[2,3])
      Greater: bool[2,3] = Greater(x, float32(0.0))
      Cast: int64[2,3] = Cast(Greater) {to=7}
      Reshape: int64[3,2] = Reshape(Cast, int64([3, 2]))
      Reshape_1: float32[3,2,2] = Gather(float32([[1.0, 2.0], [3.0, 4.0]]), Reshape)
      Relu: float32[3,2,2] = Relu(Reshape_1)
      return y=Relu
    """,
)
def rows_in_another_order(b: Builder) -> Value:
    indices = b.op("Cast", b.op("Greater", x(b, 2, 3), 0.0), to=7)
    found = b.op("Gather", np.float32([[1, 2], [3, 4]]), b.op("Reshape", indices, [-1]))
    return b.op("Relu", b.op("Reshape", found, [3, 2, 2]))


@changes(
    "fuse-norm",
    """
    graph main (x: float32[1,2,3,3])
      Add: float32[1,2,3,3] = Add(float32([[[1.0]], [[2.0]]]), x)
      BatchNormalization: float32[1,2,3,3] = BatchNormalization(Add, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([0.0, 0.0]), float32([4.0, 4.0])) {epsilon=0.0}
      return y=BatchNormalization
    """,
    """
    graph main (x: float32[1,2,3,3])
      BatchNormalization: float32[1,2,3,3] = BatchNormalization(x, float32([1.0, 2.0]), float32([1.0, 2.0]), float32([-1.0, -2.0]), float32([4.0, 4.0])) {epsilon=0.0}
      return y=BatchNormalization
    """,
)
def term_before_a_norm(b: Builder) -> Value:
    return norm(b, b.op("Add", np.float32([[[1]], [[2]]]), x(b, 1, 2, 3, 3)))


@changes(
    "fuse-norm",
    """
    graph main (x: float32[2,3])
      ReduceMean: float32[2,1] = ReduceMean(x, int64([1]))
      Sub: float32[2,3] = Sub(x, ReduceMean)
      Pow: float32[2,3] = Pow(Sub, float32(2.0))
      ReduceMean_1: float32[2,1] = ReduceMean(Pow, int64([1]))
      Add: float32[2,1] = Add(ReduceMean_1, float32(9.999999747378752e-06))
      Sqrt: float32[2,1] = Sqrt(Add)
      Mul: float32[2,3] = Mul(float32([1.0, 2.0, 3.0]), Sub)
      Div: float32[2,3] = Div(Mul, Sqrt)
      return y=Div
    """,
    """
    graph main (x: float32[2,3])
      Div: float32[2,3] = LayerNormalization(x, float32([1.0, 2.0, 3.0])) {axis=-1, epsilon=9.999999747378752e-06}
      return y=Div
    """,
)
def scale_before_the_root(b: Builder) -> Value:
    source = x(b, 2, 3)
    centred = b.op("Sub", source, b.op("ReduceMean", source, [1]))
    variance = b.op("ReduceMean", b.op("Pow", centred, np.float32(2)), [1])
    root = b.op("Sqrt", b.op("Add", variance, np.float32(1e-5)))
    return b.op("Div", b.op("Mul", np.float32([1, 2, 3]), centred), root)


@declines("fuse-norm")
def terms_that_stay(b: Builder) -> dict[str, Value]:
    moved = b.op("Add", x(b, 1, 2, 3, 3), np.float32(1))
    return {"norm": norm(b, moved), "relu": b.op("Relu", moved)}


@declines("merge-consecutive")
def rows_taken_apart(b: Builder) -> Value:
    indices = b.op("Cast", b.op("Greater", x(b, 2, 3), 0.0), to=7)
    found = b.op("Gather", np.float32([[1, 2], [3, 4]]), b.op("Reshape", indices, [-1]))
    return b.op("Relu", b.op("Reshape", found, [3, 4]))


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[2,12,2,3])
      Reshape: float32[2,3,2,2,2,3] = Reshape(x, int64([2, 3, 2, 2, 2, 3]))
      Transpose: float32[2,3,2,2,3,2] = Transpose(Reshape) {perm=(0, 1, 4, 2, 5, 3)}
      Reshape_1: float32[2,3,4,6] = Reshape(Transpose, int64([2, 3, 4, 6]))
      return y=Reshape_1
    """,
    """
    graph main (x: float32[2,12,2,3])
      Reshape_1: float32[2,3,4,6] = DepthToSpace(x) {blocksize=2, mode='CRD'}
      return y=Reshape_1
    """,
)
def pixels_in_channels(b: Builder) -> Value:
    apart = b.op("Reshape", x(b, 2, 12, 2, 3), [2, 3, 2, 2, 2, 3])
    return b.op("Reshape", b.op("Transpose", apart, perm=[0, 1, 4, 2, 5, 3]), [2, 3, 4, 6])


@declines("merge-consecutive")
def pixels_otherwise(b: Builder) -> dict[str, Value]:
    apart = b.op("Reshape", x(b, 2, 12, 2, 2), [2, 3, 2, 2, 2, 2])
    moved = b.op("Transpose", apart, perm=[0, 1, 4, 2, 5, 3])
    return {
        "whole": b.op("Reshape", moved, [2, 3, 16]),
        "order": b.op("Reshape", b.op("Transpose", apart, perm=[0, 1, 4, 3, 5, 2]), [2, 3, 4, 4]),
    }


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[2,3,4])
      ArgMax: int64[2,1,4] = ArgMax(x) {axis=1}
      Cast: int32[2,1,4] = Cast(ArgMax) {to=6}
      Squeeze: int32[2,4] = Squeeze(Cast, int64([1]))
      ArgMin: int64[2,3,1] = ArgMin(x) {axis=-1}
      Reshape: int64[2,3] = Reshape(ArgMin, int64([2, 3]))
      return cast=Squeeze, plain=Reshape
    """,
    """
    graph main (x: float32[2,3,4])
      ArgMax: int64[2,4] = ArgMax(x) {axis=1, keepdims=0}
      Squeeze: int32[2,4] = Cast(ArgMax) {to=6}
      Reshape: int64[2,3] = ArgMin(x) {axis=-1, keepdims=0}
      return cast=Squeeze, plain=Reshape
    """,
)
def position_without_its_axis(b: Builder) -> dict[str, Value]:
    source = x(b, 2, 3, 4)
    return {
        "cast": b.op("Squeeze", b.op("Cast", b.op("ArgMax", source, axis=1), to=6), [1]),
        "plain": b.op("Reshape", b.op("ArgMin", source, axis=-1), [2, 3]),
    }


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[2,1,3])
      Gather: float32[2,3] = Gather(x, int64(0)) {axis=1}
      return y=Gather
    """,
    """
    graph main (x: float32[2,1,3])
      Gather: float32[2,3] = Squeeze(x, int64([1]))
      return y=Gather
    """,
)
def only_position(b: Builder) -> Value:
    return b.op("Gather", x(b, 2, 1, 3), np.int64(0), axis=1)


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[2,3])
      ArgMax: int64[1,3] = ArgMax(x) {axis=0}
      Cast: int32[1,3] = Cast(ArgMax) {to=6}
      Gather: float32[2,1,3] = Gather(x, Cast) {axis=1}
      return y=Gather
    """,
    """
    graph main (x: float32[2,3])
      ArgMax: int64[1,3] = ArgMax(x) {axis=0}
      Gather: float32[2,1,3] = Gather(x, ArgMax) {axis=1}
      return y=Gather
    """,
)
def index_of_another_type(b: Builder) -> Value:
    source = x(b, 2, 3)
    return b.op("Gather", source, b.op("Cast", b.op("ArgMax", source, axis=0), to=6), axis=1)


@declines("merge-consecutive")
def indices_that_stay(b: Builder) -> dict[str, Value]:
    source = x(b, 1, 3)
    return {
        "vector": b.op("Gather", source, [0], axis=0),
        "larger": b.op("Gather", source, np.int64(0), axis=1),
        "other": b.op("Gather", source, b.op("Cast", b.input("i", "uint8", (2,)), to=6), axis=1),
    }


@declines("merge-consecutive")
def position_whose_axis_stays(b: Builder) -> Value:
    return b.op("Squeeze", b.op("ArgMax", x(b, 2, 1, 4, 3), axis=2), [1, 2])


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
