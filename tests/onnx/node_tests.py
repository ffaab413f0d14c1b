"""The node tests of the onnx package, through a target of ours: what comes out right, what is refused and why.

    python -m tests.onnx.node_tests      # writes docs/node-tests.md

The other targets' figures are those that their own modules recorded: tests/{tflite,tracedmodule,caffe}/node_tests.py.

A test is a model of one or a few nodes with inputs and expected outputs. Those that onnxruntime itself does not run, or
runs to another result than the test expects, judge nothing: they are counted as ``not run by onnxruntime``.
"""

from __future__ import annotations

import functools
import json
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
from onnx.backend.test import runner
from onnx.backend.test.loader import load_model_tests

import mgeconvert
from mgeconvert import registry
from mgeconvert.errors import MgeconvertError, UnsupportedError
from mgeconvert_converters.onnx.run import open_session
from tests.harness.node_tests import FAILS, INTERNAL, REFUSED, RIGHT, WITH_CONSTANTS, WRONG

NOT_RUN = "not run by onnxruntime"
DOCUMENT = Path(__file__).parents[2] / "docs" / "node-tests.md"
GOLDENS = Path(__file__).parents[1] / "goldens"
OTHERS = ("tflite", "tm", "caffe")
NAMES = 3
"""Of a reason so many tests are named."""


@dataclass(frozen=True, slots=True)
class NodeTest:
    """One test with its data sets: inputs by name, and the expected outputs in the model's order."""

    name: str
    model: bytes
    inputs: tuple[dict[str, Any], ...]
    expected: tuple[list[Any], ...]
    rtol: float
    atol: float


@dataclass(frozen=True, slots=True)
class Result:
    """How a test ended; `reason` says why where it is not right."""

    name: str
    kind: str
    reason: str = ""


def node_tests() -> Iterator[NodeTest]:
    """Every node test of the installed onnx package."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package computes some expected outputs with overflow
        cases = load_model_tests(kind="node")
    for case in cases:
        assert case.model is not None
        names = [info.name for info in case.model.graph.input]
        fed = tuple(dict(zip(names, inputs, strict=False)) for inputs, _ in case.data_sets or ())
        outputs = tuple(list(outputs) for _, outputs in case.data_sets or ())
        yield NodeTest(case.name, case.model.SerializeToString(), fed, outputs, case.rtol, case.atol)


def result(test: NodeTest, target: str) -> Result:
    """Convert the test's model to `target` and compare what its runtime computes with what the test expects."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source.onnx")
        source.write_bytes(test.model)
        if _difference(test, functools.partial(_in_onnxruntime, source)) is not None:
            return Result(test.name, NOT_RUN)
        written = Path(folder, "written" + registry.backend(target).suffixes[0])
        try:
            graph = mgeconvert.load(source)
            mgeconvert.optimize(graph, target=target)
            mgeconvert.save(graph, written, target)
        except UnsupportedError as error:
            return Result(test.name, REFUSED, "; ".join(f"{each.op}: {each.reason}" for each in error.problems))
        except MgeconvertError as error:
            return Result(test.name, REFUSED, str(error))
        except Exception as error:  # noqa: BLE001 (this is what is counted)
            return Result(test.name, INTERNAL, f"{type(error).__name__}: {error}")
        difference = _difference(test, functools.partial(_runs[target], written))
        return Result(test.name, RIGHT) if difference is None else Result(test.name, *difference)


def _in_onnxruntime(path: Path, inputs: dict[str, Any]) -> Sequence[Any]:
    session = open_session(path)
    given = {argument.name for argument in session.get_inputs()}
    outputs: Sequence[Any] = session.run(None, {name: value for name, value in inputs.items() if name in given})
    return outputs


def _in_own_runtime(target: str, path: Path, inputs: dict[str, Any]) -> Sequence[Any]:
    run = registry.backend(target).run
    assert run is not None
    return list(run(path, inputs).values())


_runs: dict[str, Callable[[Path, dict[str, Any]], Sequence[Any]]] = {
    name: functools.partial(_in_own_runtime, name) for name in registry.backend_names()
} | {"onnx": _in_onnxruntime}


def _difference(test: NodeTest, run: Callable[[dict[str, Any]], Sequence[Any]]) -> tuple[str, str] | None:
    """None where every data set comes out as expected; else (wrong or does not run, what)."""
    for inputs, expected in zip(test.inputs, test.expected, strict=True):
        try:
            found = run(inputs)
        except Exception as error:  # noqa: BLE001 (whatever a runtime raises)
            return FAILS, str(error).splitlines()[0][:200]
        try:
            runner.Runner.assert_similar_outputs(expected, found, test.rtol, max(test.atol, 1e-6))
        except (AssertionError, TypeError) as error:
            return WRONG, " ".join(str(error).split())[:200]
    return None


def results(target: str, processes: int = 2) -> list[Result]:
    """The result of every node test for one target, in the package's order."""
    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(functools.partial(result, target=target), node_tests(), chunksize=16))


def recorded(target: str, unjudged: Container[str]) -> list[Result]:
    """What another target's module wrote down; a test that onnxruntime does not run right judges nothing."""
    verdicts: dict[str, str] = json.loads((GOLDENS / f"{target}_node_tests.json").read_text())
    found = []
    for name, verdict in verdicts.items():
        kind, _, reason = verdict.partition(": ")
        found.append(Result(name, NOT_RUN) if name in unjudged else Result(name, kind, reason))
    return found


def document(by_target: dict[str, list[Result]]) -> str:
    """The page that docs has of it: counts, and the reasons of refusals."""
    kinds = (RIGHT, WITH_CONSTANTS, REFUSED, NOT_RUN, WRONG, FAILS, INTERNAL)
    lines = [
        "# The node tests of ONNX",
        "",
        f"Each of the node tests of the onnx package {onnx.__version__} is converted to every target and its result, "
        f"computed by the target's own runtime, compared with what the test expects. Tests that onnxruntime "
        f"{onnxruntime.__version__} does not run, or runs to another result, judge nothing. Where a target wants "
        "weights, axes or shapes as constants which a test gives as inputs, it is asked again with these as constants. "
        "Made by `python -m tests.onnx.node_tests`.",
        "",
        f"| target | {' | '.join(kinds)} |",
        f"| --- {'| ---: ' * len(kinds)}|",
    ]
    for target, found in by_target.items():
        counts = Counter(each.kind for each in found)
        lines.append(f"| {target} | {' | '.join(str(counts[kind]) for kind in kinds)} |")
    for target, found in by_target.items():
        reasons: dict[str, list[str]] = {}
        for each in found:
            if each.kind not in (RIGHT, WITH_CONSTANTS, NOT_RUN):
                reasons.setdefault(f"{each.kind}: {each.reason}", []).append(each.name.removeprefix("test_"))
        lines += ["", f"## {target}", ""] if reasons else []
        lines += [f"* {reason} ({_shortened(names)})" for reason, names in sorted(reasons.items())]
    return "\n".join(lines) + "\n"


def _shortened(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= NAMES else f"{names[0]}, {names[1]} and {len(names) - 2} more"


if __name__ == "__main__":
    own = results("onnx")
    unjudged = {each.name for each in own if each.kind == NOT_RUN}
    DOCUMENT.write_text(document({"onnx": own} | {target: recorded(target, unjudged) for target in OTHERS}))
