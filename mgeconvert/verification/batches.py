"""Is a dynamic batch really dynamic? The written file is run at batches 1, 2 and 5, each row beside that row alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mgeconvert.errors import BadInputError, MgeconvertError, ReferenceEnvironmentError
from mgeconvert.ir import Shape, Value

BATCHES = (1, 2, 5)
HINT = "export it without a dynamic batch, or give --no-verify to keep the file as it is"

Arrays = Mapping[str, np.ndarray]
Run = Callable[[Arrays], Mapping[str, np.ndarray]]


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What was found: `symbol` is the dimension that was varied, `max_rel` the largest error of a row against that row
    alone, or with `by_source` against the source's run, whose rows are not independent either. `first_only` are outputs
    that are the first row's at every batch, `uncompared` those without rows: their size follows the data, or they join
    the whole batch. `problem` is "" unless a batch fails."""

    symbol: str
    max_rel: float = 0.0
    first_only: tuple[str, ...] = ()
    uncompared: tuple[str, ...] = ()
    problem: str = ""
    hint: str | None = HINT
    batches: tuple[int, ...] = BATCHES
    by_source: bool = False

    @property
    def text(self) -> str:
        """In words, for a report."""
        batches = ", ".join(map(str, self.batches))
        if self.problem:
            return f"batches {batches}: FAILED"
        if self.by_source:
            return f"batches {batches}: no rows of their own; as in the source, max rel error {self.max_rel:.3g}"
        text = f"batches {batches}: each row is what it is alone, max rel error {self.max_rel:.3g}"
        if self.first_only:
            text += f"; the first row's only: {', '.join(self.first_only)}"
        if self.uncompared:
            text += f"; not compared, they have no rows: {', '.join(self.uncompared)}"
        return text


def batch_symbol(inputs: Mapping[str, Value]) -> str | None:
    """The name of the dimension that is the first axis of an input; None where no first axis varies."""
    return next((value.shape[0] for value in inputs.values() if value.shape and isinstance(value.shape[0], str)), None)


def check_batches(
    run: Run,
    inputs: Mapping[str, Value],
    outputs: Mapping[str, Value],
    feeds: Arrays,
    rtol: float,
    source: Run | None = None,
) -> BatchReport | None:
    """Compare rows; `feeds` is one set of inputs of any batch, whose rows are reused. None where the batch is fixed.

    Where rows fail, `source` says whether they are to: a sort along the first axis has no rows.
    """
    symbol = batch_symbol(inputs)
    if symbol is None:
        return None
    rows = [_row(inputs, feeds, symbol, number) for number in range(max(BATCHES))]
    stacks = {batch: _stacked(inputs, rows[:batch], symbol) for batch in BATCHES[1:]}
    alone, together = {}, {}
    batch, asked = BATCHES[0], rows[0]
    try:
        for number, asked in enumerate(rows):
            alone[number] = run(asked)
        for batch, asked in stacks.items():
            together[batch] = run(asked)
    except (BadInputError, ReferenceEnvironmentError) as error:
        if source is not None and not _runs(source, asked):
            return BatchReport(symbol, problem="", uncompared=tuple(outputs), by_source=True)
        return BatchReport(symbol, problem=f"{symbol} may vary, but batch {batch} does not run: {error.message}")
    report = _judged(symbol, outputs, list(alone.values()), together, rtol)
    if report.problem and source is not None:
        return _beside(source, stacks, together, report, rtol)
    return report


def _runs(source: Run, feeds: Arrays) -> bool:
    try:
        source(feeds)
    except MgeconvertError:
        return False
    return True


def _beside(
    source: Run, stacks: Mapping[int, Arrays], together: Mapping[int, Arrays], report: BatchReport, rtol: float
) -> BatchReport:
    """The report, or that the source computes the same at these batches."""
    worst = 0.0
    for batch, stack in stacks.items():
        try:
            truths = source(stack)
        except MgeconvertError:
            return report
        for found, truth in zip(together[batch].values(), truths.values(), strict=True):
            worst = max(worst, _error(found, truth) if found.shape == truth.shape else float("inf"))
    return BatchReport(report.symbol, worst, by_source=True) if worst <= rtol else report


def _judged(
    symbol: str,
    outputs: Mapping[str, Value],
    alone: list[Mapping[str, np.ndarray]],
    together: Mapping[int, Mapping[str, np.ndarray]],
    rtol: float,
) -> BatchReport:
    worst = 0.0
    first_only: dict[str, None] = {}
    uncompared: list[str] = []
    for position, (name, value) in enumerate(outputs.items()):
        singles = [_nth(arrays, position) for arrays in alone]
        for batch, arrays in together.items():
            pairs = _pairs(singles[:batch], _nth(arrays, position), _axis(value.shape, symbol), rtol)
            if pairs is None:
                uncompared.append(name)
                break
            if len(pairs) < batch:
                first_only[name] = None
            for number, (found, truth) in enumerate(pairs):
                error = _error(found, truth)
                worst = max(worst, error)
                if not error <= rtol:
                    fact = f"batch {batch}: row {number} of {name} differs from that row alone: "
                    return BatchReport(symbol, worst, problem=f"{fact}max rel error {error:.3g} (limit {rtol:g})")
    return BatchReport(symbol, worst, tuple(first_only), tuple(uncompared))


def _nth(arrays: Mapping[str, np.ndarray], position: int) -> np.ndarray:
    """Runtimes may name outputs as they like; their order is the graph's."""
    return list(arrays.values())[position]


def _axis(shape: Shape | None, symbol: str) -> int:
    """Where the batch is in an output; the first axis where the shape does not say."""
    return shape.index(symbol) if shape and symbol in shape else 0


def _pairs(
    singles: list[np.ndarray], together: np.ndarray, axis: int, rtol: float
) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """(row of the batch, row alone); (the whole, the first row's) of an output that does not depend on the others; None
    where neither fits."""
    first = singles[0]
    if together.ndim == first.ndim > axis and together.shape[axis] == len(singles) * first.shape[axis]:
        parts = np.split(together, len(singles), axis)
        if all(part.shape == single.shape for part, single in zip(parts, singles, strict=True)):
            return list(zip(parts, singles, strict=True))
    if together.shape == first.shape and _error(together, first) <= rtol:
        return [(together, first)]
    return None


def _error(found: np.ndarray, truth: np.ndarray) -> float:
    if truth.size == 0:
        return 0.0
    a, b = found.astype(np.float64), truth.astype(np.float64)
    if np.array_equal(a, b, equal_nan=True):
        return 0.0
    difference, scale = float(np.abs(a - b).max()), float(np.abs(b).max())
    return difference / scale if scale and np.isfinite(difference) else float("inf")


def _row(inputs: Mapping[str, Value], feeds: Arrays, symbol: str, number: int) -> dict[str, np.ndarray]:
    """The inputs of one row: one of the given ones, its numbers moved on so that rows differ."""
    row = {}
    for name, value in inputs.items():
        array = feeds[name]
        for axis in _axes(value, symbol):
            array = array.take([number % array.shape[axis]], axis)
        row[name] = np.roll(array, number) if _axes(value, symbol) else array
    return row


def _stacked(inputs: Mapping[str, Value], rows: list[dict[str, np.ndarray]], symbol: str) -> dict[str, np.ndarray]:
    stacked = {}
    for name, value in inputs.items():
        axes = _axes(value, symbol)
        stacked[name] = np.concatenate([row[name] for row in rows], axes[0]) if axes else rows[0][name]
    return stacked


def _axes(value: Value, symbol: str) -> list[int]:
    return [axis for axis, dim in enumerate(value.shape or ()) if dim == symbol]
