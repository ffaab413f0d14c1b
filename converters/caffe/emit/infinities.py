"""Infinite numbers in a choice: a product with a mask of zeros and ones would make NaN of them, so that what is finite
and where the infinities are go separate ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mgeconvert.ir import Graph, Value

from .broadcasting import filled
from .net import Blob, Net
from .table import Operand
from .thresholds import complement, step

LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class Parts:
    """An operand as finite numbers, and for each sign of infinity that it may have the places of it as 0 and 1."""

    finite: Operand
    infinite: Mapping[float, Operand]


def split_infinities(net: Net, x: Operand, doubtful: bool) -> Parts:
    """A constant is looked at; a computed blob is split where it may be infinite. NaN counts as -infinity."""
    if isinstance(x, np.ndarray):
        places = {sign: np.asarray(x == sign * np.inf, np.float32) for sign in (1.0, -1.0)}
        return Parts(np.where(np.isfinite(x), x, 0), {sign: mask for sign, mask in places.items() if mask.any()})
    if not doubtful:
        return Parts(x, {})
    above = net.eltwise("MAX", x, filled(net, x, -LARGEST))
    below = net.eltwise("MAX", net.power(above, scale=-1.0), filled(net, x, -LARGEST))
    finite = net.power(below, scale=-1.0)
    return Parts(finite, {sign: reaches(net, finite, sign * LARGEST) for sign in (1.0, -1.0)})


def reaches(net: Net, x: Blob, limit: float) -> Blob:
    """1 where x is at the limit or beyond, seen from 0."""
    sign = np.sign(limit)
    return complement(net, step(net, net.power(x, scale=-sign, shift=abs(limit))))


def infinity(net: Net, mask: Blob) -> Blob:
    """Infinite where a mask is 1, 0 where it is 0, as -log(1 - mask)."""
    return net.power(net.layer("Log", complement(net, mask)), scale=-1.0)


def may_be_infinite(graph: Graph) -> set[Value | None]:
    """The computed values that infinite constants take part in."""
    found: set[Value | None] = set()
    for node in graph.nodes:
        if any(value in found or _is_infinite(value) for value in node.inputs):
            found.update(node.outputs)
    return found


def _is_infinite(value: Value | None) -> bool:
    return (
        value is not None
        and value.array is not None
        and value.array.dtype.kind == "f"
        and bool(np.isinf(value.array).any())
    )
