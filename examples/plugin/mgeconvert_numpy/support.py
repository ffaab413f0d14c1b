"""What the format takes, and what stops an export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mgeconvert.errors import Problem, RefusedError
from mgeconvert.ir import Graph
from mgeconvert.registry import Handlers, OpSupport

from .emit import EMITTERS
from .emit.table import Step


def steps(graph: Graph) -> Iterator[Step | Problem]:
    """What each node becomes, or why it cannot."""
    for node in graph.nodes:
        scope = node.origin or node.name
        if node.op not in EMITTERS or node.domain:
            yield Problem(scope, node.op, "numpy has no such function here")
            continue
        try:
            yield EMITTERS[node.op](node)
        except RefusedError as refused:
            yield Problem(scope, node.op, refused.reason)


def problems(graph: Graph, **options: Any) -> Sequence[Problem]:  # noqa: ARG001 - none of the options refuses anything
    """All of them at once."""
    return [found for found in steps(graph) if isinstance(found, Problem)]


def ops() -> Sequence[OpSupport]:
    """The operators that are written."""
    return [OpSupport(op) for op in sorted(EMITTERS)]


def handlers() -> Handlers:
    """For ``mgeconvert ops --where``."""
    return EMITTERS.items()
