"""What the tests of the TracedModule backend share: writing goldens back, asking MegEngine about many files at once."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import mgeconvert
from mgeconvert.ir import Graph
from mgeconvert.reference.environment import environment

JUDGE = Path(__file__).with_name("judge_worker.py")


def save(graph: Graph, path: Path) -> bytes:
    """Write a graph as a TracedModule; its bytes."""
    mgeconvert.save(graph, path)
    return path.read_bytes()


def record(path: Path, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Path:
    """in_0 ..., out_0 ... in an npz, in MegEngine's types: it has no int64."""
    arrays = {f"in_{number}": narrow(array) for number, array in enumerate(inputs)}
    arrays |= {f"out_{number}": narrow(array) for number, array in enumerate(outputs)}
    np.savez(path, **arrays)
    return path


def narrow(array: np.ndarray) -> np.ndarray:
    return array.astype(np.int32) if array.dtype == np.int64 else array


def judged(requests: Sequence[Mapping[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """MegEngine's answers (see tm_judge.py), from one process."""
    question, answer = folder / "request.json", folder / "answer.json"
    question.write_text(json.dumps([{key: _plain(value) for key, value in row.items()} for row in requests]))
    done = subprocess.run(
        [environment("megengine").python, JUDGE, question, answer], capture_output=True, text=True, errors="replace"
    )
    assert answer.is_file(), done.stderr[-3000:]
    answers: list[dict[str, Any]] = json.loads(answer.read_text())
    return answers


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value
