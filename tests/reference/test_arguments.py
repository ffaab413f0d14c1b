"""The arguments that `mgeconvert trace` calls forward() with, and networks with odd ones in every target."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.errors import BadInputError, UsageError
from mgeconvert.reference import arguments, client
from mgeconvert_cli.main import application
from tests.harness.goldens import unpacked
from tests.harness.runner import Runner

INPUTS = {
    "1,3,8,8": (None, "float32", (1, 3, 8, 8)),
    "x=2,5:int32": ("x", "int32", (2, 5)),
    "7:uint8": (None, "uint8", (7,)),
    "mask=():bool": ("mask", "bool", ()),
}


@pytest.mark.parametrize("text", INPUTS)
def test_inputs(text: str) -> None:
    found = arguments.parse_input(text)
    assert (found.name, found.array.dtype.name, found.array.shape) == INPUTS[text]
    assert np.array_equal(found.array, arguments.parse_input(text).array)


BAD_INPUTS = {
    "1,x": "--input 1,x: expected [NAME=]1,3,224,224[:dtype] or [NAME=]file.npy",
    "1,0": "--input 1,0: expected [NAME=]1,3,224,224[:dtype] or [NAME=]file.npy",
    "1:float8": "--input 1:float8: float8 is no type; there are float32, float16, int32, int16, int8, uint8, bool",
}


@pytest.mark.parametrize("text", BAD_INPUTS)
def test_bad_inputs(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        arguments.parse_input(text)
    assert caught.value.message == BAD_INPUTS[text]


def test_an_array_that_is_none(tmp_path: Path) -> None:
    place = tmp_path / "x.npy"
    place.write_bytes(b"no array")
    with pytest.raises(BadInputError, match=r"x\.npy: is no \.npy file of plain numbers"):
        arguments.parse_input(str(place))
    with place.open("wb") as file:
        np.savez(file, a=np.zeros(2))
    with pytest.raises(BadInputError, match=r"x\.npy: is an archive, expected one array"):
        arguments.parse_input(str(place))


def test_parts_and_constants_for_the_worker() -> None:
    given = [
        arguments.parse_input("1,3"),
        arguments.parse_constant('options.mode="fast"'),
        arguments.parse_input("pair.0=2:int32"),
        arguments.parse_constant("flag=true"),
    ]
    assert arguments.entries(given) == [
        {"path": None, "array": 0},
        {"path": ["options", "mode"], "value": "fast"},
        {"path": ["pair", "0"], "array": 1},
        {"path": ["flag"], "value": True},
    ]


HINT = "--const NAME=JSON: flag=true, scale=2.0, mode='\"fast\"', mask=null"
WRONG = {
    "--input x=1 --input x=2": ("the argument x is given twice", "give --input once for each argument"),
    "--input x=1 --const x=2": ("the argument x is given twice", "give --input once for each argument"),
    "--input x.0=1 --input x=2": ("x.0 is a part of x, which is given as a whole", None),
    "--input 1 --const flag=True": ("--const flag=True: True is no JSON", HINT),
    "--input 1 --const 3": ("--const 3: expected NAME=JSON", HINT),
    "--inputs feeds.py:feeds": ("--inputs feeds.py:feeds: no file feeds.py", None),
    "--inputs feeds.py": ("--inputs feeds.py: expected file.py:feeds or package.module:feeds", None),
    "--inputs m:feeds --input 1": ("--inputs gives all arguments", "leave out --input and --const"),
}


@pytest.mark.parametrize("line", WRONG)
def test_wrong_arguments(line: str) -> None:
    result = Runner().invoke(application, ["trace", "net:Net", *line.split(), "-o", "a.pkl"])
    text, hint = WRONG[line]
    assert (result.exit_code, result.stderr) == (2, f"error: {text}\n" + (f"hint: {hint}\n" if hint else ""))


NETWORKS = Path(__file__).parents[1] / "networks" / "argument_structures.py"
TRACES = Path(__file__).parents[1] / "goldens" / "argument_structures.tar.xz"
"""NAME.pkl and NAME.npz of each network, as `mgeconvert trace` wrote them with its arguments."""
STRUCTURES = {
    "KeywordOnly": "--input x=1,3,8,8 --input mask=1,3,8,8 --const scale=2.0",
    "KeywordDefault": "--input x=1,3,8,8 --input mask=1,3,8,8",
    "LeftOut": "--input x=1,3,8,8 --input bias=1,3,8,8",
    "Dict": "--input d.low=1,3,8,8 --input d.high=1,3,8,8",
    "Pair": "--input pair.0=1,3,8,8 --input pair.1=1,3,8,8",
    "Nested": "--input f.levels.0=1,3,8,8 --input f.levels.1=1,3,8,8 --input f.other=1,3,8,8 --const f.scale=0.5",
    "Positional": "--input 1,3,8,8 --input 1,3,8,8 --input 1,3,8,8",
    "Keywords": "--input x=1,3,8,8 --input z=1,3,8,8 --input a=1,3,8,8",
    "Ordered": f"--inputs {NETWORKS}:ordered",
    "NoneBetween": "--input x=1,3,8,8 --const m=null --input y=1,3,8,8",
    "Flagged": '--input x=1,3,8,8 --const flag=true --const mode="twice"',
    "Inner": f"--inputs {NETWORKS}:inner",
    "Mixed": "--input 1,3,8,8 --input b=1,3,8,8 --input a=1,3,8,8 --input c=1,3,8,8",
    "TupleOfDicts": "--input pair.0.x=1,3,8,8 --input pair.1.x=1,3,8,8 --input pair.1.y=1,3,8,8 "
    "--const options.scale=2.0 --input options.shift.0=1,3,8,8",
    "Same": f"--inputs {NETWORKS}:same",
}
"""What each network is traced with."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, the current one, with all traces."""
    for name, content in unpacked(TRACES).items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def invoke(line: str) -> str:
    """What a command that succeeds says."""
    result = Runner().invoke(application, line.split())
    assert result.exit_code == 0, result.stderr
    return result.stderr


@pytest.mark.parametrize("target", ["onnx", "tflite", "caffe"])
@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.usefixtures("folder")
def test_networks_with_odd_arguments_in_every_target(name: str, target: str) -> None:
    if target == "tflite":
        pytest.importorskip("ai_edge_litert")
    if target == "caffe":
        pytest.importorskip("cv2")
    suffix = {"caffe": "prototxt"}.get(target, target)
    assert f"against the recorded outputs of {name}.npz" in invoke(f"tm-to-{target} {name}.pkl -o model.{suffix}")


@pytest.mark.reference
def test_megengine_computes_them_and_what_is_written_of_them(folder: Path) -> None:
    jobs, truths = [], []
    for name in STRUCTURES:
        invoke(f"tm-to-tm {name}.pkl --no-verify -o written-{name}.pkl")
        with np.load(f"{name}.npz") as recorded:
            inputs, outputs = ([recorded[key] for key in recorded.files if key[:2] == kind] for kind in ("in", "ou"))
        for model in (f"{name}.pkl", f"written-{name}.pkl"):
            jobs.append((folder / model, inputs))
            truths.append(outputs)
    for (model, _), found, expected in zip(jobs, client.run_all(jobs), truths, strict=True):
        assert [array.shape for array in found] == [array.shape for array in expected], model
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6, err_msg=str(model))


@pytest.mark.reference
@pytest.mark.reference("torch")
@pytest.mark.usefixtures("folder")
def test_the_source_is_asked_for_the_truth_whatever_its_arguments() -> None:
    invoke("run Mixed.pkl -i Mixed.npz -o ran.npz")
    with np.load("Mixed.npz") as recorded, np.load("ran.npz") as ran:
        np.testing.assert_allclose(ran[ran.files[0]], recorded["out_0"], rtol=1e-6)
    for name in ("Nested", "TupleOfDicts", "Same"):
        for target, suffix in (("mge", "mge"), ("pytorch", "py")):
            said = invoke(f"tm-to-{target} {name}.pkl -o {name}-model.{suffix}")
            assert f"against the recorded outputs of {name}.npz" in said
    Path("Nested.npz").unlink()
    assert "Nested.pkl run in MegEngine" in invoke("tm-to-onnx Nested.pkl")


@pytest.mark.reference
@pytest.mark.parametrize("name", ["Inner", "Nested", "Mixed", "TupleOfDicts", "Same"])
def test_they_are_traced(folder: Path, name: str) -> None:
    invoke(f"trace {NETWORKS}:{name} {STRUCTURES[name]} -o again.pkl")
    with np.load("again.npz") as found, np.load(f"{name}.npz") as golden:
        assert found.files == golden.files
        for key in golden.files:
            np.testing.assert_allclose(found[key], golden[key], rtol=1e-5, atol=1e-6)
