"""The file itself: what the schema asks, what old runtimes need, and that weights are written once."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tflite

from mgeconvert.errors import ConversionError
from mgeconvert.ir import Value
from mgeconvert.version import VERSION
from mgeconvert_converters.tflite import BACKEND as TFLITE
from mgeconvert_converters.tflite.emit.build import build
from mgeconvert_converters.tflite.model import Model, Operator, Quantization, Tensor
from mgeconvert_converters.tflite.schema import OPTIONS
from mgeconvert_converters.tflite.versions import min_runtime, version
from mgeconvert_converters.tflite.write.flatbuffer import write
from tests.tflite.judge import graph_of

X = np.zeros((1, 4, 8, 8), np.float32)
RNG = np.random.default_rng(9)


def network(b: Any, x: Value) -> Value:
    weights = RNG.uniform(-1, 1, (4, 4, 3, 3)).astype(np.float32)
    twin = b.constant(weights.copy(), name="twin")
    y = b.op("Conv", x, b.constant(weights, name="weights"), None, pads=(1, 1, 1, 1))
    return b.op("Conv", y, twin, None, pads=(1, 1, 1, 1))


def written(model: Model) -> bytes:
    stream = io.BytesIO()
    write(model, stream)
    return stream.getvalue()


def test_structure() -> None:
    content = written(build(graph_of(network, X)))
    assert content[4:8] == b"TFL3"
    model = tflite.Model.GetRootAs(content, 0)
    graph = model.Subgraphs(0)
    assert (model.Version(), model.Description()) == (3, f"mgeconvert {VERSION}".encode())
    assert [graph.Tensors(graph.Inputs(0)).Name(), graph.Tensors(graph.Outputs(0)).Name()] == [b"x0", b"y0"]
    signature = model.SignatureDefs(0)
    assert signature.SignatureKey() == b"serving_default"
    assert [signature.Inputs(0).Name(), signature.Outputs(0).Name()] == [b"x0", b"y0"]
    names = [model.Metadata(index).Name() for index in range(model.MetadataLength())]
    assert names == [b"min_runtime_version", b"mgeconvert"]
    runtime = model.Buffers(model.Metadata(0).Buffer()).DataAsNumpy().tobytes()
    assert runtime == b"1.13.1".ljust(16, b"\0")


def test_buffers_are_shared_and_aligned() -> None:
    """Both convolutions have equal weights and biases: one buffer each."""
    content = written(build(graph_of(network, X)))
    model = tflite.Model.GetRootAs(content, 0)
    graph = model.Subgraphs(0)
    buffers = {graph.Tensors(index).Name(): graph.Tensors(index).Buffer() for index in range(graph.TensorsLength())}
    assert buffers[b"weights"] == buffers[b"twin"] != 0
    assert model.BuffersLength() == 1 + 2 + 2
    assert model.Buffers(0).DataLength() == 0
    for index in range(1, model.BuffersLength()):
        data = model.Buffers(index).DataAsNumpy()
        start = data.__array_interface__["data"][0] - np.frombuffer(content, np.uint8).__array_interface__["data"][0]
        assert start % 16 == 0
    stored = model.Buffers(buffers[b"weights"]).DataAsNumpy()
    assert stored.nbytes == 4 * 4 * 4 * 9


def test_same_graph_same_bytes() -> None:
    graph = graph_of(network, X)
    assert written(build(graph)) == written(build(graph))


def test_a_dynamic_batch_is_minus_one() -> None:
    content = written(build(graph_of(network, X, shapes=[("N", 4, 8, 8)])))
    graph = tflite.Model.GetRootAs(content, 0).Subgraphs(0)
    tensor = graph.Tensors(graph.Inputs(0))
    assert tensor.ShapeAsNumpy().tolist() == [1, 8, 8, 4]
    assert tensor.ShapeSignatureAsNumpy().tolist() == [-1, 8, 8, 4]


def test_two_gigabytes_are_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    """600 million weights that take no memory."""
    huge = np.broadcast_to(np.float32(0.5), (600_000, 1000))
    graph = graph_of(lambda b, x: b.op("Gemm", x, huge, transB=1), np.zeros((1, 1000), np.float32))
    old = tmp_path / "m.tflite"
    old.write_bytes(b"old")
    with pytest.raises(ConversionError) as error:
        TFLITE.save(graph, old)
    assert str(error.value) == "main: the .tflite file would have 2.2 GiB; the format ends at 2 GiB"
    assert error.value.hint == "--fp16 halves the weights, --weight-int8 quarters them"
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]


def test_every_options_table_exists() -> None:
    for op, table in OPTIONS.items():
        assert hasattr(tflite.BuiltinOperator, op), op
        assert hasattr(tflite, f"{table}Start"), table


def tensor_of(*shape: int, dtype: str = "float32", scales: int = 0) -> Tensor:
    quantization = Quantization(np.ones(scales, np.float32), np.zeros(scales, np.int64)) if scales else None
    return Tensor("t", np.dtype(dtype), shape, None, quantization)


VERSIONS = [
    ("CONV_2D", [tensor_of(1, 8, 8, 4), tensor_of(4, 3, 3, 4), tensor_of(4)], {}, 1),
    ("CONV_2D", [tensor_of(1, 8, 8, 4), tensor_of(4, 3, 3, 2), tensor_of(4)], {}, 6),
    ("CONV_2D", [tensor_of(1, 8, 8, 4), tensor_of(4, 3, 3, 4, dtype="int8", scales=4), tensor_of(4)], {}, 5),
    ("CONV_2D", [tensor_of(1, 8, 8, 4, dtype="int8"), tensor_of(4, 3, 3, 4, dtype="int8"), tensor_of(4)], {}, 3),
    ("DEPTHWISE_CONV_2D", [tensor_of(1, 8, 8, 4), tensor_of(1, 3, 3, 4)], {"DilationHFactor": 2}, 2),
    ("FULLY_CONNECTED", [tensor_of(1, 8), tensor_of(4, 8), tensor_of(4)], {}, 1),
    ("FULLY_CONNECTED", [tensor_of(1, 8), tensor_of(4, 8)], {}, 6),
    ("FULLY_CONNECTED", [tensor_of(1, 2, 8), tensor_of(4, 8), tensor_of(4)], {"KeepNumDims": True}, 5),
    ("TRANSPOSE", [tensor_of(1, 2, 3, 4, 5), tensor_of(5, dtype="int32")], {}, 4),
    ("TRANSPOSE", [tensor_of(1, 2, dtype="bool"), tensor_of(2, dtype="int32")], {}, 3),
    ("RESIZE_BILINEAR", [tensor_of(1, 2, 3, 4)], {"HalfPixelCenters": True}, 3),
    ("RESIZE_BILINEAR", [tensor_of(1, 2, 3, 4)], {"AlignCorners": True}, 1),
    ("SUB", [tensor_of(1, 2, 3, 4, 5), tensor_of(5)], {}, 3),
    ("BROADCAST_TO", [tensor_of(1, 2), tensor_of(2, dtype="int32")], {}, 2),
    ("DEQUANTIZE", [tensor_of(4, dtype="float16")], {}, 3),
    ("SPLIT", [tensor_of(dtype="int32"), tensor_of(4, dtype="int32")], {}, 3),
    ("RELU", [tensor_of(4)], {}, 1),
]


@pytest.mark.parametrize(("op", "inputs", "options", "expected"), VERSIONS, ids=str)
def test_versions(op: str, inputs: list[Tensor | None], options: dict[str, Any], expected: int) -> None:
    assert version(Operator(op, inputs, [tensor_of(1)], options)) == expected


def test_the_newest_operator_decides_the_runtime() -> None:
    old, new = Operator("RELU", [tensor_of(4)], [tensor_of(4)]), Operator("GELU", [tensor_of(4)], [tensor_of(4)])
    assert min_runtime([old, new]) == "2.9.0"
    assert min_runtime([]) == "1.5.0"


def test_describe(tmp_path: Path) -> None:
    TFLITE.save(graph_of(network, X, shapes=[("N", 4, 8, 8)]), tmp_path / "m.tflite")
    assert TFLITE.describe is not None
    description = TFLITE.describe(tmp_path / "m.tflite")
    assert str(description.inputs["x0"]) == "<Value x0: float32[x0_0,4,8,8]>"
    assert (description.writer, dict(description.operators)) == (f"mgeconvert {VERSION}", {"CONV_2D": 2})
