"""The quantization of a graph as a table of the page: which values are on which grids."""

from __future__ import annotations

from collections.abc import Iterator

from mgeconvert.ir import Graph
from mgeconvert.quant_params import quantized_values

from .tables import PageTable, table

COLUMNS = ("module", "value", "kind", "type", "smallest scale", "largest scale", "zero point", "along axis")


def quantization(graph: Graph) -> Iterator[PageTable]:
    """One row for each value that is stored as integers, in the order of the graph; no table where there is none."""
    rows = []
    for found in quantized_values(graph):
        scales, scope = found.scales, found.node.scope
        rows.append(
            (
                "" if scope is None else scope.path,
                (found.source or found.node.outputs[0]).name,
                "activation" if found.source is not None else "weight",
                scales.dtype.name,
                float(scales.scale.min()),
                float(scales.scale.max()),
                ", ".join(map(str, sorted({int(zero) for zero in scales.zero_point.reshape(-1)})[:4])),
                scales.axis,
            )
        )
    if rows:
        yield table("quantization", "Quantization", COLUMNS, rows)
