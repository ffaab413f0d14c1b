"""`make demo` where no reference environment is installed: what can run does, the rest is said in one short row."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_without_reference_environments(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "demo.py")], capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = dict(re.findall(r"^(\w+)  .*?(same numbers|not written|not run)$", done.stdout, re.MULTILINE))
    assert verdicts == {
        "caffe": "same numbers", "mge": "not written", "onnx": "same numbers",
        "pytorch": "not run", "tflite": "same numbers", "tm": "not run",
    }  # fmt: skip
    assert "mge, pytorch, tm: `mgeconvert reference install all` installs what is missing\n" in done.stdout
    page = re.search(r"^a page to look at: (.*)$", done.stdout, re.MULTILINE)
    assert page is not None
    assert "<html" in (ROOT / page.group(1)).read_text(encoding="utf-8")
    assert max(map(len, done.stdout.splitlines())) <= 80
