"""Sums, means and extremes along axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .emission import Emission
from .expressions import Whole
from .table import emit
from .text import call

REDUCE: Mapping[str, str] = {
    "ReduceSum": "{x}.sum({axes}, keepdim={keep})",
    "ReduceMean": "{x}.mean({axes}, keepdim={keep})",
    "ReduceMax": "{x}.amax({axes}, keepdim={keep})",
    "ReduceMin": "{x}.amin({axes}, keepdim={keep})",
    "ReduceL1": "{x}.abs().sum({axes}, keepdim={keep})",
    "ReduceL2": "torch.linalg.vector_norm({x}, dim={axes}, keepdim={keep})",
    "ReduceLogSum": "{x}.sum({axes}, keepdim={keep}).log()",
    "ReduceLogSumExp": "torch.logsumexp({x}, {axes}, keepdim={keep})",
    "ReduceSumSquare": "({x} * {x}).sum({axes}, keepdim={keep})",
}


ALONE: Mapping[str, str] = {
    "ReduceL1": "{x}.abs()", "ReduceL2": "{x}.abs()", "ReduceLogSum": "{x}.log()", "ReduceSumSquare": "{x} * {x}",
}  # fmt: skip
"""What is computed of each element where no axis is reduced; the others change nothing then."""


@emit(*REDUCE)
def reduce(e: Emission) -> str:
    axes = _axes(e)
    if axes is None:
        return ALONE.get(e.node.op, "{x}").format(x=e[0])
    text = REDUCE[e.node.op].format(x=e[0], axes=axes, keep=bool(e.attr("keepdims", 1)))
    whole = e.dtype().startswith(("int", "uint")) and e.node.op not in ("ReduceMax", "ReduceMin")
    return f"({text}).to({e.out_dtype})" if whole else text.replace(", keepdim=False", "")


def _axes(e: Emission) -> Any:
    """The axes; None where nothing is reduced."""
    axes: Any = e.array(1, "axes").tolist() if e.has(1) else e.attr("axes")
    if axes is None or len(axes) == 0:
        if e.attr("noop_with_empty_axes", 0):
            return None
        axes = range(e.rank())
    return next(iter(axes)) if len(axes) == 1 else tuple(axes)


@emit("ReduceProd")
def product(e: Emission) -> str:
    if e.is_whole:
        return Whole(f"math.prod({e.text(0)})")
    axes, keep = _axes(e), bool(e.attr("keepdims", 1))
    if axes is None:
        return e[0]
    text = e[0]
    listed = (axes,) if isinstance(axes, int) else tuple(axes)
    for axis in sorted((axis % max(e.rank(), 1) for axis in listed), reverse=True):
        text = f"{text}.prod({axis}, keepdim={keep})"
    return f"{text}.to({e.out_dtype})" if e.dtype().startswith(("int", "uint")) else text


@emit("ArgMax", "ArgMin")
def arg(e: Emission) -> str:
    name, axis, keep = "argmax" if e.node.op == "ArgMax" else "argmin", e.attr("axis", 0), bool(e.attr("keepdims", 1))
    if e.attr("select_last_index", 0):
        return f"{e[0]}.shape[{axis}] - 1 - {e[0]}.flip({axis}).{name}({axis}, keepdim={keep})"
    return call(f"{e[0]}.{name}", axis, keepdim=keep)


@emit("CumSum")
def cumsum(e: Emission) -> str:
    axis = int(e.array(1, "an axis").reshape(-1)[0])
    x = f"{e[0]}.flip({axis})" if e.attr("reverse", 0) else e[0]
    text = f"{x}.cumsum({axis}, dtype={e.out_dtype})"
    text = f"({text} - {x})" if e.attr("exclusive", 0) else text
    return f"{text}.flip({axis})" if e.attr("reverse", 0) else text
