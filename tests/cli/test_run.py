"""`mgeconvert run`: every format in its runtime, other runtimes, errors."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

import mgeconvert
import mgeconvert.surgery
from mgeconvert.errors import MissingDependencyError
from mgeconvert.ir.builder import Builder
from mgeconvert.reference import client
from mgeconvert_cli.main import application
from tests.harness.runner import Runner
from tests.surgery.test_surgery import IMAGE, compute, network

Invoke = Callable[..., Result]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """`invoke("run m.onnx ...")` in a folder with m.onnx, x.npy and m.npz."""
    monkeypatch.chdir(tmp_path)
    outputs = compute(network(), tmp_path, x=IMAGE)
    np.savez("m.npz", in_0=IMAGE, **outputs)
    np.save("x.npy", IMAGE)

    def run(line: str, **options: bytes) -> Result:
        return Runner().invoke(application, line.split(), **options)  # type: ignore[arg-type]

    return run


@pytest.mark.parametrize("given", ["-i x=x.npy", "-i x.npy", "-i m.npz"])
def test_the_outputs_are_written_by_name(invoke: Invoke, given: str) -> None:
    result = invoke(f"run m.onnx {given} -o out.npz")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[0].split() == ["output", "type", "min", "max", "mean"]
    assert result.stderr.splitlines()[-2] == "wrote out.npz: features, scores"
    with np.load("out.npz") as found, np.load("m.npz") as truth:
        assert set(found.files) == {"features", "scores"}
        np.testing.assert_allclose(found["scores"], truth["scores"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("runtime", ["litert", "tflite", "onnxruntime", "onnx"])
def test_another_runtime(invoke: Invoke, runtime: str) -> None:
    if runtime in ("litert", "tflite"):
        pytest.importorskip("ai_edge_litert")
    result = invoke(f"run m.onnx -i m.npz -o out.npz --runtime {runtime}")
    assert result.exit_code == 0, result.stderr
    with np.load("out.npz") as found, np.load("m.npz") as truth:
        np.testing.assert_allclose(found["scores"], truth["scores"], rtol=1e-3, atol=1e-4)


def test_json(invoke: Invoke) -> None:
    document = json.loads(invoke("--json run m.onnx --random").stdout)
    assert (document["command"], document["runtime"], document["file"]) == ("run", "onnxruntime", None)
    assert [(each["name"], each["dtype"], each["shape"]) for each in document["outputs"]] == [
        ("features", "float32", [1, 4, 6, 6]),
        ("scores", "float32", [1, 5]),
    ]


def test_a_graph_of_the_step_before(invoke: Invoke) -> None:
    result = invoke("load m.onnx edit --outputs features run -i x.npy -o out.npz")
    assert result.exit_code == 0, result.stderr
    assert any("onnxruntime, what mgeconvert made of ONNX" in line for line in result.stderr.splitlines())
    with np.load("out.npz") as found:
        assert found.files == ["features"]


def test_a_model_from_a_pipe(invoke: Invoke) -> None:
    result = invoke("run - --from onnx -i x.npy", input=Path("m.onnx").read_bytes())
    assert result.exit_code == 0, result.stderr
    assert "scores" in result.stdout


def test_a_traced_module_without_megengine(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    mgeconvert.save(network(), "t.pkl")

    def missing(*_: object) -> None:
        raise MissingDependencyError("MegEngine 1.13.0: the reference environment is not installed")

    monkeypatch.setattr(client, "run", missing)
    result = invoke("run t.pkl -i x.npy -o out.npz")
    assert result.exit_code == 0, result.stderr
    assert result.stderr.splitlines()[0] == (
        "MegEngine 1.13.0: the reference environment is not installed; computing what mgeconvert reads in it"
    )
    with np.load("out.npz") as found, np.load("m.npz") as truth:
        np.testing.assert_allclose(list(found.values())[1], truth["scores"], rtol=1e-4, atol=1e-5)
    assert invoke("run t.pkl -i x.npy --runtime megengine").exit_code == 1


ERRORS = {
    "run": (2, "MODEL is missing and no step before gives one\nhint: mgeconvert run MODEL -i x=x.npy"),
    "run m.onnx": (2, "no array is given for x\nhint: -i x=x.npy (float32[1,3,6,6])"),
    "run m.onnx -i y=x.npy": (2, "-i y=x.npy: m.onnx has no input y\nhint: -i x=x.npy (float32[1,3,6,6])"),
    "run m.onnx --random -i x.npy": (2, "--random and -i are given, expected one of them"),
    "run m.onnx --random -o out.npy": (2, "out.npy: outputs are written as .npz\nhint: give -o OUT.npz"),
    "run m.onnx -i x=nothere.npy": (3, "-i x=nothere.npy: nothere.npy: No such file or directory"),
    "run m.onnx -i x=m.npz": (
        3,
        "-i x=m.npz: m.npz: is an archive, expected one array\nhint: -i FILE.npz gives all",
    ),
    "run m.onnx -i m.onnx": (
        3,
        "-i m.onnx: m.onnx: is no .npy file of plain numbers\n"
        'hint: np.save("x.npy", x) in numpy, for an array x of numbers',
    ),
    "run m.onnx -i small.npy": (
        3,
        "input x: the array is float32[2,2], expected float32[1,3,6,6]",
    ),
    "run m.onnx -i large.npy": (
        3,
        "input x: the array is float32[1,3,9,9], expected float32[1,3,6,6]\n"
        "hint: mgeconvert edit m.onnx --shape x=1,3,9,9 -o OUT",
    ),
    "run m.onnx -i double.npy": (
        3,
        "input x: the array is float64[1,3,6,6], expected float32[1,3,6,6]\nhint: array.astype('float32') in numpy",
    ),
    "run nothere.onnx --random": (3, "nothere.onnx: there is no such file\nhint: ls ."),
    "run m.onnx --random --runtime torch": (2, "torch: no such runtime; there are OpenCV dnn (caffe), "),
    "run m.foo --random": (2, "m.foo: the suffix names no known format; known: "),
}


@pytest.mark.parametrize("line", ERRORS)
def test_errors(invoke: Invoke, line: str) -> None:
    np.save("small.npy", np.zeros((2, 2), np.float32))
    np.save("large.npy", np.zeros((1, 3, 9, 9), np.float32))
    np.save("double.npy", np.zeros((1, 3, 6, 6)))
    result = invoke(line)
    code, text = ERRORS[line]
    assert result.exit_code == code
    found = result.stderr.rstrip("\n")
    assert found == f"error: {text}" or (text.endswith((": ", ", ")) and found.startswith(f"error: {text}"))


def test_the_archive_is_readable_from_memory(invoke: Invoke) -> None:
    invoke("run m.onnx --random -o out.npz")
    with np.load(io.BytesIO(Path("out.npz").read_bytes()), allow_pickle=False) as archive:
        assert archive["scores"].shape == (1, 5)


@pytest.mark.reference
@pytest.mark.shared_models
@pytest.mark.parametrize("runtime", ["megengine", "onnxruntime"])
def test_a_real_network(shared_models: Path, tmp_path: Path, runtime: str) -> None:
    line = f"run {shared_models}/pmrid.pkl -i {shared_models}/pmrid.npz -o {tmp_path}/out.npz --runtime {runtime}"
    result = Runner().invoke(application, line.split())
    assert result.exit_code == 0, result.stderr
    with np.load(tmp_path / "out.npz") as found, np.load(shared_models / "pmrid.npz") as truth:
        (array,) = found.values()
        np.testing.assert_allclose(array, truth["out_0"], rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder in which nobody can make files")
def test_what_cannot_be_written_is_not_computed(invoke: Invoke) -> None:
    result = invoke("run m.onnx --random -o /proc/out.npz")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: /proc/out.npz: cannot be written: ")
    assert "ran in" not in result.stderr


def test_outputs_of_any_name(invoke: Invoke) -> None:
    """numpy's own function has parameters called file and allow_pickle."""
    mgeconvert.save(mgeconvert.surgery.rename(network(), {"scores": "file", "features": "allow_pickle"}), "named.onnx")
    assert invoke("run named.onnx --random -o out.npz").exit_code == 0
    with np.load("out.npz") as found:
        assert set(found.files) == {"file", "allow_pickle"}


@pytest.mark.reference
def test_a_trace_is_computed_at_other_sizes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    b = Builder()
    b.output("y", b.op("Relu", b.input("x", "float32", (1, 3, 4, 4))))
    mgeconvert.save(b.graph, "m.pkl")
    np.save("x.npy", np.full((2, 3, 5, 6), -1, np.float32))
    result = Runner().invoke(application, ["run", "m.pkl", "-i", "x.npy", "-o", "out.npz"])
    assert result.exit_code == 0, result.stderr
    assert "float32[2,3,5,6]" in result.stdout
    np.save("x.npy", np.full((2, 3), -1, np.float32))
    result = Runner().invoke(application, ["run", "m.pkl", "-i", "x.npy"])
    assert (result.exit_code, result.stderr) == (
        3,
        "error: input x: the array is float32[2,3], expected float32[x_0,x_1,x_2,x_3]\n",
    )
