"""The command on real networks, as a user runs it, against MegEngine's own recorded outputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result

from mgeconvert_cli.main import application
from tests.harness.runner import Runner

pytestmark = pytest.mark.shared_models

FLOAT = (
    "basecls_mbnetv2_x035",
    "bert_one_input_cut2",
    "dcgan_generator_cifar",
    "pmrid",
    "q_shufflenet_v1_x1_0_g3_float",
    "resnet18",
    "retinanet_res18_coco_3x_800size",
    "shufflenet_v2_x0_5",
)


def run(*arguments: str | Path) -> Result:
    return Runner().invoke(application, [str(argument) for argument in arguments])


@pytest.mark.parametrize("level", ["-O0", "-O1"])
@pytest.mark.parametrize("name", FLOAT)
def test_every_float_network_is_exported_and_verified(
    shared_models: Path, tmp_path: Path, name: str, level: str
) -> None:
    out = tmp_path / "out.onnx"
    result = run("--json", "--debug", "tm-to-onnx", shared_models / f"{name}.pkl", "-o", out, level)
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["verification"]["method"] == "recorded"
    assert document["verification"]["passed"]
    assert document["files"] == [{"path": str(out), "bytes": out.stat().st_size}]


def test_one_model_to_two_files_in_one_chain(shared_models: Path, tmp_path: Path) -> None:
    line = ("load", shared_models / "pmrid.pkl", "tm-to-onnx", "-o", tmp_path / "a.onnx")
    line += ("tm-to-onnx", "-o", tmp_path / "b.onnx", "--opset", "21", "verify", tmp_path / "a.onnx")
    result = run("--json", *line)
    assert result.exit_code == 0, result.stderr
    steps = json.loads(result.stdout)["steps"]
    assert [step["command"] for step in steps] == ["load", "tm-to-onnx", "tm-to-onnx", "verify"]


def test_inspect_counts_as_the_literature_does(shared_models: Path) -> None:
    """ResNet-18: 11,689,512 parameters and 1.814 G multiply-accumulates at 224x224."""
    document = json.loads(run("--json", "inspect", shared_models / "resnet18.pkl").stdout)
    assert document["parameters"] == 11_689_512
    assert document["macs"] == 1_814_073_344
    assert document["inputs"] == [{"name": "x", "dtype": "float32", "shape": [1, 3, 224, 224]}]
    assert document["writer"] == "MegEngine 1.13.0"
    assert document["source_operators"]["module.conv.Conv2d"] == 20
    assert document["targets"]["onnx"] == {"problems": []}


def test_a_wrong_file_is_found(shared_models: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.onnx"
    assert run("--quiet", "tm-to-onnx", shared_models / "pmrid.pkl", "-o", out).exit_code == 0
    result = run("verify", out, "--io", shared_models / "pmrid.npz", "--rtol", "1e-12")
    assert result.exit_code == 1
    assert (
        f"error: {out}: differs from the recorded outputs of {shared_models / 'pmrid.npz'}: 1 of 1 outputs fail"
        in result.stderr
    )
    result = run("verify", out, "--io", shared_models / "resnet18.npz")
    assert result.exit_code == 3
    assert "the array for input" in result.stderr


@pytest.mark.reference
@pytest.mark.parametrize("name", ["pmrid", "bert_one_input_cut2"])
def test_the_truth_of_a_traced_module_is_megengine(shared_models: Path, tmp_path: Path, name: str) -> None:
    model, out = tmp_path / "m.pkl", tmp_path / "m.onnx"
    model.symlink_to(shared_models / f"{name}.pkl")
    assert run("--quiet", "tm-to-onnx", model, "-o", out).exit_code == 0
    document = json.loads(run("--json", "verify", model, out).stdout)
    assert document["truth"] == f"{model} run in MegEngine"
    assert document["passed"]
