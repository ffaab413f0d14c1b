"""Elements move: reshape, transpose, concat, split, pad, tile.

Source: megengine/functional/{tensor,nn}.py and megengine/core/tensor/array_method.py (MegEngine 1.13).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..names import METHOD, NN, OPDEF, TENSOR
from ..operands import INT16, INT32, Tensor, axes_of, cast, promote, rank, tensor
from ..shapes import (
    Size,
    as_shape_operand,
    broadcast_sizes,
    dimension,
    expand,
    follow,
    known_elements,
    pack,
    reshape,
    reshape_to,
    shape_of,
    sizes_of,
)
from ..table import lower


@lower(NN + "pad")
def pad_function(
    b: Builder, src: Value, pad_width: Any = None, mode: str = "constant", constant_value: float = 0.0, *,
    pad_witdth: Any = None,
) -> Value:  # fmt: skip
    """MegEngine up to 1.7 had a slip in the argument's name."""
    return pad(b, src, pad_width if pad_witdth is None else pad_witdth, mode, constant_value)


def pad(
    b: Builder, src: Value, pad_width: Sequence[Sequence[Any]], mode: str = "constant", constant_value: float = 0.0
) -> Value:
    """Widths are (before, after) for each of the first axes."""
    kinds = {"constant": "constant", "edge": "edge", "replicate": "edge", "reflect": "reflect"}
    kind = kinds.get(mode.lower()) or refuse(f"mode {mode} is none of MegEngine's")
    widths = [tuple(sizes_of(b, pair)) for pair in pad_width]
    widths += [(0, 0)] * (rank(src) - len(widths))
    if not any(map(any, widths)):
        return src
    pads = as_shape_operand(b, [before for before, _ in widths] + [after for _, after in widths])
    value = tensor(b, float(np.float32(constant_value)), src.dtype) if kind == "constant" else None
    if src.dtype == INT16:  # onnxruntime pads no 16-bit integers
        value = None if value is None else cast(b, value, INT32)
        return cast(b, b.op("Pad", cast(b, src, INT32), pads, value, mode=kind), INT16)
    return b.op("Pad", src, pads, value, mode=kind)


@lower(OPDEF + "GetVarShape")
def get_var_shape(b: Builder, inp: Value, axis: int = 7) -> Value:
    """Axis 7 (MegEngine's MAX_NDIM) asks for the whole shape."""
    if axis == 7:
        return shape_of(b, inp)
    size = dimension(b, inp, axis)
    return b.constant([size], INT32) if isinstance(size, int) else b.op("Reshape", size, [1])


@lower(METHOD + "reshape")
def reshape_method(b: Builder, self: Value, *args: Any) -> Value:
    return reshape(b, self, args)


@lower(TENSOR + "reshape")
def reshape_function(b: Builder, inp: Value, target_shape: Any) -> Value:
    return reshape(b, inp, target_shape)


@lower(TENSOR + "flatten", METHOD + "flatten")
def flatten(b: Builder, inp: Value, start_axis: int = 0, end_axis: int = -1) -> Value:
    """Axes start_axis to end_axis, both included, become one."""
    count = rank(inp)
    start, end = start_axis % max(count, 1), end_axis % max(count, 1)
    sizes = [dimension(b, inp, axis) for axis in range(count)]
    return reshape_to(b, inp, [*sizes[:start], -1, *sizes[end + 1 :]])


@lower(METHOD + "transpose")
def transpose_method(b: Builder, self: Value, *args: Any) -> Value:
    pattern = args[0] if len(args) == 1 and not isinstance(args[0], int | str) else args
    return transpose(b, self, pattern or None)


@lower(TENSOR + "transpose")
def transpose(b: Builder, inp: Value, pattern: Any = None) -> Value:
    """``'x'`` in a pattern adds an axis of size 1."""
    if pattern is None:
        pattern = range(rank(inp))[::-1]
    order = [item if item == "x" else int(sizes_of(b, item)[0]) % rank(inp) for item in pattern]  # type: ignore[arg-type]
    kept = [item for item in order if item != "x"]
    moved = inp if kept == list(range(len(kept))) else b.op("Transpose", inp, perm=kept)
    added = [axis for axis, item in enumerate(order) if item == "x"]
    return b.op("Unsqueeze", moved, added) if added else moved


@lower(METHOD + "T")
def transposed(b: Builder, self: Value) -> Value:
    return transpose(b, self)


@lower(TENSOR + "swapaxes")
def swapaxes(b: Builder, inp: Value, axis1: int, axis2: int) -> Value:
    order = list(range(rank(inp)))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(b, inp, order)


@lower(TENSOR + "expand_dims")
def expand_dims(b: Builder, inp: Tensor, axis: int | Sequence[int]) -> Value:
    return b.op("Unsqueeze", tensor(b, inp), [axis] if isinstance(axis, int) else sorted(axis))


@lower(TENSOR + "squeeze")
def squeeze(b: Builder, inp: Value, axis: int | Sequence[int] | None = None) -> Value:
    """Without an axis every axis of size 1 goes."""
    if axis is None:
        if inp.static_shape is None:
            refuse("squeeze without an axis on a tensor whose shape is only known at run time")
        axis = [index for index, size in enumerate(inp.static_shape) if size == 1]
    axes = axes_of(inp, axis)
    return b.op("Squeeze", inp, axes) if axes else inp


@lower(TENSOR + "broadcast_to", METHOD + "_broadcast")
def broadcast_to(b: Builder, inp: Tensor, shape: Any) -> Value:
    x = tensor(b, inp)
    sizes = broadcast_sizes(b, x, sizes_of(b, shape))
    return expand(b, x, sizes)


def _several(inps: Any) -> Sequence[Tensor]:
    if not isinstance(inps, list | tuple):
        refuse("one value where a list of tensors is expected")
    return inps


@lower(TENSOR + "concat")
def concat(b: Builder, inps: Sequence[Tensor], axis: int = 0, device: Any = None) -> Value:
    """Scalars count as vectors of one element."""
    sizes = known_elements(b, _several(inps))
    if sizes is not None:
        return pack(b, sizes)
    values = [value if rank(value) else b.op("Reshape", value, [1]) for value in promote(b, *inps)]
    return values[0] if len(values) == 1 else b.op("Concat", *follow(b, values, axis % rank(values[0])), axis=axis)


@lower(TENSOR + "stack")
def stack(b: Builder, inps: Sequence[Tensor], axis: int = 0, device: Any = None) -> Value:
    return concat(b, [b.op("Unsqueeze", value, [axis]) for value in promote(b, *_several(inps))], axis)


@lower(TENSOR + "split")
def split(b: Builder, inp: Value, nsplits_or_sections: Any, axis: int = 0) -> list[Value]:
    """A number of equal parts, or the positions to cut at."""
    (along,) = axes_of(inp, axis)
    length = dimension(b, inp, along)
    if isinstance(nsplits_or_sections, int | np.integer):
        count = int(nsplits_or_sections)
        if isinstance(length, int) and length % count:
            refuse(f"split of {length} into {count} parts that are not equal")
        return b.ops("Split", count, inp, None, axis=along, num_outputs=count)
    cuts = sizes_of(b, nsplits_or_sections)
    if not isinstance(length, int) or not all(isinstance(cut, int) for cut in cuts):
        refuse("split at positions that are only known at run time")
    bounds = [0, *(min(cut, length) for cut in cuts if isinstance(cut, int)), length]
    sizes = [end - start for start, end in itertools.pairwise(bounds)]
    return b.ops("Split", len(sizes), inp, sizes, axis=along)


@lower(TENSOR + "repeat")
def repeat(b: Builder, inp: Value, repeats: Size, axis: int | None = None) -> Value:
    if axis is None:
        return repeat(b, reshape(b, inp, -1), repeats, 0)
    (along,) = axes_of(inp, axis)
    sizes = [dimension(b, inp, index) for index in range(rank(inp))]
    wide = b.op("Unsqueeze", inp, [along + 1])
    copies = sizes_of(b, repeats)
    spread = expand(b, wide, [*sizes[: along + 1], *copies, *sizes[along + 1 :]])
    return reshape_to(b, spread, [*sizes[:along], -1, *sizes[along + 1 :]])


@lower(TENSOR + "tile")
def tile(b: Builder, inp: Value, reps: Any) -> Value:
    counts = sizes_of(b, reps)
    missing = len(counts) - rank(inp)
    wide = b.op("Unsqueeze", inp, list(range(missing))) if missing > 0 else inp
    return b.op("Tile", wide, as_shape_operand(b, counts))


@lower(TENSOR + "roll")
def roll(b: Builder, inp: Value, shift: Any, axis: Any = None) -> Value:
    if axis is None:
        return b.op(
            "Reshape", roll(b, reshape(b, inp, -1), shift, 0), as_shape_operand(b, sizes_of(b, shape_of(b, inp)))
        )
    shifts = [shift] if isinstance(shift, int) else shift
    for offset, along in zip(shifts, axes_of(inp, axis), strict=True):
        size = dimension(b, inp, along)
        cut = (-offset) % size if isinstance(size, int) and size else -offset
        if cut:
            head = b.op("Slice", inp, [0], [cut], [along])
            tail = b.op("Slice", inp, [cut], [np.iinfo(np.int64).max], [along])
            inp = b.op("Concat", tail, head, axis=along)
    return inp


@lower(NN + "pixel_shuffle", NN + "layerPixelShuffle_traceable")
def pixel_shuffle(b: Builder, inp: Value, upscale_factor: int) -> Value:
    """(..., C r^2, H, W) to (..., C, H r, W r)."""
    if rank(inp) == 4:
        return b.op("DepthToSpace", inp, blocksize=upscale_factor, mode="CRD")
    sizes = sizes_of(b, shape_of(b, inp))
    *lead, channels, height, width = sizes
    if not all(isinstance(size, int) for size in (channels, height, width)):
        refuse("pixel_shuffle of a tensor that is not 4-D and whose size is only known at run time")
    image = reshape(b, inp, [-1, channels, height, width])
    shuffled = b.op("DepthToSpace", image, blocksize=upscale_factor, mode="CRD")
    channels, height, width = int(channels), int(height), int(width)  # type: ignore[arg-type]
    factor = upscale_factor
    return reshape(b, shuffled, [*lead, channels // factor**2, height * factor, width * factor])
