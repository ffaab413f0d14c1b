"""What the TracedModule backend's record calls: save, problems, ops and run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mgeconvert.errors import Problem, UnsupportedError, UsageError
from mgeconvert.files import output_files
from mgeconvert.ir import Graph
from mgeconvert.registry import OpSupport

from ..write import pickler
from ..write.pickler import Instance
from . import table
from .assemble import emitted, traced_module
from .driver import load_tables, prepare
from .refused import REFUSED


def save(graph: Graph, path: Path | BinaryIO) -> list[Path]:
    """Write `graph` as a TracedModule; returns the file written (none for a stream).

    Raises UnsupportedError with every operator that MegEngine cannot express.
    """
    module, found = _assembled(graph)
    if module is None:
        raise UnsupportedError("export to tm", found, hint="`mgeconvert ops tm` lists what can be written")
    if not isinstance(path, Path):
        pickler.write(module, path)
        return []
    with output_files(path) as (stream,):
        pickler.write(module, stream)
    return [path]


def problems(graph: Graph) -> list[Problem]:
    """What stops `save`, without writing anything."""
    return _assembled(graph)[1]


def ops() -> list[OpSupport]:
    """The IR operators that are written, and those that are refused."""
    load_tables()
    return [OpSupport(op) for op in table.written_operators()] + [
        OpSupport(op, refused=reason) for op, reason in sorted(REFUSED.items())
    ]


def handlers() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every operator with each of its emitters and rewrites."""
    load_tables()
    yield from table.handlers()


def run(path: Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What real MegEngine computes, in the reference environment. Outputs are named as the frontend names them."""
    from mgeconvert.reference import client

    from ..lower.frontend import describe

    said = describe(path)
    missing = [name for name in said.inputs if name not in inputs]
    if missing or len(inputs) != len(said.inputs):
        raise UsageError(f"{path}: inputs {', '.join(inputs)} given; the model's are {', '.join(said.inputs)}")
    given = [np.asarray(inputs[name], value.dtype) for name, value in said.inputs.items()]
    return dict(zip(said.outputs, client.run(path, given), strict=True))


def _assembled(graph: Graph) -> tuple[Instance | None, list[Problem]]:
    load_tables()
    prepared, found = prepare(graph)
    calls, more = emitted(prepared)
    said = {(problem.place, problem.op) for problem in found}
    found = [*found, *(problem for problem in more if (problem.place, problem.op) not in said)]
    return (None if found else traced_module(prepared, calls)), found
