"""Quantization parameters beside a file: one document for Caffe, TFLite and ONNX; what a Caffe net loses is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import MgeconvertError, UsageError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert_converters.caffe.read.caffemodel import read_weights
from mgeconvert_converters.caffe.read.files import weight_files
from tests.caffe.write.test_save import layers


def quantized() -> Graph:
    """x -> int8 -> convolution -> uint8."""
    b = Builder()
    x = b.input("x", np.float32, (1, 2, 4, 4))
    y = b.op("DequantizeLinear", b.op("QuantizeLinear", x, np.float32(0.5), np.int8(0)), np.float32(0.5), np.int8(0))
    w = np.arange(6, dtype=np.float32).reshape(3, 2, 1, 1)
    b.enter(Scope("conv"))
    y = b.op("Conv", y, w, None, kernel_shape=[1, 1])
    b.enter(Scope("out"))
    q = b.op("QuantizeLinear", y, np.float32(0.125), np.uint8(128))
    b.output("y", b.op("DequantizeLinear", q, np.float32(0.125), np.uint8(128)))
    return b.graph


def test_quantization_parameters(tmp_path: Path) -> None:
    path, beside = tmp_path / "net.prototxt", tmp_path / "net.json"
    files = mgeconvert.save(quantized(), path, quant_params=str(beside))
    assert files == [path, path.with_suffix(".caffemodel"), beside]
    assert layers(path) == ["x: Input  -> x", "conv: Convolution x -> y"]
    document = json.loads(beside.read_text())
    assert (document["format"], document["version"]) == ("mgeconvert quantization parameters", 1)
    assert document["values"] == [
        {
            "name": "x",
            "kind": "activation",
            "dtype": "int8",
            "scale": [0.5],
            "zero_point": [0],
            "axis": None,
            "min": [-64.0],
            "max": [63.5],
        },
        {
            "name": "y",
            "kind": "activation",
            "dtype": "uint8",
            "scale": [0.125],
            "zero_point": [128],
            "axis": None,
            "min": [-16.0],
            "max": [15.875],
        },
    ]


TRAINED = np.array([0.3, -0.3, 0.8, 5, 100, -0.1], np.float32).reshape(3, 2, 1, 1)


def trained_weights(graph: Graph) -> Graph:
    """The graph with weights that it quantizes itself."""
    conv = next(node for node in graph.nodes if node.op == "Conv")
    scale = Value("scale", array=np.array([0.25, 0.5, 0.5], np.float32))
    zero = Value("zero", array=np.zeros(3, np.int8))
    integers, floats = Value("q", np.dtype(np.int8), (3, 2, 1, 1)), Value("dq", np.dtype(np.float32), (3, 2, 1, 1))
    conv.inputs[1] = floats
    graph.nodes[:0] = [
        Node("QuantizeLinear", [Value("trained", array=TRAINED), scale, zero], [integers], {"axis": 0}),
        Node("DequantizeLinear", [integers, scale, zero], [floats], {"axis": 0}),
    ]
    return graph


def test_fake_quantized_weights(tmp_path: Path) -> None:
    """A weight that the graph quantizes stays as trained, or becomes what its integers say."""
    graph = trained_weights(quantized())
    path, beside = tmp_path / "net.prototxt", tmp_path / "net.json"
    mgeconvert.save(graph, path, quant_params=str(beside))
    np.testing.assert_array_equal(read_weights(weight_files(path))["conv"][0], TRAINED)
    mgeconvert.save(graph, path, quant_params=str(beside), fake_quant_weights=True)
    expected = np.array([0.25, -0.25, 1, 5, 63.5, 0], np.float32).reshape(3, 2, 1, 1)
    np.testing.assert_array_equal(read_weights(weight_files(path))["conv"][0], expected)
    (weight,) = [row for row in json.loads(beside.read_text())["values"] if row["kind"] == "weight"]
    assert (weight["name"], weight["axis"], weight["scale"]) == ("conv/0", 0, [0.25, 0.5, 0.5])


def values(path: Path) -> dict[tuple[str, str], dict[str, object]]:
    document = json.loads(path.read_text())
    assert (document["format"], document["version"]) == ("mgeconvert quantization parameters", 1)
    return {(row["name"], row["kind"]): row for row in document["values"]}


@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
def test_the_same_document_beside_other_formats(suffix: str, tmp_path: Path) -> None:
    """Names are the file's; what is said of the values is what Caffe's document says."""
    path, beside = tmp_path / f"net{suffix}", tmp_path / "net.json"
    assert mgeconvert.save(quantized(), path, quant_params=str(beside)) == [path, beside]
    mgeconvert.save(quantized(), tmp_path / "net.prototxt", quant_params=str(tmp_path / "caffe.json"))
    caffe = [{**row, "name": ""} for row in values(tmp_path / "caffe.json").values()]
    found = values(beside)
    if suffix == ".tflite":  # whose kernels are for int8
        caffe = [
            {**row, "dtype": "int8", "zero_point": [row["zero_point"][0] - 128 * (row["dtype"] == "uint8")]}
            for row in caffe
        ]
    assert [{**row, "name": ""} for row in found.values() if row["kind"] == "activation"] == caffe
    names = names_in(path)
    assert {name for name, _ in found} <= names


def names_in(path: Path) -> set[str]:
    if path.suffix == ".onnx":
        import onnx

        graph = onnx.load(path).graph
        return {name for node in graph.node for name in (*node.input, *node.output)}
    interpreter = pytest.importorskip("ai_edge_litert.interpreter").Interpreter(str(path))
    return {tensor["name"] for tensor in interpreter.get_tensor_details()}


def test_weights_stored_in_eight_bits_are_in_the_document(tmp_path: Path) -> None:
    b = Builder()
    x = b.input("x", np.float32, (1, 64))
    weights = np.random.RandomState(0).uniform(-1, 1, (64, 32)).astype(np.float32)
    b.output("y", b.op("MatMul", x, weights))
    beside = tmp_path / "net.json"
    mgeconvert.save(b.graph, tmp_path / "net.tflite", weight_int8=True, quant_params=str(beside))
    (row,) = values(beside).values()
    peaks = np.abs(weights).max(axis=0)
    assert (row["kind"], row["dtype"], row["axis"]) == ("weight", "int8", 0)
    np.testing.assert_allclose(np.array(row["scale"]), peaks / 127, rtol=1e-6)


@pytest.mark.parametrize("suffix", [".onnx", ".tflite", ".prototxt"])
def test_no_model_without_its_document(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"net{suffix}"
    with pytest.raises(MgeconvertError, match=r"the folder .*nowhere does not exist"):
        mgeconvert.save(quantized(), path, quant_params=str(tmp_path / "nowhere" / "net.json"))
    assert list(tmp_path.iterdir()) == []


def test_a_network_without_quantization_has_an_empty_document(tmp_path: Path) -> None:
    b = Builder()
    b.output("y", b.op("Relu", b.input("x", np.float32, (1, 2))))
    for suffix in (".onnx", ".tflite", ".prototxt"):
        mgeconvert.save(b.graph, tmp_path / f"net{suffix}", quant_params=str(tmp_path / "net.json"))
        assert values(tmp_path / "net.json") == {}


def test_caffe_says_what_it_loses(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "net.prototxt"
    mgeconvert.save(quantized(), path)
    floats, so = (
        "2 quantized activations are float32, as all in Caffe: they are",
        "so that results differ from the source's",
    )
    cut = f"{floats} cut off, but not rounded, {so}"
    lost = f"{floats} neither rounded nor cut off, {so}"
    assert caplog.messages == [f"{cut}; --quant-params FILE.json keeps how they were quantized"]
    caplog.clear()
    mgeconvert.save(trained_weights(quantized()), path, quant_params=str(tmp_path / "net.json"))
    trained = "1 weights are written as trained, not as they are quantized: --fake-quant-weights"
    assert caplog.messages == [lost, trained]
    caplog.clear()
    mgeconvert.save(trained_weights(quantized()), path, quant_params=str(tmp_path / "n.json"), fake_quant_weights=True)
    assert caplog.messages == [lost]


@pytest.mark.parametrize("suffix", [".onnx", ".tflite", ".prototxt", ".caffemodel"])
def test_the_document_does_not_overwrite_the_model(suffix: str, tmp_path: Path) -> None:
    document = tmp_path / f"net{suffix}"
    model = document.with_suffix({".caffemodel": ".prototxt"}.get(document.suffix, document.suffix))
    with pytest.raises(UsageError) as caught:
        mgeconvert.save(quantized(), model, quant_params=str(document))
    assert str(caught.value) == f"--quant-params {document}: a file of the model itself"
    assert caught.value.hint == f"--quant-params {document}.json"
    assert list(tmp_path.iterdir()) == []
