"""Products of matrices."""

from __future__ import annotations

from mgeconvert.ir import Node

from .table import Step, emit


@emit("MatMul")
def matmul(node: Node) -> Step:  # noqa: ARG001 - it has no attributes
    return "matmul", {}


@emit("Gemm")
def gemm(node: Node) -> Step:
    """alpha * a @ b + beta * c, with a or b turned"""
    turned = [node.attrs.get("transA", 0), node.attrs.get("transB", 0)]
    return "gemm", {"turned": turned, "alpha": node.attrs.get("alpha", 1.0), "beta": node.attrs.get("beta", 1.0)}
