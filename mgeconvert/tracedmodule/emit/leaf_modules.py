"""Modules of a foreign source that are one operator, as the built-in module that MegEngine has for that operator.

An ONNX file that PyTorch exported has a module around each convolution: ``layer1.0.conv1`` with a Conv in it. It is the
Conv2d of that name, no module with a graph of its own. A Linear on more than two axes is a MatMul and an Add there.
"""

from __future__ import annotations

from dataclasses import replace

from mgeconvert.ir import Graph, Node
from mgeconvert.ir.scopes import Scope

from .quantization.modules import FILES
from .scopes import CLASSES, origin, place

KINDS = {
    "AveragePool": "AvgPool2d", "BatchNormalization": "BatchNorm2d", "Conv": "Conv2d",
    "ConvTranspose": "ConvTranspose2d", "Gather": "Embedding", "Gelu": "GELU", "Gemm": "Linear",
    "GlobalAveragePool": "AdaptiveAvgPool2d", "GlobalMaxPool": "AdaptiveMaxPool2d", "GroupNormalization": "GroupNorm",
    "InstanceNormalization": "InstanceNorm", "LRN": "LocalResponseNorm", "LayerNormalization": "LayerNorm",
    "LeakyRelu": "LeakyReLU", "MatMul": "Linear", "MaxPool": "MaxPool2d", "PRelu": "PReLU", "Relu": "ReLU",
    "Sigmoid": "Sigmoid", "Softmax": "Softmax",
}  # fmt: skip
"""The built-in module of an operator that is alone in its module."""
TOGETHER = {"MatMul Add": "Linear", "Sigmoid Mul": "SiLU"}
"""The built-in module of operators that are alone in their module."""


def with_leaf_modules(graph: Graph) -> Graph:
    """The graph, or one with other nodes in which the operators of such modules say that they are that module."""
    inside: dict[Scope, list[Node]] = {}
    around = set()
    for node in graph.nodes:
        scope = node.scope.parent if node.scope is not None else None
        if scope is not None:
            inside.setdefault(scope, []).append(node)
            around.update(scope.chain[:-1])
    kinds = {scope: kind for scope, nodes in inside.items() if scope not in around and (kind := _kind(scope, nodes))}
    if not kinds:
        return graph
    scopes = {scope: Scope(scope.path, kind, None, scope.parent) for scope, kind in kinds.items()}
    nodes = [
        Node(node.op, node.inputs, node.outputs, node.attrs, node.name, scopes[node.scope.parent], node.domain)
        if node.scope is not None and node.scope.parent in scopes
        else node
        for node in graph.nodes
    ]
    return replace(graph, nodes=nodes)


def _kind(scope: Scope, nodes: list[Node]) -> str | None:
    """The class of a module that has these operators and no others."""
    if not scope.path or scope.call is not None or any(place(node) != scope.path for node in nodes):
        return None
    said = {origin(node)[1] for node in nodes}
    if len(said) == 1 and said <= {*CLASSES, *FILES}:
        return said.pop()
    ops = [node.op for node in nodes]
    if any(node.op != origin(node)[1] for node in nodes):
        return None
    return KINDS.get(ops[0]) if len(ops) == 1 else TOGETHER.get(" ".join(ops))
