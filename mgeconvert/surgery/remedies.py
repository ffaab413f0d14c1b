"""What helps where a target refuses an operator: an option of the format, a fixed shape, an end before the operator.

Each remedy is tried: it is one only if the target then no longer refuses what it refused.
"""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mgeconvert.errors import MgeconvertError, Problem
from mgeconvert.ir import Graph, TracedDim
from mgeconvert.registry import Backend, Option
from mgeconvert.verification.comparison import RANDOM_BATCH, RANDOM_SIZE

from .cut import cut
from .input_shapes import set_shapes
from .names import Names, module_of

NEWEST = 30
"""No opset is newer."""


def remedy_for(graph: Graph, target: Backend, problem: Problem, model: Path) -> str:
    """The first remedy that helps against a problem of a graph: the option, or the command; empty where none does."""
    for text, problems in (*_options(graph, target), *_edits(graph, target, problem, model)):
        try:
            left = problems()
        except MgeconvertError:
            continue
        if problem not in left and len(left) < len(target.problems(graph)):
            return text
    return ""


Attempt = tuple[str, Callable[[], list[Problem]]]


def _options(graph: Graph, target: Backend) -> Iterator[Attempt]:
    """Options of the format with the values they can have."""
    for option in target.options:
        for value in _values(option):
            flag = f"--{option.name.replace('_', '-')}"
            text = flag if value is True else f"{flag} {value}"
            yield text, functools.partial(_problems, target, graph, **{option.name: value})


def _problems(target: Backend, graph: Graph, **options: Any) -> list[Problem]:
    return list(target.problems(graph, **options))


def _cut_problems(target: Backend, graph: Graph, ends: list[str]) -> list[Problem]:
    return list(target.problems(cut(graph, None, ends)))


def _values(option: Option) -> list[Any]:
    if option.type is bool:
        return [] if option.default else [True]
    if option.choices:
        return [choice for choice in option.choices if choice != option.default]
    return list(range(18, NEWEST)) if option.name == "opset" else []


def _edits(graph: Graph, target: Backend, problem: Problem, model: Path) -> Iterator[Attempt]:
    """A number for each size that varies; an end before the operator."""
    sizes = {
        name: tuple(_number(dim, axis) for axis, dim in enumerate(value.shape))
        for name, value in graph.inputs.items()
        if value.shape is not None and any(isinstance(dim, str) for dim in value.shape)
    }
    if sizes:
        shapes = [f"{name}={','.join(map(str, shape))}" for name, shape in sizes.items()]
        words = [word for shape in shapes for word in ("--shape", shape)]
        yield _command("edit", model, *words), lambda: _problems(target, set_shapes(graph, sizes))
    names = Names(graph)
    for node in graph.nodes:
        if node.op != problem.op or problem.scope not in (node.origin, module_of(node), node.name, node.op):
            continue
        ends = [value.name for value in node.inputs if value is not None and value in names.makers]
        if ends:
            wanted = list(dict.fromkeys(ends))
            text = _command("edit", model, "--outputs", ",".join(wanted))
            yield text, functools.partial(_cut_problems, target, graph, wanted)
            return


def _number(dim: int | str, axis: int) -> int:
    if isinstance(dim, TracedDim):
        return dim.size
    return dim if isinstance(dim, int) else RANDOM_SIZE if axis else RANDOM_BATCH - 1


def _command(name: str, model: Path, *words: str) -> str:
    return shlex.join(["mgeconvert", name, str(model), *words])
