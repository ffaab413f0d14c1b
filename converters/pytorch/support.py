"""What the backend takes and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence

from mgeconvert.compose.support import with_composed
from mgeconvert.errors import Problem
from mgeconvert.ir import Graph
from mgeconvert.registry import Handlers, OpSupport

from .emit.driver import load_tables, network
from .emit.refused import REFUSED
from .emit.table import CALLS, EMITTERS


def problems(graph: Graph, weights_only: bool = False) -> Sequence[Problem]:  # noqa: ARG001
    """What stops an export, without writing."""
    return network(graph).problems


def ops() -> Sequence[OpSupport]:
    """The support table: IR operators, and the refused ones with reasons."""
    load_tables()
    supported = [OpSupport(op) for op in EMITTERS]
    refused = [OpSupport(op, refused=reason) for op, reason in REFUSED.items()]
    return with_composed([*supported, *refused], EMITTERS)


def emitters() -> Handlers:
    """Every IR operator that is emitted, and every call of MegEngine that is written as it was, with its handler."""
    load_tables()
    return [*EMITTERS.items(), *CALLS.items()]
