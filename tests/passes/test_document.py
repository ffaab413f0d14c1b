"""docs/adding-a-pass.md, followed literally: its files written, its entry point installed, its commands run."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import mgeconvert

TEXT = (Path(__file__).parents[2] / "docs" / "adding-a-pass.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The page's files, and what an installed package with its setup.cfg leaves behind."""
    for block in blocks("python"):
        (tmp_path / block.splitlines()[0].removeprefix("# ")).write_text(block)
    parser = configparser.ConfigParser()
    parser.read_string(blocks("ini")[0])
    info = tmp_path / "log_softmax-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: log-softmax\nVersion: 1.0\n")
    groups = [f"[{group}]\n{rows.strip()}\n" for group, rows in parser["options.entry_points"].items()]
    (info / "entry_points.txt").write_text("".join(groups))
    return tmp_path


def run(folder: Path, *command: str) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PYTHONPATH": str(folder), "PATH": path}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_the_page(folder: Path) -> None:
    run(folder, sys.executable, "model.py")
    assert run(folder, sys.executable, "program.py") == blocks("text")[0]
    listed, optimized, exported = (run(folder, *line.split()) for line in blocks("sh")[0].splitlines())
    assert listed.splitlines()[-1].split() == ["fuse-log-softmax", "Recognise", "LogSoftmax."]
    assert blocks("text")[0].splitlines()[0] in optimized.splitlines()
    assert f"declined: {blocks('text')[0].splitlines()[1]}" in optimized.splitlines()
    assert "fuse-log-softmax: 1 LogSoftmax recognised" in exported.splitlines()
    assert [node.op for node in mgeconvert.load(folder / "optimized.onnx").nodes].count("LogSoftmax") == 1
