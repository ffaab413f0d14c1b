"""Opsets before 7, which no runtime of today takes: what their operators meant, computed in numpy."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from mgeconvert.errors import UnsupportedError
from mgeconvert_converters.onnx.opsets.up.driver import load
from mgeconvert_converters.onnx.write.save import save

RNG = np.random.default_rng(1)
X = RNG.standard_normal((2, 3, 4, 5)).astype(np.float32)
C = np.array([1, 2, 3], np.float32)


def converted(op: str, opset: int, constants: list[np.ndarray], attrs: dict[str, Any], x: np.ndarray = X) -> Any:
    names = [f"c{index}" for index in range(len(constants))]
    node = helper.make_node(op, ["x", *names], ["y"], **attrs)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.UNDEFINED, None)],
        [numpy_helper.from_array(array, name) for name, array in zip(names, constants, strict=True)],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    stream = io.BytesIO()
    save(load(io.BytesIO(proto.SerializeToString())), stream)
    session = onnxruntime.InferenceSession(stream.getvalue(), providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {"x": x})
    return result


ROWS: list[tuple[str, int, list[np.ndarray], dict[str, Any], np.ndarray]] = [
    ("Add", 6, [C], {"broadcast": 1, "axis": 1}, X + C.reshape(3, 1, 1)),
    ("Mul", 1, [C], {"broadcast": 1, "axis": -3}, X * C.reshape(3, 1, 1)),
    ("Sub", 6, [np.ones((4, 5), np.float32)], {"broadcast": 1}, X - 1),
    ("Div", 6, [X[0, 0] + 9], {"broadcast": 1, "axis": 2}, X / (X[0, 0] + 9)),
    ("Pow", 6, [np.float32([2])], {"broadcast": 1}, X**2),
    ("Greater", 6, [C], {"broadcast": 1, "axis": 1}, C.reshape(3, 1, 1) < X),
    ("Relu", 5, [], {"consumed_inputs": [0]}, np.maximum(X, 0)),
    ("Neg", 1, [], {"consumed_inputs": [0]}, -X),
    ("PRelu", 6, [C], {}, np.where(X < 0, X * C.reshape(3, 1, 1), X)),
    ("PRelu", 6, [np.float32([0.5])], {}, np.where(X < 0, X * 0.5, X)),
    ("Cast", 5, [], {"to": "INT32"}, X.astype(np.int32)),
    ("Cast", 1, [], {"to": "DOUBLE"}, X.astype(np.float64)),
    ("Concat", 1, [X], {}, np.concatenate([X, X], 1)),
    ("Pad", 1, [], {"paddings": [0, 0, 1, 0, 0, 0, 0, 2]}, np.pad(X, [(0, 0), (0, 0), (1, 0), (0, 2)])),
    ("Reshape", 1, [], {"shape": [2, -1], "consumed_inputs": [0]}, X.reshape(2, -1)),
    ("Tile", 1, [np.int64([2]), np.int64([1])], {}, np.tile(X, (1, 2, 1, 1))),
    ("Upsample", 1, [], {"height_scale": 2.0, "width_scale": 3.0, "mode": "nearest"}, X.repeat(2, 2).repeat(3, 3)),
    ("Dropout", 6, [], {"is_test": 1, "ratio": 0.5}, X),
    ("LpPool", 1, [], {"kernel_shape": [4, 5], "p": 2.0}, np.sqrt((X**2).sum((2, 3), keepdims=True))),
    (
        "BatchNormalization", 6, [C, -C, C / 2, C * 2], {"is_test": 1, "epsilon": 0.0},
        (X - (C / 2).reshape(3, 1, 1)) / np.sqrt((C * 2).reshape(3, 1, 1)) * C.reshape(3, 1, 1) - C.reshape(3, 1, 1),
    ),
    (
        "BatchNormalization", 8, [X[0] + 9, X[1], X[0] / 2, X[1] ** 2], {"spatial": 0},
        (X - X[0] / 2) / np.sqrt(X[1] ** 2 + 1e-5) * (X[0] + 9) + X[1],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("op", "opset", "constants", "attrs", "wanted"), ROWS, ids=lambda item: str(item)[:12])
def test_it_computes_what_it_meant(
    op: str, opset: int, constants: list[np.ndarray], attrs: dict[str, Any], wanted: np.ndarray
) -> None:
    result = converted(op, opset, constants, attrs)
    assert result.dtype == wanted.dtype
    np.testing.assert_allclose(result, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("op", "constants", "attrs", "reason"),
    [
        ("Dropout", [], {}, "training mode, is_test is 0"),
        ("BatchNormalization", [C, C, C, C], {"consumed_inputs": [0]}, "training mode, is_test is 0"),
        ("Cast", [], {"to": "THING"}, "a Cast to thing"),
        ("GlobalLpPool", [], {"p": 1.5}, "p 1.5, which is no whole number"),
    ],
)
def test_what_has_no_newer_form(op: str, constants: list[np.ndarray], attrs: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        converted(op, 1, constants, attrs)
    assert [problem.reason for problem in caught.value.problems] == [reason]
