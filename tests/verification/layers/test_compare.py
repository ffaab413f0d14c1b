"""The first bad value of a written model is found, named by the source's module, and who made it is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import mgeconvert
from mgeconvert import registry
from mgeconvert.api import Selection
from mgeconvert.errors import ConversionError
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert.passes import Pass, rule
from mgeconvert.verification.layers.anonymous import anonymous_part
from mgeconvert.verification.layers.compare import Comparison, Truth, blamed, compare, truth_of
from mgeconvert.verification.layers.reduce import NODES, write_part
from mgeconvert_converters.tflite.emit import EMITTERS
from mgeconvert_converters.tflite.emit.table import Emitter
from mgeconvert_converters.tflite.layout.wants import ANY
from tests.harness import faults

ONNX = registry.backend("onnx")


def network() -> Graph:
    """Convolutions with their activations, five of a kind, and what is between them."""
    b = Builder()
    generator = np.random.default_rng(3)
    x = b.input("x", "float32", (1, 3, 8, 8))
    for index in range(5):
        b.enter(Scope(f"body.{index}.conv", "Conv2d"))
        weight = generator.normal(size=(3, 3, 3, 3)).astype(np.float32) / 3
        x = b.op("Conv", x, b.constant(weight, name=f"body.{index}.conv.weight"), pads=(1, 1, 1, 1))
        b.enter(Scope(f"body.{index}.act", "HardSigmoid" if index == 2 else "ReLU"))
        x = b.op("HardSigmoid" if index == 2 else "Relu", x)
    b.output("y", x)
    return b.graph


@pytest.fixture
def source(tmp_path: Path) -> Path:
    mgeconvert.save(network(), tmp_path / "source.onnx")
    return tmp_path / "source.onnx"


def _compared(source: Path, candidate: Path, truth: Truth | None = None) -> Comparison:
    target = registry.backend_for(candidate)
    return compare(candidate, target, truth or truth_of(source, target))


@pytest.mark.parametrize("suffix", ["onnx", "tflite", "prototxt"])
def test_a_right_file_has_no_culprit(source: Path, suffix: str) -> None:
    candidate = source.with_name(f"right.{suffix}")
    mgeconvert.convert(source, candidate)
    found = _compared(source, candidate)
    assert found.culprit is None
    states = [layer.state for layer in found.layers]
    assert states.count("same") >= 8
    assert "differs" not in states
    laid = {layer.axes for layer in found.layers if layer.state == "same"}
    assert laid == {(0, 2, 3, 1) if suffix == "tflite" else ()}


def _change_weight(path: Path, name: str) -> None:
    model = onnx.load(str(path))
    stored = next(tensor for tensor in model.graph.initializer if tensor.name == name)
    array = numpy_helper.to_array(stored).copy()
    array[0] *= -2
    stored.CopyFrom(numpy_helper.from_array(array, name))
    path.write_bytes(model.SerializeToString())


def test_a_changed_weight_is_the_files_fault(source: Path) -> None:
    candidate = source.with_name("bad.onnx")
    mgeconvert.convert(source, candidate)
    _change_weight(candidate, "body.3.conv.weight")
    truth = truth_of(source, ONNX)
    found = _compared(source, candidate, truth)
    assert found.culprit is not None
    assert found.culprit.modules[0] == "body.3.conv"
    assert found.culprit.text.startswith("body.3.conv: Conv computes the first bad value, body.3.conv")
    who = blamed(found, truth, Selection(1))
    assert who is not None
    assert (who.who, who.text) == (
        "file",
        "the file makes it: what mgeconvert writes of this source now is right there",
    )
    with pytest.raises(ConversionError) as refusal:
        anonymous_part(found)
    assert refusal.value.message == (
        "the failing part computes the same in onnxruntime and onnxruntime with other weights: the fault is in the "
        "file's own numbers, and cannot be shown without them"
    )


def test_the_part_fails_by_itself(source: Path, tmp_path: Path) -> None:
    candidate = source.with_name("bad.onnx")
    mgeconvert.convert(source, candidate)
    _change_weight(candidate, "body.3.conv.weight")
    found = _compared(source, candidate)
    assert found.part is not None
    reduced = write_part(found.part, tmp_path, ONNX, found.limit)
    assert (reduced.nodes, reduced.fails) == (1, True)
    report = mgeconvert.verify(tmp_path / "part.onnx", io=tmp_path / "part.npz")
    assert report.refuted


def test_a_wrong_emitter_is_the_conversions_fault(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(c: Any, x: Any) -> Any:
        return c.op("LOGISTIC", x)

    monkeypatch.setitem(EMITTERS, "HardSigmoid", Emitter(wrong, ANY, None, ""))
    candidate = source.with_name("bad.tflite")
    mgeconvert.convert(source, candidate, verify=False)
    target = registry.backend("tflite")
    truth = truth_of(source, target)
    found = compare(candidate, target, truth)
    assert found.culprit is not None
    assert found.culprit.modules[0] == "body.2.act"
    who = blamed(found, truth, Selection(1))
    assert who is not None
    assert who.who == "conversion"


def test_a_wrong_pass_is_named(source: Path) -> None:
    @rule("wrong-relu", "HardSigmoid")
    def wrong(rewriter: Any, node: Any) -> Any:
        """HardSigmoid(x) -> Sigmoid(x)"""
        return rewriter.op("Sigmoid", node.inputs[0])

    brought = Pass("wrong-relu", rules=(wrong,))
    graph = mgeconvert.load(source)
    mgeconvert.optimize(graph, [brought, "fuse-conv-bn"])
    candidate = source.with_name("bad.onnx")
    mgeconvert.save(graph, candidate)
    truth = truth_of(source, ONNX)
    found = _compared(source, candidate, truth)
    assert found.culprit is not None
    assert found.culprit.modules[0] == "body.2.act"
    who = blamed(found, truth, Selection(0, ("fuse-conv-bn", brought)))
    assert who is not None
    assert (who.who, who.text) == ("pass", "the pass wrong-relu makes it")


@pytest.mark.reference
def test_injected_faults_are_named() -> None:
    """`python -m tests.harness.faults 200` does the whole of it."""
    found = list(faults.injected("networks_images", "ShuffleNet", 8))
    assert {verdict.fault.kind for verdict in found} >= {"weight", "axis", "swapped"}
    assert [verdict for verdict in found if not verdict.named] == []
    assert sum(verdict.fails and verdict.nodes <= NODES for verdict in found) >= 7
