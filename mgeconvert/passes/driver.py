"""Runs passes over a graph until nothing changes."""

from __future__ import annotations

import importlib
from collections import Counter, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from mgeconvert.errors import GraphError
from mgeconvert.ir import Graph

from . import Pass
from .rewriter import Declined, Rewriter
from .table import EVERY, RULES, WHOLE

ROUNDS = 32
"""How often the list of passes is repeated at most; real models settle in two or three rounds."""

CHANGES = 8
"""How many changes a node a pass may make in one sweep before it is taken for one that never ends."""


@dataclass(slots=True)
class Outcome:
    """How often each pass changed the graph, and the patterns that were recognised and left alone in the end."""

    counts: Counter[str] = field(default_factory=Counter)
    declined: list[Declined] = field(default_factory=list)


def run(graph: Graph, passes: Sequence[Pass], supported: Collection[str] | None = None) -> Outcome:
    """Run the passes in order, again and again until none of them changes anything; the graph is changed in place."""
    for row in passes:
        importlib.import_module(f"{__package__}.{row.home}")
    rewriter = Rewriter(graph, supported)
    outcome = Outcome()
    for _ in range(ROUNDS):
        rewriter.declined.clear()
        changes = Counter({row.name: sweep(rewriter, row.name) for row in passes})
        outcome.counts.update(changes)
        if not changes.total():
            break
    rewriter.finish()
    outcome.declined = list(rewriter.declined)
    return outcome


def sweep(rewriter: Rewriter, name: str) -> int:
    """Run one pass until its rules fit nowhere; returns how often it changed the graph."""
    count = sum(function(rewriter) for function in WHOLE.get(name, ()))
    rules = RULES.get(name)
    if not rules:
        return count
    everywhere = rules.get(EVERY, [])
    nodes = rewriter.nodes()
    bound = CHANGES * len(nodes) + count
    rewriter.queue = queue = deque(nodes)
    while queue:
        node = queue.popleft()
        candidates = rules.get(node.op, everywhere)
        if not candidates or node.domain or not rewriter.is_alive(node) or rewriter.is_pinned(node):
            continue
        if any(rewriter.apply(name, function, node) for function in candidates):
            count += 1
            if count > bound:
                raise GraphError(f"pass {name} does not come to an end: at {node.name} after {count} changes")
    return count
