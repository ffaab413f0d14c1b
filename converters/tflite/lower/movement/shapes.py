"""Sizes, tensors made of sizes, blocks of channels.

Source: shape.cc, fill.cc, range.cc, depth_to_space.cc of tensorflow/lite/kernels/.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value

from ...layout.wants import CHANNELS_FIRST, PLAIN, VIEW
from ..table import lower
from ..translation import Translation


@lower("SHAPE", wants=VIEW)
def shape_of(t: Translation) -> Value:
    """In the file's order of axes; sizes that are known are a constant."""
    shape = t.shape()
    t.layout = (0,)
    if all(isinstance(dim, int) for dim in shape):
        return t.b.constant(np.array(shape, t.output.dtype))
    where = t.held()
    natural = where.view.natural([]) or tuple(range(len(shape)))
    sizes = t.b.op("Shape", t.holding.realise_view(where, natural))
    return t.b.op("Gather", sizes, [natural.index(axis) for axis in range(len(shape))], axis=0)


@lower("RANK", wants=VIEW)
def rank_of(t: Translation) -> Value:
    return t.b.constant(np.array(len(t.shape()), np.int32))


@lower("FILL", wants=PLAIN, data=0)
def fill(t: Translation) -> Value:
    """Operand 1 in the shape of operand 0."""
    shape = t.int64(0)
    t.layout = tuple(range(t.known(shape.shape or (), "a shape")[0]))
    return t.b.op("Expand", t.value(1), shape)


@lower("RANGE", wants=PLAIN)
def range_(t: Translation, start: Value, limit: Value, delta: Value) -> Value:
    t.layout = (0,)
    return t.b.op("Range", start, limit, delta)


@lower("DEPTH_TO_SPACE", wants=CHANNELS_FIRST, moves=True)
def depth_to_space(t: Translation, x: Value) -> Value:
    """Channels-last, depth is (block row, block column, channel): ONNX's DCR."""
    return t.b.op("DepthToSpace", x, blocksize=_block(t), mode="DCR")


@lower("SPACE_TO_DEPTH", wants=CHANNELS_FIRST, moves=True)
def space_to_depth(t: Translation, x: Value) -> Value:
    return t.b.op("SpaceToDepth", x, blocksize=_block(t))


def _block(t: Translation) -> int:
    block: int = t.option("BlockSize")
    if block < 1:
        refuse(f"blocks of {block}")
    return block
