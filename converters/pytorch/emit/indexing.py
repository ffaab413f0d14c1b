"""Indexing: elements chosen or written by position."""

from __future__ import annotations

from typing import Any

from mgeconvert.errors import refuse

from .emission import Emission
from .expressions import Sizes, Whole, item
from .table import emit, emit_call
from .text import call, literal

END = 2**31 - 1


@emit("Gather")
def gather(e: Emission) -> str:
    axis, index = e.attr("axis", 0), e.constant(1)
    if isinstance(e.text(0), Sizes) and index is not None:
        if index.ndim == 0:
            return Whole(item(e.text(0), int(index)))
        return Sizes(f"[{', '.join(item(e.text(0), int(number)) for number in index.reshape(-1))}]")
    axis %= max(e.rank(), 1)
    before = ":, " * axis
    if index is not None and index.ndim == 0:
        return f"{e[0]}[{before}{int(index)}]"
    if isinstance(e.text(1), Whole):
        return f"{e[0]}[{before}{e.text(1)}]"
    x = e[0]
    return f"{x}[{before}{e[1] if e.dtype(1) in ('int64', 'int32') else f'{e[1]}.long()'}]"


@emit_call("megengine.tensor.Tensor.__getitem__")
def getitem(e: Emission) -> str:
    x, index = e.arguments()[:2]
    if isinstance(x, Sizes):
        if isinstance(index, int):
            return Whole(item(x, index))
        if isinstance(index, slice) and not any(
            isinstance(part, str) for part in (index.start, index.stop, index.step)
        ):
            return Sizes(f"{x}[{_part(index)}]")
        refuse("a size chosen at run time")
    parts = index if isinstance(index, tuple) else (index,)
    if not parts or any(isinstance(part, slice) and isinstance(part.step, int) and part.step < 0 for part in parts):
        refuse("an index that torch does not take")
    return f"{x}[{', '.join(map(_part, parts))}]"


def _part(part: Any) -> str:
    if isinstance(part, slice):
        start, stop, step = (_bound(each) for each in (part.start, part.stop, part.step))
        return f"{start}:{stop}" + (f":{step}" if step else "")
    if part is Ellipsis:
        return "..."
    if (isinstance(part, int | Whole) and not isinstance(part, bool)) or part is None:
        return str(part)
    refuse("an index that torch takes in another order")


def _bound(bound: Any) -> str:
    if bound is None:
        return ""
    return str(bound) if isinstance(bound, int | Whole) else f"{bound}.item()"


@emit("Slice")
def slices(e: Emission) -> str:
    starts, ends = e.constant(1), e.constant(2)
    if isinstance(e.text(0), Sizes):
        start, end = (int(e.array(number, "a bound").reshape(-1)[0]) for number in (1, 2))
        step = int(e.array(4, "a step").reshape(-1)[0]) if e.has(4) else 1
        return Sizes(f"{e.text(0)}[{_text(start, end, step)}]")
    if starts is None or ends is None:
        return _moving(e)
    count, rank = len(starts), e.rank()
    axes = e.array(3, "axes").tolist() if e.has(3) else range(count)
    steps = e.array(4, "steps").tolist() if e.has(4) else [1] * count
    parts, flipped, x = [":"] * rank, [], e[0]
    value = e.value(0)
    for start, end, axis, step in zip(starts.tolist(), ends.tolist(), axes, steps, strict=True):
        axis %= rank
        if step < 0:
            size = value.shape[axis] if value is not None and value.shape is not None else None
            if not isinstance(size, int):
                refuse("a backward slice of an axis whose size is only known at run time")
            wanted = range(size)[slice(start, end if end >= -size else None, step)]
            flipped.append(axis)
            start, end, step = (size - 1 - wanted[0], size - wanted[-1], -step) if len(wanted) else (0, 0, 1)
        parts[axis] = _text(start, end, step)
    while parts and parts[-1] == ":":
        parts.pop()
    x = f"{x}.flip({', '.join(map(str, flipped))})" if flipped else x
    return f"{x}[{', '.join(parts)}]" if parts else x


def _text(start: int, end: int, step: int) -> str:
    text = f"{start or ''}:{'' if end >= END else end}"
    return text if step == 1 else f"{text}:{step}"


@emit("GatherElements")
def gather_elements(e: Emission) -> str:
    axis = e.attr("axis", 0)
    return f"{e[0]}.gather({axis}, {_positions(e, axis)})"


def _positions(e: Emission, axis: int) -> str:
    index = e.constant(1)
    if index is not None and (index >= 0).all():
        return e[1] if e.dtype(1) == "int64" else f"{e[1]}.long()"
    return f"({e[1]} % {e[0]}.shape[{axis}]).long()"


@emit("ReverseSequence")
def reverse_sequence(e: Emission) -> str:
    return call("reverse_sequence", e[0], e[1], e.attr("time_axis", 0), e.attr("batch_axis", 1))


@emit("GatherND")
def gather_nd(e: Emission) -> str:
    batch, rank = e.attr("batch_dims", 0), e.rank(1)
    index = f"{e[1]}.long().unbind(-1)"
    if not batch:
        return f"{e[0]}[{index}]"
    forms = [[1] * axis + [-1] + [1] * (rank - 2 - axis) for axis in range(batch)]
    steps = [f"torch.arange({e[0]}.shape[{axis}]{e.on}).reshape({form})" for axis, form in enumerate(forms)]
    return f"{e[0]}[({', '.join(steps)}, *{index})]"


REDUCTIONS = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


@emit("ScatterElements", "Scatter")
def scatter_elements(e: Emission) -> str:
    axis, how = e.attr("axis", 0), e.attr("reduction", "none")
    index = _positions(e, axis)
    if how == "none":
        return f"{e[0]}.scatter({axis}, {index}, {e[2]})"
    return f"{e[0]}.scatter_reduce({axis}, {index}, {e[2]}, {literal(REDUCTIONS[how])})"


@emit("ScatterND")
def scatter_nd(e: Emission) -> str:
    how = e.attr("reduction", "none")
    if how not in ("none", "add"):
        return call("scatter_nd", e[0], f"{e[1]}.long()", e[2], literal(REDUCTIONS[how]))
    index = f"{e[1]}.long().unbind(-1)"
    return f"{e[0]}.index_put({index}, {e[2]}{', accumulate=True' if how == 'add' else ''})"


def _moving(e: Emission) -> str:
    """A slice whose bounds are only known at run time, forwards."""
    rank = e.rank()
    value = e.value(1)
    count = value.shape[0] if value is not None and value.shape else rank
    axes = e.array(3, "axes").tolist() if e.has(3) else list(range(count if isinstance(count, int) else rank))
    steps = e.array(4, "steps").tolist() if e.has(4) else [1] * len(axes)
    if any(step < 0 for step in steps):
        refuse("a backward slice between bounds that are only known at run time")

    def bound(number: int, place: int) -> str:
        array, text = e.constant(number), e.text(number)
        if array is not None:
            value = int(array.reshape(-1)[place])
            return "" if value >= END or (number == 1 and value == 0) else str(value)
        return (
            text
            if isinstance(text, Whole)
            else item(text, place)
            if isinstance(text, Sizes)
            else f"{text}[{place}].item()"
        )

    parts = [":"] * rank
    for place, (axis, step) in enumerate(zip(axes, steps, strict=True)):
        parts[axis % rank] = f"{bound(1, place)}:{bound(2, place)}" + (f":{step}" if step != 1 else "")
    return f"{e[0]}[{', '.join(parts)}]"


@emit_call("megengine.module.embedding.Embedding")
def source_embedding(e: Emission) -> str:
    state = e.tensors("weight")
    return f"{e.module('nn.Embedding', {None: state['weight'].shape}, state)}({e[0]})"
