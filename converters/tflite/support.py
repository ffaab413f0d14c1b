"""What the backend takes and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mgeconvert.compose.support import with_composed
from mgeconvert.errors import Problem, UnsupportedError
from mgeconvert.ir import Graph
from mgeconvert.registry import QUANT_PARAMS, Handlers, OpSupport

from .emit.build import Options
from .emit.driver import compile_graph
from .emit.table import EMITTERS, REFUSED
from .lower import LOWERINGS
from .lower import REFUSED as NOT_LOWERED


def problems(graph: Graph, **options: Any) -> Sequence[Problem]:
    """What stops an export, without writing."""
    chosen = Options(**{name: value for name, value in options.items() if name != QUANT_PARAMS.name})
    try:
        compile_graph(graph, chosen.borders, chosen.custom)
    except UnsupportedError as error:
        return error.problems
    return ()


def ops() -> Sequence[OpSupport]:
    """The support table: IR operators with their notes, and the refused ones with reasons."""
    supported = [OpSupport(op, note=emitter.note) for op, emitter in EMITTERS.items()]
    refused = [OpSupport(op, refused=reason) for op, reason in REFUSED.items()]
    return with_composed([*supported, *refused], EMITTERS)


def emitters() -> Handlers:
    """Every IR operator that is emitted, with its handler."""
    return ((op, emitter.function) for op, emitter in EMITTERS.items())


def lowerings() -> Handlers:
    """Every TFLite operator that is lowered, with its handler."""
    return ((op, row.function) for op, row in LOWERINGS.items())


def lowered() -> Sequence[OpSupport]:
    """The support table of the frontend: TFLite operators, custom ones by their codes."""
    supported = [OpSupport(op, note=row.note) for op, row in LOWERINGS.items()]
    refused = [OpSupport(op, refused=reason) for op, reason in NOT_LOWERED.items()]
    return sorted([*supported, *refused], key=lambda row: row.op)
