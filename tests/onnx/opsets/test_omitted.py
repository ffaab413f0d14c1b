"""Attributes that a file leaves out, at every operator set that onnxruntime takes: it says what they mean."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

from mgeconvert_converters.onnx.opsets.up.driver import load
from mgeconvert_converters.onnx.write.save import save

OLDEST, NEWEST = 7, 22
RNG = np.random.default_rng(2)
X = RNG.standard_normal((2, 3, 4, 4)).astype(np.float32)
LONG = RNG.standard_normal((2, 3, 1)).astype(np.float32)
"""Softmax over the flattened axes behind the first, and over the last axis, differ much for it."""


def floats(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


ROWS: list[tuple[str, np.ndarray, list[np.ndarray], dict[str, Any]]] = [
    *((op, x, [], attrs) for op in ("Softmax", "LogSoftmax", "Hardmax") for x in (LONG, X, floats(2, 5))
      for attrs in ({}, {"axis": 0}, {"axis": x.ndim - 1})),
    ("Softmax", X, [], {"axis": 2}),
    *((op, X, [], {}) for op in (
        "LeakyRelu", "Elu", "Selu", "HardSigmoid", "ThresholdedRelu", "Shrink", "Softsign", "Flatten", "ArgMax", "Celu",
        "ArgMin", "LpNormalization", "MeanVarianceNormalization", "ReduceMean", "ReduceMax", "ReduceProd",
        "ReduceL2", "ReduceLogSumExp", "Transpose", "Shape", "Gelu", "Mish", "HardSwish", "IsInf",
    )),
    ("EyeLike", floats(3, 4), [], {}),
    ("Flatten", X, [], {"axis": 0}),
    ("Flatten", X, [], {"axis": 4}),
    ("ArgMax", X, [], {"axis": 3}),
    ("LRN", X, [], {"size": 3}),
    ("Concat", X, [X], {"axis": 0}),
    ("Concat", X, [X], {"axis": 3}),
    ("Gather", X, [ints(1, 0)], {}),
    ("Gather", X, [ints(1, 0)], {"axis": 3}),
    ("GatherElements", floats(3, 2), [ints(1, 0).reshape(1, 2)], {}),
    ("ScatterElements", floats(3, 2), [ints(1, 0).reshape(1, 2), floats(1, 2)], {}),
    ("OneHot", ints(0, 2).astype(np.float32), [np.float32([3]), np.float32([0, 1])], {}),
    ("OneHot", ints(0, 2).astype(np.float32), [np.float32([3]), np.float32([0, 1])], {"axis": 0}),
    ("Conv", X, [floats(2, 3, 2, 2)], {}),
    ("ConvTranspose", X, [floats(3, 2, 2, 2)], {}),
    ("MaxPool", X, [], {"kernel_shape": [2, 3]}),
    ("AveragePool", X, [], {"kernel_shape": [2, 3]}),
    ("AveragePool", X, [], {"kernel_shape": [2, 2], "pads": [1, 1, 1, 1]}),
    ("LpPool", X, [], {"kernel_shape": [2, 2]}),
    ("BatchNormalization", X, [floats(3), floats(3), floats(3), floats(3) ** 2], {}),
    ("InstanceNormalization", X, [floats(3), floats(3)], {}),
    ("LayerNormalization", X, [floats(4)], {}),
    ("Gemm", floats(2, 3), [floats(3, 4), floats(4)], {}),
    ("DepthToSpace", floats(1, 8, 2, 2), [], {"blocksize": 2}),
    ("Mod", floats(4), [floats(4) + 3], {"fmod": 1}),
    ("Trilu", floats(3, 4), [], {}),
    ("CumSum", X, [np.array(3, np.int32)], {}),
    ("GridSample", X, [floats(2, 3, 3, 2)], {}),
    ("GRU", floats(3, 2, 4), [floats(1, 15, 4), floats(1, 15, 5)], {"hidden_size": 5}),
    ("LSTM", floats(3, 2, 4), [floats(1, 20, 4), floats(1, 20, 5)], {"hidden_size": 5}),
    ("RNN", floats(3, 2, 4), [floats(1, 5, 4), floats(1, 5, 5)], {"hidden_size": 5}),
]  # fmt: skip
"""The operator, its data, its constants, and the attributes that are said."""


def model(op: str, opset: int, x: np.ndarray, constants: list[np.ndarray], attrs: dict[str, Any]) -> bytes:
    names = [f"c{number}" for number in range(len(constants))]
    node = helper.make_node(op, ["x", *names], ["y"], **attrs)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)],
        [helper.make_empty_tensor_value_info("y")],
        [numpy_helper.from_array(array, name) for name, array in zip(names, constants, strict=True)],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return bytes(proto.SerializeToString())


def computed(content: bytes, x: np.ndarray) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": x})[0])


def opsets(op: str) -> Iterator[int]:
    """One for each version of the operator: the newest operator set that has it."""
    versions = sorted(
        schema.since_version
        for schema in onnx.defs.get_all_schemas_with_history()
        if schema.name == op and not schema.domain and schema.since_version <= NEWEST
    )
    for since, after in zip(versions, [*versions[1:], NEWEST + 1], strict=True):
        if after > OLDEST:
            yield max(since, OLDEST) if after <= NEWEST else NEWEST


CASES = [(opset, *row) for row in ROWS for opset in opsets(row[0])]


@pytest.mark.parametrize(
    ("opset", "op", "x", "constants", "attrs"),
    CASES,
    ids=[f"{op}-{opset}-{'x'.join(map(str, x.shape))}-{attrs}" for opset, op, x, _, attrs in CASES],
)
def test_what_is_left_out(
    opset: int, op: str, x: np.ndarray, constants: list[np.ndarray], attrs: dict[str, Any]
) -> None:
    content = model(op, opset, x, constants, attrs)
    wanted = computed(content, x)
    stream = io.BytesIO()
    save(load(io.BytesIO(content)), stream)
    found = computed(stream.getvalue(), x)
    assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
    np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=1e-5)


def test_a_softmax_of_old_is_no_softmax_of_today() -> None:
    """So the rows above tell them apart."""
    old, new = (computed(model("Softmax", opset, LONG, [], {"axis": 0}), LONG) for opset in (11, 13))
    assert np.abs(old - new).max() > 0.3
