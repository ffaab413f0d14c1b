"""`mgeconvert inspect MODEL`: what is in a model, what it costs, and which targets can take it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mgeconvert import registry
from mgeconvert.errors import Problem, UnsupportedError, UsageError

from .convert import from_option
from .reading import read
from .session import Session, number, size
from .state import State
from .steps import Step
from .table import Table

if TYPE_CHECKING:
    from mgeconvert.ir import Graph, Value
    from mgeconvert.statistics import Statistics


def _inspect(session: Session, state: State, model: Path | None, source_format: str | None) -> State:
    if model is not None:
        record = registry.frontend(source_format) if source_format else registry.frontend_for(model)
        try:
            state = read(session, model, record, {})
        except UnsupportedError as error:
            _show_unsupported(session, model, record, error)
            return state
    if state.graph is None:
        raise UsageError("MODEL is missing and no step before gives one", hint="mgeconvert inspect MODEL")
    from mgeconvert.statistics import statistics

    graph, figures = state.graph, statistics(state.graph)
    targets = {name: _problems(graph, name) for name in registry.backend_names()}
    session.document("inspect", **_document(state, graph, figures, targets))
    where = "standard input" if state.source is None else str(state.source)
    session.answer(
        f"{where}: {registry.frontend(state.formats[0]).title}",
        *(f"  {key}: {text}" for key, text in graph.metadata.items()),
        _signature("inputs", graph.inputs),
        _signature("outputs", graph.outputs),
        _costs(figures),
        _total(figures),
        *_targets(targets),
    )
    return state


def _problems(graph: Graph, target: str) -> list[Problem]:
    return list(registry.backend(target).problems(graph))


def _show_unsupported(session: Session, model: Path, record: registry.Frontend, error: UnsupportedError) -> None:
    """A model that cannot be lowered: its operators that stop every target."""
    problems = [asdict(problem) for problem in error.problems]
    session.document("inspect", source=str(model), format=record.name, problems=problems, targets={})
    session.answer(
        f"{model}: {record.title}",
        _problem_table(f"no target can take it: {error.message.splitlines()[0]}", error.problems),
    )


def _signature(title: str, values: Mapping[str, Value]) -> Table:
    rows = [(name, value.type_text) for name, value in values.items()]
    return Table(title, ("name", "type"), rows)


def _costs(figures: Statistics) -> Table:
    rows = [
        (row.op, number(row.nodes), number(row.parameters), number(row.macs), number(row.flops))
        for row in figures.operators
    ]
    return Table("operators", ("operator", "nodes", "parameters", "MACs", "FLOPs"), rows, frozenset({1, 2, 3, 4}))


def _total(figures: Statistics) -> str:
    unknown = sum(row.unknown for row in figures.operators)
    text = (
        f"total: {number(figures.nodes)} nodes, {number(figures.parameters)} parameters "
        f"({size(figures.parameter_bytes)}), {number(figures.macs)} MACs, {number(figures.flops)} FLOPs"
    )
    if figures.symbols:
        text += f"; counted with {', '.join(f'{symbol}=1' for symbol in figures.symbols)}"
    if unknown:
        text += f"; {number(unknown)} nodes of unknown shape are not counted"
    return text


def _targets(targets: Mapping[str, list[Problem]]) -> list[str | Table]:
    parts: list[str | Table] = []
    for name, problems in targets.items():
        if problems:
            parts.append(_problem_table(f"target {name}: {len(problems)} operators stop it", problems))
        else:
            parts.append(f"target {name}: can take it")
    return parts


def _problem_table(title: str, problems: list[Problem] | tuple[Problem, ...]) -> Table:
    return Table(title, ("place", "operator", "reason"), [(p.place, p.op, p.reason) for p in problems])


def _document(state: State, graph: Graph, figures: Statistics, targets: Mapping[str, list[Problem]]) -> dict[str, Any]:
    return {
        "source": None if state.source is None else str(state.source),
        "format": state.formats[0],
        "metadata": graph.metadata,
        "inputs": [_value(name, value) for name, value in graph.inputs.items()],
        "outputs": [_value(name, value) for name, value in graph.outputs.items()],
        "nodes": figures.nodes,
        "operators": [asdict(row) for row in figures.operators],
        "parameters": figures.parameters,
        "parameter_bytes": figures.parameter_bytes,
        "macs": figures.macs,
        "flops": figures.flops,
        "symbols": list(figures.symbols),
        "targets": {
            name: {"problems": [asdict(problem) for problem in problems]} for name, problems in targets.items()
        },
    }


def _value(name: str, value: Value) -> dict[str, Any]:
    return {
        "name": name,
        "dtype": None if value.dtype is None else value.dtype.name,
        "shape": None if value.shape is None else list(value.shape),
    }


command = Step(
    "inspect",
    _inspect,
    [click.Argument(["model"], required=False, type=Path), from_option()],
    "Inputs, outputs, operators, parameters, MACs and FLOPs of MODEL; which targets can take it and what stops them.",
)
