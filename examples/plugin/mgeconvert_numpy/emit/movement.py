"""Shapes, and joining."""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir import Node

from .table import Step, emit, ints


@emit("Reshape")
def reshape(node: Node) -> Step:
    shape = node.inputs[1]
    if shape is None or shape.array is None or 0 in shape.array:
        refuse("a shape that is not constant, or copies a size by 0")
    return "reshape", {}


@emit("Transpose")
def transpose(node: Node) -> Step:
    rank = node.output.rank
    if rank is None:
        refuse("a transpose of an unknown number of axes")
    return "transpose", {"perm": ints(node, "perm", list(range(rank))[::-1])}


@emit("Concat")
def concat(node: Node) -> Step:
    return "concatenate", {"axis": node.attrs["axis"]}
