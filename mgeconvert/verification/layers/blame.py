"""Who made the first bad value: the reading of the source, a pass, the conversion, the runtime, or the file itself.

Each stage between the source and the written file is done again and computed up to the bad value; the first stage whose
number is wrong is to blame. Where every stage is right the file is not what mgeconvert writes of this source.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert import registry
from mgeconvert.api import Selection, run_passes
from mgeconvert.errors import MgeconvertError
from mgeconvert.ir import Graph, Value
from mgeconvert.passes import Pass, names, select

from ..asking import IR_RUNTIME, run_graph
from .culprit import Culprit
from .match import apart, distance
from .observe import Observed, observe
from .reduce import Part

READING, PASS, CONVERSION, RUNTIME, FILE = "reading", "pass", "conversion", "runtime", "file"
"""Who can be to blame."""


@dataclass(frozen=True, slots=True)
class Blame:
    """`who` made the first bad value, and a sentence that says so."""

    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """What is known when somebody is looked for to blame."""

    source: Observed
    candidate: Observed
    culprit: Culprit
    feeds: Mapping[str, np.ndarray]
    part: Part
    target: registry.Backend
    selection: Selection
    options: Mapping[str, Any]
    limit: float


def blame(case: Case) -> Blame:
    """The one to blame. MgeconvertError where a stage cannot be done again."""
    twin, truth = case.culprit.twin, case.source.arrays[case.culprit.twin]
    if case.source.runtime != registry.backend(IR_RUNTIME).runtime:
        error = apart(_computed(case.source.graph, twin, case.feeds), truth)
        if error > case.limit:
            return Blame(READING, f"mgeconvert reads {twin.name} wrongly: off by {error:.3g} before any pass")
    if _runtime_is_wrong(case):
        return Blame(RUNTIME, f"{case.candidate.runtime} computes {case.culprit.bad.name} otherwise than the file says")
    optimized = case.source.graph.copy()
    run_passes(optimized, case.selection, case.target, case.options)
    found = _named(optimized, twin.name)
    if found is not None and apart(_computed(optimized, found, case.feeds), truth) > case.limit:
        return Blame(PASS, f"the pass {_bisected(case, twin.name, truth)} makes it")
    return _written(case, optimized, twin.name, truth)


def _runtime_is_wrong(case: Case) -> bool:
    """Whether the failing part, computed in onnxruntime as mgeconvert reads it, is right."""
    if case.target.name == IR_RUNTIME:
        return False
    try:
        found = run_graph(case.part.graph, case.part.feeds)
    except MgeconvertError:
        return False
    return all(distance(found[name], truth, case.limit)[0] <= case.limit for name, truth in case.part.truth.items())


def _bisected(case: Case, name: str, truth: np.ndarray) -> str:
    """The pass without which, and without those after it, the value is right."""
    passes = select(case.selection.level, case.selection.enable, case.selection.disable)
    low, high = 1, len(passes)
    while low < high:
        middle = (low + high) // 2
        if _fails(case, passes[:middle], name, truth):
            high = middle
        else:
            low = middle + 1
    return passes[low - 1].name


def _fails(case: Case, passes: Sequence[Pass], name: str, truth: np.ndarray) -> bool:
    graph = case.source.graph.copy()
    chosen = tuple(row.name if row.name in names() else row for row in passes)
    run_passes(graph, replace(case.selection, level=0, enable=chosen, disable=()), case.target, case.options)
    found = _named(graph, name)
    return found is not None and apart(_computed(graph, found, case.feeds), truth) > case.limit


def _written(case: Case, graph: Graph, name: str, truth: np.ndarray) -> Blame:
    """Write the source again and look at the value in the runtime."""
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        files = case.target.save(graph, Path(folder, f"again{case.target.suffixes[0]}"), **case.options)
        again = registry.frontend(case.target.name).load(files[0])
        feeds = dict(zip(again.inputs, case.feeds.values(), strict=True))
        seen = observe(files[0], case.target.name, again, feeds)
    wanted = next((value for value in seen.arrays if value.name in (case.culprit.bad.name, name)), None)
    if wanted is not None and distance(seen.arrays[wanted], truth, case.limit)[0] > case.limit:
        return Blame(CONVERSION, f"the conversion to {case.target.title} makes it: a new file has the same fault")
    return Blame(FILE, "the file makes it: what mgeconvert writes of this source now is right there")


def _computed(graph: Graph, value: Value, feeds: Mapping[str, np.ndarray]) -> np.ndarray:
    """One value of a graph, in onnxruntime."""
    probe = Graph(graph.name, dict(graph.inputs), {"probe": value}, list(graph.nodes), domains=graph.domains)
    probe.remove_dead_nodes()
    used = probe.use_counts()
    probe.inputs = {name: each for name, each in graph.inputs.items() if each in used}
    return run_graph(probe, {name: feeds[name] for name in probe.inputs})["probe"]


def _named(graph: Graph, name: str) -> Value | None:
    """The computed value of that name."""
    return next((value for node in graph.nodes for value in node.outputs if value.name == name), None)
