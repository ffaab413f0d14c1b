"""Holds exact rewrites against the graph before, bit by bit, on signed zeros, infinities, NaN and equal operands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from mgeconvert.ir import OPSET, Graph
from mgeconvert.passes import PASSES, Choice, Outcome, Rule, Sweep, select
from mgeconvert.passes.driver import run
from mgeconvert_converters.onnx.write.save import save
from tests.passes.harness import SYMBOLIC

FLOATS = (-0.0, 0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, -2.5, 1e30, 1e-40, 7.0, -1e-40)
INTEGERS = (0, 1, -1, 7, -128, 127)
STEPS = {(row.name, step.function.__name__): step for row in PASSES for step in row.steps()}


def is_exact(step: Rule | Sweep) -> bool:
    return not (isinstance(step, Rule) and step.rounds)


def fired(outcome: Outcome) -> set[tuple[str, str]]:
    """(pass, rule) of all rules that changed the graph."""
    return {(report.name, rule) for report in outcome.passes for rule in report.rules}


def check_exact(graph: Graph, passes: Sequence[Choice], folder: Path) -> None:
    """Run the passes and compare; AssertionError where one bit differs (all NaN are equal)."""
    plain = graph.copy()
    assert run(graph, select(0, passes)).changes
    sessions = [_session(each, folder / f"{name}.onnx") for name, each in (("plain", plain), ("optimized", graph))]
    for feeds in special_inputs(plain):
        wanted, found = (session.run(list(graph.outputs), feeds) for session in sessions)
        for name, before, after in zip(graph.outputs, wanted, found, strict=True):
            assert (after.dtype, after.shape) == (before.dtype, before.shape)
            differs = _bits(before) != _bits(after)
            assert not differs.any(), f"{name}: {before[differs][:3]} became {after[differs][:3]} for {feeds}"


def special_inputs(graph: Graph) -> Iterator[dict[str, np.ndarray]]:
    """Every position of every input sees every special number; in every other run all inputs are equal."""
    for roll in range(len(FLOATS)):
        for step in (0, 3):
            yield {
                name: _filled(value.dtype, [SYMBOLIC if isinstance(dim, str) else dim for dim in value.shape or ()],
                              roll + step * index)
                for index, (name, value) in enumerate(graph.inputs.items())
            }  # fmt: skip


def _filled(dtype: np.dtype | None, shape: Sequence[int], roll: int) -> np.ndarray:
    assert dtype is not None
    numbers = np.array(FLOATS if dtype.kind == "f" else INTEGERS)
    at = (np.arange(int(np.prod(shape))) + roll) % len(numbers)
    with np.errstate(over="ignore"):
        return numbers[at].astype(dtype).reshape(shape)


def _bits(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind != "f":
        return array
    same = np.where(np.isnan(array), np.array(np.nan, array.dtype), array)
    return np.ascontiguousarray(same).view(f"u{array.dtype.itemsize}")


def _session(graph: Graph, path: Path) -> onnxruntime.InferenceSession:
    save(graph, path, opset=OPSET)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
