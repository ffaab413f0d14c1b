"""The node tests of the onnx package through the TFLite target, judged by LiteRT.

``python -m tests.tflite.node_tests`` writes what comes of each into tests/goldens/tflite_node_tests.json; read what
changed before you commit it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import mgeconvert
from mgeconvert.errors import MgeconvertError, UnsupportedError
from mgeconvert_converters.tflite.run import run
from tests.harness.node_tests import FAILS, INTERNAL, REFUSED, WRONG, NodeTest, forms, node_tests

FILE = Path(__file__).parents[1] / "goldens" / "tflite_node_tests.json"
LONGEST = 120
"""Of a reason so much is recorded."""


def verdict(test: NodeTest) -> str:
    """`right`, `right with constant parameters`, `refused: REASON`, or what is wrong."""
    refused = ""
    with tempfile.TemporaryDirectory() as folder:
        for kind, model, feeds in forms(test):
            source, written = Path(folder, "source.onnx"), Path(folder, "written.tflite")
            source.write_bytes(model.SerializeToString())
            try:
                graph = mgeconvert.load(source)
                mgeconvert.optimize(graph, target="tflite")
                mgeconvert.save(graph, written, overwrite=True)
            except UnsupportedError as error:
                reason = "; ".join(f"{problem.op}: {problem.reason}" for problem in error.problems)
                refused = refused or f"{REFUSED}: {reason}"[:LONGEST]
            except MgeconvertError as error:
                refused = refused or f"{REFUSED}: {error.message.rpartition('source.onnx: ')[2]}"[:LONGEST]
            except Exception as error:  # noqa: BLE001 (this is what is counted)
                return f"{INTERNAL}: {type(error).__name__}: {error}"[:LONGEST]
            else:
                return _complaint(test, written, {name: np.asarray(feeds[name]) for name in graph.inputs}) or kind
    return refused


def _complaint(test: NodeTest, written: Path, feeds: Mapping[str, Any]) -> str:
    """How LiteRT's outputs differ from the expected ones; empty where they do not. int64 may be int32."""
    try:
        found = run(written, feeds)
    except MgeconvertError as error:
        return f"{FAILS}: {error.message.rpartition('LiteRT ')[2]}"[:LONGEST]
    for ours, right in zip(found.values(), map(np.asarray, test.expected), strict=True):
        narrow = right.astype(np.int32) if right.dtype == np.int64 and ours.dtype == np.int32 else right
        if (ours.dtype, ours.shape) != (narrow.dtype, narrow.shape):
            return f"{WRONG}: {ours.dtype}{list(ours.shape)}, expected {right.dtype}{list(right.shape)}"
        real = ours.astype(np.float64), right.astype(np.float64)
        if not np.allclose(*real, rtol=test.rtol, atol=max(test.atol, 1e-6), equal_nan=True):
            return f"{WRONG}: other numbers"
    return ""


def results(processes: int = 2) -> dict[str, str]:
    """The verdict on every node test."""
    tests = list(node_tests())
    with ProcessPoolExecutor(processes) as pool:
        return dict(zip((test.name for test in tests), pool.map(verdict, tests, chunksize=16), strict=True))


if __name__ == "__main__":
    FILE.write_text(json.dumps(results(), indent=0, sort_keys=True, ensure_ascii=False) + "\n")
