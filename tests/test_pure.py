"""Where nothing but pure Python and what Pyodide has can be installed: reading and writing models needs no more."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PURE = """
import importlib.abc, sys
ALLOWED = {"numpy", "click", "rich", "pygments", "markdown_it", "mdurl", "onnx", "google", "flatbuffers", "tflite",
           "ml_dtypes", "tomli", "typing_extensions", "mgeconvert", "mgeconvert_cli", "mgeconvert_converters"}
class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in ALLOWED | sys.stdlib_module_names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
blocked = Blocked()
sys.meta_path.insert(1, blocked)
"""
"""Put into sitecustomize: what is no part of Python and not allowed is not there."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(PURE)
    for name in ("demo.pkl", "digits.mge"):
        shutil.copy(ROOT / "examples" / name, tmp_path)
    return tmp_path


def _run(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(folder / "site"), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-m", "mgeconvert", *line.split()], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip


def test_the_rest_is_blocked(folder: Path) -> None:
    done = _run(folder, "load demo.pkl run --random --runtime onnxruntime")
    assert done.returncode == 1
    assert "onnxruntime" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "tm-to-onnx demo.pkl -o a.onnx",
        "tm-to-tflite demo.pkl -o a.tflite",
        "tm-to-caffe demo.pkl -o a.prototxt",
        "tm-to-pytorch demo.pkl -o a.py",
        "mge-to-onnx digits.mge -o b.onnx",
        "mge-to-pytorch digits.mge -o b.py",
        "load demo.pkl tm-to-caffe --no-verify -o c.prototxt caffe-to-onnx -o c.onnx",
        "load demo.pkl tm-to-onnx --no-verify -o d.onnx onnx-to-tflite -o d.tflite",
    ],
)
def test_models_are_converted(folder: Path, line: str) -> None:
    done = _run(folder, f"{line} --no-verify")
    assert done.returncode == 0, done.stderr
    assert (folder / line.split()[-1]).is_file()
