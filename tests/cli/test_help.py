"""Helps: options in groups, the common ones first; a step has the options of the formats in its arguments."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest

import mgeconvert
from mgeconvert import registry
from mgeconvert_cli.main import COMMANDS, application, pairs
from mgeconvert_cli.pairs import pair_command
from tests.cli.test_outputs import network
from tests.harness.runner import Runner

HELP = [*COMMANDS, *pairs(), "reference install", "edit m.onnx -o m.tflite", "convert m.pkl m.onnx"]
NO_NAMES = re.compile(r"\b(TEXT|INTEGER|FLOAT|FILENAME|RANGE)\b")


def help_of(line: str) -> str:
    result = Runner().invoke(application, [*line.split(), "--help"])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("line", HELP)
def test_what_an_option_takes_has_a_name(line: str) -> None:
    assert NO_NAMES.findall(help_of(line)) == []


def titles(text: str) -> list[str]:
    return [line.removesuffix(":") for line in text.splitlines() if re.match(r"[A-Z].*:$", line)]


def test_options_are_grouped() -> None:
    assert titles(help_of("onnx-to-tflite")) == [
        "Options",
        "Writing TensorFlow Lite / LiteRT",
        "Reading ONNX",
        "Verification",
        "Optimization",
        "Reports",
        "Of every command",
    ]
    assert "--out" in help_of("onnx-to-tflite").split("Writing")[0]


def test_passes_have_one_line() -> None:
    text = help_of("tm-to-onnx")
    assert "--PASS / --no-PASS" in text
    assert "fuse-conv-bn" not in text
    assert Runner().invoke(application, ["tm-to-onnx", "--list-passes"]).stdout.count("fuse-conv-bn") == 1


FORMATS = {
    "convert m.pkl m.onnx": ("--opset", "--dynamic-shape"),
    "convert m.dat m.bin --from tflite --to caffe": ("--signature", "--dialect"),
    "edit m.onnx -o m.tflite": ("--full-fp16", "--input-shape"),
    "edit m.onnx --outputs a -o m.onnx": ("--opset", "--to-fp16"),
    "optimize m.pkl --to=mge -o x": ("--dump-format", "--dynamic-batch"),
    "load m.mge": ("--dynamic-batch",),
    "load - --from caffe": ("--weights",),
}


@pytest.mark.parametrize("line", FORMATS)
def test_a_step_has_the_options_of_its_formats(line: str) -> None:
    text = help_of(line)
    assert [option for option in FORMATS[line] if f"{option} " not in text] == []
    assert "The formats have options too" not in text


def test_without_formats_the_help_says_how_to_see_them() -> None:
    assert "`mgeconvert convert m.pkl m.onnx --help` lists" in " ".join(help_of("convert").split())


def test_the_options_reach_the_formats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mgeconvert.save(network(), "m.onnx")
    for line in ("convert m.onnx c.onnx", "optimize m.onnx -o c.onnx", "edit m.onnx --rename x=z -o c.onnx"):
        result = Runner().invoke(application, [*line.split(), "--opset", "13", "--no-verify"])
        assert result.exit_code == 0, result.stderr
        assert onnx.load("c.onnx").opset_import[0].version == 13
        result = Runner().invoke(application, [*line.split(), "--opset=99", "--quant-params", "nowhere/q.json"])
        assert (result.exit_code, "read " in result.stderr) == (2, False)
        assert "the folder nowhere does not exist" in result.stderr
    np.save("x.npy", np.zeros((1, 3, 8, 8), np.float32))
    result = Runner().invoke(
        application, ["load", "m.onnx", "edit", "--rename", "x=z", "-o", "c.tflite", "--full-fp16", "--no-verify"]
    )
    assert result.exit_code == 0, result.stderr


OTHERS = {
    "load m.onnx --dynamic-batch": "--dynamic-batch is no option of the ONNX format",
    "convert m.onnx m.tflite --opset 13": "--opset is no option of the formats ONNX and TensorFlow Lite / LiteRT",
    "edit m.onnx --rename x=y --dialect ssd": "--dialect is no option of the ONNX format",
    "load m.onnx edit --rename x=y --dialect ssd": "--dialect is an option of a format, and none is named",
    "convert m.onnx m.tflite --frob": "No such option '--frob'",
}


@pytest.mark.parametrize("line", OTHERS)
def test_an_option_of_another_format(line: str) -> None:
    result = Runner().invoke(application, line.split())
    assert result.exit_code == 2
    assert OTHERS[line] in result.stderr


def test_names_of_options_are_unique() -> None:
    """A word of the command line belongs to one format's option, whatever pair the command is of."""
    for source in registry.frontend_names():
        for target in registry.backend_names():
            command = pair_command(source, target)
            names = [name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)]
            assert len(names) == len(set(names)), (source, target)
