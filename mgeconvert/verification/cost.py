"""Which models are not run to be verified: a file of 200 bytes can ask every runtime that loads it for gigabytes."""

from __future__ import annotations

import math

from mgeconvert.errors import ConversionError
from mgeconvert.ir import Graph, Node, Value

CONSTANT = 1 << 28
"""Bytes of a value that is computed from constants alone, which runtimes do while they load a file."""
COMPUTED = 1 << 32
"""Bytes of any other value."""
WORK = 1 << 37
"""Multiplications of a matrix product of constants; about a minute."""


def check_runnable(graph: Graph) -> None:
    """ConversionError where a run of the graph would take far more memory or time than any network."""
    constant: set[Value] = set()
    for node in graph.nodes:
        is_constant = all(value is None or value.is_constant or value in constant for value in node.inputs)
        if is_constant and not node.domain and not node.op.startswith("Random"):
            constant.update(node.outputs)
        for value in node.outputs:
            size = _bytes(value)
            if size > (CONSTANT if value in constant else COMPUTED):
                of = " of constants alone" if value in constant else ""
                raise ConversionError(
                    f"{node.name}: {node.op} computes {value.type_text}, {size / 1e9:.1f} GB{of}: not run",
                    hint="--no-verify writes the file without running it",
                )
        if is_constant and _products(node) > WORK:
            raise ConversionError(
                f"{node.name}: {node.op} of constants takes {_products(node):.1e} multiplications: not run",
                hint="--no-verify writes the file without running it",
            )


def _bytes(value: Value) -> int:
    if value.static_shape is None or value.dtype is None:
        return 0
    return math.prod(value.static_shape) * value.dtype.itemsize


def _products(node: Node) -> int:
    first, shape = node.inputs[0] if node.inputs else None, node.outputs[0].static_shape
    if node.op not in ("Gemm", "MatMul") or first is None or first.static_shape is None or shape is None:
        return 0
    return math.prod(shape) * math.prod(first.static_shape[-1:])
