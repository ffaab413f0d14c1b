"""Rotary position embeddings, as the ONNX specification and onnxruntime/docs/ContribOperators.md say."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size
from mgeconvert.ir.builder import Builder

from ..table import Result, compose, data, integer, number, operand, shape_of
from .attention import joined, split_heads


@compose("RotaryEmbedding")
def rotary_embedding(b: Builder, node: Node) -> Result:
    """RotaryEmbedding(x, cos, sin, positions) -> (x1 cos - x2 sin, x1 sin + x2 cos, rest)"""
    positions = operand(node, 3)
    tables = [data(node, 1), data(node, 2)]
    if positions is not None:
        tables = [b.op("Gather", table, positions, axis=0) for table in tables]
    return rotated(b, node, [b.op("Unsqueeze", table, [1]) for table in tables])


@compose("com.microsoft.RotaryEmbedding")
def rotary_embedding_of_positions(b: Builder, node: Node) -> Result:
    """RotaryEmbedding(x, positions, cos, sin) -> RotaryEmbedding(x, cos, sin, positions); one position is that of the
    first element of the sequence."""
    if integer(node, "is_packed_batching", 0):
        refuse("sequences that are packed into one")
    if number(node, "scale", 1.0) != 1:
        refuse("positions that are scaled")
    x, positions = data(node), data(node, 1)
    if len(shape_of(positions)) == 1:
        length = shape_of(x)[-2]
        if not isinstance(length, int):
            refuse(f"positions from the first one on, of a length known only at run time ({length})")
        positions = b.op("Unsqueeze", b.op("Add", table_size.arange(length, dtype=np.int64), positions), [0])
    tables = [b.op("Gather", data(node, index), positions, axis=0) for index in (2, 3)]
    return rotated(b, node, [b.op("Unsqueeze", table, [1]) for table in tables])


def rotated(b: Builder, node: Node, tables: list[Value]) -> Value:
    """The tables are of the shape (batch, 1, length, half)."""
    x, heads = data(node), integer(node, "num_heads", 0)
    cosine, sine = tables
    half = shape_of(cosine)[-1]
    if not isinstance(half, int):
        refuse("tables of a width known only at run time")
    flat = len(shape_of(x)) == 3
    if flat:
        width = shape_of(x)[2]
        if not heads and (not isinstance(width, int) or integer(node, "rotary_embedding_dim", 0)):
            refuse("a number of heads that is not given")
        x = split_heads(b, x, heads or int(width) // (2 * half))
    size, pairs = shape_of(x)[3], bool(integer(node, "interleaved", 0))
    if not isinstance(size, int):
        refuse(f"heads of a size known only at run time ({size})")
    x1, x2 = _taken(b, x, 0, half, pairs), _taken(b, x, 1 if pairs else half, half, pairs)
    real = b.op("Sub", b.op("Mul", x1, cosine), b.op("Mul", x2, sine))
    imaginary = b.op("Add", b.op("Mul", x1, sine), b.op("Mul", x2, cosine))
    if pairs:
        apart = b.op("Concat", b.op("Unsqueeze", real, [4]), b.op("Unsqueeze", imaginary, [4]), axis=4)
        turned = b.op("Reshape", apart, [0, 0, 0, 2 * half])
    else:
        turned = b.op("Concat", real, imaginary, axis=3)
    if 2 * half < size:
        turned = b.op("Concat", turned, b.op("Slice", x, [2 * half], [size], [3]), axis=3)
    return joined(b, turned) if flat else turned


def _taken(b: Builder, x: Value, start: int, half: int, pairs: bool) -> Value:
    """Every second element from `start` on, or `half` of them in a row."""
    end, step = (2 * half, 2) if pairs else (start + half, 1)
    return b.op("Slice", x, [start], [end], [3], [step])
