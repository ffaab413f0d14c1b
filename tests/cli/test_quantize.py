"""`mgeconvert quantize` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import mgeconvert
from mgeconvert_cli.main import application
from tests.calibration.networks import residual, samples


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    graph = residual()
    mgeconvert.save(graph, tmp_path / "m.onnx")
    np.savez(tmp_path / "x.npz", x=np.concatenate([sample["x"] for sample in samples(graph)]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("out", ["q.onnx", "q.tflite", "q.pkl"])
def test_the_table_the_file_and_the_document(folder: Path, out: str) -> None:
    done = CliRunner().invoke(application, ["quantize", "m.onnx", "--data", "x.npz", "-o", out, "--json"])
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["command"] == "quantize"
    assert document["recipe"]["recipe"] == "int8"
    assert {"path", "op", "own", "total"} == document["modules"][0].keys()
    assert document["outputs"][0]["cosine"] > 0.999
    assert document["verification"]["passed"]
    assert (folder / out).is_file()


def test_a_file_of_ours_is_replaced(folder: Path) -> None:
    for _ in range(2):
        done = CliRunner().invoke(application, ["quantize", "m.onnx", "--data", "x.npz", "-o", "q.onnx"])
        assert done.exit_code == 0, done.stderr


def test_a_tracedmodule_is_for_quantization_aware_training(folder: Path) -> None:
    done = CliRunner().invoke(application, ["quantize", "m.onnx", "--data", "x.npz", "-o", "q.pkl"])
    assert done.exit_code == 0, done.stderr
    assert "for quantization-aware training: one scale for each weight" in done.stderr
    said = CliRunner().invoke(application, ["inspect", "q.pkl"]).stdout
    for kind in ("conv.ConvRelu2d", "linear.Linear", "elemwise.Elemwise", "concat.Concat", "quant_dequant.QuantStub"):
        assert f"module.qat.{kind}" in said


def test_without_an_output_it_says_what_it_costs(folder: Path) -> None:
    done = CliRunner().invoke(application, ["quantize", "m.onnx", "--data", "x.npz"])
    assert done.exit_code == 0, done.stderr
    assert "signal to noise by module, dB, the worst first" in done.stdout
    assert "largest at the same place" in done.stdout


def test_fp16_has_its_options(folder: Path) -> None:
    done = CliRunner().invoke(application, ["quantize", "m.onnx", "--recipe", "fp16", "-o", "q.onnx"])
    assert done.exit_code == 0, done.stderr
    assert (folder / "q.onnx").stat().st_size < (folder / "m.onnx").stat().st_size


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["quantize", "q.onnx", "--data", "x.npz"], "the network is quantized already"),
        (["quantize", "m.onnx", "--data", "nan.npz"], "the array for input x has NaN or infinity in it"),
    ],
)
def test_bad_input_has_exit_code_3(folder: Path, arguments: list[str], said: str) -> None:
    np.savez(folder / "nan.npz", x=np.full((1, 3, 16, 16), np.nan, np.float32))
    CliRunner().invoke(application, ["quantize", "m.onnx", "--data", "x.npz", "-o", "q.onnx"])
    done = CliRunner().invoke(application, arguments)
    assert done.exit_code == 3
    assert said in done.stderr
