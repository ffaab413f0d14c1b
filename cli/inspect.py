"""`mgeconvert inspect MODEL`: what is in a model, what it costs, and which targets can take it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mgeconvert import registry
from mgeconvert.api import optimize
from mgeconvert.errors import Problem, UnsupportedError, UsageError
from mgeconvert.registry import Description, Frontend

from .convert import from_option
from .guide import command as command_line
from .options import FILE, OUTPUT, STREAM
from .outputs import check_beside, force_option
from .reading import read
from .session import Session, number, plural, size
from .state import State
from .steps import Step
from .table import Table
from .values import Names

if TYPE_CHECKING:
    from mgeconvert.ir import Graph, Value
    from mgeconvert.ir.statistics import Statistics


def _inspect(
    session: Session,
    state: State,
    model: Path | None,
    source_format: str | None,
    nodes: bool,
    tree: bool,
    model_explorer: Path | None,
    inputs_of: str | None,
    within: Sequence[str] | None,
    quantization: bool,
    force: bool,  # noqa: ARG001 (what may be replaced was checked before)
) -> State:
    problems: Sequence[Problem] = ()
    described: Description | None = None
    if model is not None:
        record = registry.frontend(source_format) if source_format else registry.frontend_for(model)
        described = _describe(record, model)
        try:
            state = read(session, model, record, {})
        except UnsupportedError as error:
            if described is None:
                raise
            problems = error.problems
            state = State(None, model, (record.name,))
    elif state.graph is None:
        raise UsageError("MODEL is missing and no step before gives one", hint="mgeconvert inspect MODEL")
    if state.graph is not None and model_explorer is not None:
        _write_model_explorer(session, state.graph, model_explorer)
        return state
    if state.graph is not None and tree:
        _answer_tree(session, state.graph)
        return state
    if state.graph is not None and quantization:
        _answer_quantization(session, state.graph)
        return state
    if state.graph is not None and (nodes or inputs_of is not None):
        _answer_parts(session, state.graph, nodes, inputs_of, within or ())
        return state
    title = registry.frontend(state.formats[0]).title
    writer = f", written by {described.writer}" if described and described.writer else ""
    where = "standard input" if state.source is None else str(state.source)
    content: dict[str, Any] = {
        "source": None if state.source is None else str(state.source),
        "format": state.formats[0],
    }
    session.answer(f"{where}: {title}{writer}")
    if described is not None:
        content |= {"writer": described.writer, "source_operators": dict(described.operators)}
    if state.graph is not None:
        content |= _inspect_graph(session, state.graph)
        if described is not None and described.operators:
            session.answer(_operators(described.operators))
        if model is not None and model != STREAM:
            own, targets = state.formats[0], content["targets"]
            able = [name for name, found in targets.items() if not found["problems"] and name != own]
            session.next(*(command_line(f"{own}-to-{name}", model) for name in able))
    elif described is not None:
        content |= _inspect_description(session, described, problems)
    session.document("inspect", **content)
    return state


def _check(
    session: Session,
    source_format: str | None,
    model: Path | None,
    nodes: bool,
    tree: bool,
    model_explorer: Path | None,
    inputs_of: str | None,
    within: Sequence[str] | None,
    quantization: bool,
    force: bool,
) -> None:
    """What is asked for is one thing: tables of the nodes, the modules, or a file."""
    if model is not None and model != STREAM:
        registry.frontend(source_format) if source_format else registry.frontend_for(model)
    if within and not nodes:
        raise UsageError("--in: nothing would use it", hint="give --nodes too")
    asked = {"--model-explorer": model_explorer is not None, "--tree": tree, "--nodes": nodes or inputs_of is not None}
    asked["--quantization"] = quantization
    found = [name for name, wanted in asked.items() if wanted]
    if len(found) > 1:
        raise UsageError(f"{' and '.join(found)} ask for different things", hint="give one of them")
    if force and model_explorer is None:
        raise UsageError("--force replaces a file, and none is written", hint="--model-explorer FILE.json")
    if model_explorer == STREAM:
        raise UsageError("--model-explorer - : expected a file", hint="--model-explorer FILE.json")
    if model_explorer is not None:
        check_beside(session, model_explorer, "--model-explorer", ".json", force=force)


def _answer_parts(session: Session, graph: Graph, nodes: bool, what: str | None, within: Sequence[str]) -> None:
    """The nodes of the graph, or of some modules, or what some of them read."""
    from mgeconvert.surgery import inputs_of, nodes_in

    content: dict[str, Any] = {}
    if nodes:
        chosen = nodes_in(graph, within) if within else set(graph.nodes)
        rows = [
            (node.origin, node.op, ", ".join(f"{v.name}: {v.type_text}" for v in node.outputs))
            for node in graph.nodes
            if node in chosen
        ]
        session.answer(Table("", ("origin", "operator", "values"), rows))
        content["nodes"] = [dict(zip(("origin", "op", "values"), row, strict=True)) for row in rows]
    if what is not None:
        found = inputs_of(graph, what)
        columns = ("node", "operator", "input", "type", "made by")
        session.answer(Table("", columns, [(row.node, row.op, row.input, row.type, row.made_by) for row in found]))
        content["inputs_of"] = [asdict(row) for row in found]
    session.document("inspect", **content)


def _write_model_explorer(session: Session, graph: Graph, out: Path) -> None:
    """The graph for Google's Model Explorer."""
    from mgeconvert.files import output_files
    from mgeconvert.ir.model_explorer import model_explorer

    with output_files(out) as (stream,):
        stream.write(json.dumps(model_explorer(graph), indent=1).encode())
    session.say(f"wrote {out} ({size(out.stat().st_size)}) for Model Explorer")
    session.next(shlex.join(["model-explorer", str(out)]))
    session.document("inspect", files=[{"path": str(out), "bytes": out.stat().st_size}])


def _answer_tree(session: Session, graph: Graph) -> None:
    """The modules of the graph, what each costs, and the targets that cannot take it."""
    from mgeconvert.ir.tree_statistics import dotted, module_statistics, prefixes

    refused: dict[str, dict[str, None]] = {}
    for target in registry.backend_names():
        for problem in _problems(graph, target):
            scope = "" if problem.scope == "model" else dotted(problem.scope)
            for prefix in prefixes(scope):
                refused.setdefault(prefix, {})[target] = None
    found = module_statistics(graph)
    rows = [
        (
            "  " * (len(prefixes(row.path)) - 1) + (row.path.rpartition(".")[2] or "model"),
            row.kind,
            number(row.calls),
            number(row.nodes),
            number(row.parameters),
            size(row.weight_bytes),
            number(row.macs),
            ", ".join(refused.get(row.path, ())),
        )
        for row in found
    ]
    columns = ("module", "class", "calls", "nodes", "parameters", "constants", "MACs", "not in")
    session.answer(Table("", columns, rows, frozenset({2, 3, 4, 5, 6})))
    session.document("inspect", tree=[{**asdict(row), "refused": list(refused.get(row.path, ()))} for row in found])


def _answer_quantization(session: Session, graph: Graph) -> None:
    """How each value is quantized."""
    from mgeconvert.quantization.described import describe_quantization

    def several(numbers: Sequence[float], axis: int | None = None) -> str:
        text = " to ".join(f"{number:.6g}" for number in numbers)
        return text if axis is None else f"{text}, axis {axis}"

    found = describe_quantization(graph)
    rows = [
        (
            row.name,
            row.kind,
            row.dtype,
            str(row.bits),
            several(row.scale, row.axis),
            several(row.zero_point),
            f"{row.lowest} to {row.highest}",
            f"{row.low:.6g} to {row.high:.6g}",
            row.place,
        )
        for row in found
    ]
    columns = ("value", "kind", "type", "bits", "scale", "zero point", "integers", "numbers", "from")
    session.answer(Table("", columns, rows, frozenset({3})) if rows else "nothing is quantized")
    session.document("inspect", quantization=[asdict(row) for row in found])


def _describe(record: Frontend, model: Path) -> Description | None:
    return record.describe(model) if record.describe is not None and model != STREAM else None


def _inspect_graph(session: Session, graph: Graph) -> dict[str, Any]:
    """Print and return what the IR says."""
    from mgeconvert.ir.statistics import statistics

    figures = statistics(graph)
    targets = {name: _problems(graph, name) for name in registry.backend_names()}
    session.answer(
        _signature("inputs", graph.inputs),
        _signature("outputs", graph.outputs),
        _costs(figures),
        _total(figures),
    )
    for name, problems in targets.items():
        if problems:
            session.answer(_problem_table(f"target {name}: {_count(problems)}", problems))
        else:
            session.answer(f"target {name}: can take it")
    return {
        "metadata": graph.metadata,
        "inputs": _values(graph.inputs),
        "outputs": _values(graph.outputs),
        **asdict(figures),
        "targets": {name: {"problems": [asdict(each) for each in found]} for name, found in targets.items()},
    }


def _problems(graph: Graph, target: str) -> list[Problem]:
    """What stops an export, which optimizes first."""
    optimized = graph.copy()
    optimize(optimized, target=target)
    return list(registry.backend(target).problems(optimized))


def _inspect_description(session: Session, described: Description, problems: Sequence[Problem]) -> dict[str, Any]:
    """Print and return what the file says of itself where it cannot become a graph."""
    session.answer(
        _signature("inputs", described.inputs),
        _signature("outputs", described.outputs),
        _operators(described.operators),
        _problem_table(f"no target can take it: {_count(problems)}", problems),
    )
    return {
        "inputs": _values(described.inputs),
        "outputs": _values(described.outputs),
        "problems": [asdict(problem) for problem in problems],
    }


def _count(problems: Sequence[Problem]) -> str:
    return f"{plural(len(problems), 'operator')} not supported"


def _signature(title: str, values: Mapping[str, Value]) -> Table:
    return Table(title, ("name", "type"), [(name, value.type_text) for name, value in values.items()])


def _operators(counts: Mapping[str, int]) -> Table:
    rows = [(name, number(count)) for name, count in sorted(counts.items(), key=lambda row: (-row[1], row[0]))]
    return Table("operators of the source", ("operator", "calls"), rows, frozenset({1}))


def _costs(figures: Statistics) -> Table:
    rows = [
        (row.op, number(row.nodes), number(row.parameters), number(row.macs), number(row.flops))
        for row in figures.operators
    ]
    columns = ("operator", "nodes", "parameters", "MACs", "FLOPs")
    return Table("operators of the IR", columns, rows, frozenset({1, 2, 3, 4}))


def _total(figures: Statistics) -> str:
    unknown = sum(row.unknown for row in figures.operators)
    text = (
        f"total: {plural(figures.nodes, 'node')}, {number(figures.parameters)} parameters, "
        f"{size(figures.weight_bytes)} of constants, {number(figures.macs)} MACs, {number(figures.flops)} FLOPs"
    )
    if figures.symbols:
        text += f"; counted with {', '.join(f'{symbol}=1' for symbol in figures.symbols)}"
    if unknown:
        text += f"; {plural(unknown, 'node')} of unknown shape not counted"
    return text


def _problem_table(title: str, problems: Sequence[Problem]) -> Table:
    rows = [(problem.scope, problem.op, problem.reason) for problem in problems]
    return Table(title, ("scope", "operator", "reason"), rows)


def _values(values: Mapping[str, Value]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "dtype": None if value.dtype is None else value.dtype.name,
            "shape": None if value.shape is None else list(value.shape),
        }
        for name, value in values.items()
    ]


command = Step(
    "inspect",
    _inspect,
    [
        click.Argument(["model"], required=False, type=FILE),
        from_option(),
        click.Option(["--nodes"], is_flag=True, help="List the nodes and their values instead."),
        click.Option(
            ["--in", "within"],
            type=Names(),
            metavar="A,B",
            help="With --nodes: those of modules by path, glob or class.",
        ),
        click.Option(
            ["--tree"], is_flag=True, help="List the modules instead: class, cost, and the targets that cannot take it."
        ),
        click.Option(
            ["--model-explorer"],
            type=OUTPUT,
            metavar="JSON",
            help="Write the graph for Google's Model Explorer instead.",
        ),
        click.Option(
            ["--inputs-of"], metavar="WHAT", help="List what an operator (Concat), module, node or value reads."
        ),
        click.Option(
            ["--quantization"],
            is_flag=True,
            help="List how each value is quantized instead: scale, range, bits, from where.",
        ),
        force_option(),
    ],
    "Inputs, outputs, operators, parameters, MACs and FLOPs of MODEL; which targets can take it and what stops them.",
    check=_check,
)
