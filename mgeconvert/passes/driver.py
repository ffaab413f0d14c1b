"""Runs passes over a graph until nothing changes."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Container, Sequence
from typing import TypeAlias

from mgeconvert.errors import GraphError
from mgeconvert.ir import Graph

from .outcome import Declined, Outcome, PassReport
from .rewriter import Rewriter
from .table import EVERY, Pass, Rule, Sweep

ROUNDS = 32
"""How often the list of passes is repeated at most; real models settle in two or three rounds."""

CHANGES = 8
"""How many changes per node a pass may make in one sweep before it is taken for one that never ends."""


REWRITES = 4
"""How often passes run on what the target makes of a graph; one is enough for real models, and another to see that."""

Rewritten: TypeAlias = "Callable[[Graph], Graph | None]"
"""What a target's rules make of a graph, with the same inputs; None where that is the graph itself."""


def run(
    graph: Graph,
    passes: Sequence[Pass],
    supported: Container[str] | None = None,
    allowed_growth: int = 0,
    rewritten: Rewritten | None = None,
) -> Outcome:
    """Run the passes in order, again and again until none of them changes anything; the graph is changed in place.

    `supported` names the operators that may be introduced (None: any), `allowed_growth` is in bytes per rewrite. Where
    passes still find something in what is `rewritten` of the result, the graph becomes that.
    """
    plans = [Plan(row) for row in passes]
    declined = _settle(graph, plans, supported, allowed_growth)
    for _ in range(REWRITES):
        form, before = None if rewritten is None else rewritten(graph), _changes(plans)
        if form is None:
            break
        left = _settle(form, plans, supported, allowed_growth)
        if _changes(plans) == before:
            break
        graph.become(form)
        declined = left
    return Outcome(tuple(plan.report() for plan in plans if plan.counts), declined)


def _settle(
    graph: Graph, plans: Sequence[Plan], supported: Container[str] | None, allowed_growth: int
) -> tuple[Declined, ...]:
    """Run the plans until nothing changes; returns what was declined in the end."""
    rewriter = Rewriter(graph, supported, allowed_growth)
    for _ in range(ROUNDS):
        rewriter.declined.clear()
        if not sum([plan.sweep(rewriter) for plan in plans]):
            break
    rewriter.finish()
    return tuple(rewriter.declined)


def _changes(plans: Sequence[Plan]) -> int:
    return sum(plan.counts.total() for plan in plans)


class Plan:
    """A pass ready to run: its rules by operator, and how often each of them changed the graph."""

    def __init__(self, row: Pass) -> None:
        self.counts: Counter[str] = Counter()
        self._row = row
        self._sweeps: list[Sweep] = []
        self._rules: dict[str, list[Rule]] = {}
        for step in row.steps():
            if isinstance(step, Sweep):
                self._sweeps.append(step)
                continue
            for op in step.ops:
                self._rules.setdefault(op, []).append(step)

    def report(self) -> PassReport:
        count = self.counts.total()
        return PassReport(self._row.name, count, self._row.said(count), dict(self.counts))

    def sweep(self, rewriter: Rewriter) -> int:
        """Run the pass until its rules fit nowhere; returns how often it changed the graph."""
        before = self.counts.total()
        for step in self._sweeps:
            self._count(step, step(rewriter))
        if self._rules:
            self._apply(rewriter)
        return self.counts.total() - before

    def _apply(self, rewriter: Rewriter) -> None:
        everywhere = self._rules.get(EVERY, [])
        nodes = rewriter.nodes()
        bound = CHANGES * len(nodes) + self.counts.total()
        rewriter.queue = queue = deque(nodes)
        while queue:
            node = queue.popleft()
            candidates = self._rules.get(node.op, everywhere)
            if not candidates or node.domain or not rewriter.is_alive(node) or rewriter.is_pinned(node):
                continue
            fitting = next((each for each in candidates if rewriter.apply(self._row.name, each.function, node)), None)
            if fitting is None:
                continue
            self._count(fitting, 1)
            if self.counts.total() > bound:
                count = self.counts.total()
                raise GraphError(f"pass {self._row.name} does not come to an end: at {node.name} after {count} changes")

    def _count(self, step: Rule | Sweep, changes: int) -> None:
        if changes:
            self.counts[step.function.__name__] += changes
