"""Shapes at run time: what `x.shape` is, and lists that mix Python ints with such values.

With static inputs every shape is a constant. With symbolic dimensions a shape is remembered element by element, so that
`x.shape[1]` is the number it is and only the unknown ones become nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from mgeconvert.builder import Builder
from mgeconvert.ir import Value

from .operands import INT32, INT64, cast, rank
from .quantization import Quantization, dequantized

Size: TypeAlias = "int | Value"
"""One dimension as MegEngine code has it: a Python int or a 0-d or 1-element tensor."""


class ShapeBuilder(Builder):
    """A Builder that knows what is in integer vectors: `elements` maps a 1-D value to its elements."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: dict[Value, tuple[Size, ...]] = {}
        self.dimensions: dict[Value, tuple[Value, int]] = {}
        """A scalar that is one dimension of a value: which value and which axis."""
        self.quantized: dict[Value, Quantization] = {}
        """The grid of a value that was quantized (see `quantization`)."""
        self.stored: dict[Value, Value] = {}
        """The integers of a constant that was dequantized."""


def shape_of(b: Builder, x: Value) -> Value:
    """`x.shape` as an int32 vector."""
    static = x.static_shape
    if static is not None:
        return b.constant(np.array(static, np.int32))
    return pack(b, [dimension(b, x, axis) for axis in range(rank(x))])


def dimension(b: Builder, x: Value, axis: int) -> Size:
    """One dimension of `x`: an int, or an int32 scalar when it is symbolic."""
    assert x.shape is not None
    size = x.shape[axis]
    if isinstance(size, int):
        return size
    scalar = cast(b, b.op("Squeeze", b.op("Shape", x, start=axis % rank(x), end=axis % rank(x) + 1), [0]), INT32)
    if isinstance(b, ShapeBuilder):
        b.dimensions[scalar] = (x, axis % rank(x))
    return scalar


def pack(b: Builder, sizes: Sequence[Size], dtype: np.dtype = INT32) -> Value:
    """Sizes as one vector."""
    if all(isinstance(size, int) for size in sizes):
        return b.constant(np.array(sizes, dtype))
    parts = [b.constant([size], dtype) if isinstance(size, int) else _vector(b, size, dtype) for size in sizes]
    packed = b.op("Concat", *parts, axis=0)
    if isinstance(b, ShapeBuilder):
        b.elements[packed] = tuple(sizes)
    return packed


def _vector(b: Builder, size: Value, dtype: np.dtype) -> Value:
    return cast(b, size if size.shape == (1,) else b.op("Reshape", size, [1]), dtype)


def sizes_of(b: Builder, shape: Size | np.ndarray | Sequence[Size]) -> list[Size]:
    """The elements of anything MegEngine takes as a shape: an int, a vector, or a sequence that mixes ints, scalars and
    vectors. Constants come out as ints."""
    if isinstance(shape, int | np.integer):
        return [int(shape)]
    if isinstance(shape, np.ndarray):
        return [int(size) for size in shape.reshape(-1)]
    if isinstance(shape, Value):
        return _elements(b, shape)
    return [size for item in shape for size in sizes_of(b, item)]


def _elements(b: Builder, vector: Value) -> list[Size]:
    if vector.array is not None:
        return [int(size) for size in vector.array.reshape(-1)]
    if vector.shape in ((), (1,)):
        return [vector]
    if isinstance(b, ShapeBuilder) and vector in b.elements:
        return list(b.elements[vector])
    (length,) = vector.static_shape or (0,)
    return [b.op("Gather", vector, b.constant(index, INT64), axis=0) for index in range(length)]


def as_shape_operand(b: Builder, sizes: Sequence[Size]) -> list[int] | Value:
    """Sizes as an ONNX shape input: a list of ints when all are, else an int64 vector."""
    if all(isinstance(size, int) for size in sizes):
        return list(sizes)  # type: ignore[arg-type]
    return pack(b, sizes, INT64)


def reshape(b: Builder, x: Value, shape: Size | Sequence[Size]) -> Value:
    """Reshape by MegEngine's rules (one -1 is inferred). A symbolic size that is the input's own dimension at the same
    axis becomes 0, a single other one -1, so that no shape is computed at run time where ONNX can infer it."""
    sizes = sizes_of(b, shape)
    if isinstance(b, ShapeBuilder) and not all(isinstance(size, int) for size in sizes):
        sizes = [0 if _is_dimension(b, size, x, axis) else size for axis, size in enumerate(sizes)]
        unknown = [axis for axis, size in enumerate(sizes) if not isinstance(size, int)]
        if len(unknown) == 1 and -1 not in sizes:
            sizes[unknown[0]] = -1
    if tuple(sizes) == x.shape:
        return x
    if isinstance(b, ShapeBuilder) and x in b.stored:
        return dequantized(b, b.op("Reshape", b.stored[x], as_shape_operand(b, sizes)), b.quantized[x])
    return b.op("Reshape", x, as_shape_operand(b, sizes))


def _is_dimension(b: ShapeBuilder, size: Size, x: Value, axis: int) -> bool:
    if isinstance(size, int) or size not in b.dimensions or x.shape is None or axis >= len(x.shape):
        return False
    source, source_axis = b.dimensions[size]
    assert source.shape is not None
    return x.shape[axis] == source.shape[source_axis]
