"""Convolutions that onnxruntime fused with what follows (onnxruntime/docs/ContribOperators.md)."""

from __future__ import annotations

from typing import cast

from mgeconvert.ir import Node
from mgeconvert.ir.builder import Builder

from .activation import activated
from .table import Result, attributes, compose, data, operand


@compose("com.microsoft.FusedConv")
def fused_conv(b: Builder, node: Node) -> Result:
    """FusedConv(x, w, bias, z, activation) -> activation(Conv(x, w, bias) + z)"""
    plain = attributes(node, "activation", "activation_params")
    y = b.op("Conv", data(node), data(node, 1), operand(node, 2), **plain)
    added = operand(node, 3)
    params = cast("tuple[float, ...]", node.attrs.get("activation_params", ()))
    return activated(b, y if added is None else b.op("Add", y, added), str(node.attrs.get("activation", "")), params)
