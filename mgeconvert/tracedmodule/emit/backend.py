"""What the TracedModule backend's record calls: save and problems."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from mgeconvert.errors import BadInputError, Problem, RefusedError, UnsupportedError
from mgeconvert.files import output_files
from mgeconvert.ir import Graph
from mgeconvert.ir.whole_calls import with_whole_calls

from ..read.work import bounded
from ..write import pickler
from ..write.pickler import Instance
from .assemble import emitted, traced_module
from .driver import load_tables, prepare
from .layer_norms import with_layer_norms
from .leaf_modules import with_leaf_modules
from .quantization.quantized_modules import with_quantized_modules


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


def calls(graph: Graph) -> int:
    """How many calls the graph is written with: those of the source that are whole and those of its other nodes."""
    load_tables()
    prepared, _ = prepare(with_whole_calls(graph))
    return len(prepared.nodes)


def _assembled(graph: Graph) -> tuple[Instance | None, list[Problem]]:
    try:
        with bounded():
            return _made(graph)
    except RefusedError as refused:  # what the file kept of a call that it never made
        return None, [Problem(graph.name, "TracedModule", refused.reason)]
    except BadInputError as error:  # attributes that no call reads, and that share their parts without end
        return None, [Problem(graph.name, "TracedModule", error.message)]


def _made(graph: Graph) -> tuple[Instance | None, list[Problem]]:
    load_tables()
    graph = (
        with_whole_calls(graph) if graph.calls else with_leaf_modules(with_layer_norms(with_quantized_modules(graph)))
    )
    prepared, found = prepare(graph)
    calls, more = emitted(prepared)
    said = {(problem.scope, problem.op) for problem in found}
    found = [*found, *(problem for problem in more if (problem.scope, problem.op) not in said)]
    if found:
        return None, found
    return traced_module(prepared, calls), []
