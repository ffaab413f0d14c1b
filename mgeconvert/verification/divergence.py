"""Finds where a written model starts to compute something else: bisection over the graph's values.

Each probe is the graph cut at one value, exported and run like the whole model, and judged by another backend's run of
the same cut. So whatever computes wrongly (an emitter, a fusion, a kernel of the runtime) is caught in the act.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert import registry
from mgeconvert.errors import MgeconvertError
from mgeconvert.ir import Graph, Node, Value, captured

TOLERANCE = 1e-4
QUANTIZE = "QuantizeLinear"
"""What it gives is looked at as the numbers those integers stand for, after the DequantizeLinear: a target that
computes in floats has no integers there."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first value that differs: its name, the node that computes it, and by how much (relative to the largest
    number; infinite where shapes, NaNs or infinities differ, or one side does not run)."""

    value: str
    node: Node
    error: float

    def __str__(self) -> str:
        place = self.node.origin or self.node.name
        return f"{self.value} ({place}: {self.node.op}) is the first to differ, by {self.error:.3g}"


def first_divergence(
    graph: Graph,
    inputs: Mapping[str, np.ndarray],
    *,
    backend: registry.Backend,
    judge: registry.Backend,
    tolerance: float = TOLERANCE,
    options: Mapping[str, Any] | None = None,
) -> Divergence | None:
    """The first value in topological order that `backend` and `judge` compute differently, None if the graph's outputs
    agree. About log2(nodes) exports and runs with each; a fault is assumed to stay visible downstream."""
    probe = _Probe(graph, inputs, backend, judge, options or {})
    last = _needed(graph, set(graph.outputs.values()))
    cuts = [node for node in last if node.outputs and node.op != QUANTIZE and _observable(node.outputs[0])]
    if not cuts or probe.error(list(graph.outputs.values())) <= tolerance:
        return None
    low, high = 0, len(cuts) - 1
    errors: dict[int, float] = {}
    while low < high:
        middle = (low + high) // 2
        errors[middle] = probe.error([cuts[middle].outputs[0]])
        if errors[middle] > tolerance:
            high = middle
        else:
            low = middle + 1
    if low not in errors:
        errors[low] = probe.error([cuts[low].outputs[0]])
    return Divergence(cuts[low].outputs[0].name, cuts[low], errors[low])


def _observable(value: Value) -> bool:
    return value.dtype is not None and value.shape is not None


def _needed(graph: Graph, wanted: set[Value]) -> list[Node]:
    """The nodes the wanted values depend on, in order."""
    live, kept = set(wanted), []
    for node in reversed(graph.nodes):
        if any(value in live for value in node.outputs):
            live.update(value for value in (*node.inputs, *captured(node)) if value is not None)
            kept.append(node)
    return kept[::-1]


@dataclass(slots=True)
class _Probe:
    graph: Graph
    inputs: Mapping[str, np.ndarray]
    backend: registry.Backend
    judge: registry.Backend
    options: Mapping[str, Any]

    def error(self, values: list[Value]) -> float:
        """How much the two differ at these values."""
        nodes = _needed(self.graph, set(values))
        read = {value for node in nodes for value in (*node.inputs, *captured(node)) if value is not None} | set(values)
        inputs = {name: value for name, value in self.graph.inputs.items() if value in read}
        outputs = {f"probe_{index}": value for index, value in enumerate(values)}
        cut = Graph(self.graph.name, inputs, outputs, nodes, domains=self.graph.domains)
        feeds = {name: self.inputs[name] for name in inputs}
        truth = self._run(cut, self.judge, feeds, {})
        found = self._run(cut, self.backend, feeds, self.options)
        if truth is None or found is None:
            return float("inf")
        return max(difference(found[name], truth[name]) for name in outputs)

    def _run(
        self, cut: Graph, backend: registry.Backend, feeds: Mapping[str, np.ndarray], options: Mapping[str, Any]
    ) -> dict[str, np.ndarray] | None:
        assert backend.run is not None
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"cut{backend.suffixes[0]}")
            try:
                backend.save(cut, path, **options)
                return backend.run(path, feeds)
            except MgeconvertError:
                return None


def difference(found: np.ndarray, truth: np.ndarray) -> float:
    """max |a - b| / max |b|; infinite where shapes or non-finite places differ."""
    if found.shape != truth.shape:
        return float("inf")
    a, b = found.astype(np.float64), truth.astype(np.float64)
    finite = np.isfinite(b)
    if not np.array_equal(np.isfinite(a), finite):
        return float("inf")
    if not finite.any():
        return 0.0
    error, scale = np.abs(a[finite] - b[finite]).max(), np.abs(b[finite]).max()
    return float(error / scale) if scale else float(error)
