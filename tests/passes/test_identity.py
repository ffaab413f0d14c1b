"""fold-constants, eliminate-identity, eliminate-dead: what goes without changing a bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder
from tests.passes.harness import Row, examine, tables

ROWS, changes, declines = tables()


INT64, FLOAT, HALF = 7, 1, 10


def x(b: Builder, *shape: int | str, dtype: str = "float32") -> Value:
    return b.input("x", dtype, shape)


def node(
    b: Builder, op: str, shape: tuple[int | str, ...], *inputs: Value | None, dtype: str = "float32", **attrs: int
) -> Value:
    """A node the builder would have evaluated."""
    value = Value(b.name_value(op), np.dtype(dtype), shape)
    b.graph.nodes.append(Node(op, list(inputs), [value], dict(attrs), b.name_node(op)))
    return value


@changes(
    "fold-constants",
    """
    graph main (x: float32[2])
      Mul: float32[2] = Mul(float32([1.0, 2.0]), float32([3.0, 4.0]))
      Neg: float32[2] = Neg(Mul)
      Add: float32[2] = Add(x, Neg)
      return y=Add
    """,
    """
    graph main (x: float32[2])
      Add: float32[2] = Add(x, float32([-3.0, -8.0]))
      return y=Add
    """,
)
def on_constants(b: Builder) -> Value:
    product = node(b, "Mul", (2,), b.constant(np.float32([1, 2])), b.constant(np.float32([3, 4])))
    return b.op("Add", x(b, 2), node(b, "Neg", (2,), product))


@changes(
    "fold-constants",
    """
    graph main (x: float32[2,3])
      Relu: float32[2,3] = Relu(x)
      Shape: int64[2] = Shape(Relu)
      Tile: float32[Tile_0,Tile_1] = Tile(x, Shape)
      return y=Tile
    """,
    """
    graph main (x: float32[2,3])
      Tile: float32[4,9] = Tile(x, int64([2, 3]))
      return y=Tile
    """,
)
def known_shape(b: Builder) -> Value:
    shape = node(b, "Shape", (2,), b.op("Relu", x(b, 2, 3)), dtype="int64")
    return b.op("Tile", b.graph.inputs["x"], shape)


@changes(
    "fold-constants",
    """
    graph main (x: float32[N,3,4])
      Shape: int64[3] = Shape(x)
      Gather: int64[] = Gather(Shape, int64(2))
      Slice: int64[1] = Slice(Shape, int64([1]), int64([2]))
      Unsqueeze: int64[1] = Unsqueeze(Gather, int64([0]))
      Concat: int64[2] = Concat(Unsqueeze, Slice) {axis=0}
      Size: int64[] = Size(x)
      Sub: int64[2] = Sub(Concat, Size)
      return y=Sub
    """,
    """
    graph main (x: float32[N,3,4])
      Size: int64[] = Size(x)
      Sub: int64[2] = Sub(int64([4, 3]), Size)
      return y=Sub
    """,
)
def known_part_of_a_shape(b: Builder) -> Value:
    source = x(b, "N", 3, 4)
    shape = node(b, "Shape", (3,), source, dtype="int64")
    width = node(b, "Gather", (), shape, b.constant(np.int64(2)), dtype="int64")
    height = node(b, "Slice", (1,), shape, b.constant([1]), b.constant([2]), dtype="int64")
    return b.op("Sub", b.op("Concat", b.op("Unsqueeze", width, [0]), height, axis=0), b.op("Size", source))


@changes(
    "fold-constants",
    """
    graph main (x: float32[N,3,4], z: float32[4])
      Shape: int64[2] = Shape(x) {start=1}
      Expand: float32[Expand_0,4] = Expand(z, Shape)
      return y=Expand
    """,
    """
    graph main (x: float32[N,3,4], z: float32[4])
      Expand: float32[3,4] = Expand(z, int64([3, 4]))
      return y=Expand
    """,
)
def known_slice_of_shape_by_attributes(b: Builder) -> Value:
    source = x(b, "N", 3, 4)
    return b.op("Expand", b.input("z", "float32", (4,)), node(b, "Shape", (2,), source, dtype="int64", start=1))


@changes(
    "fold-constants",
    """
    graph main (x: float32[2,3], n: int64[])
      Size: int64[] = Size(x)
      Mul: int64[] = Mul(Size, n)
      return y=Mul
    """,
    """
    graph main (x: float32[2,3], n: int64[])
      Mul: int64[] = Mul(int64(6), n)
      return y=Mul
    """,
)
def size(b: Builder) -> Value:
    return b.op("Mul", node(b, "Size", (), x(b, 2, 3), dtype="int64"), b.input("n", "int64", ()))


@declines("fold-constants")
def outputs_stay_nodes(b: Builder) -> dict[str, Value]:
    source = x(b, 2, 3)
    shape = node(b, "Shape", (2,), source, dtype="int64")
    number = node(b, "Neg", (), b.constant(np.float32(1)))
    return {"y": shape, "z": node(b, "Size", (), source, dtype="int64"), "n": number}


@declines("fold-constants")
def batch_is_not_known(b: Builder) -> Value:
    shape = node(b, "Shape", (2,), x(b, "N", 3), dtype="int64")
    return node(b, "Gather", (), shape, b.constant(np.int64(0)), dtype="int64")


@declines(
    "fold-constants",
    "ConstantOfShape: the result is larger than what it is computed from: the file would grow by 328 bytes",
)
def result_is_larger(b: Builder) -> Value:
    ones = node(b, "ConstantOfShape", (100,), b.constant([100]))
    return b.op("Add", x(b, 100), ones)


@declines("fold-constants")
def random_numbers(b: Builder) -> Value:
    return b.op("Add", x(b, 2), node(b, "RandomUniformLike", (2,), b.constant(np.float32([1, 2]))))


@declines("fold-constants")
def quantized_constant(b: Builder) -> Value:
    values = b.constant(np.int8([1, 2]))
    return b.op(
        "Add", x(b, 2), node(b, "DequantizeLinear", (2,), values, b.constant(np.float32(0.5)), b.constant(np.int8(0)))
    )


def _nothing(b: Builder, source: Value, op: str) -> Value:
    """An operator that changes nothing, with the operands that make it so."""
    constants: dict[str, list[object]] = {
        "Cast": [], "Reshape": [[2, -1]], "Slice": [[0], [9], [1]], "Pad": [[0, 0, 0, 0]], "Tile": [[1, 1]],
        "Expand": [[1, 3]], "Unsqueeze": [np.array([], np.int64)], "Add": [0.0], "Sub": [0.0], "Mul": [1.0],
        "Div": [1.0], "Pow": [1.0], "Resize": [None, np.float32([1, 1])], "Clip": [], "ReduceSum": [None],
    }  # fmt: skip
    attrs: dict[str, dict[str, object]] = {
        "Cast": {"to": FLOAT}, "Transpose": {"perm": (0, 1)}, "Concat": {"axis": 0}, "Flatten": {"axis": 1},
        "Split": {"num_outputs": 1}, "ReduceSum": {"noop_with_empty_axes": 1},
    }  # fmt: skip
    return b.op(op, source, *constants.get(op, []), **attrs.get(op, {}))  # type: ignore[arg-type]


NOTHING = [
    "Identity", "Dropout", "Cast", "Reshape", "Slice", "Pad", "Tile", "Expand", "Unsqueeze", "Add", "Sub", "Mul", "Div",
    "Pow", "Resize", "Clip", "ReduceSum", "Transpose", "Concat", "Flatten", "Split", "Sum", "Max", "Min", "Mean",
]  # fmt: skip


@pytest.mark.parametrize("op", NOTHING)
def test_operators_that_do_nothing(op: str, tmp_path: Path) -> None:
    def build(b: Builder) -> Value:
        return b.op("Tanh", _nothing(b, b.op("Exp", x(b, 2, 3)), op))

    printed = "graph main (x: float32[2,3])\n  Exp: float32[2,3] = Exp(x)\n"
    after = f"{printed}  Tanh: float32[2,3] = Tanh(Exp)\n  return y=Tanh"
    b = Builder()
    b.output("y", build(b))
    examine(Row("eliminate-identity", build, str(b.graph), after), tmp_path)


@changes(
    "eliminate-identity",
    """
    graph main (x: float32[2,3])
      Add: float32[2,3] = Add(float32([[0.0, 0.0, 0.0]]), x)
      Mul: float32[2,3] = Mul(float32(1.0), Add)
      Exp: float32[2,3] = Exp(Mul)
      return y=Exp
    """,
    """
    graph main (x: float32[2,3])
      Exp: float32[2,3] = Exp(x)
      return y=Exp
    """,
)
def constant_comes_first(b: Builder) -> Value:
    return b.op("Exp", b.op("Mul", np.float32(1), b.op("Add", np.zeros((1, 3), np.float32), x(b, 2, 3))))


@changes(
    "eliminate-identity",
    """
    graph main (x: float32[2])
      Exp: float32[2] = Exp(x)
      Identity: float32[2] = Identity(Exp)
      return y=Identity
    """,
    """
    graph main (x: float32[2])
      Exp: float32[2] = Exp(x)
      return y=Exp
    """,
)
def output_is_an_identity_of_a_node(b: Builder) -> Value:
    return b.op("Identity", b.op("Exp", x(b, 2)))


@changes(
    "eliminate-identity",
    """
    graph main (x: float32[2])
      Neg: float32[2] = Neg(x)
      Neg_1: float32[2] = Neg(Neg)
      Exp: float32[2] = Exp(Neg_1)
      return y=Exp
    """,
    """
    graph main (x: float32[2])
      Exp: float32[2] = Exp(x)
      return y=Exp
    """,
)
def twice_there_and_back(b: Builder) -> Value:
    return b.op("Exp", b.op("Neg", b.op("Neg", x(b, 2))))


@changes(
    "eliminate-identity",
    """
    graph main (x: float32[2])
      Relu: float32[2] = Relu(x)
      Relu_1: float32[2] = Relu(Relu)
      return y=Relu_1
    """,
    """
    graph main (x: float32[2])
      Relu: float32[2] = Relu(x)
      return y=Relu
    """,
)
def twice_the_same(b: Builder) -> Value:
    return b.op("Relu", b.op("Relu", x(b, 2)))


@changes(
    "eliminate-identity",
    """
    graph main (x: float32[N,M,3])
      Reshape: float32[N,M,3] = Reshape(x, int64([0, 0, 3]))
      Exp: float32[N,M,3] = Exp(Reshape)
      return y=Exp
    """,
    """
    graph main (x: float32[N,M,3])
      Exp: float32[N,M,3] = Exp(x)
      return y=Exp
    """,
)
def reshape_that_copies_every_dimension(b: Builder) -> Value:
    return b.op("Exp", b.op("Reshape", x(b, "N", "M", 3), [0, 0, 3]))


@changes(
    "eliminate-identity",
    """
    graph main (x: float32[1,1,2,2])
      MaxPool: float32[1,1,2,2] = MaxPool(x) {kernel_shape=(1, 1)}
      Exp: float32[1,1,2,2] = Exp(MaxPool)
      return y=Exp
    """,
    """
    graph main (x: float32[1,1,2,2])
      Exp: float32[1,1,2,2] = Exp(x)
      return y=Exp
    """,
)
def pool_of_single_pixels(b: Builder) -> Value:
    return b.op("Exp", b.op("MaxPool", x(b, 1, 1, 2, 2), kernel_shape=(1, 1)))


@declines("eliminate-identity")
def an_input_stays_an_input(b: Builder) -> Value:
    """An output of the graph cannot be its input in every format."""
    return b.op("Identity", x(b, 2))


@declines("eliminate-identity")
def two_outputs_stay_two(b: Builder) -> dict[str, Value]:
    first = b.op("Exp", x(b, 2))
    return {"y": first, "z": b.op("Identity", first)}


@declines("eliminate-identity")
def these_do_something(b: Builder) -> Value:
    wide = b.op("Add", x(b, 2, 1), np.zeros((1, 3), np.float32))
    cut = b.op("Slice", wide, [0], [2], [1])
    turned = b.op("Transpose", cut, perm=(1, 0))
    padded = b.op("Pad", turned, [0, 1, 0, 0])
    return b.op("Sub", np.float32(0), padded)


@declines("eliminate-identity")
def symbolic_dimensions_may_differ(b: Builder) -> Value:
    return b.op("Exp", b.op("Reshape", x(b, "N", "M"), [2, -1]))


@changes(
    "eliminate-dead",
    """
    graph main (x: float32[2])
      Neg: float32[2] = Neg(x)
      Exp: float32[2] = Exp(Neg)
      Exp_1: float32[2] = Exp(x)
      return y=Exp_1
    """,
    """
    graph main (x: float32[2])
      Exp_1: float32[2] = Exp(x)
      return y=Exp_1
    """,
)
def nobody_reads_it(b: Builder) -> Value:
    source = x(b, 2)
    b.op("Exp", b.op("Neg", source))
    return b.op("Exp", source)


@changes(
    "eliminate-dead",
    """
    graph main (x: float32[4])
      Split: float32[2], Split_1: float32[2] = Split(x) {num_outputs=2}
      Neg: float32[2] = Neg(Split_1)
      Exp: float32[4] = Exp(x)
      return y=Exp
    """,
    """
    graph main (x: float32[4])
      Exp: float32[4] = Exp(x)
      return y=Exp
    """,
)
def one_of_two_outputs_is_read(b: Builder) -> Value:
    source = x(b, 4)
    b.op("Neg", b.ops("Split", 2, source, num_outputs=2)[1])
    return b.op("Exp", source)


@declines("eliminate-dead")
def a_subgraph_reads_it(b: Builder) -> Value:
    source = b.op("Exp", x(b, 2))
    inner = Graph("body", {}, {})
    value = Value("inner", np.dtype(np.float32), (2,))
    inner.nodes.append(Node("Neg", [source], [value], {}, "inner"))
    inner.outputs["r"] = value
    b.graph.nodes.append(
        Node("If", [b.input("c", "bool", ())], [out := Value("If", np.dtype(np.float32), (2,))], {}, "If")
    )
    b.graph.nodes[-1].attrs = {"then_branch": inner, "else_branch": inner}
    return out


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
