"""Hints are followed: those that the sources hold are found here. Each with a line to run is printed by a command line
and followed by another one that works; the options that hints name exist."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest

import mgeconvert
from mgeconvert.ir.builder import Builder
from mgeconvert_cli.main import COMMANDS, application
from mgeconvert_cli.steps import Step
from tests.cli.test_outputs import folder, models
from tests.harness.runner import Runner

__all__ = ["folder", "models"]

ROOT = Path(__file__).parents[2]
SOURCES = [path for room in ("mgeconvert", "cli", "converters") for path in sorted((ROOT / room).rglob("*.py"))]

FOLLOWED = {
    # a command line that fails, what its hint matches: another one that works
    ("onnx-to-onnx m.onnx", "give -o OUT"): "onnx-to-onnx m.onnx -o t.onnx",
    ("onnx-to-tflite", "mgeconvert onnx-to-tflite MODEL"): "onnx-to-tflite m.onnx -o t.tflite",
    ("load m.onnx tm-to-tflite", "mgeconvert load MODEL onnx-to-tflite -o OUT"):
        "load m.onnx onnx-to-tflite -o t.tflite",
    ("convert - t.tflite", "say the format with --from"): "convert m.onnx t.tflite --from onnx",
    ("optimize - -o t.onnx", "say the format with --from"): "optimize m.onnx --from onnx -o t.onnx",
    ("convert m.onnx t.bin", "say the format with --to"): "convert m.onnx t.onnx --to onnx",
    ("edit m.onnx", "`mgeconvert edit --help` lists the edits"): "edit --help",
    ("edit m.onnx --scale 1,2", "--std takes one per channel"): "edit m.onnx --std 1,2,3 -o t.onnx",
    ("convert m.onnx t.onnx --no-verify --io r.npz", "give one only"): "convert m.onnx t.onnx --no-verify",
    ("convert m.onnx t.onnx --rtol 0", "--rtol 1e-3"): "convert m.onnx t.onnx --rtol 1e-3",
    ("load m.onnx edit --dialect ssd", "name it with --from or --to"): "load m.onnx edit --rename x=z --to caffe "
    "--dialect ssd -o t.prototxt",
    ("inspect", "mgeconvert inspect MODEL"): "inspect m.onnx",
    ("quantize m.onnx -o t.onnx", "mgeconvert quantize MODEL --data DATA -o OUT"):
        "quantize m.onnx --data r.npz -o t.onnx",
    ("quantize m.onnx --data n.py", "--data n.py:feeds"): "quantize m.onnx --data r.npz -o t.onnx",
    ("quantize m.onnx --data nothing", "--data takes a folder of .npy or .npz files, an .npz, or script.py:feeds"):
        "quantize m.onnx --data r.npz -o t.onnx",
    ("quantize m.onnx --recipe fp16 -o t.prototxt", "-o to a file of onnx, tflite"): "quantize m.onnx --recipe fp16 "
    "-o t.onnx",
    ("quantize m.onnx --recipe fp16 -o t.pkl", "--recipe int8"): "quantize m.onnx --recipe int8 --data r.npz -o t.pkl",
    ("quantize m.onnx --data r.npz -o t.pkl --per-channel", "--per-tensor"): "quantize m.onnx --data r.npz -o t.pkl "
    "--per-tensor",
    ("onnx-to-tflite m.onnx --io-dtype int8 --strip-quantization", "leave one of them out"): "onnx-to-tflite m.onnx "
    "-o t.tflite --strip-quantization",
    ("onnx-to-tflite m.onnx --input-zero-point 3", "give both"): "onnx-to-tflite m.onnx --input-zero-point 3 "
    "--input-scale 0.5 -o t.tflite",
    ("onnx-to-tflite m.onnx --input-scale -1", "--input-scale 0.0078125"): "onnx-to-tflite m.onnx "
    "--input-scale 0.0078125 -o t.tflite",
    ("onnx-to-tflite m.onnx --io-dtype int8", "`mgeconvert quantize MODEL --data DATA` finds them all"):
        "quantize m.onnx --data r.npz -o t.tflite --io-dtype int8",
    ("optimize", "mgeconvert optimize MODEL -o OUT"): "optimize m.onnx -o t.onnx",
    ("inspect m.onnx --in body", "give --nodes too"): "inspect m.onnx --nodes",
    ("inspect m.onnx --tree --nodes", "give one of them"): "inspect m.onnx --tree",
    ("inspect m.onnx --force", "--model-explorer FILE.json"): "inspect m.onnx --model-explorer t.json --force",
    ("batch m.onnx --targets onnx -o t --junit -", "--junit FILE.xml"):
        "batch m.onnx --targets onnx -o t --junit t.xml",
    ("batch m.onnx --targets onnx -o .", "give -o FOLDER"): "batch m.onnx --targets onnx -o t",
    ("verify m.onnx --from tm", "mgeconvert verify MODEL CANDIDATE"): "verify m.tflite copy.onnx --through-ir",
    ("optimize m.onnx --force", "give -o OUT"): "optimize m.onnx -o t.onnx --force",
    ("run m.onnx --random --force", "give -o OUT.npz"): "run m.onnx --random -o t.npz --force",
    ("edit m.onnx --axis 1 --rename x=z", "give one of them too, or leave it out"): "edit m.onnx --axis 1 --softmax y "
    "-o t.onnx",
    ("edit m.onnx --preprocess-input x", "give --mean or another of them"): "edit m.onnx --preprocess-input x --mean 1 "
    "-o t.onnx",
    ("check m.onnx --report r.pdf", "--report r.html"): "check m.onnx --report r.html",
    ("inspect m.onnx --model-explorer t.pb", "--model-explorer t.json"): "inspect m.onnx --model-explorer t.json",
    ("trace --hub a/b:c --path . --input 1 -o t.pkl", "give one of them"): "trace --help",
    ("trace n.py:N --input 1 --force", "give -o OUT.pkl"): "trace --help",
    ("nothere.onnx", "ls ."): "m.onnx",
    ("folder", "mgeconvert ops"): "ops",
    ("ops nothere", "mgeconvert ops"): "ops",
    ("ops --where Nothing", "mgeconvert ops FORMAT"): "ops onnx",
    ("m.onnx onnx-to-onnx -o t.onnx", "mgeconvert load m.onnx onnx-to-onnx -o t.onnx"): "load m.onnx onnx-to-onnx "
    "-o t.onnx",
    ("onnx-to-onnx m.onnx -o t.bin", "-o t.onnx"): "onnx-to-onnx m.onnx -o t.onnx",
    ("onnx-to-onnx m.onnx -o - --json", "give -o OUT"): "onnx-to-onnx m.onnx -o t.onnx --json",
    ("onnx-to-caffe m.onnx -o -", "give -o OUT"): "onnx-to-caffe m.onnx -o t.prototxt",
    ("load m.onnx onnx-to-tflite m.onnx copy.onnx", "leave the other steps out"): "onnx-to-onnx m.onnx copy.onnx -o t/",
    ("onnx-to-tflite m.onnx copy.onnx --io r.npz", "put NAME.npz beside each NAME"): "onnx-to-tflite m.onnx copy.onnx",
    ("onnx-to-tflite m.onnx copy.onnx --quant-params q.json", "convert them one by one"): "onnx-to-tflite m.onnx "
    "--quant-params q.json -o t.tflite",
    ("onnx-to-tflite m.onnx copy.onnx -o t.tflite", "-o t/"): "onnx-to-tflite m.onnx copy.onnx -o t/",
    ("onnx-to-tflite m.onnx -o m.pkl/", "-o m.tflite/"): "onnx-to-tflite m.onnx -o t.tflite/",
    ("onnx-to-tflite m.onnx folder/m.onnx -o t/", "convert them into different folders"): "onnx-to-tflite m.onnx -o t/",
    ("optimize m.onnx -O1 --passes fuse-pad", "give one of them"): "optimize m.onnx --passes fuse-pad",
    ("optimize m.onnx --fuse-pad --passes fuse-bad", "did you mean fuse-pad"): "optimize m.onnx --passes fuse-pad",
    ("run", "mgeconvert run MODEL -i x=x.npy"): "run m.onnx -i x=x.npy",
    ("run m.onnx", "-i x=x.npy (float32[1,3,8,8])"): "run m.onnx -i x=x.npy",
    ("run m.onnx -i y=x.npy", "-i x=x.npy (float32[1,3,8,8])"): "run m.onnx -i x=x.npy",
    ("run m.onnx -i x=r.npz", "-i FILE.npz gives all"): "run m.onnx -i r.npz",
    ("run m.onnx --random -o t.npy", "give -o OUT.npz"): "run m.onnx --random -o t.npz",
    ("run m.onnx -i x=large.npy", "mgeconvert edit m.onnx --shape x=1,3,9,9 -o OUT"): "edit m.onnx --shape x=1,3,9,9 "
    "-o t.onnx",
    ("verify m.tflite m.onnx copy.onnx", "mgeconvert verify MODEL CANDIDATE, once for each CANDIDATE"):
        "verify copy.onnx "
    "m.tflite",
    ("verify copy.onnx", "mgeconvert verify MODEL copy.onnx, or --io NPZ"): "verify m.tflite copy.onnx --through-ir",
    ("verify m.onnx --io r.npz --through-ir", "give one of them"): "verify m.tflite copy.onnx --through-ir",
    ("verify m.tflite --io shape.npz", "record inputs and outputs of one run; `mgeconvert verify MODEL CANDIDATE`"):
        "verify m.onnx m.tflite",
    ("verify m.tflite --io type.npz", "record what the model gives, with its types; `mgeconvert verify MODEL"):
        "verify m.onnx m.tflite",
    ("verify m.tflite --io place.npz", "`mgeconvert verify MODEL CANDIDATE --per-layer` names the first value"):
        "verify m.onnx m.tflite --per-layer",
    ("verify m.tflite --io value.npz", "--rtol "): "verify m.tflite --io value.npz --rtol 1e9",
    ("onnx-to-tflite m.onnx --io value.npz -o t.tflite", "--rtol "): "onnx-to-tflite m.onnx --io value.npz "
    "--rtol 1e9 -o t.tflite",
    ("tm-to-onnx baked.pkl --dynamic-shape x=1,3,H,W -o t.onnx", "--keep-constant 48 where such a number"):
        "tm-to-onnx baked.pkl --dynamic-shape x=1,3,H,W --keep-constant 48 -o t.onnx",
    ("verify baked.pkl varying.onnx", "convert the model again, with numbers for sizes that cannot vary"):
        "tm-to-onnx baked.pkl -o t.onnx",
    ("trace --input 1 -o t.pkl", "mgeconvert trace package.module:factory --input 1,3,224,224 -o OUT.pkl"):
        "trace --help",
    ("trace n.py:N --input 1", "give -o OUT.pkl, or a step that uses it"): "trace --help",
    ("trace n.py:N -o t.pkl", "give --input [NAME=]1,3,224,224[:dtype]"): "trace --help",
    ("trace n.py:N --kwargs x --input 1 -o t.pkl", """--kwargs '{"depth": 18}'"""): "trace --help",
    ("batch m.onnx", "mgeconvert batch m.onnx --targets onnx -o FOLDER"): "batch m.onnx --targets onnx -o t",
    ("batch m.onnx --targets tflite", "mgeconvert batch m.onnx --targets tflite -o FOLDER"): "batch m.onnx --targets "
    "tflite -o t",
    ("batch m.onnx --fail-on regression", "give --baseline FILE.json"): "batch --help",
    ("load m.onnx trace n.py:N --input 1 -o t.pkl", "`trace` is the first step of a chain"): "trace --help",
    ("onnx-to-onnx m.onnx -o t.onnx --opset 99", "say --opset 17"): "onnx-to-onnx m.onnx -o t.onnx --opset 17",
    ("onnx-to-onnx m.onnx -o t.onnx --fp16-io", "say --fp16 as well"): "onnx-to-onnx m.onnx -o t.onnx --fp16-io --fp16",
    ("onnx-to-tflite m.onnx --full-fp16 --weight-int8", "leave one of them out"): "onnx-to-tflite m.onnx --full-fp16 "
    "-o t.tflite",
    ("onnx-to-onnx m.onnx -o t.onnx --input-shape x", "--input-shape x=1,3,224,224"): "onnx-to-onnx m.onnx -o t.onnx "
    "--input-shape x=1,3,8,8",
    ("onnx-to-onnx m.onnx -o t.onnx --input-shape z=1", "the inputs are x=1,3,8,8"): "onnx-to-onnx m.onnx -o t.onnx "
    "--input-shape x=1,3,8,8",
    ("caffe-to-onnx m.prototxt -o t.onnx --input-shape x", "--input-shape data=1,3,224,224"):
        "caffe-to-onnx m.prototxt "
    "-o t.onnx --input-shape x=1,3,8,8",
    ("tm-to-onnx m.pkl -o t.onnx --dynamic-shape x", "--dynamic-shape x=N,3,H,W"): "tm-to-onnx m.pkl -o t.onnx "
    "--dynamic-shape x=N,3,8,8",
    ("tm-to-onnx m.pkl -o t.onnx --dynamic-shape z=N", "the inputs are x=1,3,8,8"): "tm-to-onnx m.pkl -o t.onnx "
    "--dynamic-shape x=N,3,8,8",
    ("onnx-to-mge m.onnx -o t.mge --float16", "say --optimize-for-inference as well"): "onnx-to-mge --help",
    ("onnx-to-mge m.onnx -o t.mge --model-version 3", "--model-version 2"): "onnx-to-mge --help",
    ("onnx-to-onnx m.onnx -o m.onnx", "write to another file with -o, or say --force (in Python overwrite=True) to "
     "replace it"): "onnx-to-onnx m.onnx -o m.onnx --force",
    ("onnx-to-tflite foreign2.onnx", "name the output with -o, or say --force to replace the file"): "onnx-to-tflite "
    "foreign2.onnx --force",
    ("onnx-to-tflite m.onnx -o .", "give a file name"): "onnx-to-tflite m.onnx -o t.tflite",
    ("onnx-to-tflite m.onnx -o nowhere/t.tflite", "mkdir -p nowhere"): "onnx-to-tflite m.onnx -o folder/t.tflite",
    ("optimize m.onnx --fuse-pad --no-fuse-pad --enable fuse-pad", "say --fuse-pad or --no-fuse-pad"):
        "optimize m.onnx "
    "--fuse-pad",
    ("edit m.onnx --outputs nothing", "`mgeconvert inspect MODEL --nodes` lists the nodes and their values"): "inspect "
    "m.onnx --nodes",
    ("edit m.onnx --replace Relu(x)=>", "PATTERN=>REPLACEMENT"): "edit m.onnx --replace Relu(x)=>Sigmoid(x) -o t.onnx",
    ("edit m.onnx --replace Relu(=>Abs(x)", 'write it as "Relu(Add(x, y))"'):
        "edit m.onnx --replace Relu(x)=>Sigmoid(x) -o t.onnx",
    ("edit m.onnx --replace Add(x,y)=>Relu(x)", "operators here: "):
        "edit m.onnx --replace Relu(x)=>Sigmoid(x) -o t.onnx",
    ("edit m.onnx --replace Relu(x)=>Abs(zz)", "there are x"): "edit m.onnx --replace Relu(x)=>Sigmoid(x) -o t.onnx",
    ("edit m.onnx --outputs yx", "did you mean y or x?"): "edit m.onnx --outputs y -o t.onnx",
    ("edit m.onnx --drop-outputs nothing", "the outputs are y"): "edit m.onnx --outputs y -o t.onnx",
    ("tm-to-onnx gone.pkl", "ls ."): "tm-to-onnx m.pkl -o t.onnx",
    ("tm-to-onnx folder", "ls folder"): "tm-to-onnx m.pkl -o t.onnx",
    ("onnx-to-tflite m.pkl", "mgeconvert m.pkl"): "m.pkl",
    ("onnx-to-tflite misnamed.onnx", "mv misnamed.onnx misnamed.tflite"): "tflite-to-onnx m.tflite -o t.onnx",
    ("caffe-to-onnx m.caffemodel", "give the .prototxt as the model; "): "caffe-to-onnx m.prototxt -o t.onnx",
    ("onnx-to-onnx m.onnx -o t.onnx --io x.npy", "name the arrays in_0, in_1, ... and out_0, "): "onnx-to-onnx m.onnx "
    "-o t.onnx",
    ("onnx-to-tflite m.onnx --frob", "`mgeconvert onnx-to-tflite --help` lists what can be given"): "onnx-to-tflite "
    "--help",
}  # fmt: skip

SHELL = re.compile(r"(ls|mv|mkdir -p|chmod|pip install|gzip|xz|bzip2|zstd|unzip|tar|7z|git) ")
"""How lines for the shell begin that are no commands of ours."""


def templates() -> Iterator[str]:
    """Every text that the sources give as a hint, with ``{}`` for what is filled in."""
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        known: dict[str, list[str]] = {}
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                known[node.targets[0].id] = list(_texts(node.value, known))
            if isinstance(node, ast.ImportFrom):
                for name in node.names:
                    known[name.asname or name.name] = SHARED.get(name.name, [])
        for node in ast.walk(tree):
            for keyword in node.keywords if isinstance(node, ast.Call) else ():
                if keyword.arg == "hint":
                    yield from _texts(keyword.value, known)


SHARED = {
    "COPY_AGAIN": ["download or copy the file again and compare its size with the original's"],
    "TRACE": ['in MegEngine: mge.save(mge.traced_module.trace_module(net, x), "model.pkl")'],
}


def _texts(node: ast.expr, known: dict[str, list[str]]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = [""]
        for part in node.values:
            fill = [str(part.value)] if isinstance(part, ast.Constant) else ["{}"]
            if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name):
                fill = known.get(part.value.id) or fill
            parts = [f"{before}{after}" for before in parts for after in fill]
        yield from parts
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, known)
        yield from _texts(node.orelse, known)
    elif isinstance(node, ast.Name):
        yield from known.get(node.id, [])


def _options() -> set[str]:
    with application.make_context("mgeconvert", ["ops"]) as context:
        names = [name for name in application.list_commands(context) if name != "reference"]
        commands = [application.get_command(context, name) for name in names]
        reference = application.get_command(context, "reference")
        assert isinstance(reference, click.Group)
        every = [*commands, *reference.commands.values()]
        parameters = [
            parameter
            for command in every
            if command is not None
            for parameter in (command.possible() if isinstance(command, Step) else command.params)
        ]
    return {"--help", *(name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts))}


def test_every_line_to_run_is_followed() -> None:
    """A hint with a line to run that is added has a row above, unless it is plain that it works; options are checked
    below. Other hints say what to do elsewhere: in another program, with another file."""
    hints = [hint for _, hint in FOLLOWED]
    left = []
    for template in dict.fromkeys(templates()):
        pattern = re.escape(template).replace(re.escape("{}"), ".+")
        if any(re.match(pattern, hint) or template.startswith(hint) for hint in hints):
            continue
        if ("mgeconvert " in template or SHELL.match(template)) and not _is_known_to_work(template):
            left.append(template)
    assert left == []


def _is_known_to_work(template: str) -> bool:
    """A command of ours without names to fill in, or one of a package index for a package that we declare."""
    if template == "chmod u+r {}":  # a file that root may not read cannot be made where tests are run by root
        return True
    if found := re.match(r"pip install [\'\"]?([a-z-]+)", template):
        return found[1] in (ROOT / "setup.cfg").read_text().lower()
    commands = "|".join(COMMANDS)
    return bool(re.match(rf"(?:.*`|run `)?mgeconvert ({commands})( [a-z{{}}]+| [A-Z])*", template))


def test_options_in_hints_exist() -> None:
    known = _options()
    named = {name for template in templates() for name in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", template)}
    assert named - known == {"--no-"} & named


def test_no_hint_names_the_package_of_the_old_tool() -> None:
    assert [text for text in templates() if re.search(r"pip install .?mgeconvert", text)] == []


def lines(path: Path) -> None:
    """Files beside those of the fixture."""
    (path / "folder").mkdir()
    for name in ("copy.onnx", "folder/m.onnx"):
        (path / name).write_bytes((path / "m.onnx").read_bytes())
    (path / "misnamed.onnx").write_bytes((path / "m.tflite").read_bytes())
    np.save(path / "large.npy", np.zeros((1, 3, 9, 9), np.float32))
    (path / "r.npz").unlink()
    np.savez(path / "r.npz", x=np.ones((1, 3, 8, 8), np.float32))
    (path / "m.npz").unlink()
    b = Builder()
    b.output("y", b.op("Reshape", b.input("x", "float32", (1, 3, 32, 48)), [-1, 48]))
    mgeconvert.save(b.graph, path / "baked.pkl")
    b = Builder()
    varying = b.input("x", "float32", (1, 3, "H", "W"))
    b.output("y", b.op("Reshape", varying, b.op("Concat", np.array([-1]), b.op("Shape", varying, start=3), axis=0)))
    mgeconvert.save(b.graph, path / "varying.onnx")
    baked = np.ones((1, 3, 32, 48), np.float32)
    np.savez(path / "baked.npz", in_0=baked, out_0=baked.reshape(-1, 48))
    outputs = {"shape": np.ones((1, 4, 8, 7)), "type": np.ones((1, 4, 8, 8), int), "value": np.ones((1, 4, 8, 8))}
    outputs["place"] = np.full((1, 4, 8, 8), np.nan)
    for name, output in outputs.items():
        kind = output.dtype if name == "type" else np.float32
        np.savez(path / f"{name}.npz", in_0=np.ones((1, 3, 8, 8), np.float32), out_0=output.astype(kind))
    (path / "folder" / "m.onnx").rename(path / "folder" / "m.onnx")


@pytest.mark.parametrize(("line", "hint"), FOLLOWED)
def test_a_hint_is_followed(folder: Path, line: str, hint: str) -> None:
    lines(folder)
    if line == "folder" or "tm-to-onnx folder" in line:
        (folder / "folder" / "m.onnx").unlink()
    result = Runner().invoke(application, line.split() if "(" not in line else shlex.split(line))
    assert result.exit_code in (1, 2, 3), result.output
    assert f"hint: {hint}" in result.stderr or hint in result.stderr, result.stderr
    words = shlex.split(FOLLOWED[line, hint])
    writes = {"-o", "convert"} & set(words) and words[0] not in ("run", "batch")
    done = Runner().invoke(application, [*words, *(["--no-verify"] if writes and "--rtol" not in words else [])])
    assert done.exit_code == 0, (words, done.stderr)
