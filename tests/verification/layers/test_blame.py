"""Who made a fault: the runtime, the reading, one of several passes; and faults in TFLite and Caffe files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mgeconvert
from mgeconvert import registry
from mgeconvert.api import Selection
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert.passes import Pass, rule
from mgeconvert.verification.layers.compare import blamed, compare, truth_of
from mgeconvert_converters.tflite.lower.table import LOWERINGS
from tests.harness.file_faults.injecting import injected
from tests.verification.layers.test_compare import network


def test_a_runtime_that_computes_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LiteRT says twice the last value; onnxruntime computes the file's own part right."""
    original = registry.backend

    def watch(path: Path, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = original("tflite").watch
        assert found is not None
        return {name: array * 2 if name == "y" else array for name, array in found(path, feeds).items()}

    wrong = replace(original("tflite"), watch=watch)
    mgeconvert.save(network(), tmp_path / "source.onnx")
    mgeconvert.convert(tmp_path / "source.onnx", tmp_path / "out.tflite")
    monkeypatch.setattr(registry, "backend", lambda name: wrong if name == "tflite" else original(name))
    truth = truth_of(tmp_path / "source.onnx", wrong)
    found = compare(tmp_path / "out.tflite", wrong, truth)
    assert found.culprit is not None
    assert set(found.culprit.modules) == {"body.4.conv", "body.4.act"}  # one operator of TFLite
    who = blamed(found, truth, Selection(1))
    assert who is not None
    assert (who.who, who.text) == ("runtime", "LiteRT computes y otherwise than the file says")


def _tanh() -> Graph:
    b = Builder()
    x = b.input("x", "float32", (1, 3, 4, 4))
    for index in range(3):
        b.enter(Scope(f"body.{index}", "Tanh" if index == 1 else "Abs"))
        x = b.op("Tanh" if index == 1 else "Abs", x)
    b.output("y", x)
    return b.graph


def test_a_reading_that_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lowering of TANH that is none; LiteRT says what the source computes."""
    mgeconvert.save(_tanh(), tmp_path / "source.tflite")

    def wrong(t: Any, x: Any) -> Any:
        return t.b.op("Sigmoid", x)

    monkeypatch.setitem(LOWERINGS, "TANH", replace(LOWERINGS["TANH"], function=wrong))
    mgeconvert.convert(tmp_path / "source.tflite", tmp_path / "out.onnx", verify=False)
    target = registry.backend("onnx")
    truth = truth_of(tmp_path / "source.tflite", target)
    found = compare(tmp_path / "out.onnx", target, truth)
    assert found.culprit is not None
    assert found.culprit.node.op == "Sigmoid"
    who = blamed(found, truth, Selection(1))
    assert who is not None
    assert who.who == "reading"
    start, _, rest = who.text.partition(" wrongly: off by ")
    assert start.startswith("mgeconvert reads ")
    assert rest.endswith(" before any pass")


def test_one_of_several_passes(tmp_path: Path) -> None:
    """The third of five; those before and after it do nothing here."""
    mgeconvert.save(network(), tmp_path / "source.onnx")

    @rule("wrong-relu", "HardSigmoid")
    def wrong(rewriter: Any, node: Any) -> Any:
        """HardSigmoid(x) -> Sigmoid(x)"""
        return rewriter.op("Sigmoid", node.inputs[0])

    brought = Pass("wrong-relu", rules=(wrong,))
    order = ("fold-constants", "fuse-conv-bn", brought, "fuse-pad", "merge-consecutive")
    graph = mgeconvert.load(tmp_path / "source.onnx")
    mgeconvert.optimize(graph, order)
    mgeconvert.save(graph, tmp_path / "bad.onnx")
    target = registry.backend("onnx")
    truth = truth_of(tmp_path / "source.onnx", target)
    found = compare(tmp_path / "bad.onnx", target, truth)
    who = blamed(found, truth, Selection(0, order))
    assert who is not None
    assert (who.who, who.text) == ("pass", "the pass wrong-relu makes it")


@pytest.mark.reference
@pytest.mark.parametrize("target", ["tflite", "caffe"])
def test_faults_in_files(target: str) -> None:
    """`python -m tests.harness.file_faults TARGET 200` does the whole of it."""
    found = list(injected(target, "networks_images", "resnet-bottleneck", 8))
    assert {verdict.fault.kind for verdict in found} >= {"weight", "attribute", "swapped"}
    assert [verdict for verdict in found if not verdict.is_good] == []
