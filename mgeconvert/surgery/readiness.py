"""What would stop a target, or lose accuracy in it, before anything is written.

Nothing here is a guess: what stops a target is what its backend says of the graph as an export would have it, types
that a format narrows stand in its record, and what differs for an operator stands in its table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mgeconvert.api import Selection, level_for, load_for, run_passes
from mgeconvert.errors import Problem, UnsupportedError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.scopes import Scope
from mgeconvert.registry import Backend, Frontend
from mgeconvert.verification.asking import IR_RUNTIME

from .names import module_of
from .remedies import remedy_for

STOPS, LOSES, NOTE = "stops", "loses", "note"
"""The target cannot take it; numbers get narrower; what is to be known of an operator there."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one target: `scope` is the module path, or the name of an input or output; `remedy` an option or
    a command that helps, empty where none is known."""

    kind: str
    scope: str
    op: str
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What was found about one target."""

    target: str
    findings: tuple[Finding, ...]

    @property
    def is_ready(self) -> bool:
        """Whether the target can take the model."""
        return all(finding.kind != STOPS for finding in self.findings)


def readiness(path: Path, source: Frontend, target: Backend, options: Mapping[str, Any] | None = None) -> Readiness:
    """What would happen to a model on its way to a target. Raises BadInputError.

    A model that cannot be read has what stops the reading in its findings.
    """
    chosen = dict(options or {})
    try:
        graph = load_for(source, path, target, {})
    except UnsupportedError as error:
        return Readiness(target.name, tuple(_unread(each, error.hint) for each in error.problems))
    run_passes(graph, Selection(level_for(target)), target, chosen)
    problems = list(dict.fromkeys(target.problems(graph, **chosen)))
    stops = [
        Finding(STOPS, Scope.read(p.scope).path, p.op, p.reason, remedy_for(graph, target, p, path)) for p in problems
    ]
    return Readiness(target.name, (*stops, *_narrowed(graph, target), *_notes(graph, target)))


def _unread(problem: Problem, hint: str | None) -> Finding:
    return Finding(STOPS, problem.scope, problem.op, f"cannot be read: {problem.reason}", hint or "")


def _narrowed(graph: Graph, target: Backend) -> Iterator[Finding]:
    """Ends whose type the format lacks, and modules that compute in floats of a type it lacks."""
    for kind, values in (("input", graph.inputs), ("output", graph.outputs)):
        for name, value in values.items():
            if text := _narrow(value, target):
                yield Finding(LOSES, name, kind, f"is {text}")
    seen: set[tuple[str, str]] = set()
    for node in graph.nodes:
        for value in node.outputs:
            text = _narrow(value, target) if value.dtype is not None and value.dtype.kind == "f" else ""
            if text and (module_of(node), text) not in seen:
                seen.add((module_of(node), text))
                yield Finding(LOSES, module_of(node), node.op, f"computes in {text}")


def _narrow(value: Value, target: Backend) -> str:
    """``int64, which TensorFlow Lite has as int32``; empty where the type stays."""
    name = "" if value.dtype is None else value.dtype.name
    return f"{name}, which {target.title} has as {target.narrows[name]}" if name in target.narrows else ""


def _notes(graph: Graph, target: Backend) -> Iterator[Finding]:
    """What the target's table says of operators that are in the graph, at the first of each; of ONNX, whose operators
    are those of the graph, it says only which opset is older."""
    if target.name == IR_RUNTIME:
        return
    notes = {row.op: row.note for row in target.ops() if row.note and not row.refused}
    first: dict[str, Node] = {}
    for node in graph.nodes:
        first.setdefault(node.op, node)
    for op, node in first.items():
        if op in notes:
            yield Finding(NOTE, module_of(node), op, notes[op])
