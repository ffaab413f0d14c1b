"""The node tests of the onnx package through the Caffe target, judged by real BVLC Caffe.

Each test's model is converted as it is, and where only its parameters stand in the way (weights, axes, shapes that the
test gives as inputs) with these as constants. ``python -m tests.caffe.node_tests`` writes what comes of each into
tests/goldens/caffe_node_tests.json; read what changed before you commit it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

import mgeconvert
from mgeconvert.errors import MgeconvertError, ReferenceEnvironmentError, UnsupportedError
from mgeconvert.ir import Graph
from mgeconvert.reference import caffe
from mgeconvert_converters.caffe.read.files import read_prototxt, weight_files
from mgeconvert_converters.caffe.read.inference import net_outputs
from mgeconvert_converters.caffe.run import typed
from tests.harness.node_tests import REFUSED, RIGHT, WITH_CONSTANTS, WRONG, NodeTest, node_tests, with_constants

FILE = Path(__file__).parents[1] / "goldens" / "caffe_node_tests.json"
CANCELLING = {"test_dft_inverse", "test_dft_inverse_opset19"}
"""Tests whose expected zeros are sums of large terms that cancel. Each term is rounded to float32, whose last place at
the largest number is what is left of them in any order of summing: no relative error of a zero is small enough."""


@dataclass(frozen=True)
class Written:
    """A node test as a Caffe net."""

    test: NodeTest
    verdict: str
    net: Path
    feeds: Mapping[str, np.ndarray]


def write(test: NodeTest, folder: Path) -> Written | str:
    """The test as a net in `folder`, or why not."""
    reason = ""
    for verdict in (RIGHT, WITH_CONSTANTS):
        model, feeds = (test.model, test.feeds) if verdict == RIGHT else with_constants(test)
        net = folder / f"{len(verdict)}.prototxt"
        try:
            graph = _save(model, net)
        except UnsupportedError as error:
            reason = reason or "; ".join(f"{problem.op}: {problem.reason}" for problem in error.problems)
        except MgeconvertError as error:
            reason = reason or error.message.rpartition("model.onnx: ")[2]
        else:
            return Written(test, verdict, net, {name: np.asarray(feeds[name]) for name in graph.inputs})
    return reason


def _save(model: onnx.ModelProto, net: Path) -> Graph:
    source = net.with_name("model.onnx")
    source.write_bytes(model.SerializeToString())
    graph = mgeconvert.load(source)
    mgeconvert.optimize(graph, target="caffe")
    mgeconvert.save(graph, net)
    return graph


def complaint(written: Written, found: Mapping[str, np.ndarray]) -> str:
    """How the outputs differ from the expected ones; empty where they do not."""
    tops = [top for _, top in net_outputs(read_prototxt(written.net).net.layer)]
    outputs = list(typed({top: found[top] for top in tops}, written.net).values())
    if len(outputs) != len(written.test.expected):
        return f"{len(outputs)} outputs, expected {len(written.test.expected)}"
    for ours, right in zip(outputs, map(np.asarray, written.test.expected), strict=True):
        if (ours.dtype, ours.shape) != (right.dtype, right.shape):
            return f"{ours.dtype}{list(ours.shape)}, expected {right.dtype}{list(right.shape)}"
        real = ours.astype(np.float64), right.astype(np.float64)
        rounding = np.finfo(np.float32).eps * np.abs(real[1]).max(initial=0)
        atol = max(written.test.atol, rounding) if written.test.name in CANCELLING else written.test.atol
        if not np.allclose(*real, rtol=written.test.rtol, atol=atol, equal_nan=True):
            return "other numbers"
    return ""


def computed(nets: Sequence[Written]) -> list[dict[str, np.ndarray] | str]:
    """What real Caffe gives for each net, or its last words; a net that ends its process is found by halving."""
    try:
        return list(caffe.run_all([caffe.Job(one.net, weight_files(one.net), one.feeds) for one in nets]))
    except ReferenceEnvironmentError as error:
        if len(nets) == 1:
            return [error.message.strip().splitlines()[-1]]
        half = len(nets) // 2
        return computed(nets[:half]) + computed(nets[half:])


def results() -> dict[str, str]:
    """What came of each test: `right`, `right with constant parameters`, `refused: REASON` or `wrong: HOW`."""
    verdicts: dict[str, str] = {}
    nets: list[Written] = []
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as name:
        for test in node_tests():
            folder = Path(name, test.name)
            folder.mkdir()
            one = write(test, folder)
            if isinstance(one, str):
                verdicts[test.name] = f"{REFUSED}: {one}"
            else:
                nets.append(one)
        for one, found in zip(nets, computed(nets), strict=True):
            wrong = found if isinstance(found, str) else complaint(one, found)
            verdicts[one.test.name] = f"{WRONG}: {wrong}" if wrong else one.verdict
    return verdicts


if __name__ == "__main__":
    FILE.write_text(json.dumps(results(), indent=0, sort_keys=True, ensure_ascii=False) + "\n")
