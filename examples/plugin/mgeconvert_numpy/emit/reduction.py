"""Reductions over constant axes."""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir import Node

from .table import Step, emit

NAMES = {"ReduceMean": "mean", "ReduceSum": "sum", "ReduceMax": "max", "ReduceMin": "min"}


@emit(*NAMES)
def reduce(node: Node) -> Step:
    axes = node.inputs[1] if len(node.inputs) > 1 else None
    if axes is None or axes.array is None:
        refuse("a reduction whose axes are not constant")
    return NAMES[node.op], {"keepdims": bool(node.attrs.get("keepdims", 1))}
