"""The loop: change, judge, keep what is not allowed."""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .changes import changed
from .judge import Verdict
from .seeds import Files, seed
from .server import Server

SEEDS = 3000
"""How many right files are changed; a short run sees some of them."""


@dataclass
class Outcome:
    """What came of one reader's cases; a finding is kept once a kind, with the first case that showed it."""

    reader: str
    counts: Counter[str] = field(default_factory=Counter)
    findings: dict[str, tuple[Files, Verdict]] = field(default_factory=dict)

    @property
    def cases(self) -> int:
        return sum(self.counts.values())

    def __str__(self) -> str:
        counts = ", ".join(f"{number} {kind}" for kind, number in sorted(self.counts.items()))
        return f"{self.reader}: {self.cases} cases ({counts}), {len(self.findings)} kinds of findings"


def fuzz(
    server: Server,
    reader: str,
    *,
    seconds: float,
    start: int = 0,
    cases: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Cases of one reader for so many seconds, and at most so many; equal `start`, equal cases in equal order."""
    outcome = Outcome(reader)
    end = time.monotonic() + seconds
    for number in itertools.count(start) if cases is None else range(start, start + cases):
        if time.monotonic() > end:
            break
        files = case(reader, number)
        verdict = server.ask(reader, files)
        outcome.counts[verdict.kind] += 1
        if verdict.is_finding and verdict.key not in outcome.findings:
            outcome.findings[verdict.key] = files, verdict
            tell(f"{reader} case {number}: {verdict.key}")
    return outcome


def case(reader: str, number: int) -> Files:
    """The case of that number: a seed, changed by a random generator of its own."""
    r = random.Random(f"{reader} {number}")
    return changed(r, seed(reader, r.randrange(SEEDS) if number % 4 else number // 4 % SEEDS))


def keep(outcome: Outcome, folder: Path) -> None:
    """Write each finding's files and its report to a folder of its own."""
    for number, (files, verdict) in enumerate(outcome.findings.values()):
        place = folder / f"{outcome.reader}-{verdict.kind}-{number}"
        place.mkdir(parents=True, exist_ok=True)
        _write(place, files)
        (place / "report.txt").write_text(f"stage {verdict.stage}\n{verdict.text}\n")


def _write(place: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (place / name).write_bytes(content)
