"""The Builder that rewrites are written with."""

from __future__ import annotations

from typing import Any

from mgeconvert.ir import Attribute, Graph, Namer, Node, Value
from mgeconvert.ir.builder import Builder


class EmitBuilder(Builder):
    """A Builder that knows the graph it rewrites: `producers`, `users` and `uses` are its.

    `foreign` is true where the graph was not read from a file of MegEngine's, so that its operators mean what ONNX says
    also where MegEngine's own are never called that way.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.name_value = Namer(value.name for value in graph.values())
        self.name_node = Namer(node.name for node in graph.nodes)
        self.producers = graph.producers()
        self.users = graph.users()
        self.uses = graph.use_counts()
        self.foreign = not any(key.startswith("megengine.") for key in graph.metadata)

    def producer(self, value: Value | None, op: str, *, alone: bool = False) -> Node | None:
        """The node that computes `value`, if it is that operator (and, with `alone`, has no other reader)."""
        node = None if value is None else self.producers.get(value)
        if value is None or node is None or node.op != op or (alone and self.uses.get(value, 0) != 1):
            return None
        return node

    def call(self, op: str, outputs: list[Value], *inputs: Value | None, **attrs: Attribute) -> list[Value]:
        """Append a node of the domain ``megengine`` with outputs whose types are known."""
        self.graph.nodes.append(
            Node(op, list(inputs), outputs, dict(attrs), self.name_node(self._wanted(op)), self.scope, "megengine")
        )
        return outputs

    def typed(self, like: Value, what: str = "out") -> Value:
        """A new value of the type of another."""
        return Value(self.name_value(self._wanted(what)), like.dtype, like.shape)


def again(b: EmitBuilder, node: Node, x: Value, inputs: list[Value | None], **changes: Any) -> Value:
    """The node on other inputs and with changed attributes (None: left out)."""
    attrs = {key: value for key, value in {**node.attrs, **changes}.items() if value is not None}
    return b.op(node.op, x, *inputs, **attrs)


def like(b: EmitBuilder, x: Value | None, number: float) -> Value:
    assert x is not None
    return b.constant(number, x.dtype)
