"""A small format for tests of the command line and the API: a JSON file that lists operators, computed by numpy.

    {"inputs": {"x": ["float32", [2, 3]]}, "ops": ["Neg", "Abs"]}

applies the operators in turn to the first input. `"wrong"` makes the runtime add that number to its outputs,
`"refused"` lists operators that the frontend does not support, as [place, op, reason].
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import BadInputError, MissingDependencyError, Problem, UnsupportedError
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert.registry import Backend, Description, Frontend, OpSupport, Option, Source

FUNCTIONS = {"Neg": np.negative, "Abs": np.abs, "Exp": np.exp, "Log": np.log}


def load(source: Source, wrong: float = 0.0, batch: int | None = None) -> Graph:
    text = source.read_text() if isinstance(source, Path) else source.read().decode()
    try:
        content = json.loads(text)
    except ValueError as error:
        raise BadInputError(f"{source}: not an operator list: {error}", hint="write JSON") from error
    problems = [Problem(*row) for row in content.get("refused", [])]
    if problems:
        raise UnsupportedError("read the list", problems, hint="`mgeconvert ops lst` lists what can be read")
    return build(content, wrong, batch)


def build(content: dict[str, Any], wrong: float, batch: int | None) -> Graph:
    b = Builder()
    for name, (dtype, shape) in content["inputs"].items():
        b.input(name, dtype, (batch, *shape[1:]) if batch else tuple(shape))
    value = next(iter(b.graph.inputs.values()))
    for number, op in enumerate(content["ops"]):
        b.enter(Scope(f"layer{number}"))
        value = b.op(op, value)
    b.output("y", value)
    b.graph.metadata = {"wrong": str(wrong or content.get("wrong", 0.0))}
    return b.graph


def save(graph: Graph, path: Path, wrong: float = 0.0) -> list[Path]:
    found = problems(graph)
    if found:
        raise UnsupportedError("export to lst", found, hint="`mgeconvert ops lst` lists what can be exported")
    content = {
        "inputs": {name: [str(value.dtype), list(value.shape or ())] for name, value in graph.inputs.items()},
        "ops": [node.op for node in graph.nodes],
        "wrong": wrong or float(graph.metadata.get("wrong", 0.0)),
    }
    path.write_text(json.dumps(content))
    return [path]


def problems(graph: Graph) -> list[Problem]:
    return [
        Problem(node.name, node.op, "a list has no such operator") for node in graph.nodes if node.op not in FUNCTIONS
    ]


def run(path: Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    content = json.loads(path.read_text())
    value = next(iter(inputs.values()))
    for op in content["ops"]:
        value = value if op == "Identity" else FUNCTIONS[op](value)
    return {"y": value + value.dtype.type(content.get("wrong", 0.0))}


def missing_run(path: Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    raise MissingDependencyError("the lst runtime is not installed", hint="pip install lst")


def describe(path: Path) -> Description:
    graph = build(json.loads(path.read_text()), 0.0, None)
    return Description(graph.inputs, graph.outputs, "listmaker 1.0", {"lst.neg": 1})


def ops() -> Sequence[OpSupport]:
    return [
        OpSupport("Neg"),
        OpSupport("Abs", note="also of | integers"),
        OpSupport("Loop", refused="a list has no loops"),
    ]


FRONTEND = Frontend(
    "lst",
    "Operator list",
    (".lst",),
    load,
    ops,
    (Option("wrong", float, None, "added to every output"), Option("batch", int, None, "the batch size")),
    describe,
)
BACKEND = Backend(
    "lst",
    "Operator list",
    (".lst",),
    save,
    problems,
    ops,
    run,
    (Option("wrong", float, 0.0, "added to every output"),),
    describe,
    "the lst runtime",
)
