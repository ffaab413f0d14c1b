"""Triangles whose diagonal is known at run time only."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, table_size
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.table_size import check_table

from .table import Result, compose_form, data, integer, scalar, shape_of


def _has_computed_diagonal(node: Node) -> bool:
    return len(node.inputs) > 1 and node.inputs[1] is not None and node.inputs[1].array is None


@compose_form("Trilu", _has_computed_diagonal)
def triangle(b: Builder, node: Node) -> Result:
    """Trilu(x, k, upper) -> Where(column - row >= k, x, 0), the lower one Where(column - row <= k, x, 0)"""
    x, k = data(node), data(node, 1)
    rows, columns = shape_of(x)[-2:]
    if isinstance(rows, str) or isinstance(columns, str):
        refuse("a triangle of sizes known only at run time")
    check_table(rows, columns)
    distance = b.constant((table_size.arange(columns) - table_size.arange(rows)[:, None]).astype(np.int64))
    compare = "GreaterOrEqual" if integer(node, "upper", 1) else "LessOrEqual"
    return b.op("Where", b.op(compare, distance, k), x, scalar(x, 0))
