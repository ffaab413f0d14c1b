"""Reading a model into the state, from a file or standard input."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mgeconvert.registry import Frontend

from .session import BIG_BYTES, Session, plural, size
from .state import State

STREAM = Path("-")
"""The path that means standard input or output."""


def read(session: Session, model: Path, frontend: Frontend, options: Mapping[str, Any]) -> State:
    """The state after reading the model; recorded data beside it comes along."""
    from mgeconvert.recorded import beside

    stream = model == STREAM
    length = model.stat().st_size if not stream and model.is_file() else 0
    with session.stage("read", length) as progress:
        extra = {"progress": progress} if frontend.progress and length >= BIG_BYTES else {}
        graph = frontend.load(sys.stdin.buffer if stream else model, **options, **extra)
    if session.debug:
        graph.check()
    weights = sum(value.array.nbytes for value in graph.constants() if value.array is not None)
    where = "standard input" if stream else f"{model} ({size(length)})"
    session.say(
        f"read {where}: {frontend.title}, "
        f"{plural(len(graph.nodes), 'node')}, {size(weights)} of weights, {session.seconds['read']:.2f} s"
    )
    return State(graph, None if stream else model, (frontend.name,), None if stream else beside(model))
