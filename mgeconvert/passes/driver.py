"""Runs passes over a graph until nothing changes."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Container, Sequence

from mgeconvert.errors import GraphError
from mgeconvert.ir import Graph

from .outcome import Outcome, PassReport
from .rewriter import Rewriter
from .table import EVERY, Pass, Rule, Sweep

ROUNDS = 32
"""How often the list of passes is repeated at most; real models settle in two or three rounds."""

CHANGES = 8
"""How many changes per node a pass may make in one sweep before it is taken for one that never ends."""


def run(
    graph: Graph, passes: Sequence[Pass], supported: Container[str] | None = None, allowed_growth: int = 0
) -> Outcome:
    """Run the passes in order, again and again until none of them changes anything; the graph is changed in place.

    `supported` names the operators that may be introduced (None: any), `allowed_growth` is in bytes per rewrite.
    """
    rewriter = Rewriter(graph, supported, allowed_growth)
    plans = [Plan(row) for row in passes]
    for _ in range(ROUNDS):
        rewriter.declined.clear()
        if not sum([plan.sweep(rewriter) for plan in plans]):
            break
    rewriter.finish()
    return Outcome(tuple(plan.report() for plan in plans if plan.counts), tuple(rewriter.declined))


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
