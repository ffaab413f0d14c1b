"""A DequantizeLinear for each reader: onnxruntime and other runtimes fuse one that nothing else reads."""

from __future__ import annotations

from mgeconvert.ir import Graph, Node, Value, subgraphs
from mgeconvert.quantization.grids import DEQUANTIZE


def one_for_each_reader(graph: Graph) -> None:
    """y = DQ(q), f(y), g(y) -> f(DQ(q)), g(DQ(q)): the first reader, or the graph's output, keeps the node."""
    users = graph.users()
    outputs = set(graph.outputs.values())
    inside = {
        value for node in graph.nodes for body in subgraphs(node) for inner in body.nodes for value in inner.inputs
    }
    nodes: list[Node] = []
    for node in graph.nodes:
        nodes.append(node)
        if node.op != DEQUANTIZE or node.domain or node.outputs[0] in inside:
            continue
        value = node.outputs[0]
        readers = users.get(value, [])
        for number, reader in enumerate(readers if value in outputs else readers[1:], start=1):
            twin = Value(f"{value.name}/{number}", value.dtype, value.shape)
            nodes.append(
                Node(DEQUANTIZE, list(node.inputs), [twin], dict(node.attrs), f"{node.name}/{number}", node.scope)
            )
            reader.inputs = [twin if operand is value else operand for operand in reader.inputs]
    graph.nodes = nodes
