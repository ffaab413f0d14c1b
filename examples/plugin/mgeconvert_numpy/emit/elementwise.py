"""Elementwise operators: numpy has them under names of its own."""

from __future__ import annotations

from mgeconvert.ir import Node

from .table import Step, emit

NAMES = {"Add": "add", "Sub": "subtract", "Mul": "multiply", "Div": "divide", "Max": "maximum", "Min": "minimum"}


@emit(*NAMES)
def binary(node: Node) -> Step:
    return NAMES[node.op], {}


@emit("Clip")
def clip(node: Node) -> Step:  # noqa: ARG001 - its limits are inputs
    return "clip", {}
