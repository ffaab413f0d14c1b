"""What a verification found, output by output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from mgeconvert.errors import VerificationError

from .batches import BatchReport
from .tolerance import Limit

Method: TypeAlias = Literal["recorded", "model", "ir", "sanity", "none"]
Fault: TypeAlias = Literal["", "shape", "type", "place", "value"]
"""How an output fails: it is of another shape or type, has NaN or infinity in other places, other numbers."""
State: TypeAlias = Literal["compared", "ran", "not run"]
"""How much is known of a file: it was compared with a truth; it ran, and nothing was there to compare with; neither."""


@dataclass(frozen=True, slots=True)
class OutputReport:
    """One output: its errors against the truth (None where there is none or the arrays cannot be compared).

    `max_rel` is max|a-b| / max|b|, b the truth; `problem` says why the output fails, "" when it passes, and `fault` of
    which kind that is; `note` what is to be known of one that passes.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    max_abs: float | None = None
    max_rel: float | None = None
    cosine: float | None = None
    problem: str = ""
    note: str = ""
    fault: Fault = ""


HINT = "give numbers for sizes that cannot vary, or --no-verify to keep the file as it is"
"""What helps where a size was to vary that cannot."""


@dataclass(frozen=True, slots=True)
class SizesReport:
    """What other sizes gave, where sizes beside the batch may vary: `names` are these, `compared` the sets of sizes at
    which the file computed what its source does (``H=64, W=96``), with `max_rel` the largest error. `problem` is ""
    unless one fails, or the source itself takes none."""

    names: str
    compared: tuple[str, ...] = ()
    max_rel: float = 0.0
    problem: str = ""
    hint: str = HINT

    @property
    def text(self) -> str:
        """In words, for a report."""
        if self.problem:
            return f"other sizes of {self.names}: FAILED"
        if not self.compared:
            return f"other sizes of {self.names}: not compared, the source does not take them"
        return f"also at {'; '.join(self.compared)}: as the source, max rel error {self.max_rel:.3g}"


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What was verified, and how.

    `method` is "recorded" (against recorded outputs), "model" (against a model's own run), "ir" (against mgeconvert's
    own reading of a model), each said in words by `truth`; "sanity" (finite outputs of the declared shapes and dtypes
    on random inputs); or "none", then `reason` says why nothing was run, and `hint` what would help. `batches` is what
    other batches gave where the batch may vary, `sizes` what other sizes did, None where that was not asked.
    `divergence` names the first value that another runtime computes differently, where that was looked for. `remarks`
    say which runtimes are wrong about the file; `notes` are these and the outputs' own.
    """

    candidate: Path
    method: Method
    truth: str
    runtime: str
    limit: Limit
    outputs: tuple[OutputReport, ...] = ()
    reason: str = ""
    hint: str | None = None
    batches: BatchReport | None = None
    sizes: SizesReport | None = None
    divergence: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known although nothing fails: runtimes that are wrong, types that the format lacks."""
        return (*self.remarks, *(f"{output.name}: {output.note}" for output in self.outputs if output.note))

    @property
    def rtol(self) -> float:
        """The limit of the relative error."""
        return self.limit.rtol

    @property
    def failed(self) -> tuple[OutputReport, ...]:
        return tuple(output for output in self.outputs if output.problem)

    @property
    def state(self) -> State:
        """Whether the file was compared, only ran, or was not run."""
        return "not run" if self.method == "none" else "ran" if self.method == "sanity" else "compared"

    @property
    def passed(self) -> bool:
        """Compared, and equal; False also where the file only ran, or was not run: `refuted` says that it is wrong."""
        return self.state == "compared" and not self.refuted

    @property
    def refuted(self) -> bool:
        """It ran, and an output, a batch or another size fails."""
        return bool(self.failed or any(each and each.problem for each in (self.batches, self.sizes)))

    def under(self, candidate: Path, spoken: Callable[[str], str]) -> VerificationReport:
        """The report on a file that will be called `candidate`, its texts as `spoken` says them."""
        hint = None if self.hint is None else spoken(self.hint)
        return replace(self, candidate=candidate, reason=spoken(self.reason), hint=hint)

    def require(self) -> None:
        """Raise VerificationError, naming each failed output, batch or other size, unless none failed."""
        for each in (self.batches, self.sizes):
            if each and each.problem and not self.failed:
                raise VerificationError(f"{self.candidate}: {each.problem}", hint=each.hint)
        if not self.failed:
            return
        fact = f"fails on {self.truth}" if self.method == "sanity" else f"differs from {self.truth}"
        lines = [f"{self.candidate}: {fact}: {len(self.failed)} of {len(self.outputs)} outputs fail"]
        lines += [f"  {output.name}: {output.problem}" for output in self.failed]
        lines += [f"  {self.divergence}"] if self.divergence else []
        raise VerificationError("\n".join(lines), hint=self._hint())

    def _hint(self) -> str | None:
        """What helps with failed outputs, by the first kind of failure that is among them."""
        if self.method == "sanity":
            return "compare with recorded data: --io model.npz"
        if self.sizes and self.sizes.problem:
            return self.sizes.hint
        faults = {output.fault for output in self.failed}
        if self.method == "recorded" and "shape" in faults:
            return RECORD_SHAPE
        if self.method == "recorded" and "type" in faults:
            return RECORD_TYPE
        return _wider(self.failed) if faults == {"value"} else BY_LAYER


RECORD_SHAPE = "record inputs and outputs of one run; `mgeconvert verify MODEL CANDIDATE` compares without records"
RECORD_TYPE = "record what the model gives, with its types; `mgeconvert verify MODEL CANDIDATE` needs no record"
BY_LAYER = "`mgeconvert verify MODEL CANDIDATE --per-layer` names the first value that differs"


def _wider(failed: tuple[OutputReport, ...]) -> str | None:
    """The option with which these outputs would pass; None where no limit is enough."""
    worst = max(output.max_rel or 0.0 for output in failed)
    return f"--rtol {1.05 * worst:.2g} would let it pass" if np.isfinite(worst) else None
