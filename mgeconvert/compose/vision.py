"""Grids of affine maps as the product of matrices that they are."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.table_size import check_table

from .table import Result, array_of, compose, data, integer


@compose("AffineGrid")
def affine_grid(b: Builder, node: Node) -> Result:
    """AffineGrid(theta, (N, C, H, W)) -> Reshape(MatMul((x, y, 1) of each pixel, theta'), N H W 2)"""
    theta, size = data(node), array_of(node, 1, "a size")
    assert size is not None
    batch, _, *spatial = (int(length) for length in size)
    check_table(*spatial)
    ends = bool(integer(node, "align_corners", 0))
    if ends and 1 in spatial:
        refuse("the corners of an image of one pixel")
    axes = [np.linspace(-1, 1, n) if ends else (2 * table_size.arange(n) + 1) / n - 1 for n in spatial]
    places = np.stack([*table_size.grid(*axes)[::-1], table_size.ones(spatial)], axis=-1)
    grid = b.constant(places.reshape(1, -1, len(spatial) + 1), theta.dtype)
    mapped = b.op("MatMul", grid, b.op("Transpose", theta, perm=[0, 2, 1]))
    return b.op("Reshape", mapped, [batch, *spatial, len(spatial)])
