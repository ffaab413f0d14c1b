"""The intermediate representation: inert graphs of ONNX operators, how they are built, and what follows from them.

The data classes are re-exported, so that ``from mgeconvert.ir import Graph, Node, Value`` is all that a format needs.
"""

from .graph import (
    OPSET,
    Attribute,
    Container,
    Dim,
    GivenName,
    Graph,
    Namer,
    Node,
    Shape,
    TensorType,
    TracedDim,
    Value,
    captured,
    subgraphs,
)

__all__ = [
    "OPSET",
    "Attribute",
    "Container",
    "Dim",
    "GivenName",
    "Graph",
    "Namer",
    "Node",
    "Shape",
    "TensorType",
    "TracedDim",
    "Value",
    "captured",
    "subgraphs",
]
