"""The graph surgery of MegEngine's documentation: one command each, judged by MegEngine's own surgery."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.reference.environment import environment
from mgeconvert.tracedmodule.lower.load import load
from mgeconvert.tracedmodule.read.model import read
from mgeconvert_cli.main import application
from tests.harness import goldens
from tests.harness.runner import Runner
from tests.tracedmodule.test_tree import calls, modules, tensors

JUDGE = Path(__file__).with_name("surgery_judge.py")
SURGERY = {
    "delete_relus": ["--in", "layer1", "--replace", "Relu(x) => x"],
    "negate_relus": ["--in", "layer1", "--replace", "Relu(x) => Neg(Relu(x))"],
    "relu6": ["--in", "layer1", "--replace", "Relu(x) => Clip(x, 0, 6)"],
    "insert_module": ["--replace", "fc_out => Mul(fc_out, -1)", "--as", "neg:MyNeg"],
    "negate_linear": ["--replace", "Gemm(x, w, c) => Neg(Gemm(x, w, c))"],
    "add_input": ["--add-input", "y=1,1000", "--replace", "fc_out => Add(fc_out, y)"],
    "add_output": ["--add-outputs", "flatten_out"],
    "nested_outputs": ["--outputs", '({"fc_inp": flatten_out, "fc_out": fc_out}, layer4)'],
    "end_points": ["--outputs", "layer4,avg_pool2d_out"],
    "setitem": ["--assign", "fc_out[0, 2:5] = 1"],
    "rename": ["--rename", "fc_out=I_am_output"],
    "half": ["--fp16", "layer1.0.conv1"],
    "watched": ["--outputs", "layer1.0.conv1"],
    "own_graph": ["--inputs", "layer1", "--outputs", "layer1"],
    "flattened": ["--flatten"],
}
"""What surgery_judge.py does, and the command that does the same."""
NO_TREE = ("flattened", "own_graph", "watched", "end_points")
"""What leaves modules out."""


def edit(source: Path, target: Path, options: list[str]) -> None:
    result = Runner().invoke(application, ["edit", str(source), *options, "--no-verify", "-o", str(target)])
    assert result.exit_code == 0, result.stderr


@pytest.mark.reference
@pytest.mark.shared_models
def test_megengine_does_the_same(shared_models: Path, tmp_path: Path) -> None:
    """On the file of MegEngine and on the one that is written from it; the tree stays where MegEngine keeps it."""
    original, written = shared_models / "resnet18.pkl", tmp_path / "written.pkl"
    mgeconvert.save(load(original, faithful=True), written)
    with np.load(original.with_suffix(".npz")) as archive:
        image = archive["in_0"]
    rng = np.random.default_rng(1)
    inputs = {
        "add_input": [image, rng.standard_normal((1, 1000)).astype(np.float32)],
        "own_graph": [rng.standard_normal((1, 64, 56, 56)).astype(np.float32)],
    }
    jobs = []
    for name, options in SURGERY.items():
        np.savez(tmp_path / f"{name}.npz", *inputs.get(name, [image]))
        for source in (original, written):
            edited = tmp_path / f"{name}-{source.stem}.pkl"
            edit(source, edited, options)
            files = {"source": str(source), "edited": str(edited), "inputs": str(tmp_path / f"{name}.npz")}
            jobs.append({"surgery": name, **files})
    (tmp_path / "jobs.json").write_text(json.dumps(jobs))
    command = [environment("megengine").python, JUDGE, tmp_path / "jobs.json", tmp_path / "answer.json"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stderr[-3000:]
    answers = json.loads((tmp_path / "answer.json").read_text())
    for job, answer in zip(jobs, answers, strict=True):
        name = job["surgery"]
        assert answer["error"] is not None, name
        assert answer["error"] <= 1e-6, name
        if name != "end_points":  # which MegEngine returns as a list
            assert answer["structure"][0] == answer["structure"][1], name
        if name not in NO_TREE:
            assert answer["modules"][0] == answer["modules"][1], name
        if name == "rename":
            assert answer["names"] == [["I_am_output"], ["I_am_output"]]


@pytest.mark.reference
def test_a_layer_of_a_quantized_network_as_an_output(tmp_path: Path) -> None:
    """MegEngine returns a quantized tensor; what is compared are the numbers that its integers stand for."""
    row = next(row for row in goldens.families()["quantization/modules"] if row.id == "quantized-conv-relu")
    path, edited = tmp_path / "network.pkl", tmp_path / "edited.pkl"
    path.write_bytes(goldens.load("quantization/modules", row).model)
    graph = load(path, faithful=True)
    inner = next(
        node.output.name for node in graph.nodes if node.op == "DequantizeLinear" and node.inputs[0].array is None
    )  # type: ignore[union-attr]
    result = Runner().invoke(application, ["edit", str(path), "--add-outputs", inner, "-o", str(edited)])
    assert result.exit_code == 0, result.stderr
    assert "verified in MegEngine" in result.stderr
    assert "cosine 1.0000" in result.stderr


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """Residual blocks in a module, made by MegEngine."""
    row = next(row for row in goldens.families()["networks_images"] if row.id == "resnet-basic")
    path = tmp_path / "network.pkl"
    path.write_bytes(goldens.load("networks_images", row).model)
    return path


def paths(file: Path) -> list[str]:
    return [path.removeprefix(".") for path, _, _ in modules(read(file).module)]


def test_an_edit_within_a_module_keeps_the_tree(network: Path, tmp_path: Path) -> None:
    edit(network, tmp_path / "edited.pkl", ["--replace", "Relu(x) => Neg(Relu(x))"])
    assert paths(tmp_path / "edited.pkl") == paths(network)


def test_a_new_module_hangs_where_it_is_called(network: Path, tmp_path: Path) -> None:
    """Calls of one new module share its graph; reading the file gives it as a module with its class."""
    edit(network, tmp_path / "edited.pkl", ["--replace", "Relu(x) => Neg(Relu(x))", "--as", "neg:MyNeg"])
    new = [path for path in paths(tmp_path / "edited.pkl") if path not in paths(network)]
    assert new
    assert {path.rpartition(".")[2] for path in new} == {"neg"}
    again = load(tmp_path / "edited.pkl", faithful=True)
    kinds = {scope.kind for scope in again.calls if scope.path in new and not scope.is_leaf}
    assert kinds == {"MyNeg"}


@pytest.mark.parametrize(("name", "found"), [("conv1", "conv1_1"), ("training", "training_1")])
def test_a_name_that_is_taken_gets_a_number(name: str, found: str, network: Path, tmp_path: Path) -> None:
    """By another module, or by what every module has."""
    (output,) = load(network).outputs
    edit(network, tmp_path / "edited.pkl", ["--replace", f"'{output}' => Neg('{output}')", "--as", name])
    assert set(paths(tmp_path / "edited.pkl")) - set(paths(network)) == {found}


def test_a_new_module_with_weights(network: Path, tmp_path: Path) -> None:
    """A constant of the new module hangs in it, and both stay when the file is written again."""
    np.save(tmp_path / "scale.npy", np.float32([2.0]))
    graph = load(network, faithful=True)
    (name,) = graph.outputs
    edited, again = tmp_path / "edited.pkl", tmp_path / "again.pkl"
    constant = ["--constant", f"scale={tmp_path / 'scale.npy'}"]
    edit(network, edited, [*constant, "--replace", f"'{name}' => Mul('{name}', scale)", "--as", "last:Scale"])
    assert "last" in paths(edited)
    mgeconvert.save(load(edited, faithful=True), again)
    assert list(modules(read(again).module)) == list(modules(read(edited).module))
    assert calls(read(again)) == calls(read(edited))
    assert list(tensors(read(again).module)) == list(tensors(read(edited).module))
