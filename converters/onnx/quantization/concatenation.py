"""Concat of values that are put on one grid, each on its own -> the grid behind the Concat."""

from __future__ import annotations

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.quantization.grids import DEQUANTIZE, QUANTIZE, grid_of


def requantize_after_concat(graph: Graph) -> None:
    """Concat(DQ(Q(a)), DQ(Q(b))) -> DQ(Q(Concat(a, b))), where all pairs have one grid and a, b are dequantized."""
    producers, users = graph.producers(), graph.users()
    outputs = set(graph.outputs.values())
    nodes: list[Node] = []
    for node in graph.nodes:
        pairs = None if node.op != "Concat" or node.domain else _pairs(node, producers, users, outputs)
        nodes.append(node)
        if pairs is None:
            continue
        quantize, dequantize = pairs[0]
        node.inputs = [pair[0].inputs[0] for pair in pairs]
        result = node.outputs[0]
        joined = Value(f"{result.name}/joined", result.dtype, result.shape)
        stored = Value(f"{result.name}/{QUANTIZE}", quantize.outputs[0].dtype, result.shape)
        node.outputs = [joined]
        parameters = quantize.inputs[1:]
        nodes.append(
            Node(QUANTIZE, [joined, *parameters], [stored], dict(quantize.attrs), f"{node.name}/{QUANTIZE}", node.scope)
        )
        nodes.append(
            Node(
                DEQUANTIZE,
                [stored, *dequantize.inputs[1:]],
                [result],
                dict(dequantize.attrs),
                f"{node.name}/{DEQUANTIZE}",
                node.scope,
            )
        )
    graph.nodes = nodes
    graph.remove_dead_nodes()


def _pairs(
    node: Node, producers: dict[Value, Node], users: dict[Value, list[Node]], outputs: set[Value]
) -> list[tuple[Node, Node]] | None:
    """The QuantizeLinear and DequantizeLinear before each input, where all have one grid and are read here alone."""
    found: list[tuple[Node, Node]] = []
    for value in node.inputs:
        dequantize = None if value is None else producers.get(value)
        stored = None if dequantize is None or dequantize.op != DEQUANTIZE else dequantize.inputs[0]
        quantize = None if stored is None else producers.get(stored)
        if dequantize is None or quantize is None or quantize.op != QUANTIZE or quantize.inputs[0] is None:
            return None
        before = producers.get(quantize.inputs[0])
        if before is None or before.op != DEQUANTIZE or value in outputs:
            return None
        grid = grid_of(quantize)
        if grid is None or grid != grid_of(dequantize) or (found and grid != grid_of(found[0][0])):
            return None
        if len(users.get(value, [])) != 1 or len(users.get(quantize.outputs[0], [])) != 1:  # type: ignore[arg-type]
            return None
        found.append((quantize, dequantize))
    return found or None
