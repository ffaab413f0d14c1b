"""Pools of two axes."""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir import Node

from .table import Step, emit, ints


@emit("MaxPool", "AveragePool")
def pool(node: Node) -> Step:
    if node.attrs.get("ceil_mode", 0) or set(ints(node, "dilations", [1, 1])) != {1} or len(node.outputs) > 1:
        refuse("a pool that rounds up, with gaps in its window, or with indices")
    return {"MaxPool": "max_pool", "AveragePool": "average_pool"}[node.op], {
        "kernel": ints(node, "kernel_shape", []),
        "strides": ints(node, "strides", [1, 1]),
        "pads": ints(node, "pads", [0, 0, 0, 0]),
        "count_pad": bool(node.attrs.get("count_include_pad", 0)),
    }
