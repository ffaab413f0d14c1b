"""What an operator reads: each input of a node with the node that makes it."""

from __future__ import annotations

from dataclasses import dataclass

from mgeconvert.ir import Graph, Node

from .names import Names, place, unknown


@dataclass(frozen=True, slots=True)
class Operand:
    """One input of a node: the value's name and type, and who makes it (``input``, ``constant`` or its origin)."""

    node: str
    op: str
    input: str
    type: str
    made_by: str


def inputs_of(graph: Graph, what: str) -> list[Operand]:
    """The inputs of every node of an operator (``Concat``), of a module, or of the node of that name or value.

    Raises UsageError for what is none of these.
    """
    names = Names(graph)
    nodes = [node for node in graph.nodes if node.op == what]
    if not nodes and what not in names.modules and what not in names.values:
        raise unknown("operator, module, node or value", what, [*{node.op for node in graph.nodes}, *names.modules])
    return [operand for node in nodes or names.nodes(what) for operand in _operands(node, graph, names)]


def _operands(node: Node, graph: Graph, names: Names) -> list[Operand]:
    inputs = set(graph.inputs.values())
    rows = []
    for value in node.inputs:
        if value is not None:
            maker = "constant" if value.is_constant else "input" if value in inputs else place(names.makers[value])
            rows.append(Operand(place(node), node.op, value.name, value.type_text, maker))
    return rows
