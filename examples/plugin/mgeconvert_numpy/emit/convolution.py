"""Convolutions of two axes."""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir import Node

from .table import Step, emit, ints


@emit("Conv")
def conv(node: Node) -> Step:
    x = node.inputs[0]
    if x is None or x.rank != 4:
        refuse("only convolutions of two axes are written")
    if node.attrs.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID") or set(ints(node, "dilations", [1, 1])) != {1}:
        refuse("a convolution with automatic padding or dilation")
    return "conv", {
        "strides": ints(node, "strides", [1, 1]),
        "pads": ints(node, "pads", [0, 0, 0, 0]),
        "group": node.attrs.get("group", 1),
    }
