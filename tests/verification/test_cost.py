"""Which graphs are not run to be verified, at the limits."""

from __future__ import annotations

import numpy as np
import pytest

from mgeconvert.errors import ConversionError
from mgeconvert.ir import Graph, Node, Shape, Value
from mgeconvert.verification.cost import check_runnable

COUNT = Value("count", array=np.int64([1]))
X = Value("x", np.dtype("float32"), ("N",))


def node(op: str, *inputs: Value, shape: Shape | None, dtype: str = "float32", name: str = "") -> Node:
    return Node(op, list(inputs), [Value(f"{name or op}_out", np.dtype(dtype), shape)], name=name or op)


def graph(*nodes: Node) -> Graph:
    made = Graph()
    made.inputs["x"] = X
    made.nodes = list(nodes)
    return made


def refused(made: Graph) -> str:
    """What is said; empty where the graph is run."""
    try:
        check_runnable(made)
    except ConversionError as error:
        return error.message
    return ""


def test_the_hint() -> None:
    with pytest.raises(ConversionError) as error:
        check_runnable(graph(node("Expand", COUNT, shape=(2**27,))))
    assert error.value.hint == "--no-verify writes the file without running it"


@pytest.mark.parametrize(
    ("operand", "elements", "dtype", "said"),
    [
        (COUNT, 2**26, "float32", ""),
        (COUNT, 2**26 + 1, "float32",
         "Expand: Expand computes float32[67108865], 0.3 GB of constants alone: not run"),
        (COUNT, 2**26, "float64", "Expand: Expand computes float64[67108864], 0.5 GB of constants alone: not run"),
        (X, 2**30, "float32", ""),
        (X, 2**30 + 1, "float32", "Expand: Expand computes float32[1073741825], 4.3 GB: not run"),
    ],
)  # fmt: skip
def test_the_bytes_of_a_value(operand: Value, elements: int, dtype: str, said: str) -> None:
    assert refused(graph(node("Expand", operand, shape=(elements,), dtype=dtype))) == said


def test_what_is_computed_from_such_a_value_is_of_constants_too() -> None:
    first = node("Cast", COUNT, shape=(1,), name="first")
    second = node("Expand", first.output, shape=(2**27,), name="second")
    assert refused(graph(first, second)) == (
        "second: Expand computes float32[134217728], 0.5 GB of constants alone: not run"
    )


@pytest.mark.parametrize("op", ["RandomNormal", "RandomUniformLike"])
def test_random_numbers_are_no_constants(op: str) -> None:
    assert refused(graph(node(op, shape=(2**27,)))) == ""


def test_sizes_that_nobody_knows_count_nothing() -> None:
    assert refused(graph(node("Expand", COUNT, shape=None), node("Expand", COUNT, shape=("N", 2**40)))) == ""


@pytest.mark.parametrize(
    ("op", "rows", "inner", "said"),
    [
        ("MatMul", 2**12, 2**13, ""),
        ("MatMul", 2**12, 2**13 + 1,
         "product: MatMul of constants takes 1.4e+11 multiplications: not run"),
        ("Gemm", 2**12, 2**14, "product: Gemm of constants takes 2.7e+11 multiplications: not run"),
        ("Add", 2**12, 2**14, ""),
    ],
)  # fmt: skip
def test_products_of_constants(op: str, rows: int, inner: int, said: str) -> None:
    left = node("Expand", COUNT, shape=(rows, inner), name="left")
    right = node("Expand", COUNT, shape=(inner, rows), name="right")
    assert refused(graph(left, right, node(op, left.output, right.output, shape=(rows, rows), name="product"))) == said


def test_products_of_what_is_given_or_unknown() -> None:
    large = Value("large", np.dtype("float32"), (2**12, 2**14))
    assert refused(graph(node("MatMul", large, large, shape=(2**12, 2**12)))) == ""
    unknown = node("Expand", COUNT, shape=None, name="unknown")
    assert refused(graph(unknown, node("MatMul", unknown.output, COUNT, shape=(2**12, 2**12)))) == ""
    assert refused(graph(unknown, node("MatMul", COUNT, COUNT, shape=None), node("MatMul", shape=(4,)))) == ""
