"""Replacements in modules, behind values, with attributes that follow; deletions, assignments, new inputs, structures:
what they compute, and exact error texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mgeconvert import surgery
from mgeconvert.errors import ConversionError, UsageError
from mgeconvert.ir import GivenName, Graph, TensorType
from mgeconvert.surgery import structured_outputs
from tests.surgery.test_select import tree
from tests.surgery.test_surgery import IMAGE, compute, ends, network

FLOATS = np.dtype(np.float32)


def test_in_one_module_only() -> None:
    graph = surgery.replace_pattern(tree(), "Relu(x)", "x", within=["body.1"])
    assert ends(graph)[2] == ["Tanh", "Relu", "Tanh", "Tanh", "Neg"]


@pytest.mark.parametrize("within", ["stem", "s*", "Relu", "stem.relu"])
def test_a_match_is_all_in_the_module(within: str) -> None:
    graph = surgery.replace_pattern(network(), "Relu(x)", "Neg(Relu(x))", within=[within])
    assert ends(graph)[2][:3] == ["Conv", "Relu", "Neg"]
    with pytest.raises(UsageError) as caught:
        surgery.replace_pattern(network(), "Relu(Conv(x, w))", "Abs(x)", within=["stem.relu"])
    assert caught.value.message == "pattern Relu(Conv(x, w)): matches nothing in stem.relu"
    assert caught.value.hint == "operators here: Relu"


def test_attributes_follow(tmp_path: Path) -> None:
    graph = surgery.replace_pattern(network(), "Gemm(x, w)", "Neg(Gemm(x, w))")
    (gemm,) = (node for node in graph.nodes if node.op == "Gemm")
    assert gemm.attrs == {"transB": 1}
    before, after = compute(network(), tmp_path, x=IMAGE), compute(graph, tmp_path, x=IMAGE)
    np.testing.assert_array_equal(after["scores"], -before["scores"])


def test_attributes_that_are_said_are_others() -> None:
    graph = surgery.replace_pattern(network(), "Conv(x, w)", "Conv(x, w, group=None, kernel_shape=(3, 3))")
    assert graph.nodes[0].attrs == {"pads": (1, 1, 1, 1), "kernel_shape": (3, 3)}


def test_behind_a_value_all_read_the_new_one(tmp_path: Path) -> None:
    graph = surgery.replace_pattern(network(), "'stem.relu_out'", "Mul('stem.relu_out', 2)")
    assert ends(graph)[2] == ["Conv", "Relu", "Mul", "Sigmoid", "Tanh", "Add", "Reshape", "Gemm"]
    doubled = surgery.replace_pattern(network(), "x", "Mul(x, 2)")
    one, other = compute(graph, tmp_path, x=IMAGE), compute(doubled, tmp_path, x=IMAGE)
    np.testing.assert_allclose(one["features"], other["features"], rtol=1e-5, atol=1e-6)


def test_behind_an_input_it_stays_the_input() -> None:
    graph = surgery.replace_pattern(network(), "x", "Neg(x)")
    assert ends(graph)[0] == ["x"]
    assert graph.nodes[0].op == "Neg" or graph.nodes[0].inputs[0] is not graph.inputs["x"]


def test_values_of_the_graph_in_a_replacement() -> None:
    graph = surgery.replace_pattern(network(), "Sigmoid(x)", "Mul(x, 'body.right')")
    assert ends(graph)[2] == ["Conv", "Relu", "Tanh", "Mul", "Add", "Reshape", "Gemm"]


def test_new_inputs_and_constants(tmp_path: Path) -> None:
    graph = surgery.add_inputs(network(), {"y": TensorType(FLOATS, (1, 4, 6, 6))})
    assert ends(graph)[0] == ["x", "y"]
    scale = np.float32([[[2.0]], [[3.0]], [[4.0]], [[5.0]]])
    text = "Add(Mul(features, scale), y)"
    graph = surgery.replace_pattern(graph, "features", text, constants={"scale": scale}, module="mix:Mix")
    y = np.ones((1, 4, 6, 6), np.float32)
    before, after = compute(network(), tmp_path, x=IMAGE), compute(graph, tmp_path, x=IMAGE, y=y)
    np.testing.assert_allclose(after["features"], before["features"] * scale + 1, rtol=1e-6)
    (new,) = {node.scope.parent for node in graph.nodes if node.op == "Mul" and node.scope}
    assert new is not None
    assert (new.path, new.kind) == ("mix", "Mix")
    assert next(node.output.name for node in graph.nodes if node.name.startswith("mix/Add")) == "mix_out"


def test_delete() -> None:
    assert ends(surgery.delete(network(), ["stem.relu"]))[2] == ["Conv", "Sigmoid", "Tanh", "Add", "Reshape", "Gemm"]
    assert ends(surgery.delete(tree(), ["relu"], ["body.0"]))[2] == ["Tanh", "Tanh", "Relu", "Tanh", "Relu", "Neg"]
    assert ends(surgery.delete(tree(), ["body"]))[2] == ["Neg"]
    assert ends(surgery.delete(tree(), ["**.act", "y"]))[2] == ["Relu", "Relu", "Relu"]


def numpy_assign(text: str, features: np.ndarray) -> np.ndarray:
    changed = features.copy()
    exec(text, {"features": changed, "Neg": np.negative, "Ellipsis": ...})
    return changed


ASSIGNED = (
    "features[0] = 1",
    "features[0, 2:4] = 1",
    "features[..., -1] = 2.5",
    "features[:, 1, 2:] = 0",
    "features[:, :-1, 3] = -1",
    "features[:] = 3",
    "features[0, ::2] = 1",
    "features[..., ::-2] = 5",
    "features[:, 1:4:2, 1] = -2",
    "features[0, 3::-3, :, 5:0:-2] = 0",
    "features[:, 3:1:2] = 0",
)


@pytest.mark.parametrize("text", ASSIGNED)
def test_assign(text: str, tmp_path: Path) -> None:
    before = compute(network(), tmp_path, x=IMAGE)
    after = compute(surgery.assign(network(), text), tmp_path, x=IMAGE)
    np.testing.assert_array_equal(after["features"], numpy_assign(text, before["features"]))


def test_a_part_is_assigned_a_value(tmp_path: Path) -> None:
    line = np.arange(6, dtype=np.float32)
    graph = surgery.assign(network(), "features[0, 1, 2] = line", constants={"line": line})
    found = compute(graph, tmp_path, x=IMAGE)["features"]
    np.testing.assert_array_equal(found[0, 1, 2], line)
    graph = surgery.assign(network(), "features[0, :, 3] = wide", constants={"wide": np.ones((4, 6), np.float32)})
    assert (compute(graph, tmp_path, x=IMAGE)["features"][0, :, 3] == 1).all()
    graph = surgery.assign(network(), "features[0, 1, 2, ::-1] = line", constants={"line": line})
    np.testing.assert_array_equal(compute(graph, tmp_path, x=IMAGE)["features"][0, 1, 2], line[::-1])


def test_outputs_in_a_structure() -> None:
    graph = surgery.cut(network(), None, structured_outputs('({"b": scores, "a": "stem.conv"}, [features])'))
    assert list(graph.outputs) == ["stem.conv_out", "scores", "features"]
    assert graph.metadata["megengine.outputs"] == (
        '{"type":"tuple","items":[{"type":"dict","items":{"a":0,"b":1}},{"type":"list","items":[2]}]}'
    )
    graph = surgery.drop_outputs(graph, ["scores"])
    assert "megengine.outputs" not in graph.metadata
    assert structured_outputs("a, b") == ("a", "b")


def test_an_output_that_is_an_input(tmp_path: Path) -> None:
    graph = surgery.add_outputs(network(), ["x"])
    assert list(graph.outputs) == ["features", "scores", "x_out"]
    np.testing.assert_array_equal(compute(graph, tmp_path, x=IMAGE)["x_out"], IMAGE)


def test_inner_values_are_renamed() -> None:
    graph = surgery.rename(network(), {"stem.conv_out": "early", "scores": "classes"})
    names = [value.name for value in graph.values()]
    assert "early" in names
    assert "stem.conv_out" not in names
    assert all(isinstance(value.name, GivenName) for value in graph.values() if value.name in ("early", "classes"))


def test_flatten() -> None:
    graph = surgery.flatten(tree())
    assert (graph.calls, graph.root) == ([], None)


def test_half_in_some_modules() -> None:
    graph = surgery.to_float16(tree(), ["Relu"], ["body.0"])
    assert [node.op for node in graph.nodes].count("Cast") == 2
    assert [node.op for node in surgery.to_float16(tree(), ["**.act"]).nodes].count("Cast") == 6


ERRORS: dict[str, tuple[Callable[[Graph], object], type[Exception], str]] = {
    "a type": (
        lambda g: surgery.replace_pattern(g, "features", "Cast(features, to=7)"),
        ConversionError,
        "features: float32[1,4,6,6] would be replaced by int64[1,4,6,6]",
    ),
    "a circle": (
        lambda g: surgery.replace_pattern(g, "Sigmoid(x)", "Add(x, features)"),
        UsageError,
        "body.left (Sigmoid): the replacement reads a value that is computed from what it replaces",
    ),
    "a value in a module": (
        lambda g: surgery.replace_pattern(g, "features", "Neg(features)", within=["stem"]),
        UsageError,
        "pattern features: is one value, which --in cannot restrict",
    ),
    "a number": (
        lambda g: surgery.replace_pattern(g, "Relu(x)", "3"),
        UsageError,
        "replacement 3: is no value",
    ),
    "a module's name": (
        lambda g: surgery.replace_pattern(g, "features", "Neg(features)", module="a b"),
        UsageError,
        "--as a b: is no name of a module",
    ),
    "a module's path": (
        lambda g: surgery.replace_pattern(g, "features", "Neg(features)", module="fc.weight"),
        UsageError,
        "--as fc.weight: is no name of a module",
    ),
    "a constant's name": (
        lambda g: surgery.replace_pattern(g, "features", "k", constants={"x": np.zeros(1)}),
        UsageError,
        "--constant x: the graph has a value of this name",
    ),
    "two ends": (
        lambda g: surgery.replace_pattern(surgery.add_outputs(g, ["stem.conv"]), "stem", "Neg(stem)"),
        UsageError,
        "stem: gives stem.conv_out, stem.relu_out, expected one value",
    ),
    "deleted sum": (
        lambda g: surgery.delete(g, ["body.sum"]),
        ConversionError,
        "body.sum (Add): gives 1 values and reads 2, expected one of each",
    ),
    "deleted convolution": (
        lambda g: surgery.delete(g, ["stem"]),
        ConversionError,
        "stem.conv (Conv): makes float32[1,4,6,6] of float32[1,3,6,6], it cannot be left out",
    ),
    "no index": (
        lambda g: surgery.assign(g, "features[::0] = 1"),
        UsageError,
        "--assign features[::0] = 1: ::0 is no index here",
    ),
    "no assignment": (
        lambda g: surgery.assign(g, "features"),
        UsageError,
        "--assign features: is no assignment to a part of a value",
    ),
    "too many axes": (
        lambda g: surgery.assign(g, "features[0, 0, 0, 0, 0] = 1"),
        ConversionError,
        "features[0, 0, 0, 0, 0] = 1: the value has 4 axes",
    ),
    "no position": (
        lambda g: surgery.assign(g, "features[1] = 1"),
        ConversionError,
        "features[1] = 1: axis 0 has 1 positions",
    ),
    "an input twice": (
        lambda g: surgery.add_inputs(g, {"x": TensorType(FLOATS, (1,))}),
        UsageError,
        "x: the model has an input or output of this name",
    ),
    "one value, two names": (
        lambda g: surgery.cut(g, None, structured_outputs("({'a': scores}, scores)")),
        UsageError,
        "--outputs: one value is named twice, expected one value for each name",
    ),
    "an inner name twice": (
        lambda g: surgery.rename(g, {"stem.conv_out": "stem.relu_out"}),
        UsageError,
        "stem.relu_out: two values would have this name",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case: str) -> None:
    edit, kind, message = ERRORS[case]
    with pytest.raises(kind) as caught:
        edit(network())
    assert caught.value.message == message  # type: ignore[attr-defined]
