"""--timeout and --max-memory hold for a whole run, also inside of a runtime, and nothing is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mgeconvert.files import staging, stale
from mgeconvert.files.staging import PREFIX
from mgeconvert.files.stale import owned

ENDLESS = """
import sys, time, numpy as np
from mgeconvert import registry
import dataclasses
from mgeconvert_cli.main import main
kind = sys.argv.pop(1)
def run(path, feeds):
    if kind == "python":
        while True: pass
    if kind == "c":
        x = np.ones((6000, 6000)); np.linalg.svd(x)
    if kind == "worker":
        import subprocess; subprocess.run([sys.executable, "-c", "import time; time.sleep(600)"])
    if kind == "memory":
        kept = []
        while True: kept.append(np.ones(1 << 22)); time.sleep(0.01)
    if kind == "memory of a worker":
        import subprocess
        text = "import time\\nkept = []\\nwhile True: kept.append(bytearray(b'x' * (1 << 24))); time.sleep(0.01)"
        subprocess.run([sys.executable, "-c", text])
record = registry.backend("onnx")
registry.backend = lambda name: dataclasses.replace(record, run=run) if name == "onnx" else record
main()
"""


def model(folder: Path) -> Path:
    import numpy as np

    import mgeconvert
    from mgeconvert.ir.builder import Builder

    b = Builder()
    b.output("y", b.op("Add", b.input("x", "float32", (1, 4)), np.ones(4, np.float32)))
    mgeconvert.save(b.graph, folder / "m.pkl")
    return folder / "m.pkl"


def run(folder: Path, kind: str, *limits: str) -> tuple[int, str, dict[str, object]]:
    line = [sys.executable, "-c", ENDLESS, kind, "tm-to-onnx", str(model(folder)), "-o", str(folder / "y.onnx")]
    env = {**os.environ, "TMPDIR": str(folder / "tmp")}
    (folder / "tmp").mkdir()
    done = subprocess.run([*line, "--json", *limits], capture_output=True, text=True, timeout=100, env=env, check=False)
    return done.returncode, done.stderr, json.loads(done.stdout)


@pytest.mark.parametrize("kind", ["python", "c", "worker"])
def test_a_run_that_does_not_end(tmp_path: Path, kind: str) -> None:
    begin = time.monotonic()
    code, said, document = run(tmp_path, kind, "--timeout", "4")
    assert code == 1
    assert time.monotonic() - begin < 60
    message = "the run took longer than --timeout 4 and was ended; nothing was written"
    assert f"error: {message}\nhint: give it more time, or leave out --timeout\n" in said
    assert said.count("error: ") == 1
    assert document["error"] == {
        "kind": "LimitError",
        "code": "MGE801",
        "message": message,
        "hint": "give it more time, or leave out --timeout",
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.pkl", "tmp"]
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("kind", ["memory", "memory of a worker"])
def test_a_run_that_takes_too_much_memory(tmp_path: Path, kind: str) -> None:
    code, said, _ = run(tmp_path, kind, "--max-memory", "700MB")
    assert code == 1
    assert "error: the run needs more memory than --max-memory 0.7GB allows\n" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.pkl", "tmp"]
    assert list((tmp_path / "tmp").iterdir()) == []


def mgeconvert_(*words: str | Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "mgeconvert", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, timeout=100, check=False)


def test_within_the_limits_all_is_as_usual(tmp_path: Path) -> None:
    path = model(tmp_path)
    done = mgeconvert_("--timeout", "90", "tm-to-onnx", path, "--max-memory", "4GB")
    assert done.returncode == 0, done.stderr
    assert path.with_suffix(".onnx").is_file()
    assert mgeconvert_("tm-to-onnx", tmp_path / "no.pkl", "--timeout", "90").returncode == 3


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--timeout", "0"], "'0' is no positive number of seconds"),
        (["--timeout", "nan"], "'nan' is no positive number of seconds"),
        (["--max-memory", "much"], "'much' is no size, such as 2GB, 500MB or 1.5 (gigabytes)"),
        (["--max-memory", "0"], "'0' is no size, such as 2GB, 500MB or 1.5 (gigabytes)"),
    ],
)
def test_limits_that_are_none(words: list[str], text: str) -> None:
    done = mgeconvert_("ops", *words)
    assert done.returncode == 2
    assert text in done.stderr


def test_folders_of_dead_runs_go_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    program = f"""
import os, signal
from pathlib import Path
from mgeconvert.files.stale import owned
with owned(Path({str(tmp_path)!r}), {PREFIX!r}, {PREFIX!r} + "dead"):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert [path.name for path in tmp_path.iterdir()] == [f"{PREFIX}dead"]
    with owned(tmp_path, PREFIX, f"{PREFIX}living"):
        assert [path.name for path in tmp_path.iterdir()] == [f"{PREFIX}living"]
        with staging() as stage:
            stage.place(tmp_path / "m.onnx")
            assert f"{PREFIX}living" in [path.name for path in tmp_path.iterdir()]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_its_run_removes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run ends between the look at its folder and at the owner's file in it."""
    other = tmp_path / f"{PREFIX}other"
    other.mkdir()

    def opened(path: Path, *_: int) -> int:
        other.rmdir()
        raise FileNotFoundError(path)

    with monkeypatch.context() as patched:
        patched.setattr(stale.os, "open", opened)
        stale._sweep(tmp_path, PREFIX)
    assert list(tmp_path.iterdir()) == []
