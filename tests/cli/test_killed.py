"""A run that is killed at any point leaves each old file whole, or each new one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, signal, shutil, sys
from pathlib import Path
import numpy as np
import mgeconvert
from mgeconvert.ir.builder import Builder

EVENTS = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"}

def network(fill):
    b = Builder()
    x = b.input("x", "float32", (1, 64))
    for name in ("a", "b"):
        x = b.op("MatMul", x, b.constant(np.full((64, 64), fill, np.float32), name=name))
    b.output("y", x)
    return b.graph

def weights(path):
    graph = mgeconvert.load(path)
    return {float(value) for each in graph.constants() if each.array.size > 1000 for value in each.array.flat}

def killed(path, options, at):
    seen = [0]
    def hook(event, arguments):
        if event in EVENTS and str(arguments[0]).startswith(str(path.parent)):
            seen[0] += 1
            if seen[0] > at:
                os.kill(os.getpid(), signal.SIGKILL)
    child = os.fork()
    if child == 0:
        sys.addaudithook(hook)
        mgeconvert.save(network(2.0), path, **options)
        os._exit(0)
    return os.waitpid(child, 0)[1] != 0

path, external, most = Path(sys.argv[1]), sys.argv[2] == "external", int(sys.argv[3])
options = {"external_data": True} if external else {}
found = []
for at in range(most):
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir()
    mgeconvert.save(network(1.0), path, **options)
    alive = not killed(path, options, at)
    found.append(weights(path))
    if alive:
        break
print(alive, found[-1] == {2.0}, all(each in ({1.0}, {2.0}) for each in found), len(found))
"""


@pytest.mark.parametrize(("name", "kind"), [("m.onnx", ""), ("m.onnx", "external"), ("m.tflite", ""), ("m.pkl", "")])
def test_killed_at_every_step(tmp_path: Path, name: str, kind: str) -> None:
    """The kill comes before the 1st, 2nd, ... thing that the run does to a file, until it does all of them."""
    line = [sys.executable, "-c", PROGRAM, str(tmp_path / "out" / name), kind, "200"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    alive, last_is_new, all_whole, runs = done.stdout.split() or [done.stderr] * 4
    assert (alive, last_is_new, all_whole) == ("True", "True", "True"), done.stderr
    assert int(runs) > 4
