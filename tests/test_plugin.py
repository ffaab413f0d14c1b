"""docs/adding-a-format.md, followed literally: examples/plugin installed, its commands run, its code as quoted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "adding-a-format.md").read_text()
PLUGIN = ROOT / "examples" / "plugin"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package installed, as pip does it."""
    folder = tmp_path_factory.mktemp("plugin")
    build = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    source = folder / "source"
    subprocess.run(["cp", "-r", PLUGIN, source], check=True)
    subprocess.run([sys.executable, "-m", "pip", "install", *build, "--target", folder / "site", source], check=True)
    return folder / "site"


def run(installed: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PYTHONPATH": str(installed), "PATH": paths}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_page(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    answers = [run(installed, tmp_path, *line.split()) for line in blocks("sh")[0].splitlines()]
    assert [answer.returncode for answer in answers] == [0] * 5, [answer.stderr for answer in answers]
    exported, verified, _, table, where = answers
    assert "verified in numpy against the recorded outputs of examples/demo.npz" in exported.stderr
    assert "max rel error" in verified.stdout + verified.stderr
    with np.load(ROOT / "examples" / "demo.npz") as recorded, np.load(tmp_path / "computed.npz") as computed:
        found = next(iter(computed.values()))
        np.testing.assert_allclose(found, recorded["out_0"], rtol=1e-4, atol=1e-5)
    assert "Conv" in table.stdout
    assert "mgeconvert_numpy/emit/activation.py" in where.stdout


def test_the_quoted_code_is_the_example() -> None:
    code = "\n".join(path.read_text() for path in sorted(PLUGIN.rglob("*.py")))
    toml = (PLUGIN / "pyproject.toml").read_text()
    assert [block for block in blocks("python") if block not in code] == []
    assert [block for block in blocks("toml") if block not in toml] == []


def test_what_it_refuses_is_listed_at_once(installed: Path, tmp_path: Path) -> None:
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 2, 4, 4])
    nodes = [
        onnx.helper.make_node("MaxPool", ["x"], ["a"], "pool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
        onnx.helper.make_node("Erf", ["a"], ["y"], "erf"),
    ]
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)
    graph = onnx.helper.make_graph(nodes, "refused", [x], [y])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]), tmp_path / "m.onnx")
    answer = run(installed, tmp_path, "mgeconvert", "onnx-to-numpy", "m.onnx")
    assert answer.returncode == 1
    assert "a pool that rounds up, with gaps in its window, or with indices" in answer.stderr
    assert "erf (Erf): Erf: numpy has no such function here" in answer.stderr
    assert not (tmp_path / "m.npnet").exists()
