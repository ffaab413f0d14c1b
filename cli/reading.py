"""Reading a model into the state, from a file or standard input."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgeconvert.api import load_for
from mgeconvert.errors import UsageError
from mgeconvert.files import noted
from mgeconvert.registry import Backend, Frontend

from .options import STREAM
from .session import BIG_BYTES, Session, plural, size
from .state import State

if TYPE_CHECKING:
    from mgeconvert.ir import Graph


def read(
    session: Session, model: Path, frontend: Frontend, options: Mapping[str, Any], target: Backend | None = None
) -> State:
    """The state after reading the model, for the target where it is known; recorded data beside it comes along."""
    from mgeconvert.verification.own import own_runtime
    from mgeconvert.verification.recorded import along

    stream = model == STREAM
    length = model.stat().st_size if not stream and model.is_file() else 0
    with session.stage("read", length) as progress:
        if not stream:
            noted(model)
        extra: dict[str, Any] = {"progress": progress} if frontend.progress and length >= BIG_BYTES else {}
        graph = load_for(frontend, sys.stdin.buffer if stream else model, target, {**options, **extra})
    if session.debug:
        graph.check()
    weights = sum(value.array.nbytes for value in graph.constants() if value.array is not None)
    where = "standard input" if stream else f"{model} ({size(length)})"
    session.say(
        f"read {where}: {frontend.title}, "
        f"{plural(len(graph.nodes), 'node')}, {size(weights)} of weights, {session.seconds['read']:.2f} s"
    )
    if stream:
        return State(graph, None, (frontend.name,))
    own = own_runtime(model, frontend, options)
    return State(graph, model, (frontend.name,), along(model, frontend), own)


def model_of(
    session: Session,
    state: State,
    model: Path | None,
    source: Frontend | None,
    usage: str,
    target: Backend | None = None,
    options: Mapping[str, Any] | None = None,
) -> tuple[State, Graph]:
    """The model a step works on: MODEL, read now, else what the step before gives. UsageError without either."""
    if model is not None:
        if source is None:
            raise UsageError("standard input has no suffix that names its format", hint="say the format with --from")
        state = read(session, model, source, options or {}, target)
    if state.graph is None:
        raise UsageError("MODEL is missing and no step before gives one", hint=usage)
    return state, state.graph
