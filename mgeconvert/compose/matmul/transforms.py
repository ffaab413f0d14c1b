"""Fourier transforms by the matrices of their sines, and determinants of small matrices."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.table_size import check_table

from ..table import Result, array_of, compose, data, integer, shape_of


@compose("DFT")
def dft(b: Builder, node: Node) -> Result:
    """DFT(x, n, axis) -> (re C + im S, im C - re S) with C = cos(2 pi j k / n), S = sin(2 pi j k / n)"""
    x, length, at = data(node), array_of(node, 1, "a length"), array_of(node, 2, "an axis")
    shape, inverse = x.static_shape, bool(integer(node, "inverse", 0))
    if shape is None:
        refuse("a transform of a size known only at run time")
    rank = len(shape)
    axis = (-2 if at is None else int(at.item())) % rank
    count = shape[axis] if length is None else int(length.item())
    if integer(node, "onesided", 0) and inverse:
        refuse("the inverse of a one-sided transform")
    parts = [b.op("Gather", x, np.int64(part), axis=rank - 1) for part in range(shape[-1])]
    kept = min(count, shape[axis])
    if kept < shape[axis]:
        parts = [b.op("Slice", part, [0], [kept], [axis]) for part in parts]
    last = [*(each for each in range(rank - 1) if each != axis), axis]
    parts = [b.op("Transpose", part, perm=last) for part in parts]
    bins = count // 2 + 1 if integer(node, "onesided", 0) else count
    turned = _transformed(b, parts, _angles(kept, bins, count) * (-1 if inverse else 1), 1 / count if inverse else 1)
    back = [last.index(each) for each in range(rank - 1)]
    return _joined(b, [b.op("Transpose", part, perm=back) for part in turned])


def _angles(length: int, bins: int, count: int) -> np.ndarray:
    check_table(length, bins)
    product = np.outer(table_size.arange(length, dtype=np.int64), table_size.arange(bins, dtype=np.int64)) % count
    angles: np.ndarray = product * (2 * np.pi / count)
    return angles


def _transformed(b: Builder, parts: list[Value], angles: np.ndarray, factor: float) -> list[Value]:
    """The real and the imaginary part of the transform along the last axis."""
    cosine, sine = (b.constant(function(angles) * factor, parts[0].dtype) for function in (np.cos, np.sin))
    real, imaginary = b.op("MatMul", parts[0], cosine), b.op("Neg", b.op("MatMul", parts[0], sine))
    if len(parts) > 1:
        real = b.op("Add", real, b.op("MatMul", parts[1], sine))
        imaginary = b.op("Add", imaginary, b.op("MatMul", parts[1], cosine))
    return [real, imaginary]


def _joined(b: Builder, parts: list[Value]) -> Value:
    rank = len(shape_of(parts[0]))
    return b.op("Concat", *(b.op("Unsqueeze", part, [rank]) for part in parts), axis=rank)


@compose("STFT")
def stft(b: Builder, node: Node) -> Result:
    """STFT(x, step, window, n) -> DFT(Gather(x, positions of each frame) * window)"""
    x, step, length = data(node), array_of(node, 1, "a step"), array_of(node, 3, "a length of frames")
    shape, window = x.static_shape, node.inputs[2] if len(node.inputs) > 2 else None
    assert step is not None
    if shape is None or (length is None and window is None):
        refuse("frames of a signal whose size is known only at run time")
    size = int(length.item()) if length is not None else shape_of(window)[0] if window is not None else 0
    if not isinstance(size, int):
        refuse("a window of a size known only at run time")
    frames = 1 + (shape[1] - size) // int(step.item())
    check_table(frames, size)
    places = table_size.arange(size)[None] + int(step.item()) * table_size.arange(frames)[:, None]
    parts = []
    for part in range(shape[2] if len(shape) > 2 else 1):
        signal = b.op("Gather", x, np.int64(part), axis=2) if len(shape) > 2 else x
        framed = b.op("Gather", signal, places, axis=1)
        parts.append(framed if window is None else b.op("Mul", framed, window))
    bins = size // 2 + 1 if integer(node, "onesided", 1) else size
    return _joined(b, _transformed(b, parts, _angles(size, bins, size), 1))


@compose("Det")
def det(b: Builder, node: Node) -> Result:
    """Det(x) -> a d - b c; of three rows the sum along the first row of element times minor"""
    x = data(node)
    shape = shape_of(x)
    if shape[-1] not in (1, 2, 3) or shape[-2] != shape[-1]:
        refuse(f"the determinant of {shape[-1]} rows; those of up to 3 are products")
    rows = int(shape[-1])
    if rows == 1:
        return b.op("Squeeze", x, [-2, -1])

    def at(row: int, column: int) -> Value:
        return b.op("Gather", b.op("Gather", x, np.int64(row), axis=-2), np.int64(column), axis=-1)

    def minor(row: int, left: int, right: int) -> Value:
        first = b.op("Mul", at(row, left), at(row + 1, right))
        return b.op("Sub", first, b.op("Mul", at(row, right), at(row + 1, left)))

    if rows == 2:
        return minor(0, 0, 1)
    terms = [
        b.op("Mul", at(0, column), minor(1, *(each for each in range(3) if each != column))) for column in range(3)
    ]
    return b.op("Add", b.op("Sub", terms[0], terms[1]), terms[2])
