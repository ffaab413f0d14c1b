"""Deformable convolution: every tap of every window sampled where its offset says, then one product."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size
from mgeconvert.ir.table_size import check_table

from ...layout.view import Stored, plain
from ...layout.wants import VIEW
from ...model import Array, Tensor
from ...padding import VALID
from ..emission import Emission
from ..table import emit
from ..vision.sampling import sampled
from .windows import pads_of, spatial, weights_of


@emit("DeformConv", wants=VIEW, note="2-D")
def deform_conv(c: Emission) -> Stored:
    w = weights_of(c)
    if w.ndim != 4:
        refuse(f"a {w.ndim - 2}-D deformable convolution; TFLite gets 2-D")
    x = c.tensor(0, (0, 2, 3, 1))
    kernel = [int(size) for size in w.shape[2:]]
    batch, channels, *_ = c.known(c.input_dims(0), "a deformable convolution")
    _, outputs, rows, columns = c.known(c.dims(), "a deformable convolution")
    taps, parts = kernel[0] * kernel[1], c.attr("offset_group", 1)
    strides, dilations = spatial(c, "strides", 2), spatial(c, "dilations", 2)
    pads = pads_of(c, x, kernel, strides, dilations)
    shape = (batch, rows, columns, taps)
    offsets = _unpacked(c, 2, (batch, parts, taps, 2, rows, columns), (1, 3, 0, 4, 5, 2), shape)
    masks = _unpacked(c, 4, (batch, parts, taps, rows, columns), (1, 0, 3, 4, 2), shape) if c.value(4) else []
    grids = _grids(kernel, strides, dilations, [before for before, _ in pads], (rows, columns))
    batches = c.const(np.broadcast_to(table_size.arange(batch, dtype=np.int32)[:, None, None, None], shape))
    images = [x]
    if parts > 1:
        shapes = [(*x.shape[:-1], channels // parts)] * parts
        images = c.ops("SPLIT", parts, c.const(3, np.int32), x, shape=shapes, dtype=x.dtype, NumSplits=parts)
    found = []
    for part, image in enumerate(images):
        positions = [c.op("ADD", offsets[2 * part + axis], c.const(grids[axis], np.float32)) for axis in (0, 1)]
        values = sampled(c, image, batches, positions)
        found.append(c.op("MUL", values, c.reshape(masks[part], (*shape, 1))) if masks else values)
    whole = (*shape, channels)
    joined = found[0] if parts == 1 else c.op("CONCATENATION", *found, shape=whole, Axis=4)
    flat = c.reshape(joined, (batch, rows, columns, taps * channels))
    filters = c.const(_dense(w, channels).reshape(outputs, 1, 1, -1), np.float32, "weight")
    options = {"Padding": VALID, "StrideH": 1, "StrideW": 1, "DilationHFactor": 1, "DilationWFactor": 1}
    made = c.op("CONV_2D", flat, filters, _bias(c, outputs), shape=(batch, rows, columns, outputs), **options)
    return Stored(made, plain(c.dims(), (0, 2, 3, 1)))


def _bias(c: Emission, outputs: int) -> Tensor:
    value = c.value(3)
    return c.tensor(3) if value is not None else c.const(table_size.zeros(outputs), np.float32, "bias")


def _unpacked(
    c: Emission, index: int, atoms: tuple[int, ...], perm: tuple[int, ...], shape: tuple[int, ...]
) -> list[Tensor]:
    """Input `index` as one tensor (N, rows, columns, taps) for each leading index of the transposed atoms."""
    stored = c.stored(index)
    view = stored.view.reshaped(atoms)
    if view is None:
        refuse(f"offsets or a mask of shape {list(stored.view.shape)}, expected {list(atoms)}")
    count = int(np.prod([atoms[axis] for axis in perm[:-4]]))
    merged = view.transposed(perm).reshaped((count, *shape))
    assert merged is not None
    tensor = c.storage.realise_view(Stored(stored.tensor, merged), tuple(range(5)))
    return c.ops("UNPACK", count, tensor, shape=[shape] * count, Axis=0, Num=count)


def _grids(
    kernel: list[int], strides: list[int], dilations: list[int], before: list[int], out: tuple[int, int]
) -> list[Array]:
    """Where each tap reads without offsets: rows and columns, (1, rows, columns, taps)."""
    check_table(2, *out, *kernel)
    place = np.stack(table_size.grid(*(table_size.arange(size) for size in out)))
    tap = np.stack(table_size.grid(*(table_size.arange(size) for size in kernel))).reshape(2, -1)
    return [
        place[axis][None, ..., None] * strides[axis] - before[axis] + tap[axis] * dilations[axis] for axis in (0, 1)
    ]


def _dense(w: Array, channels: int) -> Array:
    """(O, taps, C): weights of groups with zeros for the channels the others read."""
    outputs, inside = w.shape[:2]
    groups = channels // inside
    dense = table_size.zeros((outputs, channels, *w.shape[2:]), w.dtype, beside=w.size)
    for group in range(groups):
        rows = slice(group * outputs // groups, (group + 1) * outputs // groups)
        dense[rows, group * inside : (group + 1) * inside] = w[rows]
    return np.transpose(dense.reshape(outputs, channels, -1), (0, 2, 1))
