"""Memory layouts of optimized graphs, and the way back to NCHW.

A layout names its axes in order. ``C/`` is an axis whose elements come in blocks, ``c`` the place within a block: the
layout ``N C/ H W c`` of a tensor (2, 8, 5, 5, 4) is NCHW of (2, 32, 5, 5). Weights have the axes O (outputs), I
(inputs), and G (groups). Source: the layout tables in MegEngine's description of RelayoutFormat; those of weights were
measured on dumps of MegEngine 1.13.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Dim, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.lower.grids import dequantized
from mgeconvert.tracedmodule.lower.operands import rank
from mgeconvert.tracedmodule.lower.shapes import ShapeBuilder, dimension, number, reshape

from .table import value_of

NCHW = "N C H W"
_BLOCKS = "N C/ H W c"

ACTIVATIONS: Mapping[str, tuple[str, int]] = {
    "NCHW": (NCHW, 1),
    "NHWC": ("N H W C", 1),
    "NHWCD4": ("N H C/ W c", 4),
    "NCHW4": (_BLOCKS, 4),
    "NCHW8": (_BLOCKS, 8),
    "NCHW32": (_BLOCKS, 32),
    "NCHW64": (_BLOCKS, 64),
    "NCHW44": (_BLOCKS, 4),
    "NCHW44_DOT": (_BLOCKS, 4),
    "NCHW88": (_BLOCKS, 8),
    "CHWN4": ("C/ H W N c", 4),
}
"""The layout of activations in each format, and the size of its blocks."""
RESULTS: Mapping[str, tuple[str, str]] = {
    "NCHW4_NCHW32": ("NCHW4", "NCHW32"),
    "NCHW32_NCHW4": ("NCHW32", "NCHW4"),
    "NCHW4_NCHW": ("NCHW4", "NCHW"),
    "NHWC_NCHW": ("NHWC", "NCHW"),
    "NCHW4_NHWC": ("NCHW4", "NHWC"),
    "NHWC_NCHW4_IC_SMALL": ("NHWC", "NCHW4"),
    "NCHW_NCHW4_IC_SMALL": ("NCHW", "NCHW4"),
}
"""Formats whose result is in another one than the input."""

_IN_BLOCKS = {("DENSE", 5): "O I/ H W i", ("GROUP", 6): "G O I/ H W i"}
_BOTH_BLOCKS = {
    ("DENSE", 5): "O/ H W I o",
    ("DENSE", 6): "O/ I/ H W i o",
    ("GROUP", 6): "G/ O I H W g",
    ("GROUP", 7): "G O/ I/ H W i o",
}
WEIGHTS: Mapping[str, Mapping[tuple[str, int], str]] = {
    "NCHW4": _IN_BLOCKS,
    "NCHW32": _IN_BLOCKS,
    "NCHW64": _IN_BLOCKS,
    "NCHW44": _BOTH_BLOCKS,
    "NCHW88": _BOTH_BLOCKS,
    "NCHW44_DOT": _BOTH_BLOCKS | {("DENSE", 6): "O/ I/ H W o i", ("GROUP", 7): "G O/ I/ H W o i"},
    "NHWC": {("DENSE", 4): "O H W I", ("GROUP", 5): "G O H W I"},
    "CHWN4": {("DENSE", 5): "I/ H W O i", ("GROUP", 6): "G I/ H W O i"},
    "NHWCD4": {
        ("DENSE", 5): "O/ H W I o",
        ("DENSE", 6): "O/ H W I/ o i",
        ("GROUP", 5): "G/ O H W g",
        ("GROUP", 6): "G O/ H W I o",
        ("GROUP", 7): "G O/ H W I/ o i",
    },
}
"""The layout of weights in each format, by how channels are connected and by the number of axes."""
_WEIGHT_ORDER = {"DENSE": "O I H W", "GROUP": "G O I H W"}


class StaticBuilder(ShapeBuilder):
    """A builder that knows the NCHW form of values in other layouts: `plain` maps a value to it and to the layout."""

    def __init__(self, traced: Mapping[str, int] | None = None, kept: Collection[int] = ()) -> None:
        super().__init__(traced, kept)
        self.plain: dict[Value, tuple[Value, str]] = {}
        self.unpadded: dict[Value, Value] = {}
        """What a value was before channels of zeros filled its last block."""
        self.apart: dict[Value, Value] = {}
        """The NCHW form of values whose axes are in the order of NCHW, with blocks that are still axes of their own."""
        self.reshaped: dict[Value, Value] = {}
        """What a value was reshaped from."""
        self.products: dict[Value, tuple[Value, Value, Mapping[str, Any]]] = {}
        """The operands and fields of a matrix product."""
        self.convolutions: dict[Value, tuple[Value, Value, Mapping[str, Any]]] = {}
        """The operands and fields of a convolution in NCHW."""


def formats(format: str) -> tuple[str, str]:
    """The formats of the input and of the result."""
    source, result = RESULTS.get(format, (format, format))
    if source not in ACTIVATIONS:
        refuse(f"the memory format {format}")
    return source, result


def to_nchw(b: Builder, x: Value, format: str) -> Value:
    """An activation as NCHW; one of four axes in a blocked format is so already (a first convolution takes it)."""
    assert isinstance(b, StaticBuilder)
    if x in b.plain:
        return b.plain[x][0]
    layout, _ = ACTIVATIONS[format]
    return x if rank(x) != len(layout.split()) else unpacked(b, x, layout, NCHW)


def from_nchw(b: Builder, x: Value, format: str) -> Value:
    """An NCHW result in a format; the channels that are missing from the last block are zeros."""
    assert isinstance(b, StaticBuilder)
    layout, size = ACTIVATIONS[format]
    if layout == NCHW:
        return x
    padded = fill(b, x, size)
    result = packed(b, padded, layout, NCHW, {"C": size})
    b.plain[result] = (padded, format)
    if x in b.quantized:
        b.quantized.setdefault(result, b.quantized[x])
    return result


def fill(b: StaticBuilder, x: Value, size: int) -> Value:
    """NCHW with zeros for the channels that are missing to a multiple of `size`."""
    missing = -number((x.shape or ())[1], "the number of channels") % size
    if not missing:
        return x
    result = b.op("Pad", x, [0, 0, 0, 0, 0, missing, 0, 0])
    b.unpadded[result] = x
    return result


def weight_to_oihw(b: Builder, weight: Value, format: str, sparse: str) -> Value:
    """A weight as (O, I, H, W), of grouped convolutions (G, O, I, H, W)."""
    order = _WEIGHT_ORDER[sparse]
    layout = WEIGHTS.get(format, {}).get((sparse, rank(weight)))
    if layout is None:
        return refuse(f"a weight of {rank(weight)} axes in the memory format {format}")
    return unpacked(b, weight, layout, order)


def unpacked(b: Builder, x: Value, layout: str, order: str) -> Value:
    """The axes in that order, without blocks; an axis that the layout lacks has size 1."""
    if isinstance(b, StaticBuilder) and x in b.stored:  # the integers of a quantized constant
        return dequantized(b, unpacked(b, b.stored[x], layout, order), b.quantized[x])
    axes = layout.split()
    perm, merged = [], []
    for letter in order.split():
        parts = [axes.index(name) for name in (letter, f"{letter}/", letter.lower()) if name in axes]
        perm += parts
        merged.append(parts)
    if x.array is not None:
        sizes = [math.prod(x.array.shape[axis] for axis in parts) for parts in merged]
        return b.constant(np.ascontiguousarray(x.array.transpose(perm)).reshape(sizes), name=x.name)
    moved = b.op("Transpose", x, perm=perm) if perm != sorted(perm) else x
    return reshape(b, moved, [_product(b, x, parts) for parts in merged])


def _product(b: Builder, x: Value, axes: Sequence[int]) -> int | Value:
    sizes: list[Dim] = [(x.shape or ())[axis] for axis in axes]
    if len(sizes) == 1:
        return dimension(b, x, axes[0])
    product = 1
    for size in sizes:
        product *= number(size, "the number of channels")
    return product


def packed(b: Builder, x: Value, layout: str, order: str, blocks: Mapping[str, int]) -> Value:
    """The inverse of `unpacked`: axes taken apart into blocks of those sizes, in the order of the layout."""
    split: list[int | Value] = []
    names: list[str] = []
    for axis, letter in enumerate(order.split()):
        if f"{letter}/" in layout.split():
            size = number((x.shape or ())[axis], "the number of channels")
            split += [size // blocks[letter], blocks[letter]]
            names += [f"{letter}/", letter.lower()]
        else:
            split.append(dimension(b, x, axis))
            names.append(letter)
    perm = [names.index(name) for name in layout.split()]
    apart = reshape(b, x, split)
    return b.op("Transpose", apart, perm=perm) if perm != sorted(perm) else apart


def in_nchw(b: Builder, inputs: Sequence[Value], compute: Callable[..., Value]) -> Value:
    """An operator that computes each element by itself, in NCHW where its inputs are known so.

    Inputs of one element fit every layout; those of the same number of axes, such as biases, are taken apart like the
    others.
    """
    assert isinstance(b, StaticBuilder)
    formats = [b.plain[value][1] for value in inputs if value in b.plain]
    format = formats[0] if len({ACTIVATIONS[each] for each in formats}) == 1 else None
    if format is None or not all(_fits(b, value, format) for value in inputs):
        return compute(*inputs)
    operands = [value if value.static_shape == (1,) else to_nchw(b, value, format) for value in inputs]
    return from_nchw(b, compute(*operands), format)


def _fits(b: StaticBuilder, value: Value, format: str) -> bool:
    """Whether a value has an NCHW form in that format: blocks are whole, or not there at all."""
    if value in b.plain or value.static_shape == (1,):
        return True
    layout, size = ACTIVATIONS[format]
    axes, shape = layout.split(), value.static_shape
    if shape is None or len(shape) != len(axes):
        return False
    outer, inner = shape[axes.index("C/")], shape[axes.index("c")]
    return inner == size or outer == inner == 1


def spatial(b: Builder, opdef: str, inp: Value, *others: Value, format: str, **fields: Any) -> Value:
    """The opdef of that name, which keeps channels apart, in NCHW."""
    if format == "NCHW":
        return value_of(b, opdef, inp, *others, format=format, **fields)
    source, target = formats(format)
    return from_nchw(b, value_of(b, opdef, to_nchw(b, inp, source), *others, **fields), target)


def channels_of(b: Builder, x: Value, weight: Value, sparse: str) -> tuple[Value, Value]:
    """The input without the channels of zeros that fill its last block, and the weight without theirs."""
    assert isinstance(b, StaticBuilder)
    original = b.unpadded.get(x)
    if original is None or sparse != "DENSE" or weight.array is None:
        return x, weight
    return original, b.op("Slice", weight, [0], [number((original.shape or ())[1], "the number of channels")], [1])


def concat_in_nchw(b: Builder, inputs: Sequence[Value], axis: int) -> Value | None:
    """A concatenation of values that are known in NCHW, in one format; None for others."""
    assert isinstance(b, StaticBuilder)
    formats = [b.plain[value][1] for value in inputs if value in b.plain]
    if len(formats) != len(inputs) or len({ACTIVATIONS[each] for each in formats}) != 1:
        return None
    format = formats[0]
    axes = ACTIVATIONS[format][0].split()
    letter = axes[axis].strip("/")
    if letter not in NCHW.split():
        return None
    joined = value_of(b, "Concat", *(b.plain[value][0] for value in inputs), axis=NCHW.split().index(letter))
    return from_nchw(b, joined, format)
