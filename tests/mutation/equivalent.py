"""Changes after which our code does the same, read one by one, with reasons.

A change is known by its file, the text of its line, and what it makes of which expression, so that it stays known where
lines move.
"""

from __future__ import annotations

from tests.reached.instrument import ROOT

from .mutants import Mutant

EQUIVALENT: dict[tuple[str, str, str], str] = {}
"""(file, stripped line, `old -> new`) to the reason."""


def is_equivalent(mutant: Mutant) -> bool:
    """Whether the table has the change."""
    if not any(file == mutant.file for file, _, _ in EQUIVALENT):
        return False
    line = (ROOT / mutant.file).read_text(encoding="utf-8").splitlines()[mutant.line - 1].strip()
    return (mutant.file, line, mutant.change) in EQUIVALENT
