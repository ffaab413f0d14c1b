"""Joining, splitting and repeating.

Source: concatenation.cc, pack.cc, split.cc, tile.cc, space_to_batch_nd.cc of tensorflow/lite/kernels/.
"""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir import Value

from ...layout.holding import Held, held
from ...layout.wants import FOLLOW, PLAIN
from ..table import lower
from ..translation import Translation, without
from .rearranging import reshaped


@lower("CONCATENATION", wants=FOLLOW, moves=True)
def concatenation(t: Translation, *values: Value) -> Value:
    if len(values) == 1:
        return values[0]
    return t.b.op("Concat", *values, axis=t.axis(t.option("Axis")))


@lower("PACK", wants=PLAIN, moves=True)
def pack(t: Translation, *values: Value) -> Value:
    """Stacking along a new axis."""
    rank = len(values[0].shape or ()) + 1
    axis = t.own_axis(t.option("Axis"), rank)
    t.layout = tuple(range(rank))
    parts = [t.b.op("Unsqueeze", value, [axis]) for value in values]
    return parts[0] if len(parts) == 1 else t.b.op("Concat", *parts, axis=axis)


@lower("UNPACK", wants=FOLLOW, moves=True)
def unpack(t: Translation, x: Value) -> list[Value]:
    axis = t.option("Axis")
    pieces = _pieces(t, x, axis, len(t.operator.outputs))
    where = t.axis(axis)
    t.layout = without(t.layout, [t.own_axis(axis)])
    return [t.b.op("Squeeze", piece, [where]) for piece in pieces]


def _pieces(t: Translation, x: Value, axis: int, count: int) -> list[Value]:
    if count == 1:
        return [x]
    return t.b.ops("Split", count, x, axis=t.axis(axis), num_outputs=count)


@lower("SPLIT", wants=FOLLOW, data=1, first=1, moves=True)
def split(t: Translation, x: Value) -> list[Value]:
    """Operand 0 is the axis."""
    axis, count = t.number(0, "axis"), len(t.operator.outputs)
    size = (x.shape or ())[t.axis(axis)]
    if isinstance(size, int) and (not count or size % count):
        refuse(f"a split of {size} into {count}")
    return _pieces(t, x, axis, count)


@lower("SPLIT_V", wants=FOLLOW, data=1, moves=True)
def split_v(t: Translation, x: Value) -> list[Value]:
    """Into the sizes of operand 1, of which one may be -1."""
    axis = t.axis(t.number(2, "axis"))
    sizes = t.ints(1, "sizes") or []
    if -1 in sizes:
        (whole,) = t.known((x.shape or ())[axis : axis + 1], "a split")
        sizes[sizes.index(-1)] = whole - sum(sizes) - 1
    if len(sizes) != len(t.operator.outputs) or min(sizes) < 0:
        refuse(f"a split into {sizes}")
    if len(sizes) == 1:
        return [x]
    return t.b.ops("Split", len(sizes), x, sizes, axis=axis)


@lower("TILE", wants=PLAIN, data=1, moves=True)
def tile(t: Translation, x: Value) -> Value:
    return t.b.op("Tile", x, t.int64(1))


@lower("BROADCAST_TO", wants=PLAIN, data=1, moves=True)
def broadcast_to(t: Translation, x: Value) -> Value:
    shape = t.int64(1)
    rank = t.known(shape.shape or (), "the shape of a broadcast")[0]
    t.layout = tuple(range(rank))
    return t.b.op("Expand", x, shape)


@lower("BROADCAST_ARGS", wants=PLAIN)
def broadcast_args(t: Translation, a: Value, b: Value) -> Value:
    """The shape that two shapes broadcast to: the larger size, where one of them is 1."""
    count = max(t.known((*(a.shape or ()), *(b.shape or ())), "shapes"))
    first, second = (_lengthened(t, value, count) for value in (a, b))
    return t.b.op("Where", t.b.op("Equal", first, 1), second, first)


def _lengthened(t: Translation, shape: Value, count: int) -> Value:
    (own,) = t.known(shape.shape or (), "shapes")
    if own == count:
        return shape
    return t.b.op("Concat", t.b.constant([1] * (count - own), shape.dtype), shape, axis=0)


def spatial_blocks(t: Translation, what: str) -> tuple[list[int], list[list[int]]]:
    """The blocks (operand 1) and the pads or crops (operand 2) of the axes behind the first."""
    blocks = t.ints(1, "block") or []
    flat = t.ints(2, what) or []
    if len(flat) != 2 * len(blocks) or not blocks or min(blocks) < 1 or min(flat) < 0:
        refuse(f"blocks {blocks} with {what} {flat}")
    return blocks, [flat[at : at + 2] for at in range(0, len(flat), 2)]


@lower("SPACE_TO_BATCH_ND", wants=PLAIN, data=1, moves=True)
def space_to_batch_nd(t: Translation, x: Value) -> Held:
    """Padded, then every axis split into (size / block, block), the blocks in front of the batch."""
    blocks, pads = spatial_blocks(t, "pads")
    rank, count = len(x.shape or ()), len(blocks)
    before = [0, *(pad[0] for pad in pads), *[0] * (rank - 1 - count)]
    after = [0, *(pad[1] for pad in pads), *[0] * (rank - 1 - count)]
    x = t.b.op("Pad", x, before + after)
    batch, *sizes = t.known(x.shape or (), "SPACE_TO_BATCH_ND")
    split = [batch]
    for size, block in zip(sizes, blocks, strict=False):
        if size % block:
            refuse(f"blocks {blocks} of {sizes}")
        split += [size // block, block]
    rest = sizes[count:]
    where = reshaped(t, held(x, tuple(range(rank))), (*split, *rest))
    order = [2 * at + 2 for at in range(count)] + [0] + [2 * at + 1 for at in range(count)]
    moved = Held(where.value, where.view.transposed([*order, *range(1 + 2 * count, len(split) + len(rest))]))
    small = [size // block for size, block in zip(sizes, blocks, strict=False)]
    total = batch
    for block in blocks:
        total *= block
    return reshaped(t, moved, (total, *small, *rest))


@lower("BATCH_TO_SPACE_ND", wants=PLAIN, data=1, moves=True)
def batch_to_space_nd(t: Translation, x: Value) -> Value:
    """The blocks go from the batch behind their axes, then the crops are cut off."""
    blocks, crops = spatial_blocks(t, "crops")
    batch, *sizes = t.known(x.shape or (), "BATCH_TO_SPACE_ND")
    count = len(blocks)
    total = batch
    for block in blocks:
        if total % block:
            refuse(f"blocks {blocks} in a batch of {batch}")
        total //= block
    rank = len(sizes) + 1
    where = reshaped(t, held(x, tuple(range(rank))), (*blocks, total, *sizes))
    order = [count]
    for at in range(count):
        order += [count + 1 + at, at]
    moved = Held(where.value, where.view.transposed([*order, *range(2 * count + 1, rank + count)]))
    large = [size * block for size, block in zip(sizes, blocks, strict=False)]
    whole = reshaped(t, moved, (total, *large, *sizes[count:]))
    value = t.holding.realise_view(whole, tuple(range(rank)))
    starts = [crop[0] for crop in crops]
    ends = [size - crop[1] for size, crop in zip(large, crops, strict=True)]
    return t.b.op("Slice", value, starts, ends, list(range(1, count + 1)))
