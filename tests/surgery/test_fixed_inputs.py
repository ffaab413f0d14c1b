"""Inputs that become constants: branches are taken, sizes are known, other targets can take the model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import mgeconvert
from mgeconvert import surgery
from mgeconvert.errors import UsageError
from mgeconvert_cli.main import application
from mgeconvert_converters.onnx.run import run
from tests.harness.runner import Runner

X = np.array([[1.0, -2.0, 3.0, 0.5]], np.float32)


def rated() -> onnx.ModelProto:
    """As voice detectors are: a sampling rate chooses the branch, and within it a flag the next one."""
    info = helper.make_tensor_value_info
    tensors = {
        "fast": np.int64(16000), "w": np.arange(8, dtype=np.float32).reshape(4, 2), "two": np.float32(2),
    }  # fmt: skip

    def graph(name: str, node: onnx.NodeProto) -> onnx.GraphProto:
        return helper.make_graph([node], name, [], [info(node.output[0], TensorProto.FLOAT, None)])

    doubled = graph("doubled", helper.make_node("Mul", ["x", "two"], ["d"], "scaled"))
    plain = graph("plain", helper.make_node("Identity", ["x"], ["p"], "scaled"))
    inner = helper.make_node("If", ["flag"], ["i"], "inner", then_branch=doubled, else_branch=plain)
    then = helper.make_graph(
        [inner, helper.make_node("MatMul", ["i", "w"], ["t"])], "then", [], [info("t", TensorProto.FLOAT, None)]
    )
    other = graph("other", helper.make_node("Neg", ["x"], ["e"]))
    nodes = [
        helper.make_node("Equal", ["sr", "fast"], ["is_fast"]),
        helper.make_node("If", ["is_fast"], ["r"], "rate", then_branch=then, else_branch=other),
        helper.make_node("Relu", ["r"], ["y"]),
    ]
    inputs = [
        info("x", TensorProto.FLOAT, [1, 4]),
        info("sr", TensorProto.INT64, []),
        info("flag", TensorProto.BOOL, []),
    ]
    made = helper.make_graph(
        nodes, "g", inputs, [info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in tensors.items()],
    )  # fmt: skip
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    source = tmp_path / "rated.onnx"
    onnx.save(rated(), source)
    return source


CHOICES = {
    (16000, 1): ["Mul", "MatMul", "Relu"],
    (16000, 0): ["MatMul", "Relu"],
    (8000, 0): ["Neg", "Relu"],
}


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_the_branches_that_are_taken(choice: tuple[int, int], path: Path, tmp_path: Path) -> None:
    rate, flag = choice
    expected = run(path, {"x": X, "sr": np.array(rate), "flag": np.array(bool(flag))})
    graph = surgery.set_inputs(mgeconvert.load(path), {"sr": np.array([rate]), "flag": np.array([flag])})
    graph.check()
    assert list(graph.inputs) == ["x"]
    assert [node.op for node in graph.nodes if node.op != "Identity"] == CHOICES[choice]
    assert graph.outputs["y"].shape == expected["y"].shape
    straight = tmp_path / "straight.onnx"
    mgeconvert.save(graph, straight)
    np.testing.assert_array_equal(run(straight, {"x": X})["y"], expected["y"])


def test_one_input_of_several(path: Path) -> None:
    graph = surgery.set_inputs(mgeconvert.load(path), {"sr": np.array([16000])})
    assert list(graph.inputs) == ["x", "flag"]
    assert [node.op for node in graph.nodes if node.op != "Identity"] == ["If", "MatMul", "Relu"]


def test_the_command_makes_a_tflite_file_of_it(path: Path, tmp_path: Path) -> None:
    written = tmp_path / "rated.tflite"
    line = ["--json", "edit", str(path), "--set-input", "sr=16000", "--set-input", "flag=true", "-o", str(written)]
    result = Runner().invoke(application, line)
    assert result.exit_code == 0, result.stderr
    edits = json.loads(result.stdout)["edits"]
    assert edits == ["input sr is 16000, a constant", "input flag is true, a constant"]


@pytest.mark.parametrize(
    ("numbers", "fact"),
    [
        ({"rate": [16000]}, "rate: the model has no input of this name"),
        ({"sr": [0.5]}, "--set-input sr=0.5: the input is int64[]"),
        ({"x": [1, 2, 3]}, "--set-input x=1,2,3: the input is float32[1,4]"),
        ({"x": [1], "sr": [1], "flag": [1]}, "x, sr, flag: a model needs an input, all would be constants"),
    ],
)
def test_what_is_refused(numbers: dict[str, list[float]], fact: str, path: Path) -> None:
    with pytest.raises(UsageError) as error:
        surgery.set_inputs(mgeconvert.load(path), {name: np.array(values) for name, values in numbers.items()})
    assert error.value.message == fact
