"""ONNX models that are well-formed files and no models: exact texts, and limits from both sides."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mgeconvert.errors import BadInputError, MgeconvertError, UsageError
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert_converters.onnx.opsets.up import functions
from mgeconvert_converters.onnx.opsets.up.driver import load
from mgeconvert_converters.onnx.run import run
from mgeconvert_converters.onnx.watch import watch
from mgeconvert_converters.onnx.write.functions import SINCE
from mgeconvert_converters.onnx.write.save import check, save
from tests.onnx.read.test_file import info, loaded, model


def node(op: str, inputs: str, outputs: str, domain: str = "") -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(), outputs.split(), domain=domain)


def with_functions(*called: onnx.FunctionProto, first: str = "f0") -> onnx.ModelProto:
    made = model([node(first, "x", "y", "local")], [info("x", 2)], [info("y", 2)])
    made.opset_import.append(helper.make_opsetid("local", 1))
    made.functions.extend(called)
    return made


def function(name: str, *ops: str) -> onnx.FunctionProto:
    """y = a chain of operators, or of functions where they are in lower case."""
    chain = [
        node(op, "x" if not at else f"v{at}", "y" if at == len(ops) - 1 else f"v{at + 1}", "local" * op.islower())
        for at, op in enumerate(ops)
    ]
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    return helper.make_function("local", name, ["x"], ["y"], chain, sets)


def chain_of(length: int) -> onnx.ModelProto:
    calls = [function(f"f{at}", f"f{at + 1}") for at in range(length - 1)]
    return with_functions(*calls, function(f"f{length - 1}", "Relu"))


def doubling(levels: int) -> onnx.ModelProto:
    calls = [function(f"f{at}", f"f{at + 1}", f"f{at + 1}") for at in range(levels)]
    return with_functions(*calls, function(f"f{levels}", "Relu"))


def sparse(dims: list[int], indices: list[int]) -> onnx.ModelProto:
    """The sum of x and a sparse constant."""
    values = numpy_helper.from_array(np.ones(len(indices), np.float32), "s")
    made = model([node("Add", "x s", "y")], [info("x", 1)], [info("y", 1)])
    positions = numpy_helper.from_array(np.array(indices, np.int64), "i")
    made.graph.sparse_initializer.append(helper.make_sparse_tensor(values, positions, dims))
    return made


def elsewhere() -> onnx.ModelProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="w.bin")
    return model([node("Add", "x w", "y")], [info("x", 2)], [info("y", 2)], initializer=[tensor])


def twice() -> onnx.ModelProto:
    tensors = [numpy_helper.from_array(np.ones(1 << 16, np.float32), "w")] * 2
    return model([node("Add", "x w", "y")], [info("x", 2)], [info("y", 2)], initializer=tensors)


def damaged() -> onnx.ModelProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2], float_data=[1.0])
    return model([node("Add", "x w", "y")], [info("x", 2)], [info("y", 2)], initializer=[tensor])


def computes(*nodes: onnx.NodeProto) -> onnx.ModelProto:
    return model(list(nodes), [info("x", 2)], [info("y", 2)])


BAD: dict[str, tuple[Callable[[], onnx.ModelProto], str]] = {
    "computed twice": (
        lambda: computes(node("Relu", "x", "y"), node("Neg", "x", "y")),
        "y is computed twice; a value has one node that computes it",
    ),
    "an input that is computed": (
        lambda: computes(node("Relu", "x", "y"), node("Neg", "y", "x")),
        "x is computed twice; a value has one node that computes it",
    ),
    "a circle": (
        lambda: computes(node("Add", "x b", "a"), node("Relu", "a", "b"), node("Neg", "b", "y")),
        "a reads what it computes itself, through other nodes",
    ),
    "two initializers": (twice, "two initializers are named w"),
    "another file": (elsewhere, "tensor w is in another file (w.bin), which a stream cannot name"),
    "a large sparse tensor": (
        lambda: sparse([1 << 40], [0]), f"tensor s: a sparse tensor of {[1 << 40]} is too large"
    ),
    "positions outside": (lambda: sparse([3], [0, 3]), "tensor s: its indices do not fit its shape [3]"),
    "positions before the first": (lambda: sparse([3], [-1]), "tensor s: its indices do not fit its shape [3]"),
    "a function that calls itself": (
        lambda: with_functions(function("f0", "f1"), function("f1", "f0")),
        "function f0 of local calls itself; a function may only call others",
    ),
    "deep calls": (
        lambda: chain_of(functions.DEEPEST + 1), f"functions call each other {functions.DEEPEST} levels deep"
    ),
    "functions of functions": (
        lambda: doubling(20), f"its functions become {1 << 20} nodes, more than the {functions.LARGEST} that are read"
    ),
}  # fmt: skip
"""A model, what is wrong with it."""


@pytest.mark.parametrize("case", BAD)
def test_a_model_that_is_none(case: str) -> None:
    build, text = BAD[case]
    with pytest.raises(BadInputError) as caught:
        loaded(build())
    assert caught.value.message.partition(": ")[2] == text


def test_limits_of_functions_are_exact() -> None:
    assert [each.op for each in loaded(chain_of(functions.DEEPEST)).nodes] == ["Relu"]
    assert len(loaded(doubling(5)).nodes) == 32


def test_a_tensor_of_too_few_numbers() -> None:
    with pytest.raises(BadInputError, match=r": tensor w: cannot reshape array of size 1 into shape"):
        loaded(damaged())


SHAPES = {
    "x=1,2": "--input-shape x=1,2: 2 sizes, but x has 3",
    "x=1,2,5": "--input-shape x=1,2,5: 5 contradicts that size 3 of x is fixed in the file as 4",
    "x=1,2,4;z=2": "--input-shape z=2: 2 contradicts that N is 1",
    "q=1": "--input-shape q=1: the model has no input q",
}


@pytest.mark.parametrize("text", SHAPES)
def test_shapes_that_the_model_does_not_take(text: str) -> None:
    made = model(
        [node("Relu", "x", "y"), node("Relu", "z", "v")],
        [info("x", "N", 2, 4), info("z", "N")],
        [info("y", "N", 2, 4), info("v", "N")],
    )
    with pytest.raises(UsageError) as caught:
        load(io.BytesIO(made.SerializeToString()), input_shape=text)
    assert caught.value.message == SHAPES[text]


def small(path: Path) -> Path:
    b = Builder(Graph())
    b.output("y", b.op("Add", b.input("x", "float32", (2,)), np.float32([1, 2])))
    save(b.graph, path)
    return path


def test_what_cannot_be_run(tmp_path: Path) -> None:
    path, x = small(tmp_path / "m.onnx"), np.float32([1, 2])
    assert run(path, {"x": x})["y"].tolist() == [2, 4]
    rows: list[tuple[Callable[[], object], type[MgeconvertError], str]] = [
        (lambda: run(path, {}), UsageError, f"{path}: no array for x; the model's inputs are x"),
        (
            lambda: run(path, {"x": x, "z": x}),
            UsageError,
            f"{path}: no input named z; the model's inputs are x",
        ),
        (
            lambda: run(path, {"z": x}),
            UsageError,
            f"{path}: no array for x; no input named z; the model's inputs are x",
        ),
        (lambda: run(tmp_path / "no.onnx", {}), BadInputError, f"{tmp_path / 'no.onnx'}: there is no such file"),
    ]
    for action, error, text in rows:
        with pytest.raises(error) as caught:
            action()
        assert caught.value.message == text
    path.write_bytes(b"\x08")
    with pytest.raises(BadInputError) as watched:
        watch(path, {"x": x})
    assert watched.value.message.startswith(f"{path}: is no ONNX model: ")


def test_options_that_do_not_go_together() -> None:
    with pytest.raises(UsageError) as caught:
        check(opset=SINCE - 1, functions=True)
    assert caught.value.message == f"opset {SINCE - 1} has no local functions"
    assert caught.value.hint == f"say --opset {SINCE}, or leave out --functions"
    check(opset=SINCE, functions=True)
    with pytest.raises(UsageError, match=r"^--fp16-io is for models in float16$"):
        check(fp16_io=True)
    b = Builder(Graph())
    b.output("y", b.op("Relu", b.input("x", "float32", (2,))))
    with pytest.raises(UsageError) as stream:
        save(b.graph, io.BytesIO(), external_data=True)
    assert stream.value.message == (
        "standard output: a model with external data is two files and cannot be written to a stream"
    )
