"""The TracedModule backend on real networks: the same numbers in real MegEngine, and stable files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import MissingDependencyError
from mgeconvert.ir.builder import Builder
from mgeconvert.reference import client
from mgeconvert.registry import backend
from tests.tracedmodule.judge import judged, save

MODELS = [
    "basecls_mbnetv2_x035", "bert_one_input_cut2", "dcgan_generator_cifar", "pmrid", "q_shufflenet_v1_x1_0_g3_float",
    "q_shufflenet_v1_x1_0_g3_int8", "q_shufflenet_v1_x1_0_g3_qat", "resnet18",
    "retinanet_res18_coco_3x_800size", "shufflenet_v2_x0_5",
]  # fmt: skip
QAT = "q_shufflenet_v1_x1_0_g3_qat"
NESTED = {"bert_one_input_cut2"}
"""MegEngine does not dump nested outputs."""
WRONG_DUMP = ("retinanet_res18_coco_3x_800size", "dump")
"""MegEngine's dump of its own file computes other scores too, the same ones (see test_tree_in_megengine.py)."""


@pytest.mark.shared_models
@pytest.mark.parametrize("name", MODELS)
def test_the_second_round_trip_gives_the_same_bytes(name: str, shared_models: Path, tmp_path: Path) -> None:
    source = shared_models / f"{name}.pkl"
    first = save(mgeconvert.load(source), tmp_path / "first.pkl")
    second = save(mgeconvert.load(tmp_path / "first.pkl"), tmp_path / "second.pkl")
    assert first == second
    assert len(first) <= 1.01 * source.stat().st_size


@pytest.fixture(scope="module")
def answers(shared_models: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("models")
    requests = []
    for name in MODELS:
        save(mgeconvert.load(shared_models / f"{name}.pkl"), folder / f"{name}.pkl")
        io = shared_models / f"{name}.npz"
        requests.append({"model": folder / f"{name}.pkl", "io": io, "deep": True})
    return dict(zip(MODELS, judged(requests, folder), strict=True))


@pytest.mark.reference
@pytest.mark.shared_models
@pytest.mark.parametrize("name", MODELS)
def test_megengine_computes_the_recorded_outputs(name: str, answers: dict[str, dict[str, Any]]) -> None:
    """Fake quantization of weights that batch normalization was folded into may round the other way: what comes out is
    within one step of the output's grid."""
    answer = answers[name]
    assert "failed" not in answer, answer["failed"]
    assert max(answer["errors"]) < (1 / 127 if name == QAT else 1e-5)


@pytest.mark.reference
@pytest.mark.shared_models
@pytest.mark.parametrize("name", MODELS)
def test_megengines_tools_take_the_file(name: str, answers: dict[str, dict[str, Any]]) -> None:
    """Its printing, flatten, trace_module, save, optimize and dump (which takes no nested outputs)."""
    done = answers[name]["deep"]
    assert {"flatten", "trace_module", "save", "optimize"} <= set(done)
    assert ("dump" in done) == (name not in NESTED)
    assert max(error for tool, error in done.items() if (name, tool) != WRONG_DUMP) < 2e-5


@pytest.mark.reference
@pytest.mark.shared_models
def test_modules_hang_under_their_own_names(answers: dict[str, dict[str, Any]]) -> None:
    modules = answers["resnet18"]["modules"]
    assert modules["layer1.0.conv1"] == "Conv2d"
    assert modules["layer4.1.bn2"] == "BatchNorm2d"
    assert modules["maxpool"] == "MaxPool2d"
    assert modules["fc"] == "Linear"
    assert modules["layer1.0"] == "TracedModule"
    assert answers["bert_one_input_cut2"]["modules"]["encoder.layer.0.attention.self.query"] == "Linear"
    assert answers["bert_one_input_cut2"]["modules"]["embeddings.word_embeddings"] == "Embedding"


@pytest.mark.reference
@pytest.mark.shared_models
def test_graphs_read_like_traced_ones(answers: dict[str, dict[str, Any]]) -> None:
    text = answers["resnet18"]["graph"]
    assert text.startswith("ResNet.Graph (self, x) {")
    assert '%2:	conv1 = getattr(self, "conv1") -> (Conv2d)' in text
    assert "%3:	conv1_out = conv1(x, )" in text
    assert '%9:	layer1 = getattr(self, "layer1") -> (Module)' in text
    assert "%10:	layer1_out = layer1(maxpool_out, )" in text
    assert text.endswith("	return fc_out\n}")


@pytest.mark.reference
@pytest.mark.shared_models
def test_run_names_outputs_and_asks_megengine(shared_models: Path, tmp_path: Path) -> None:
    graph = mgeconvert.load(shared_models / "dcgan_generator_cifar.pkl")
    save(graph, tmp_path / "model.pkl")
    with np.load(shared_models / "dcgan_generator_cifar.npz") as archive:
        inputs, expected = archive["in_0"], archive["out_0"]
    run = backend("tm").run
    assert run is not None
    computed = run(tmp_path / "model.pkl", {next(iter(graph.inputs)): inputs})
    assert list(computed) == list(graph.outputs)
    assert np.abs(next(iter(computed.values())) - expected).max() <= 1e-5 * np.abs(expected).max()


def test_run_without_megengine_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGECONVERT_CACHE", str(tmp_path / "empty"))
    assert not client.is_available()
    b = Builder()
    b.output("y", b.op("Relu", b.input("x", np.float32, (2,))))
    save(b.graph, tmp_path / "model.pkl")
    run = backend("tm").run
    assert run is not None
    with pytest.raises(MissingDependencyError) as error:
        run(tmp_path / "model.pkl", {"x": np.zeros(2, np.float32)})
    assert error.value.hint == "run `mgeconvert reference install megengine`"
