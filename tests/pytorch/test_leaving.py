"""`docs/tutorials/leaving-megengine.md`, followed literally: its commands, then its programs in real torch."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mgeconvert.reference.environment import environment

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "tutorials" / "leaving-megengine.md").read_text()


@pytest.mark.reference("torch")
def test_the_page_is_followed(tmp_path: Path) -> None:
    shutil.copy(ROOT / "examples" / "demo.pkl", tmp_path)
    for command in re.findall(r"^    mgeconvert (\S+-to-.*)", TEXT, re.MULTILINE):
        arguments = [*shlex.split(command, comments=True), *(["--no-verify"] if "-to-pytorch" in command else [])]
        subprocess.run([sys.executable, "-m", "mgeconvert", *arguments], check=True, cwd=tmp_path, capture_output=True)
    assert sorted(path.name for path in tmp_path.glob("*.*")) == [
        "demo.pkl", "net.py", "net.safetensors", "state.safetensors", "weights.safetensors",
    ]  # fmt: skip
    program = "\n".join(re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL))
    python = str(environment("torch").python)
    done = subprocess.run([python, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "fine-tuned.safetensors").is_file()
