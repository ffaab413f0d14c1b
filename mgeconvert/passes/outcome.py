"""What became of a graph: what each pass changed, and which patterns were recognised and left alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class Decline(Exception):  # noqa: N818 - no error: the graph stays as it is
    """A pattern was recognised and is left alone; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Declined:
    """A pattern that was recognised and left alone: by the pass `name`, at the node of that name, and why."""

    name: str
    node: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.node}: {self.reason}"


@dataclass(frozen=True, slots=True)
class PassReport:
    """What one pass did: how often it changed the graph, that in words, and how often by each of its rules."""

    name: str
    count: int
    text: str
    rules: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The passes that changed the graph, in the order they run, and the patterns that were declined in the end."""

    passes: tuple[PassReport, ...] = ()
    declined: tuple[Declined, ...] = ()

    @property
    def changes(self) -> int:
        """How often the graph was changed; 0 where nothing was left to do."""
        return sum(report.count for report in self.passes)
