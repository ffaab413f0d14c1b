"""Moves between memory layouts that optimize_for_inference writes as ordinary operators.

From blocks to NCHW they are Reshape(Dimshuffle(x)), into blocks Dimshuffle(Reshape(x)); between NCHW and NHWC
Dimshuffle alone. The NCHW form of a value in another layout is known (`StaticBuilder.plain`), so that nothing moves.
"""

from __future__ import annotations

from collections.abc import Sequence

from mgeconvert.ir import Value

from .layouts import ACTIVATIONS, NCHW, StaticBuilder


def taken_apart(b: StaticBuilder, x: Value, pattern: Sequence[int]) -> Value | None:
    """What a Dimshuffle makes of a value in another layout than NCHW, if it brings the axes into the order of NCHW: the
    NCHW form where the layout has no blocks. Where it has, a Reshape must follow, which reads the NCHW form then."""
    plain, format = b.plain.get(x, (x, "NCHW"))
    return plain if x in b.plain and list(pattern) == _order(format) and len(pattern) == len(NCHW.split()) else None


def put_together(b: StaticBuilder, x: Value, pattern: Sequence[int], result: Value) -> None:
    """Note what a Dimshuffle does to layouts: the second half of a move into blocks, or the first half of one back."""
    if x in b.plain:
        plain, format = b.plain[x]
        if list(pattern) == _order(format):
            b.apart[result] = plain
        return
    source = b.reshaped.get(x)
    if source is None or source.rank != len(NCHW.split()) or source.shape is None or x.shape is None:
        return
    batch, channels, *sizes = source.shape
    for format, (layout, size) in ACTIVATIONS.items():
        order = _order(format)
        if len(order) != len(pattern) or [order.index(axis) for axis in range(len(order))] != list(pattern):
            continue
        if layout != NCHW and isinstance(channels, int) and x.shape == (batch, channels // size, size, *sizes):
            b.plain[result] = source, format
            return


def _order(format: str) -> list[int]:
    """The axes of a layout in the order of NCHW, blocks next to what they are part of."""
    axes = ACTIVATIONS[format][0].split()
    return [
        axes.index(name) for letter in NCHW.split() for name in (letter, f"{letter}/", letter.lower()) if name in axes
    ]
