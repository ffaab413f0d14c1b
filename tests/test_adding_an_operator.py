"""docs/adding-an-operator.md, followed literally in a copy of the tree: its row, golden, handler and command."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "adding-an-operator.md").read_text()
HANDLERS = Path("mgeconvert", "tracedmodule", "lower", "activation.py")


def indented(after: str) -> str:
    """The first indented block behind a heading."""
    found = re.search(r"\n\n((?:    .*\n|\n)+)", TEXT[TEXT.index(after) :])
    assert found is not None
    return textwrap.dedent(found[1]).strip()


def test_the_quoted_handler_is_the_one_in_the_tree() -> None:
    quoted = indented("## 3. The handler").replace('"megengine.functional.nn.', 'NN + "')
    assert quoted in (ROOT / HANDLERS).read_text()


@pytest.mark.reference
def test_the_page(tmp_path: Path) -> None:
    skipped = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info")
    copy = shutil.copytree(ROOT, tmp_path / "copy", ignore=skipped)
    row = indented("## 1. The row").splitlines()[0]
    rows = copy / "tests" / "rows" / "activation.py"
    kept = [line for line in rows.read_text().splitlines() if '.leaky_relu"' not in line]
    rows.write_text("\n".join(kept).replace("\nROWS = [\n", f"\nROWS = [\n    {row}\n", 1) + "\n")
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    golden, command = indented("## 2. The golden").splitlines()[1], indented("## 4. The tests")
    for line in (golden.partition("#")[0], command):
        words = [sys.executable, *line.split()[1:], *(["-p", "no:cacheprovider"] if "pytest" in line else [])]
        done = subprocess.run(words, cwd=copy, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b2 passed", done.stdout), done.stdout  # in ONNX and TFLite
