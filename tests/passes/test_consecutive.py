"""merge-consecutive: two nodes of a kind in a row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables

ROWS, changes, declines = tables()


INT64, FLOAT, HALF = 7, 1, 10


def x(b: Builder, *shape: int | str, dtype: str = "float32") -> Value:
    return b.input("x", dtype, shape)


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[2,3,4])
      Transpose: float32[3,4,2] = Transpose(x) {perm=(1, 2, 0)}
      Transpose_1: float32[4,3,2] = Transpose(Transpose) {perm=(1, 0, 2)}
      return y=Transpose_1
    """,
    """
    graph main (x: float32[2,3,4])
      Transpose_1: float32[4,3,2] = Transpose(x) {perm=(2, 1, 0)}
      return y=Transpose_1
    """,
)
def transposes(b: Builder) -> Value:
    return b.op("Transpose", b.op("Transpose", x(b, 2, 3, 4), perm=(1, 2, 0)), perm=(1, 0, 2))


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[2,3,4])
      Transpose: float32[3,4,2] = Transpose(x) {perm=(1, 2, 0)}
      Transpose_1: float32[2,3,4] = Transpose(Transpose) {perm=(2, 0, 1)}
      Exp: float32[2,3,4] = Exp(Transpose_1)
      ReduceSum: float32[1,1,1] = ReduceSum(Transpose)
      Mul: float32[2,3,4] = Mul(Exp, ReduceSum)
      return y=Mul
    """,
    """
    graph main (x: float32[2,3,4])
      Transpose: float32[3,4,2] = Transpose(x) {perm=(1, 2, 0)}
      Exp: float32[2,3,4] = Exp(x)
      ReduceSum: float32[1,1,1] = ReduceSum(Transpose)
      Mul: float32[2,3,4] = Mul(Exp, ReduceSum)
      return y=Mul
    """,
)
def transposes_there_and_back(b: Builder) -> Value:
    first = b.op("Transpose", x(b, 2, 3, 4), perm=(1, 2, 0))
    return b.op("Mul", b.op("Exp", b.op("Transpose", first, perm=(2, 0, 1))), b.op("ReduceSum", first))


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[N,6])
      Reshape: float32[Reshape_0,3,2] = Reshape(x, int64([-1, 3, 2]))
      Reshape_1: float32[Reshape_1_0,2,3] = Reshape(Reshape, int64([-1, 2, 3]))
      return y=Reshape_1
    """,
    """
    graph main (x: float32[N,6])
      Reshape_1: float32[Reshape_1_0,2,3] = Reshape(x, int64([-1, 2, 3]))
      return y=Reshape_1
    """,
)
def reshapes(b: Builder) -> Value:
    return b.op("Reshape", b.op("Reshape", x(b, "N", 6), [-1, 3, 2]), [-1, 2, 3])


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[N,2,3])
      Flatten: float32[N,6] = Flatten(x)
      Unsqueeze: float32[N,1,6] = Unsqueeze(Flatten, int64([1]))
      Squeeze: float32[N,6] = Squeeze(Unsqueeze, int64([1]))
      Unsqueeze_1: float32[1,N,6] = Unsqueeze(Squeeze, int64([0]))
      return y=Unsqueeze_1
    """,
    """
    graph main (x: float32[N,2,3])
      Unsqueeze_1: float32[1,N,6] = Reshape(x, int64([1, -1, 6]))
      return y=Unsqueeze_1
    """,
)
def relatives_of_reshape(b: Builder) -> Value:
    squeezed = b.op("Squeeze", b.op("Unsqueeze", b.op("Flatten", x(b, "N", 2, 3)), [1]), [1])
    return b.op("Unsqueeze", squeezed, [0])


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[N,6])
      Unsqueeze: float32[N,1,6] = Unsqueeze(x, int64([1]))
      Reshape: float32[Reshape_0,6] = Reshape(Unsqueeze, int64([-1, 6]))
      Exp: float32[Reshape_0,6] = Exp(Reshape)
      return y=Exp
    """,
    """
    graph main (x: float32[N,6])
      Exp: float32[Reshape_0,6] = Exp(x)
      return y=Exp
    """,
)
def reshape_there_and_back(b: Builder) -> Value:
    return b.op("Exp", b.op("Reshape", b.op("Unsqueeze", x(b, "N", 6), [1]), [-1, 6]))


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[1,6,1,1])
      Transpose: float32[1,1,1,6] = Transpose(x) {perm=(0, 2, 3, 1)}
      Reshape: float32[1,2,3] = Reshape(Transpose, int64([1, 2, 3]))
      return y=Reshape
    """,
    """
    graph main (x: float32[1,6,1,1])
      Reshape: float32[1,2,3] = Reshape(x, int64([1, 2, 3]))
      return y=Reshape
    """,
)
def transpose_of_single_pixels(b: Builder) -> Value:
    return b.op("Reshape", b.op("Transpose", x(b, 1, 6, 1, 1), perm=(0, 2, 3, 1)), [1, 2, 3])


@changes(
    "merge-consecutive",
    """
    graph main (x: int8[2])
      Cast: int64[2] = Cast(x) {to=7}
      Cast_1: float32[2] = Cast(Cast) {to=1}
      return y=Cast_1
    """,
    """
    graph main (x: int8[2])
      Cast_1: float32[2] = Cast(x) {to=1}
      return y=Cast_1
    """,
)
def casts(b: Builder) -> Value:
    return b.op("Cast", b.op("Cast", x(b, 2, dtype="int8"), to=INT64), to=FLOAT)


@changes(
    "merge-consecutive",
    """
    graph main (x: float16[2])
      Cast: float32[2] = Cast(x) {to=1}
      Cast_1: float16[2] = Cast(Cast) {to=10}
      Exp: float16[2] = Exp(Cast_1)
      return y=Exp
    """,
    """
    graph main (x: float16[2])
      Exp: float16[2] = Exp(x)
      return y=Exp
    """,
)
def casts_there_and_back(b: Builder) -> Value:
    return b.op("Exp", b.op("Cast", b.op("Cast", x(b, 2, dtype="float16"), to=FLOAT), to=HALF))


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[20])
      Slice: float32[6] = Slice(x, int64([1]), int64([-1]), int64([0]), int64([3]))
      Slice_1: float32[3] = Slice(Slice, int64([1]), int64([100]), int64([0]), int64([2]))
      return y=Slice_1
    """,
    """
    graph main (x: float32[20])
      Slice_1: float32[3] = Slice(x, int64([4]), int64([17]), int64([0]), int64([6]))
      return y=Slice_1
    """,
)
def slices_of_one_axis(b: Builder) -> Value:
    return b.op("Slice", b.op("Slice", x(b, 20), [1], [-1], [0], [3]), [1], [100], [0], [2])


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[4,6])
      Slice: float32[4,2] = Slice(x, int64([1]), int64([3]), int64([-1]))
      Slice_1: float32[2,2] = Slice(Slice, int64([2]), int64([4]))
      return y=Slice_1
    """,
    """
    graph main (x: float32[4,6])
      Slice_1: float32[2,2] = Slice(x, int64([2, 1]), int64([4, 3]), int64([0, 1]))
      return y=Slice_1
    """,
)
def slices_of_two_axes(b: Builder) -> Value:
    return b.op("Slice", b.op("Slice", x(b, 4, 6), [1], [3], [-1]), [2], [4])


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[2,3])
      Pad: float32[2,4] = Pad(x, int64([0, 1, 0, 0]))
      Pad_1: float32[2,6] = Pad(Pad, int64([1, 1]), float32(0.0), int64([1]))
      return y=Pad_1
    """,
    """
    graph main (x: float32[2,3])
      Pad_1: float32[2,6] = Pad(x, int64([0, 2, 0, 1]), float32(0.0))
      return y=Pad_1
    """,
)
def pads(b: Builder) -> Value:
    return b.op("Pad", b.op("Pad", x(b, 2, 3), [0, 1, 0, 0]), [1, 1], np.float32(0), [1])


@changes(
    "merge-consecutive",
    """
    graph main (x: float32[1,2], z: float32[1,2])
      Concat: float32[1,4] = Concat(x, z) {axis=1}
      Concat_1: float32[1,6] = Concat(Concat, x) {axis=-1}
      Concat_2: float32[1,8] = Concat(z, Concat_1) {axis=1}
      return y=Concat_2
    """,
    """
    graph main (x: float32[1,2], z: float32[1,2])
      Concat_2: float32[1,8] = Concat(z, x, z, x) {axis=1}
      return y=Concat_2
    """,
)
def concats(b: Builder) -> Value:
    first, second = x(b, 1, 2), b.input("z", "float32", (1, 2))
    inner = b.op("Concat", b.op("Concat", first, second, axis=1), first, axis=-1)
    return b.op("Concat", second, inner, axis=1)


@declines("merge-consecutive", "Cast_1: float32 to float16 loses precision")
def first_cast_loses(b: Builder) -> Value:
    return b.op("Cast", b.op("Cast", x(b, 2), to=HALF), to=FLOAT)


@declines("merge-consecutive", "Cast_1: int64 to float64 loses precision")
def integers_that_floats_do_not_have(b: Builder) -> Value:
    return b.op("Cast", b.op("Cast", x(b, 2, dtype="int64"), to=11), to=INT64)


@declines("merge-consecutive", "Unsqueeze_1: more than one dimension of its result is known only at run time")
def two_dynamic_dimensions(b: Builder) -> Value:
    return b.op("Unsqueeze", b.op("Unsqueeze", x(b, "N", "M"), [0]), [0])


@declines("merge-consecutive", "Slice_1: a slice of a dimension known only at run time, or backwards")
def slice_of_a_dynamic_dimension(b: Builder) -> Value:
    return b.op("Slice", b.op("Slice", x(b, "N"), [1], [9]), [1], [9])


@declines("merge-consecutive", "Slice_1: a slice of a dimension known only at run time, or backwards")
def slice_backwards(b: Builder) -> Value:
    return b.op("Slice", b.op("Slice", x(b, 9), [8], [0], [0], [-1]), [1], [9])


@declines("merge-consecutive", "Slice_1: the slice is empty")
def empty_slice(b: Builder) -> Value:
    return b.op("Slice", b.op("Slice", x(b, 9), [1], [9]), [3], [2])


@declines("merge-consecutive", "Pad_1: two kinds of padding")
def pads_of_two_kinds(b: Builder) -> Value:
    return b.op("Pad", b.op("Pad", x(b, 3), [1, 1]), [1, 1], mode="reflect")


@declines("merge-consecutive", "Pad_1: two kinds of padding")
def pad_of_two_values(b: Builder) -> Value:
    return b.op("Pad", b.op("Pad", x(b, 3), [1, 1]), [1, 1], np.float32(1))


@declines("merge-consecutive", "Pad_1: it crops")
def crop_and_pad(b: Builder) -> Value:
    return b.op("Pad", b.op("Pad", x(b, 3), [-1, 0]), [1, 0])


@declines("merge-consecutive")
def concats_along_two_axes(b: Builder) -> Value:
    inner = b.op("Concat", x(b, 1, 2), b.graph.inputs["x"], axis=0)
    return b.op("Concat", inner, inner, axis=1)


@declines("merge-consecutive")
def quantized_between(b: Builder) -> Value:
    def stub(value: Value) -> Value:
        quantized = b.op("QuantizeLinear", value, np.float32(0.5), np.int8(0))
        return b.op("DequantizeLinear", quantized, np.float32(0.5), np.int8(0))

    return b.op("Transpose", stub(b.op("Transpose", x(b, 2, 3), perm=(1, 0))), perm=(1, 0))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
