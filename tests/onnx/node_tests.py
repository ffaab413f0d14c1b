"""The node tests of the onnx package, through a target of ours: what comes out right, what is refused and why.

    python -m tests.onnx.node_tests onnx tflite      # writes docs/node-tests.md for these targets

A test is a model of one or a few nodes with inputs and expected outputs. Those that onnxruntime itself does not run, or
runs to another result than the test expects, judge nothing: they are counted as ``not run by onnxruntime``.
"""

from __future__ import annotations

import functools
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
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

RIGHT, REFUSED, NOT_RUN = "right", "refused", "not run by onnxruntime"
WRONG, FAILS, INTERNAL = "wrong", "does not run", "internal error"
DOCUMENT = Path(__file__).parents[2] / "docs" / "node-tests.md"


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


def document(by_target: dict[str, list[Result]]) -> str:
    """The page that docs has of it: counts, and the reasons of refusals."""
    kinds = (RIGHT, REFUSED, NOT_RUN, WRONG, FAILS, INTERNAL)
    lines = [
        "# The node tests of ONNX",
        "",
        f"Each of the node tests of the onnx package {onnx.__version__} is converted and its result compared with what "
        f"the test expects (onnxruntime {onnxruntime.__version__}). Made by `python -m tests.onnx.node_tests`.",
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
            if each.kind not in (RIGHT, NOT_RUN):
                reasons.setdefault(f"{each.kind}: {each.reason}", []).append(each.name.removeprefix("test_"))
        lines += ["", f"## {target}", ""]
        lines += [f"* {reason} ({', '.join(names)})" for reason, names in sorted(reasons.items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document({target: results(target) for target in sys.argv[1:]}))
