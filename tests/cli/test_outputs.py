"""No command replaces a file that it should not: every command that writes, with every option that names an output."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import Result

import mgeconvert
from mgeconvert import registry
from mgeconvert.errors import UsageError
from mgeconvert.ir.builder import Builder
from mgeconvert_cli.main import application
from mgeconvert_cli.options import OutputFile
from mgeconvert_cli.steps import Step
from tests.harness.runner import Runner


def network() -> mgeconvert.Graph:
    """A convolution and a Relu, which every format has."""
    b = Builder()
    x = b.input("x", "float32", (1, 3, 8, 8))
    weight = b.constant(np.linspace(-1, 1, 4 * 3 * 3 * 3, dtype=np.float32).reshape(4, 3, 3, 3), name="w")
    b.output("y", b.op("Relu", b.op("Conv", x, weight, pads=(1, 1, 1, 1))))
    return b.graph


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """m.onnx, m.tflite, m.pkl, m.prototxt with its weights: all written by mgeconvert."""
    folder = tmp_path_factory.mktemp("models")
    for suffix in (".onnx", ".tflite", ".pkl", ".prototxt"):
        mgeconvert.save(network(), folder / f"m{suffix}")
    return folder


@pytest.fixture
def folder(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(models, tmp_path, dirs_exist_ok=True)
    x = np.ones((1, 3, 8, 8), np.float32)
    np.savez(tmp_path / "m.npz", in_0=x, out_0=np.zeros((1, 4, 8, 8), np.float32))
    np.savez(tmp_path / "r.npz", in_0=x, out_0=np.zeros((1, 4, 8, 8), np.float32))
    np.save(tmp_path / "x.npy", x)
    os.link(tmp_path / "m.onnx", tmp_path / "hard.onnx")
    (tmp_path / "soft.onnx").symlink_to("m.onnx")
    for name in ("foreign.onnx", "foreign.pkl", "n.py"):
        (tmp_path / name).write_bytes(b"not ours")
    shutil.copy(tmp_path / "m.onnx", tmp_path / "foreign2.onnx")
    (tmp_path / "foreign2.tflite").write_bytes(b"not ours")
    (tmp_path / "foreign.safetensors").write_bytes(b"not ours")
    os.link(tmp_path / "m.pkl", tmp_path / "hard.safetensors")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mgeconvert_run(line: str) -> Result:
    return Runner().invoke(application, line.split())


INPUT = "is an input of this run"
NOT_OURS = "there is such a file already, and mgeconvert did not write it"
FOLDER = "cannot be written: it is a folder"
SUFFIX = "is no name for a file of"

REFUSED = {
    # an input, under its own name and under others
    "onnx-to-onnx m.onnx -o m.onnx": INPUT,
    "onnx-to-onnx m.onnx -o ./m.onnx": INPUT,
    "onnx-to-onnx m.onnx -o hard.onnx": INPUT,
    "onnx-to-onnx m.onnx -o soft.onnx": INPUT,
    "onnx-to-onnx soft.onnx -o m.onnx": INPUT,
    "tm-to-tm m.pkl -o m.pkl": INPUT,
    "tflite-to-tflite m.tflite -o m.tflite": INPUT,
    "caffe-to-caffe m.prototxt -o m.prototxt": INPUT,
    "caffe-to-caffe m.prototxt -o m.caffemodel": INPUT,
    "convert m.onnx m.onnx": INPUT,
    "convert m.onnx soft.onnx": INPUT,
    "edit m.onnx --rename x=z -o m.onnx": INPUT,
    "optimize m.onnx -o m.onnx": INPUT,
    "quantize m.onnx --data r.npz -o m.onnx": INPUT,
    "quantize m.onnx --data r.npz -o t.tflite --quant-params r.npz": INPUT,
    "quantize m.onnx --data r.npz -o r.npz --to tm": INPUT,
    "quantize m.onnx --data r.npz -o t.tflite --report m.onnx": INPUT,
    "quantize m.onnx --data r.npz -o t.tflite --node-data soft.onnx": INPUT,
    "load m.onnx onnx-to-tflite -o t.tflite tflite-to-onnx t.tflite -o m.onnx": INPUT,
    # recorded data, weights, feeds
    "onnx-to-tflite m.onnx -o t.tflite --quant-params m.npz": INPUT,
    "onnx-to-tflite m.onnx -o t.tflite --io r.npz --quant-params r.npz": INPUT,
    "caffe-to-onnx m.prototxt -o t.onnx --weights m.caffemodel --quant-params m.caffemodel": INPUT,
    "run m.onnx --random -o m.npz": INPUT,
    "run m.onnx -i r.npz -o r.npz": INPUT,
    "trace n.py:N --input x.npy --weights m.pkl -o m.pkl": INPUT,
    # pages and tables about the run
    "onnx-to-tflite m.onnx -o t.tflite --report m.onnx": INPUT,
    "onnx-to-tflite m.onnx -o t.tflite --report nowhere/r.html": "the folder nowhere does not exist",
    "onnx-to-tflite m.onnx -o t.tflite --node-data soft.onnx": INPUT,
    "convert m.onnx t.tflite --report m.onnx": INPUT,
    "convert m.onnx t.tflite --node-data m.onnx": INPUT,
    "edit m.onnx --rename x=z -o t.onnx --report m.onnx": INPUT,
    "edit m.onnx --rename x=z -o t.onnx --node-data m.onnx": INPUT,
    "optimize m.onnx -o t.onnx --report m.onnx": INPUT,
    "optimize m.onnx -o t.onnx --node-data m.onnx": INPUT,
    "verify m.onnx --io r.npz --report r.npz": INPUT,
    "verify m.onnx --io r.npz --node-data m.onnx": INPUT,
    "verify m.onnx m.tflite --per-layer --csv m.tflite": INPUT,
    "verify m.onnx m.tflite --per-layer --reduce m.npz": "m.npz: cannot be written: it is no folder",
    "check m.onnx --report m.onnx": INPUT,
    "check m.onnx --node-data hard.onnx": INPUT,
    "diff m.onnx m.tflite --report m.tflite": INPUT,
    "diff m.onnx m.tflite --node-data m.onnx": INPUT,
    "batch m.onnx --targets tflite -o hub/ --report m.onnx": INPUT,
    "onnx-to-tflite gone.onnx -o t.tflite --report r.pdf": "--report r.pdf: expected a name that ends in .html or .htm",
    "convert gone.onnx t.tflite --report r": "--report r: expected a name that ends in .html or .htm",
    "onnx-to-tflite gone.onnx -o t.tflite --node-data r.txt": "--node-data r.txt: expected a name that ends in .json",
    "onnx-to-tflite gone.onnx -o t.tflite --quant-params q": "--quant-params q: expected a name that ends in .json",
    "verify gone.onnx m.tflite --per-layer --csv t.xls": "--csv t.xls: expected a name that ends in .csv",
    "inspect gone.onnx --model-explorer t.pb": "--model-explorer t.pb: expected a name that ends in .json",
    "batch m.onnx --targets tflite -o t --junit j.html": "--junit j.html: expected a name that ends in .xml",
    "batch m.onnx --targets tflite -o t --report r.pdf": "--report r.pdf: expected a name that ends in .html or .htm",
    # a default name under which another's file is
    "onnx-to-tflite foreign2.onnx": NOT_OURS,
    "onnx-to-tm foreign.onnx": NOT_OURS,
    "trace n.py:N --input x.npy -o r.pkl": NOT_OURS,
    # what no file can be called
    "onnx-to-tflite m.onnx -o .": FOLDER,
    "onnx-to-tflite m.onnx -o /": FOLDER,
    "convert m.onnx . --to tflite": FOLDER,
    "optimize m.onnx -o . --to onnx": FOLDER,
    "onnx-to-tflite m.onnx -o nowhere/t.tflite": "the folder nowhere does not exist",
    "run m.onnx --random -o nowhere/o.npz": "the folder nowhere does not exist",
    "trace n.py:N --input 1 -o nowhere/o.pkl": "the folder nowhere does not exist",
    # suffixes of other formats
    "onnx-to-tflite m.onnx -o t.onnx": SUFFIX,
    "onnx-to-onnx m.onnx -o t.bin": SUFFIX,
    "convert m.onnx t.pkl --to tflite": SUFFIX,
    "edit m.onnx --rename x=z -o t.pkl --to onnx": SUFFIX,
    "trace n.py:N --input 1 -o t.onnx": SUFFIX,
    # options that would be ignored, limits that are none
    "onnx-to-tflite m.onnx -o t.tflite --no-verify --io r.npz": "--no-verify compares nothing: --io would be ignored",
    "convert m.onnx t.tflite --no-verify --rtol 1": "--no-verify compares nothing: --rtol would be ignored",
    "optimize m.onnx -o t.onnx --rtol -1": "--rtol -1: expected a positive number",
    "onnx-to-tflite m.onnx -o t.tflite --rtol nan": "--rtol nan: expected a positive number",
    "run m.onnx --random -o t.txt": "outputs are written as .npz",
    # what inspect and batch write
    "inspect m.onnx --model-explorer m.onnx": INPUT,
    "inspect m.onnx --model-explorer soft.onnx": INPUT,
    "inspect m.onnx --model-explorer nowhere/t.json": "the folder nowhere does not exist",
    "batch m.onnx --targets onnx -o .": "m.onnx: is a model of this batch",
    "batch m.onnx m.pkl --targets tm -o .": "m.pkl: both m.onnx and m.pkl would be written there",
    "batch m.prototxt --targets caffe -o .": "m.prototxt: is a model of this batch",
    "batch m.onnx --targets tflite -o t --junit m.onnx": INPUT,
    "batch m.onnx --targets tflite -o t --junit m.npz": INPUT,
    "batch m.onnx --targets tflite -o t --junit nowhere/j.xml": "the folder nowhere does not exist",
    "batch m.onnx --targets tflite -o t --timeout 0": "0: expected a positive number",
    "batch m.onnx --targets tflite -o t --max-memory nan": "nan: expected a positive number",
    "checkpoint-to-safetensors m.pkl -o m.pkl": "m.pkl: expected a name that ends with .safetensors",
    "checkpoint-to-safetensors m.pkl -o hard.safetensors": INPUT,
    "checkpoint-to-safetensors m.pkl -o nowhere/m.safetensors": "the folder nowhere does not exist",
    "checkpoint-to-safetensors foreign.pkl": NOT_OURS,
    # options that nothing would read
    "onnx-to-tflite m.onnx --no-verify --keep-failed": "--no-verify compares nothing: --keep-failed would be ignored",
    "optimize m.onnx --rtol 1": "--rtol: nothing is written without -o",
    "edit m.onnx --rename x=z --force --to tm": "--to and --force: nothing is written without -o",
    "edit m.onnx --rename x=z -O 2": "-O: no pass runs without -o",
    "edit m.onnx --rename x=z --passes fuse-gelu": "--passes: no pass runs without -o",
    "edit m.onnx --rename x=z --no-fuse-gelu": "--no-fuse-gelu: no pass runs without -o",
    "edit m.onnx --rename x=z --show-declined": "--show-declined: no pass runs without -o",
    "run m.onnx --random --force": "--force replaces a file, and nothing is written without -o",
    "run m.onnx --random -i x.npy": "--random and -i are given",
    "run m.onnx --random --runtime torch5": "torch5: no such runtime",
    "inspect m.onnx --nodes --tree": "--tree and --nodes ask for different things",
    "inspect m.onnx --force": "--force replaces a file, and none is written",
    "verify m.onnx --from tm": "--from is of MODEL, and none is given",
    "edit m.onnx --axis 1 --rename x=z": "--axis is of --softmax and --argmax",
    "edit m.onnx --preprocess-input x --rename x=z": "--preprocess-input says where, and nothing says what",
    "edit m.onnx -o t.onnx": "no edit is asked for",
    "trace n.py:N -o t.pkl": "nothing says what to trace with",
    "quantize m.onnx -o t.onnx": "the recipe int8 observes what the network computes: --data is missing",
    "quantize m.onnx --data r.npz --recipe int9": "--recipe int9: no such recipe (did you mean int8?)",
    "quantize m.onnx --data r.npz --percentile 20": "percentile: is 20, expected more than 50 and at most 100",
    "quantize m.onnx --data r.npz --max-error 0": "max_error: is 0, expected a positive number",
    "quantize m.onnx --data r.npz --keep-float (": "keep_float: '(' is no regular expression",
    "quantize m.onnx --data r.npz -o t.pkl --per-channel": "the recipe int8 has no form in MegEngine TracedModule with"
    " --per-channel: a type there has one scale",
    "quantize m.onnx --recipe fp16 -o t.pkl": "the recipe fp16 has no form in MegEngine TracedModule",
    "quantize m.onnx --recipe int16x8 --data r.npz -o t.tflite": "the recipe int16x8 has no form in TensorFlow Lite",
    "quantize m.onnx --recipe int8-weights -o t.prototxt": "the recipe int8-weights has no form in Caffe",
    # options of formats that cannot be taken
    "onnx-to-onnx m.onnx -o t.onnx --opset 99": "opset 99: ONNX is written at opset 7 to ",
    "convert m.onnx t.onnx --fp16-io": "--fp16-io is for models in float16",
    "onnx-to-tflite m.onnx --io-dtype int8 --strip-quantization": "--io-dtype int8 and --strip-quantization exclude",
    "onnx-to-tflite m.onnx --input-zero-point 3": "--input-zero-point 3: --input-scale is missing",
    "onnx-to-tflite m.onnx --input-scale nan": "--input-scale nan: expected a positive normal number",
    "onnx-to-caffe m.onnx --input-scale 0.5": "--input-scale: Caffe computes in floats; a grid stands in --quant",
    "quantize m.onnx --data r.npz -o t.tflite --io-dtype int16": "'int16' is not one of 'float32', 'int8', 'uint8'",
    "onnx-to-tflite m.onnx --full-fp16 --weight-int8": "--full-fp16 and --weight-int8 exclude each other",
    "onnx-to-caffe m.onnx -o t.prototxt --split-weights -1": "--split-weights -1: expected megabytes",
    "onnx-to-mge m.onnx -o t.mge --float16": "--float16: only a graph that is optimized for inference has that",
    "optimize m.onnx -o t.mge --model-version 3": "--model-version 3: there are versions 1 and 2",
    "onnx-to-tflite m.onnx --input-shape x": "--input-shape x: says no input's shape",
    "load m.onnx --input-shape x=1,0": "--input-shape x=1,0: 0 is not a positive number",
    "edit m.pkl --dynamic-shape x=-1,3 --rename x=z -o t.onnx": "-1 is neither a positive number nor a name",
    "caffe-to-onnx m.prototxt --input-shape x=1,,3": "--input-shape x=1,,3: expected NAME=1,3,224,224",
    "verify m.tflite --io r.npz --through-ir": "--io and --through-ir both say what the truth is",
    "verify m.tflite --io r.npz --rtol 0": "--rtol 0: expected a positive number",
}


@pytest.mark.parametrize("line", REFUSED)
def test_refused(folder: Path, line: str) -> None:
    """Exit code 2, nothing is read, and every file is what it was."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    result = mgeconvert_run(line)
    errors = [text for text in result.stderr.splitlines() if text.startswith("error: ")]
    assert (result.exit_code, len(errors)) == (2, 1)
    assert REFUSED[line] in errors[0]
    assert "read " not in result.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


FORCED = {
    "onnx-to-onnx m.onnx -o m.onnx --force": "m.onnx",
    "convert m.onnx soft.onnx --force": "m.onnx",
    "optimize m.onnx -o m.onnx --force": "m.onnx",
    "edit m.onnx --rename x=z -o m.onnx --force": "m.onnx",
    "onnx-to-tflite foreign2.onnx --force": "foreign2.tflite",
    "run m.onnx --random -o m.npz --force": "m.npz",
}


@pytest.mark.parametrize("line", FORCED)
def test_forced(folder: Path, line: str) -> None:
    old = (folder / FORCED[line]).stat().st_ino
    assert mgeconvert_run(f"{line} --no-verify" if "run" not in line else line).exit_code == 0
    assert (folder / FORCED[line]).stat().st_ino != old
    assert (folder / "soft.onnx").is_symlink()


@pytest.mark.parametrize("target", ["onnx", "tflite", "tm", "caffe"])
def test_a_default_name_replaces_what_mgeconvert_wrote(folder: Path, target: str) -> None:
    """The models of the fixture are mgeconvert's own, as their metadata says."""
    source = "tflite" if target == "onnx" else "onnx"
    result = mgeconvert_run(f"{source}-to-{target} m.{source} --no-verify")
    assert (result.exit_code, [line for line in result.stderr.splitlines() if line.startswith("error")]) == (0, [])


def test_an_empty_name(folder: Path) -> None:
    result = Runner().invoke(application, ["onnx-to-tflite", str(folder / "m.onnx"), "-o", ""])
    assert result.exit_code == 2
    assert "Invalid value for '-o' / '--out': nothing is no file name" in result.stderr


def test_a_file_that_fails_leaves_the_old_one(folder: Path) -> None:
    """The recorded outputs, all zeros, are not what the network computes."""
    (folder / "t.tflite").write_bytes(b"old")
    result = mgeconvert_run("onnx-to-tflite m.onnx -o t.tflite --io r.npz")
    assert result.exit_code == 1
    assert (folder / "t.tflite").read_bytes() == b"old"
    result = mgeconvert_run("onnx-to-caffe m.onnx -o t.prototxt --io r.npz --keep-failed")
    assert result.exit_code == 1
    assert "kept what failed as t.failed.prototxt, t.failed.caffemodel" in result.stderr
    assert not (folder / "t.prototxt").exists()
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_a_pair_is_called_by_either_name(folder: Path) -> None:
    assert mgeconvert_run("onnx-to-caffe m.onnx -o c.caffemodel --no-verify").exit_code == 0
    assert (folder / "c.prototxt").read_text().startswith("# written by mgeconvert")
    assert (folder / "c.caffemodel").read_bytes() == (folder / "m.caffemodel").read_bytes()


@pytest.mark.parametrize("name", ["ü" * 122 + "x.onnx", "語" * 83 + ".onnx", "a" * 250 + ".onnx"], ids=len)
def test_names_of_255_bytes(folder: Path, name: str) -> None:
    assert mgeconvert_run(f"onnx-to-onnx m.onnx -o {name} --no-verify").exit_code == 0
    assert (folder / name).is_file()


def test_the_api_keeps_the_rule(folder: Path) -> None:
    graph = mgeconvert.load("m.onnx")
    with pytest.raises(UsageError, match="is an input of this run, as"):
        mgeconvert.save(graph, "hard.onnx")
    with pytest.raises(UsageError, match=INPUT):
        mgeconvert.convert("m.onnx", "soft.onnx")
    assert mgeconvert.save(graph, "m.onnx", overwrite=True) == [Path("m.onnx")]
    assert mgeconvert.save(graph, "foreign.onnx") == [Path("foreign.onnx")]
    assert mgeconvert.convert("m.onnx", "m.onnx", overwrite=True, verify=False).files == (Path("m.onnx"),)


def shell(line: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(line, shell=True, capture_output=True, check=False, env={**os.environ, "M": COMMAND})


COMMAND = f"{sys.executable} -m mgeconvert"


@pytest.mark.parametrize("out", ["-", "/dev/stdout"])
def test_a_model_through_a_pipe(folder: Path, out: str) -> None:
    done = shell(f"$M onnx-to-onnx m.onnx -o {out} --no-verify | cat > piped.onnx")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"wrote standard output" in done.stderr
    assert list(mgeconvert.load("piped.onnx").outputs) == ["y"]


def test_names_that_are_no_text(folder: Path) -> None:
    """File names are bytes; these are in no encoding."""
    done = shell(r"""n=$(printf 'caf\351'); cp m.onnx "$n.onnx"; $M onnx-to-tflite "$n.onnx" --json --no-verify""")
    assert done.returncode == 0, done.stderr
    assert (folder / os.fsdecode(b"caf\xe9.tflite")).is_file()


@pytest.mark.parametrize("target", ["onnx", "tflite", "caffe", "tm", "pytorch"])
def test_traced_modules_whose_names_are_no_text(folder: Path, target: str) -> None:
    name = os.fsdecode(b"caf\xe9")
    (folder / f"{name}.pkl").write_bytes((folder / "m.pkl").read_bytes())
    graph = mgeconvert.load(folder / f"{name}.pkl")
    assert graph.name == "caf?"
    assert mgeconvert.save(graph, folder / f"{name}1{registry.backend(target).suffixes[0]}", target)


def test_every_option_that_names_an_output_is_in_the_table() -> None:
    """Of every command: what is written is refused above where it must not be."""
    with application.make_context("mgeconvert", ["ops"]) as context:
        for name in application.list_commands(context):
            command = application.get_command(context, name)
            assert command is not None
            parameters = command.possible() if isinstance(command, Step) else command.params
            for parameter in parameters:
                if isinstance(parameter.type, OutputFile):
                    lines = [line for line in REFUSED if f"{name} " in line or ("-to-" in name and "-to-" in line)]
                    word = "" if isinstance(parameter, click.Argument) else parameter.opts[0]
                    assert any(word in line.split() or not word for line in lines), (name, parameter.opts)
    written = {
        option.name
        for format_name in registry.backend_names()
        for option in registry.backend(format_name).options
        if option.file == "writes"
    }
    assert written == {"quant_params"}
