"""fuse-reduction: reductions that are one of ONNX's by a formula."""

from __future__ import annotations

from mgeconvert.ir import Node, Value

from .nodes import data, integer, operand, scalar
from .rewriter import Rewriter
from .table import Result, rule


@rule("fuse-reduction", "Sqrt", "Pow", rounds=True)
def length(r: Rewriter, node: Node) -> Result:
    """Sqrt(ReduceSum(x * x, a)) -> ReduceL2(x, a), also with Pow(..., 2), Pow(..., 1/2) and Abs(x)"""
    if node.op == "Pow" and (scalar(operand(node, 1)) != 0.5 or data(node).shape != node.output.shape):
        return None
    total = r.producer(data(node), "ReduceSum")
    squared = None if total is None else r.producer(data(total), "Mul", "Pow")
    if total is None or squared is None or r.only_user(data(node)) is None or "noop_with_empty_axes" in total.attrs:
        return None
    root = _squared(squared)
    if root is None:
        return None
    absolute = r.producer(root, "Abs")
    x = root if absolute is None else data(absolute)
    if x.dtype is None or x.dtype.kind != "f":
        return None
    return r.op("ReduceL2", x, operand(total, 1), keepdims=integer(total, "keepdims", 1))


def _squared(node: Node) -> Value | None:
    """x where the node is x * x or Pow(x, 2)."""
    if node.op == "Mul":
        return data(node) if data(node) is data(node, 1) else None
    return data(node) if scalar(operand(node, 1)) == 2 and data(node).shape == node.output.shape else None
