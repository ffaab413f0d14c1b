"""Forms of old opsets that have no form in the IR, and nodes that break their operator's definition: exact reasons."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from mgeconvert.errors import RefusedError
from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from mgeconvert_converters.onnx.opsets.schema import op_schema
from mgeconvert_converters.onnx.opsets.up.driver import load_table
from mgeconvert_converters.onnx.opsets.up.node_form import check_form
from mgeconvert_converters.onnx.opsets.up.table import Form, upgraded

load_table()
FLOAT = np.dtype("float32")


def x(*shape: int | str) -> Value:
    return Value("x", FLOAT, shape)


UNKNOWN = Value("x", FLOAT, None)
FORMS: dict[str, tuple[int, Form, str]] = {
    "lengths": (8, Form("Scan", [x(2), x(2, 3)]), "a Scan over sequences of several lengths"),
    "batch": (
        8, Form("Scan", [None, x("N", 3)]), "a Scan of opset 8 over a batch of N; up to 64 are read"
    ),
    "sizes": (1, Form("Split", [x(4), x(2)]), "sizes computed at run time"),
    "repeats": (1, Form("Tile", [x(4), x(1), x(1)]), "repeats computed at run time"),
    "training of Dropout": (6, Form("Dropout", [x(4)]), "training mode, is_test is 0"),
    "mask": (7, Form("Dropout", [x(4)], outputs=2), "its mask is used"),
    "training": (9, Form("BatchNormalization", [x(1, 2), *[x(2)] * 4], outputs=5), "training mode"),
    "training of each element": (
        7, Form("BatchNormalization", [x(1, 2), *[x(2)] * 4], {"spatial": 0}, outputs=5), "training mode"
    ),
    "channels": (
        18, Form("GroupNormalization", [x(1, "C", 4), x(2), x(2)], {"num_groups": 2}), "an unknown number of channels"
    ),
    "half pixels": (
        11, Form("Resize", [x(1, 1, 4, 4)], {"coordinate_transformation_mode": "tf_half_pixel_for_nn"}),
        "coordinate_transformation_mode tf_half_pixel_for_nn without nearest_mode floor",
    ),
    "exponent": (1, Form("LpPool", [x(1, 1, 4)], {"p": 1.5}), "p 1.5, which is no whole number"),
    "a type": (5, Form("Cast", [x(2)], {"to": "quaternion"}), "a Cast to quaternion"),
    "rank": (6, Form("Add", [UNKNOWN, x(2)], {"broadcast": 1, "axis": 1}), "an input of unknown rank"),
    "rank of the second": (6, Form("Add", [x(2), UNKNOWN], {"broadcast": 1, "axis": 1}), "an input of unknown rank"),
}  # fmt: skip
"""What is refused: the opset, the node, the reason."""


@pytest.mark.parametrize("case", FORMS)
def test_a_form_is_refused(case: str) -> None:
    opset, form, reason = FORMS[case]
    with pytest.raises(RefusedError) as refused:
        upgraded(Builder(Graph()), Form(form.op, list(form.inputs), dict(form.attrs), form.outputs), opset)
    assert refused.value.reason == reason


NODES: dict[str, tuple[onnx.NodeProto, str]] = {
    "no input": (helper.make_node("Relu", [], ["y"]), "input X is missing"),
    "left out": (helper.make_node("Conv", ["x", ""], ["y"]), "input W is missing"),
    "too many": (helper.make_node("Relu", ["x", "z"], ["y"]), "it has 2 inputs; the operator takes 1"),
    "no output": (helper.make_node("Relu", ["x"], [""]), "it has 1 outputs; the operator has 1"),
    "two outputs": (helper.make_node("Relu", ["x"], ["y", "z"]), "it has 2 outputs; the operator has 1"),
    "attribute": (helper.make_node("Cast", ["x"], ["y"]), "attribute to is missing"),
    "no such attribute": (
        helper.make_node("Relu", ["x"], ["y"], slope=0.5),
        "attribute slope of type FLOAT is none that the operator knows"
    ),
    "another type": (
        helper.make_node("Softmax", ["x"], ["y"], axis=0.5),
        "attribute axis of type FLOAT is none that the operator knows"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NODES)
def test_a_node_that_breaks_its_definition(case: str) -> None:
    node, reason = NODES[case]
    schema: Any = op_schema(node.op_type, 21)
    with pytest.raises(RefusedError) as refused:
        check_form(node, schema)
    assert refused.value.reason == reason
