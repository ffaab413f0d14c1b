"""fold-constants, eliminate-*, merge-*: what is removed without changing a bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.builder import Builder
from mgeconvert.ir import Graph, Node, Value
from tests.passes import Row, examine, tables

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


@declines("fold-constants", "ConstantOfShape: the constant result is larger than what it is computed from")
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


@changes(
    "merge-duplicate-nodes",
    """
    graph main (x: float32[2])
      Add: float32[2] = Add(x, float32(1.0))
      Exp: float32[2] = Exp(Add)
      Add_1: float32[2] = Add(x, float32(1.0))
      Exp_1: float32[2] = Exp(Add_1)
      Mul: float32[2] = Mul(Exp, Exp_1)
      return y=Mul
    """,
    """
    graph main (x: float32[2])
      Add: float32[2] = Add(x, float32(1.0))
      Exp: float32[2] = Exp(Add)
      Mul: float32[2] = Mul(Exp, Exp)
      return y=Mul
    """,
)
def the_same_twice(b: Builder) -> Value:
    source = x(b, 2)
    first, second = (b.op("Exp", b.op("Add", source, 1.0)) for _ in range(2))
    return b.op("Mul", first, second)


@changes(
    "merge-duplicate-nodes",
    """
    graph main (x: float32[2], z: float32[2])
      Add: float32[2] = Add(x, z)
      Add_1: float32[2] = Add(z, x)
      Neg: float32[2] = Neg(Add_1)
      Sub: float32[2] = Sub(Add, Neg)
      return y=Sub
    """,
    """
    graph main (x: float32[2], z: float32[2])
      Add: float32[2] = Add(x, z)
      Neg: float32[2] = Neg(Add)
      Sub: float32[2] = Sub(Add, Neg)
      return y=Sub
    """,
)
def operands_in_either_order(b: Builder) -> Value:
    source, other = x(b, 2), b.input("z", "float32", (2,))
    return b.op("Sub", b.op("Add", source, other), b.op("Neg", b.op("Add", other, source)))


@changes(
    "merge-duplicate-nodes",
    """
    graph main (x: float32[2])
      Exp: float32[2] = Exp(x)
      Exp_1: float32[2] = Exp(x)
      Neg: float32[2] = Neg(Exp_1)
      return y=Exp, z=Neg
    """,
    """
    graph main (x: float32[2])
      Exp: float32[2] = Exp(x)
      Neg: float32[2] = Neg(Exp)
      return y=Exp, z=Neg
    """,
)
def one_of_them_is_an_output(b: Builder) -> dict[str, Value]:
    source = x(b, 2)
    return {"y": b.op("Exp", source), "z": b.op("Neg", b.op("Exp", source))}


@declines("merge-duplicate-nodes")
def two_outputs(b: Builder) -> dict[str, Value]:
    source = x(b, 2)
    return {"y": b.op("Exp", source), "z": b.op("Exp", source)}


@declines("merge-duplicate-nodes")
def not_the_same(b: Builder) -> Value:
    source = x(b, 2, 3)
    softmaxes = [b.op("Softmax", source, axis=axis) for axis in (0, 1)]
    differences = b.op("Mul", b.op("Sub", *softmaxes), b.op("Sub", *softmaxes[::-1]))
    random = [b.op("RandomUniformLike", source) for _ in range(2)]
    return b.op("Sum", differences, *random)


@changes(
    "merge-duplicate-constants",
    """
    graph main (x: float32[6,4])
      MatMul: float32[6,6] = MatMul(x, w<float32[4,6]>)
      MatMul_1: float32[6,6] = MatMul(x, v<float32[4,6]>)
      Add: float32[6,6] = Add(MatMul, MatMul_1)
      return y=Add
    """,
    """
    graph main (x: float32[6,4])
      MatMul: float32[6,6] = MatMul(x, w<float32[4,6]>)
      MatMul_1: float32[6,6] = MatMul(x, w<float32[4,6]>)
      Add: float32[6,6] = Add(MatMul, MatMul_1)
      return y=Add
    """,
)
def equal_weights(b: Builder) -> Value:
    values = np.arange(24, dtype=np.float32).reshape(4, 6)
    first = b.op("MatMul", x(b, 6, 4), b.constant(values, name="w"))
    transposed = b.constant(values.copy(order="F"), name="v")
    return b.op("Add", first, b.op("MatMul", b.graph.inputs["x"], transposed))


@declines("merge-duplicate-constants")
def nearly_equal_weights(b: Builder) -> Value:
    values = np.arange(32, dtype=np.float32)
    last, negative = values.copy(), values.copy()
    last[-1] = 7
    negative[0] = -0.0
    weights = [values, last, negative, values.reshape(1, 32)]
    source = x(b, 1, 32)
    return b.op("Sum", source, *map(b.constant, weights))


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
