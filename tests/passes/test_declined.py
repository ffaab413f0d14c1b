"""Patterns that stay: values that are read elsewhere too, numbers that leave their type, ranks that nobody knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Node, Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables

ROWS, changes, declines = tables()


def x(b: Builder, *shape: int | str, dtype: str = "float32") -> Value:
    return b.input(f"x{len(b.graph.inputs)}", dtype, shape)


def c(b: Builder, numbers: object, name: str = "c") -> Value:
    return b.constant(np.asarray(numbers, np.float32), name=name)


def made(
    b: Builder, op: str, *inputs: Value, dtype: str = "float32", shape: tuple[int, ...] | None, **attrs: int
) -> Value:
    """The result of a node whose type is not inferred."""
    output = Value(f"{op.lower()}_made", np.dtype(dtype), shape)
    b.graph.nodes.append(Node(op, list(inputs), [output], dict(attrs), op.lower()))
    return output


def conv(b: Builder, source: Value) -> Value:
    return b.op("Conv", source, c(b, np.ones((2, 2, 1, 1)), "w"))


@declines("fuse-add-mul", "Mul: the result of Add is used elsewhere too")
def a_sum_that_is_read(b: Builder) -> dict[str, Value]:
    total = b.op("Add", x(b, 2, 3), c(b, 1))
    return {"y": b.op("Mul", total, c(b, 2, "d")), "total": total}


@declines("fuse-add-mul", "Pow_1: the result of Pow is used elsewhere too")
def a_power_that_is_read(b: Builder) -> dict[str, Value]:
    square = b.op("Pow", x(b, 2), c(b, 2))
    return {"y": b.op("Pow", square, c(b, 3, "d")), "square": square}


@declines("merge-consecutive", "Pad_1: the padding is computed")
def computed_pads(b: Builder) -> Value:
    return b.op("Pad", b.op("Pad", x(b, 2, 3), x(b, 4, dtype="int64")), np.int64([0, 1, 0, 1]))


@declines("fold-constants", "gather: Gather(int64[2], int64[1]): index 7 is out of bounds for axis 0 with size 2")
def a_kernel_that_raises(b: Builder) -> Value:
    table, place = b.constant(np.int64([1, 2])), b.constant(np.int64([7]))
    return b.op("Add", x(b, 1, dtype="int64"), made(b, "Gather", table, place, dtype="int64", shape=(1,), axis=0))


@declines("fuse-conv-scale", "Add: the result of MatMul is used elsewhere too")
def a_product_that_is_read(b: Builder) -> dict[str, Value]:
    product = b.op("MatMul", x(b, 2, 3), c(b, np.ones((3, 4)), "w"))
    return {"y": b.op("Add", product, c(b, np.ones(4))), "product": product}


@declines("fuse-pad", "Conv: the padding is not with zeros")
def twos_around_a_convolution(b: Builder) -> Value:
    padded = b.op("Pad", x(b, 1, 1, 4, 4), np.int64([0, 0, 1, 1, 0, 0, 1, 1]), np.float32(2))
    return b.op("Conv", padded, c(b, np.ones((1, 1, 3, 3)), "w"))


@declines("fuse-pad", "AveragePool: the padding is not with zeros")
def twos_around_an_average(b: Builder) -> Value:
    padded = b.op("Pad", x(b, 1, 1, 4, 4), np.int64([0, 0, 1, 1, 0, 0, 1, 1]), np.float32(2))
    return b.op("AveragePool", padded, kernel_shape=(3, 3))


@declines("fuse-conv-scale", "Mul: the weights of conv are int32, not floats")
def weights_of_integers(b: Builder) -> Value:
    weight = b.constant(np.ones((1, 1, 1, 1), np.int32), name="w")
    source = x(b, 1, 1, 4, 4, dtype="int32")
    return b.op("Mul", made(b, "Conv", source, weight, dtype="int32", shape=(1, 1, 4, 4)), np.int32(2))


@declines("fuse-conv-scale", "Mul: MatMul does not multiply by one matrix")
def a_stack_of_matrices(b: Builder) -> Value:
    return b.op("Mul", b.op("MatMul", x(b, 2, 2, 3), c(b, np.ones((2, 3, 4)), "w")), c(b, 2))


@declines("fuse-conv-scale", "Mul: Conv: the new bias does not fit into float32")
def a_bias_that_overflows(b: Builder) -> Value:
    weight, bias = c(b, np.full((1, 1, 1, 1), 1e-3), "w"), c(b, [3e38], "bias")
    return b.op("Mul", b.op("Conv", x(b, 1, 1, 4, 4), weight, bias), c(b, 2))


@declines("backward-fold-scale", "Mul: s times the factor does not fit into float32")
def a_summand_that_overflows(b: Builder) -> Value:
    return b.op("Mul", b.op("Add", conv(b, x(b, 1, 2, 3, 3)), c(b, [[[[3e38]]]], "s")), c(b, 2))


@declines("backward-fold-scale", "Mul: the factor is not one number for the whole product")
def a_factor_on_a_product(b: Builder) -> Value:
    return b.op("Mul", b.op("MatMul", conv(b, x(b, 1, 2, 3, 3)), conv(b, x(b, 1, 2, 3, 3))), c(b, [[[2]], [[3]]]))


@declines("backward-fold-scale", "Mul_2: Concat of pieces whose size is known only at run time")
def pieces_of_unknown_size(b: Builder) -> Value:
    pieces = [b.op("Mul", x(b, 1, name, 3), c(b, 3, name.lower())) for name in ("P", "Q")]
    return b.op("Mul", made(b, "Concat", *pieces, shape=(1, 4, 3), axis=1), c(b, np.arange(1, 5).reshape(1, 4, 1)))


@declines("backward-fold-scale", "Mul: an operand of unknown rank")
def a_reshape_of_unknown_rank(b: Builder) -> Value:
    unknown = made(b, "Relu", conv(b, x(b, 1, 2, 3, 3)), shape=None)
    return b.op("Mul", b.op("Reshape", unknown, [1, 2, 9]), c(b, 2 * np.ones((1, 2, 1))))


@declines("backward-fold-scale", "Mul: an operand of unknown rank")
def a_sum_of_unknown_rank(b: Builder) -> Value:
    unknown = made(b, "Relu", conv(b, x(b, 1, 2, 3, 3)), shape=None)
    return b.op("Mul", made(b, "Add", unknown, conv(b, x(b, 1, 2, 3, 3)), shape=(1, 2, 3, 3)), c(b, 2))


@declines("backward-fold-scale", "Mul: Resize mixes the axes the factor varies along")
def a_factor_along_a_row(b: Builder) -> Value:
    large = b.op("Resize", conv(b, x(b, 1, 2, 3, 3)), None, np.float32([1, 1, 2, 2]), mode="linear")
    return b.op("Mul", large, c(b, np.arange(1, 7).reshape(1, 1, 1, 6)))


@declines("fuse-norm", "Div: the centred input is used elsewhere too")
def a_centred_input_that_is_read(b: Builder) -> dict[str, Value]:
    source = x(b, 2, 3)
    centred = b.op("Sub", source, b.op("ReduceMean", source, [-1]))
    variance = b.op("ReduceMean", b.op("Mul", centred, centred), [-1])
    return {"y": b.op("Div", centred, b.op("Sqrt", b.op("Add", variance, c(b, 1e-5)))), "centred": centred}


@declines("fuse-norm", "Reshape_1: the grouped values are used elsewhere too")
def grouped_values_that_are_read(b: Builder) -> dict[str, Value]:
    grouped = b.op("Reshape", x(b, 1, 4, 2, 2), [1, 2, 8])
    norm = b.op("InstanceNormalization", grouped, c(b, [1, 1], "scale"), c(b, [0, 0], "shift"))
    return {"y": b.op("Reshape", norm, [1, 4, 2, 2]), "norm": norm}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_pattern_stays(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
