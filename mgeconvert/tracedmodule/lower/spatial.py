"""Sizes of spatial axes, and the order of an image's axes, as MegEngine's operators are given them."""

from __future__ import annotations

from collections.abc import Sequence

from mgeconvert.errors import refuse


def nchw(format: str) -> None:
    """Refuses other orders of the axes."""
    if format not in ("NCHW", "NCDHW", "DEFAULT"):
        refuse(f"the memory format {format}, which only MegEngine's own optimized graphs have")


Sizes = int | Sequence[int]


def spatial(value: Sizes, count: int) -> tuple[int, ...]:
    """A number or a sequence as `count` numbers, one per spatial axis."""
    return (value,) * count if isinstance(value, int) else tuple(value)
