"""What differs between two graphs, and the first value that is computed differently."""

from __future__ import annotations

import numpy as np
import pytest

from mgeconvert import surgery
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert.passes import optimize
from mgeconvert.verification.comparison import random_inputs
from mgeconvert.verification.model_diff import CHANGED, ONLY_A, ONLY_B, SAME, model_diff
from mgeconvert.verification.value_pairs import first_difference, pairs
from tests.surgery.test_surgery import network

KINDS = ("inputs", "outputs", "operators", "shapes", "parameters", "modules")


def changed(a: Graph, b: Graph) -> dict[str, list[tuple[str, str]]]:
    found = model_diff(a, b)
    rows = {kind: [(row.name, row.state) for row in found.changed(kind)] for kind in KINDS}
    return {kind: listed for kind, listed in rows.items() if listed}


def test_equal_graphs_are_equal() -> None:
    found = model_diff(network(), network())
    assert changed(network(), network()) == {}
    assert {row.state for rows in found.kinds().values() for row in rows} == {SAME}
    assert found.matched["body.left"] == "body.left"


def test_ends_and_operators() -> None:
    other = surgery.drop_outputs(surgery.set_shapes(network(), {"x": (2, 3, 6, 6)}), ["scores"])
    found = changed(network(), other)
    assert found["inputs"] == [("x", CHANGED)]
    assert found["outputs"] == [("features", CHANGED), ("scores", ONLY_A)]
    assert found["operators"] == [("Gemm", ONLY_A), ("Reshape", ONLY_A)]
    assert ("head.fc", ONLY_A) in found["modules"]


def test_ends_are_matched_by_position_where_no_name_is_equal() -> None:
    other = surgery.rename(network(), {"x": "image"})
    (row,) = model_diff(network(), other).inputs
    assert (row.a, row.b, row.state) == ("x: float32[1,3,6,6]", "image: float32[1,3,6,6]", CHANGED)


def weighted(path: str, weight: np.ndarray, name: str) -> Graph:
    b = Builder()
    value = b.input("x", "float32", (2, 4))
    b.enter(Scope(path, "Linear", None, Scope("", "Net")))
    value = b.op("MatMul", value, b.constant(weight, name=f"{path}.{name}"), name=f"{path}_out")
    b.output("y", b.op("Relu", value, name="y"))
    return b.graph


EYE = np.eye(4, dtype=np.float32)


def test_parameters() -> None:
    a = weighted("fc", EYE, "weight")
    (row,) = model_diff(a, weighted("fc", EYE * 2, "weight")).parameters
    assert (row.name, row.b, row.state) == ("fc.weight", "float32[4,4], by up to 1", CHANGED)
    (row,) = model_diff(a, weighted("fc", EYE, "kernel")).parameters
    assert (row.name, row.b, row.state) == ("fc.weight", "fc.kernel: float32[4,4]", SAME)
    rows = model_diff(a, weighted("fc", EYE[:, :3].copy(), "kernel")).parameters
    assert [(row.name, row.state) for row in rows] == [("fc.weight", ONLY_A), ("fc.kernel", ONLY_B)]


def test_modules_of_other_names_are_matched_by_their_shape() -> None:
    found = model_diff(weighted("fc", EYE, "weight"), weighted("classifier", EYE, "weight"))
    assert found.matched == {"": "", "fc": "classifier"}
    assert found.changed("modules") == []


@pytest.mark.parametrize("op", ["Abs", "Neg"])
def test_the_first_value_that_differs(op: str) -> None:
    a, b = network(), surgery.replace_pattern(network(), "Sigmoid(x)", f"{op}(Sigmoid(x))")
    count, found = first_difference(a, b, random_inputs(a.inputs), 1e-5)
    if op == "Abs":  # which changes nothing: sigmoids are positive
        assert found is None
        assert count == 7
        return
    assert found is not None
    assert (found.a, found.place, found.op) == ("body.sum_out", "body.sum (Add)", "Add")
    assert found.text.startswith("body.sum_out, computed at body.sum (Add) by Add, is the first to differ, by ")


def test_what_it_reads_without_a_match_is_said() -> None:
    a, b = network(), surgery.replace_pattern(network(), "Sigmoid(x)", "Abs(x)")
    _, found = first_difference(a, b, random_inputs(a.inputs), 1e-5)
    assert found is not None
    assert found.text.endswith("; it reads body.left_out, without a match in B")


def test_a_wrong_weight_is_found() -> None:
    a, b = network(), network()
    weight = b.nodes[0].inputs[1]
    assert weight is not None
    assert weight.array is not None
    weight.array = weight.array * 1.5
    _, found = first_difference(a, b, random_inputs(a.inputs), 1e-5)
    assert found is not None
    assert found.a == "stem.conv_out"


def test_values_without_names_in_common_are_matched_by_how_they_are_computed() -> None:
    a, b = weighted("fc", EYE, "weight"), weighted("classifier", EYE, "kernel")
    assert [(one.name, other.name) for one, other in pairs(a, b)] == [("fc_out", "classifier_out"), ("y", "y")]


def test_passes_leave_matches() -> None:
    a, b = network(), network()
    optimize(b, 1)
    assert first_difference(a, b, random_inputs(a.inputs), 1e-4)[1] is None
