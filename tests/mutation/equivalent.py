"""Changes after which our code does the same, read one by one, with reasons.

A change is known by its file, the text of its line, and what it makes of which expression, so that it stays known where
lines move.
"""

from __future__ import annotations

from tests.reached.instrument import ROOT

from .mutants import Mutant

COMPARISON = "mgeconvert/verification/comparison.py"
EQUIVALENT: dict[tuple[str, str, str], str] = {
    (COMPARISON, "else tuple(sizes.get(dim, dim) if isinstance(dim, str) else dim for dim in declared.shape)",
     "isinstance(dim, str)  ->  True"): "sizes has names only: a number is left as it is",
    (COMPARISON, "note = \"\" if declared.dtype is None else _narrowed(found.dtype, declared.dtype, narrows)",
     "declared.dtype is None  ->  False"): "no format narrows the type None, so there is no note either",
    (COMPARISON, "elif isinstance(dim, str):",
     "isinstance(dim, str)  ->  True"): "numbers get a size of their own that nothing asks for",
    (COMPARISON, "recorded = Recorded(path, dict(feeds), dict(zip(outputs, truth.values(), strict=True)))",
     "True  ->  False"): "the model is the one that the outputs are of, at any size",
    (COMPARISON, "if found.size == 0:",
     "found.size == 0  ->  False"): "of nothing the errors are 0 and the cosine is 1 by the formulas too",
}  # fmt: skip
"""(file, stripped line, `old -> new`) to the reason."""


def is_equivalent(mutant: Mutant) -> bool:
    """Whether the table has the change."""
    if not any(file == mutant.file for file, _, _ in EQUIVALENT):
        return False
    line = (ROOT / mutant.file).read_text(encoding="utf-8").splitlines()[mutant.line - 1].strip()
    return (mutant.file, line, mutant.change) in EQUIVALENT
