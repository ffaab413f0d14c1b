"""What Graph.check and the Builder say of a graph that cannot be: exact texts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.evaluate import EvaluationError
from mgeconvert.ir.graph import GraphError
from mgeconvert.ir.inference import InferenceError
from mgeconvert.ir.validity import InvalidError, check_sizes

FLOATS = np.dtype("float32")


def relu() -> Graph:
    """y = Relu(x)"""
    b = Builder()
    b.output("y", b.op("Relu", b.input("x", "float32", (2,))))
    b.graph.check()
    return b.graph


def twice(graph: Graph) -> None:
    graph.nodes.append(graph.nodes[0])


def one_name(graph: Graph) -> None:
    graph.outputs["y"].name = "x"


def constant_input(graph: Graph) -> None:
    graph.inputs["x"].array = np.ones(2, np.float32)


def constant_result(graph: Graph) -> None:
    graph.outputs["y"].array = np.ones(2, np.float32)


def before_its_use(graph: Graph) -> None:
    graph.nodes.append(Node("Neg", graph.nodes[0].outputs, [Value("late", FLOATS, (2,))], name="neg"))
    graph.nodes.reverse()


def nowhere(graph: Graph) -> None:
    graph.outputs["z"] = Value("z", FLOATS, (2,))


def declared(graph: Graph) -> None:
    constant = Value("c", array=np.ones(2, np.float32))
    constant.shape = (3,)
    graph.nodes.append(Node("Neg", [constant], [Value("n", FLOATS, (3,))], name="neg"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (twice, "node Relu: Relu is already defined by node Relu"),
        (one_name, "node Relu: two values are named x"),
        (constant_input, "input x: an input cannot be a constant"),
        (constant_result, "node Relu: output Relu is a constant"),
        (before_its_use, "node neg: input Relu is not defined before its use"),
        (nowhere, "output z: z is not defined"),
        (declared, "constant c: declared float32[3], holds float32(2,)"),
    ],
)
def test_a_graph_that_cannot_be(change: Callable[[Graph], None], message: str) -> None:
    graph = relu()
    change(graph)
    with pytest.raises(GraphError) as error:
        graph.check()
    assert str(error.value) == message


def test_numbers_beyond_64_bits() -> None:
    b = Builder()
    b.prefix = "reshape"
    with pytest.raises(InferenceError) as error:
        b.op("Reshape", b.input("x", "float32", (2,)), [2**64])
    assert error.value.message == "reshape: [18446744073709551616] are numbers of more than 64 bits"


def test_constants_that_cannot_be_computed_with() -> None:
    b = Builder()
    b.prefix = "place"
    with pytest.raises(EvaluationError) as error:
        b.op("Gather", np.int64([1, 2]), np.int64([7]), axis=0)
    assert error.value.message == "place: Gather(int64[2], int64[1]): index 7 is out of bounds for axis 0 with size 2"


def test_a_size_below_zero() -> None:
    with pytest.raises(InvalidError) as error:
        check_sizes(Node("Slice", [], [Value("y", FLOATS, (2, -1))], name="cut"))
    assert str(error.value) == "cut: Slice: its output would have the sizes [2, -1]"
