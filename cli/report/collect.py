"""What a command has to show beside its JSON document."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mgeconvert.ir import Graph
    from mgeconvert.verification.layers.compare import Comparison


@dataclass(frozen=True, slots=True)
class Census:
    """How many nodes of each operator a graph has, and its weights in bytes."""

    operators: Counter[str]
    weights: int

    @classmethod
    def of(cls, graph: Graph) -> Census:
        """The graph as it is now."""
        weights = sum(value.array.nbytes for value in graph.constants() if value.array is not None)
        return cls(Counter(node.op for node in graph.nodes), weights)


@dataclass(slots=True)
class Collected:
    """`report` and `node_data` are the files to write (None: not asked for). `graph` is the network that is drawn,
    `before` what it was before passes, `comparison` what was found layer by layer."""

    report: Path | None = None
    node_data: Path | None = None
    graph: Graph | None = None
    before: Census | None = None
    comparison: Comparison | None = None
    written: list[Path] = field(default_factory=list)

    @property
    def is_wanted(self) -> bool:
        """Whether there is a file to write."""
        return self.report is not None or self.node_data is not None

    def begins(self, graph: Graph) -> None:
        """The graph that passes are about to change in place."""
        if self.is_wanted:
            self.before, self.graph = self.before or Census.of(graph), graph

    def shows(self, graph: Graph) -> None:
        """The graph to draw."""
        if self.is_wanted:
            self.graph = graph
