"""Are sizes that may vary really free? The written file is run at other ones, beside the model that it was made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

from mgeconvert.errors import BadInputError, MgeconvertError, ReferenceEnvironmentError, UnsupportedError
from mgeconvert.ir import TracedDim, Value

from .batches import Arrays, Run, batch_symbol
from .report import HINT, OutputReport, SizesReport

STEP = 32
"""Sizes grow by what divides the traced one, up to this: a network that halves its image five times goes on fitting."""
GROWTH = ((1, 2), (2, 1))
"""How many steps sizes grow in each round: every other size by the first number, the rest by the second."""

Judge: TypeAlias = "Callable[[Arrays, Arrays, Arrays], Sequence[OutputReport]]"
"""Reports on what was found, what is true, and the feeds of both."""


class Sized(Protocol):
    """A model that can be asked about other sizes.

    `asked` says that the user wants them to vary, `keeps` that `--keep-constant` says which numbers are no sizes. `at`
    computes the model, `reread` reads it for the sizes of the feeds and raises UnsupportedError for operators that do
    not take them.
    """

    @property
    def asked(self) -> bool: ...
    @property
    def keeps(self) -> bool: ...
    def at(self, feeds: Arrays) -> Arrays: ...
    def reread(self, feeds: Arrays) -> Any: ...


def free_sizes(inputs: Mapping[str, Value], feeds: Arrays) -> dict[str, int]:
    """The dimensions beside the batch that were asked to vary, and what they are in the feeds."""
    batch = batch_symbol(inputs)
    return {
        dim: size
        for name, value in inputs.items()
        for dim, size in zip(value.shape or (), feeds[name].shape, strict=True)
        if isinstance(dim, str) and not isinstance(dim, TracedDim) and dim != batch
    }


def other_sizes(sizes: Mapping[str, int]) -> list[dict[str, int]]:
    """Two sets of other sizes."""
    return [
        {dim: size + growth[index % 2] * _step(size) for index, (dim, size) in enumerate(sizes.items())}
        for growth in GROWTH
    ]


def _step(size: int) -> int:
    """The largest power of two that divides the size, up to `STEP`."""
    return min(size & -size, STEP) or 1


def feeds_at(inputs: Mapping[str, Value], feeds: Arrays, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    """The feeds at those sizes: their numbers, over and over."""
    found = {}
    for name, value in inputs.items():
        array = feeds[name]
        dims = zip(value.shape or (), array.shape, strict=True)
        shape = tuple(sizes.get(dim, size) if isinstance(dim, str) else size for dim, size in dims)
        found[name] = array if shape == array.shape else np.resize(array, shape)
    return found


def check_sizes(run: Run, inputs: Mapping[str, Value], feeds: Arrays, own: Sized, judge: Judge) -> SizesReport | None:
    """Compare the file with its source at other sizes; None where none may vary. Where the source does not take sizes
    that were asked to vary, these are not free: the problem names the operator that holds them."""
    sizes = free_sizes(inputs, feeds)
    if not sizes:
        return None
    names = ", ".join(sizes)
    worst, refusals, compared = 0.0, [], []
    for chosen in other_sizes(sizes):
        at, place = feeds_at(inputs, feeds, chosen), ", ".join(f"{dim}={size}" for dim, size in chosen.items())
        try:
            truth = own.at(at)
        except MgeconvertError as error:
            refusals.append(f"at {place} the model itself does not run: {_reason(own, at, error)}")
            continue
        try:
            found = run(at)
        except (BadInputError, ReferenceEnvironmentError) as error:
            return SizesReport(names, problem=f"{names} may vary, but at {place} it does not run: {error.message}")
        reports = judge(found, truth, at)
        for report, expected in zip(reports, truth.values(), strict=True):
            if report.problem:
                fact = f"{names} may vary, but at {place} {report.name}: {report.problem}"
                return SizesReport(names, problem=fact, hint=_hint(own, report, expected.shape, sizes))
        worst = max([worst, *(report.max_rel or 0.0 for report in reports)])
        compared.append(place)
    if compared:
        return SizesReport(names, tuple(compared), worst)
    if own.asked:
        return SizesReport(names, problem=f"{names} cannot vary: {refusals[0]}")
    return SizesReport(names)


def _hint(own: Sized, report: OutputReport, expected: tuple[int, ...], sizes: Mapping[str, int]) -> str:
    """What helps where another size gives something else: a number of the source that was taken for a size is named
    where the output of the source has it as a size."""
    if not own.keeps:
        return HINT
    has = set() if report.fault != "shape" else set(expected) - set(report.shape)
    numbers = sorted(has & set(sizes.values()))
    if not numbers:
        return f"--keep-constant N for numbers said above that are no sizes, or {HINT}"
    return f"--keep-constant {','.join(map(str, numbers))} where such a number is no size, or {HINT}"


def _reason(own: Sized, feeds: Arrays, error: MgeconvertError) -> str:
    """The operators that cannot be read at these sizes, with their module paths; else what the runtime said."""
    try:
        own.reread(feeds)
    except UnsupportedError as unsupported:
        return "; ".join(map(str, unsupported.problems))
    except MgeconvertError as other:
        return other.message
    return error.message.splitlines()[0]
