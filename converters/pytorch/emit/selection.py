"""Selection: elements chosen by value."""

from __future__ import annotations

from mgeconvert.errors import refuse

from .emission import Emission
from .expressions import Many, Sizes, Whole, item
from .table import emit
from .text import call, literal


@emit("Where")
def where(e: Emission) -> str:
    plain = [e.scalar(n) if e.constant(3 - n) is None else e[n] for n in (1, 2)]
    return f"torch.where({e[0]}, {plain[0]}, {plain[1]})"


@emit("TopK")
def topk(e: Emission) -> str:
    axis, k = e.attr("axis", -1), e.constant(1)
    if k is not None:
        count = literal(int(k.reshape(-1)[0]))
    else:
        text = e.text(1)
        count = item(text, 0) if isinstance(text, Sizes) else text if isinstance(text, Whole) else f"{text}.item()"
    largest = bool(e.attr("largest", 1))
    return Many(f"torch.topk({e[0]}, {count}, {axis}, largest={largest})")


@emit("NonZero")
def nonzero(e: Emission) -> str:
    return f"{e[0]}.nonzero().T"


@emit("OneHot")
def one_hot(e: Emission) -> str:
    depth, values = e.array(1, "a depth"), e.constant(2)
    count = int(depth.reshape(-1)[0])
    rank = e.rank() + 1
    axis = e.attr("axis", -1) % rank
    steps = f"torch.arange({count}{e.on})"
    if axis < rank - 1:
        steps += f".reshape({[-1, *[1] * (rank - 1 - axis)]})"
    text = f"({e[0]}.long() % {count}).unsqueeze({axis}) == {steps}"
    inside = f"(({e[0]} >= -{count}) & ({e[0]} < {count})).unsqueeze({axis})"
    if values is None:
        return f"torch.where({inside} & ({text}), {e[2]}[1], {e[2]}[0])"
    off, on = values.tolist()
    if e.out_dtype != "torch.float32" and not isinstance(on, int):
        refuse(f"OneHot of {e.out_dtype}")
    return f"torch.where({inside} & ({text}), {literal(on)}, {literal(off)}).to({e.out_dtype})"


@emit("Unique")
def unique(e: Emission) -> str:
    """torch tells no place of the first of each, and knows the sorted form only."""
    if len(e.node.outputs) > 1 or not e.attr("sorted", 1):
        refuse("values that are not sorted, or the places and counts of unique values")
    axis = e.attr("axis")
    return call("torch.unique", e[0], **({} if axis is None else {"dim": axis}))


@emit("Trilu")
def trilu(e: Emission) -> str:
    k = int(e.array(1, "a diagonal").reshape(-1)[0]) if e.has(1) else 0
    return f"{e[0]}.{'triu' if e.attr('upper', 1) else 'tril'}({k or ''})"


@emit("Compress")
def compress(e: Emission) -> str:
    axis = e.attr("axis")
    if axis is None:
        return f"{e[0]}.flatten()[: {e[1]}.numel()][{e[1]}]"
    axis %= e.rank()
    return f"{e[0]}.index_select({axis}, {e[1]}.nonzero()[:, 0])"
