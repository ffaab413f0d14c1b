"""Activation functions."""

from __future__ import annotations

from mgeconvert.ir import Node

from .table import Step, emit


@emit("Relu")
def relu(node: Node) -> Step:  # noqa: ARG001 - it has no attributes
    return "relu", {}


@emit("Softmax")
def softmax(node: Node) -> Step:
    return "softmax", {"axis": node.attrs.get("axis", -1)}
