"""The node tests of the onnx package through the TracedModule target, judged by real MegEngine.

``python -m tests.tracedmodule.node_tests`` writes what comes of each into tests/goldens/tm_node_tests.json; read what
changed before you commit it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import mgeconvert
from mgeconvert.errors import MgeconvertError, UnsupportedError
from tests.harness.node_tests import FAILS, INTERNAL, REFUSED, WRONG, NodeTest, forms, node_tests

from .judge import judged, record

FILE = Path(__file__).parents[1] / "goldens" / "tm_node_tests.json"
HALF = 5e-3
"""The limit for float16, relative to the largest number: it has three decimal digits."""
LONGEST = 120
"""Of a reason so much is recorded."""


def written(test: NodeTest, folder: Path) -> tuple[str, Path | None]:
    """The verdict where MegEngine computes what the test expects, and the file with its recorded arrays; else why there
    is none."""
    refused = ""
    for kind, model, feeds in forms(test):
        source, path = folder / "source.onnx", folder / f"{test.name}.pkl"
        source.write_bytes(model.SerializeToString())
        try:
            graph = mgeconvert.load(source)
            mgeconvert.optimize(graph, target="tm")
            mgeconvert.save(graph, path)
        except UnsupportedError as error:
            reason = "; ".join(f"{problem.op}: {problem.reason}" for problem in error.problems)
            refused = refused or f"{REFUSED}: {reason}"[:LONGEST]
        except MgeconvertError as error:
            refused = refused or f"{REFUSED}: {error.message.rpartition('source.onnx: ')[2]}"[:LONGEST]
        except Exception as error:  # noqa: BLE001 (this is what is counted)
            return f"{INTERNAL}: {type(error).__name__}: {error}"[:LONGEST], None
        else:
            inputs = [np.asarray(feeds[name]) for name in graph.inputs]
            record(path.with_suffix(".npz"), inputs, [np.asarray(each) for each in test.expected])
            return kind, path
    return refused, None


def complaint(test: NodeTest, answer: Mapping[str, Any]) -> str:
    """What MegEngine says against a file; empty where nothing."""
    if "errors" not in answer:
        return f"{FAILS}: {str(answer.get('failed', answer)).strip().splitlines()[-1]}"[:LONGEST]
    limits = [HALF if np.asarray(each).dtype == np.float16 else test.rtol + test.atol for each in test.expected]
    if not all(error <= limit for error, limit in zip(answer["errors"], limits, strict=True)):
        return f"{WRONG}: errors {answer['errors']}"
    return ""


def answers(requests: Sequence[Mapping[str, Any]], folder: Path) -> list[Mapping[str, Any]]:
    """MegEngine's answers; a file that ends its process is found by halving."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        try:
            return list(judged(requests, Path(own)))
        except AssertionError:
            if len(requests) == 1:
                return [{"failed": "MegEngine's process ended"}]
    half = len(requests) // 2
    return [*answers(requests[:half], folder), *answers(requests[half:], folder)]


def results() -> dict[str, str]:
    """The verdict on every node test."""
    verdicts: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as name:
        folder, files = Path(name), []
        for test in node_tests():
            verdicts[test.name], path = written(test, folder)
            if path is not None:
                files.append((test, path))
        requests = [{"model": path, "io": path.with_suffix(".npz"), "deep": False} for _, path in files]
        for (test, _), answer in zip(files, answers(requests, folder), strict=True):
            verdicts[test.name] = complaint(test, answer) or verdicts[test.name]
    return verdicts


if __name__ == "__main__":
    FILE.write_text(json.dumps(results(), indent=0, sort_keys=True, ensure_ascii=False) + "\n")
