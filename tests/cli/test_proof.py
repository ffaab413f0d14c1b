"""`--proof` writes what was compared; `verify --proof` finds every file that is not that any more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from mgeconvert import save
from mgeconvert_cli.main import application
from tests.harness.runner import Runner
from tests.verification.layers.test_compare import network

Invoke = Callable[[str], Result]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.chdir(tmp_path)
    save(network(), "a.onnx")
    return lambda line: Runner().invoke(application, line.split())


@pytest.mark.parametrize("out", ["b.tflite", "b.prototxt", "b.onnx"])
def test_a_proof_holds(invoke: Invoke, out: str) -> None:
    result = invoke(f"convert a.onnx {out} --proof")
    assert result.exit_code == 0, result.output
    assert f"wrote {out}.proof.json\n" in result.stderr
    proof = json.loads(Path(f"{out}.proof.json").read_text())
    files = {each["path"] for each in proof["files"]}
    assert files == {"a.onnx", out} | ({"b.caffemodel"} if out == "b.prototxt" else set())
    assert (proof["passed"], proof["judge"]["method"]) == (True, "model")
    assert {"mgeconvert", "python", "numpy"} <= set(proof["versions"])
    assert [each["name"] for each in proof["outputs"]] == ["y"]
    checked = invoke(f"verify {out} --proof")
    assert checked.stdout == f"{len(files)} files of {out}.proof.json as they were compared, with mgeconvert 2.0.0\n"
    again = invoke(f"verify {out} --proof --recompute")
    assert again.exit_code == 0, again.output
    assert "verified in " in again.stdout


def test_the_options_are_in_it(invoke: Invoke) -> None:
    assert invoke("onnx-to-onnx a.onnx -o b.onnx --opset 15 --rtol 0.01 --proof").exit_code == 0
    proof = json.loads(Path("b.onnx.proof.json").read_text())
    assert proof["options"] == {"opset": 15, "rtol": 0.01}
    assert proof["limit"]["rtol"] == 0.01


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("edit a.onnx --softmax y -o b.onnx", {"softmax": ["y"]}),
        ("edit a.onnx --rename y=z -o b.onnx", {"rename": [["y", "z"]]}),
        ("quantize a.onnx --recipe fp16 -o b.onnx", {"recipe": "fp16"}),
    ],
)
def test_of_what_no_file_holds(invoke: Invoke, line: str, options: dict[str, object]) -> None:
    """What an edit or a quantization made is compared in the run; the hashes hold, the figures cannot be made again."""
    result = invoke(f"{line} --proof")
    assert result.exit_code == 0, result.output
    proof = json.loads(Path("b.onnx.proof.json").read_text())
    assert (proof["is_of_run"], proof["options"]) == (True, options)
    assert invoke("verify b.onnx --proof").exit_code == 0
    again = invoke("verify b.onnx --proof --recompute")
    assert again.exit_code == 2
    assert again.stderr.startswith(
        "error: b.onnx.proof.json: the file was compared with what an edit or a quantization made of its source, which "
        "no file holds\nhint: make the file again with --proof\n"
    )


def test_figures_are_computed_again_by_the_limits_of_the_proof(invoke: Invoke) -> None:
    """Those of an option that rounds on purpose are not those of the file's kind."""
    assert invoke("onnx-to-onnx a.onnx -o b.onnx --fp16 --fuse-conv-bn --proof").exit_code == 0
    proof = json.loads(Path("b.onnx.proof.json").read_text())
    assert proof["options"] == {"fp16": True, "fuse-conv-bn": True}
    result = invoke("verify b.onnx.proof.json --proof --recompute")
    assert result.exit_code == 0, result.output
    assert f"(limit {proof['limit']['rtol']:g})" in result.stdout
    assert proof["limit"]["rtol"] > 1e-3


def test_changed_files_are_named(invoke: Invoke) -> None:
    assert invoke("convert a.onnx b.tflite --proof").exit_code == 0
    Path("b.tflite").write_bytes(Path("b.tflite").read_bytes() + b"x")
    Path("a.onnx").unlink()
    result = invoke("verify b.tflite --proof")
    assert result.exit_code == 1
    assert result.stderr == (
        "error: b.tflite.proof.json: proves other files\n"
        "  source a.onnx: no such file\n"
        "  output b.tflite: has other bytes than were compared\n"
    )


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("verify a.onnx --proof", 3, "a.onnx.proof.json: cannot be read"),
        ("verify c.onnx --proof", 3, "c.onnx.proof.json: is no proof of mgeconvert"),
        ("verify d.onnx --proof", 3, "d.onnx.proof.json: is no proof of mgeconvert"),
        ("verify a.onnx a.onnx --proof", 2, "--proof says what MODEL is"),
        ("verify a.onnx --proof --io x.npz", 2, "--proof says what MODEL is"),
        ("verify a.onnx --recompute", 2, "--recompute is of --proof"),
        ("convert a.onnx b.onnx --no-verify --proof", 2, "--no-verify compares nothing: --proof would be ignored"),
    ],
)
def test_bad_input(invoke: Invoke, line: str, code: int, said: str) -> None:
    Path("c.onnx.proof.json").write_text('{"format": "other"}')
    rest = {"format": "mgeconvert proof", "files": [], "outputs": []}
    Path("d.onnx.proof.json").write_text(json.dumps({**rest, "limit": {"rtol": "1"}}))
    result = invoke(line)
    assert (result.exit_code, said in result.stderr) == (code, True), result.stderr
