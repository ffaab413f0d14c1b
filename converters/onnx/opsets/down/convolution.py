"""DeformConv where the opset does not have it: every tap of every window sampled by Gather, then one product."""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, table_size
from mgeconvert.ir.table_size import check_table

from .operands import data, dtype_of, number_attribute, numbers_attribute, operand, shape_of, size
from .replacement import Replacement
from .sampled_positions import element_along, product, sampled
from .table import Result, downgrade


@downgrade("DeformConv", since=19)
def deform_conv(r: Replacement, node: Node) -> Result:
    """DeformConv(x, w, offsets) -> MatMul(w, x sampled at every tap of every window where its offset says).

    An offset group is a batch of its own. Offsets are (N, parts * taps * 2, OH, OW), of which the last pair is (y, x);
    masks are (N, parts * taps, OH, OW).
    """
    x, weights, offsets, bias, mask = data(node), data(node, 1), data(node, 2), operand(node, 3), operand(node, 4)
    if len(shape_of(x)) != 4:
        refuse("a deformable convolution of other than images")
    batch, channels, *lengths = shape_of(x)
    outputs, inside, *kernel = (size(dim, "a filter") for dim in shape_of(weights))
    sizes = [size(dim, "a deformable convolution") for dim in shape_of(offsets)[2:]]
    if len(sizes) != 2:
        refuse("a deformable convolution whose offsets are not those of images")
    group, parts, taps = (
        int(number_attribute(node, "group", 1)),
        int(number_attribute(node, "offset_group", 1)),
        math.prod(kernel),
    )
    each = size(channels, "channels") // parts
    images = product(batch, parts)
    pairs = r.reshape(offsets, (images, taps, 2, *sizes))
    positions = [r.op("Add", element_along(r, pairs, axis, 2), grid.astype(dtype_of(offsets)))
                 for axis, grid in enumerate(_grids(node, kernel, sizes))]  # fmt: skip
    values = sampled(r, x if parts == 1 else r.reshape(x, (images, each, *lengths)), positions)
    if mask is not None:
        values = r.op("Mul", values, r.reshape(mask, (images, taps, *sizes, 1)))
    columns = r.transpose(values, (0, 4, 1, 2, 3))
    columns = r.reshape(columns, (batch, group, inside * taps, math.prod(sizes)))
    filters = r.reshape(weights, (group, outputs // group, inside * taps))
    found = r.op("MatMul", filters, columns, shape=(batch, group, outputs // group, math.prod(sizes)))
    found = r.reshape(found, (batch, outputs, *sizes))
    return found if bias is None else r.op("Add", found, r.reshape(bias, (outputs, 1, 1)))


def _grids(node: Node, kernel: list[int], sizes: list[int]) -> list[np.ndarray]:
    """Where each tap reads without offsets: rows and columns, each (taps, OH, OW)."""
    strides, dilations, pads = (numbers_attribute(node, name, default) for name, default in _WINDOW.items())
    check_table(2, *kernel, *sizes)
    tap = table_size.indices(kernel).reshape(2, -1, 1, 1)
    place = table_size.indices(sizes)
    return [place[axis] * strides[axis] - pads[axis] + tap[axis] * dilations[axis] for axis in (0, 1)]


_WINDOW = {"strides": (1, 1), "dilations": (1, 1), "pads": (0, 0, 0, 0)}
