"""A pair of QuantizeLinear and DequantizeLinear behind what only moves numbers of a grid."""

from __future__ import annotations

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.quantization.grids import COMPUTING, DEQUANTIZE, MOVING, QUANTIZE, grid_of


def pairs_after_moving(graph: Graph) -> None:
    """Conv(MaxPool(DQ(q))) -> Conv(DQ(Q(MaxPool(DQ(q))))): the number of the grid of q is itself there.

    Only where an operator that has a kernel of integers reads the result, with other movements between or without.
    """
    wanted = _read_by_kernels(graph)
    producers = graph.producers()
    nodes: list[Node] = []
    renamed: dict[Value, Value] = {}
    last: dict[Value, Node] = {
        value: node for value, node in producers.items() if grid_of(node) and node.op == DEQUANTIZE
    }
    users = graph.users()
    for node in graph.nodes:
        node.inputs = [None if value is None else renamed.get(value, value) for value in node.inputs]
        nodes.append(node)
        if node.op not in MOVING or node.domain or node.inputs[0] is None:
            continue
        source = last.get(node.inputs[0])
        if source is None:
            continue
        for result in node.outputs if node.op == "Split" else node.outputs[:1]:
            if result not in wanted or all(user.op == QUANTIZE for user in users.get(result, ())):
                continue
            parameters = source.inputs[1:]
            whole = source.inputs[0]
            assert whole is not None
            stored = Value(f"{result.name}/{QUANTIZE}", whole.dtype, result.shape)
            real = Value(f"{result.name}/{DEQUANTIZE}", result.dtype, result.shape)
            nodes.append(Node(QUANTIZE, [result, *parameters], [stored], {}, f"{node.name}/{QUANTIZE}", node.scope))
            pair = Node(DEQUANTIZE, [stored, *parameters], [real], {}, f"{node.name}/{DEQUANTIZE}", node.scope)
            nodes.append(pair)
            renamed[result], last[real] = real, pair
    graph.nodes = nodes


def _read_by_kernels(graph: Graph) -> set[Value]:
    """The values that an operator with a kernel of integers reads, or what moves numbers on the way to one."""
    wanted: set[Value] = set()
    for node in reversed(graph.nodes):
        leads = node.op in MOVING and any(value in wanted for value in node.outputs)
        if not node.domain and (node.op in COMPUTING or leads):
            wanted.update(value for value in node.inputs if value is not None)
    return wanted
