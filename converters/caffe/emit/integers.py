"""Integers that are only moved become moved floats."""

from __future__ import annotations

from mgeconvert.ir import Graph, Node, Value

MOVING = frozenset(
    ["Flatten", "Gather", "Identity", "MaxPool", "Reshape", "Slice", "Squeeze", "Tile", "Transpose", "Unsqueeze"]
)
"""Operators of one tensor whose elements are its own; MaxPool, because larger integers are larger numbers."""


def dequantize_before_moving(graph: Graph) -> None:
    """DequantizeLinear(Reshape(QuantizeLinear(x))) -> Reshape(DequantizeLinear(QuantizeLinear(x))), in place.

    One scale and one zero point for the whole tensor, the same at both ends; so do the others of MOVING.
    """
    parameters: dict[Value, Node] = {}
    floats: dict[Value, Value] = {}
    replaced: dict[Value, Value] = {}
    nodes: list[Node] = []
    for node in graph.nodes:
        nodes.append(node)
        source = node.inputs[0] if node.inputs else None
        if source is None:
            continue
        if node.op == "QuantizeLinear" and _scale(node) is not None:
            parameters[node.output] = node
        elif node.op in MOVING and not node.domain and len(node.outputs) == 1 and source in parameters:
            nodes += _in_floats(node, source, parameters[source], floats)
            parameters[node.output] = parameters[source]
        elif node.op == "DequantizeLinear" and source in floats and _scale(node) == _scale(parameters[source]):
            replaced[node.output] = floats[source]
    if replaced:
        graph.nodes = nodes
        graph.replace(replaced)
        graph.remove_dead_nodes()


def _scale(node: Node) -> tuple[bytes, bytes] | None:
    """Scale and zero point of a whole tensor; None where they are computed or one for each channel."""
    scale, zero = (value.array if value is not None else None for value in (*node.inputs[1:3], None)[:2])
    if scale is None or zero is None or scale.size != 1:
        return None
    return scale.tobytes(), zero.tobytes()


def _in_floats(node: Node, source: Value, quantize: Node, floats: dict[Value, Value]) -> list[Node]:
    """The node on the numbers that its integers stand for, behind their DequantizeLinear where there is none yet."""
    made = []
    dtype = None if quantize.inputs[0] is None else quantize.inputs[0].dtype
    if source not in floats:
        floats[source] = Value(f"{source.name}/floats", dtype, source.shape)
        inputs = [source, *quantize.inputs[1:]]
        made.append(Node("DequantizeLinear", inputs, [floats[source]], {}, f"{node.name}/floats", node.scope))
    moved = Value(f"{node.output.name}/floats", dtype, node.output.shape)
    operands = [floats[source], *node.inputs[1:]]
    made.append(Node(node.op, operands, [moved], dict(node.attrs), f"{node.name}/moved", node.scope))
    floats[node.output] = moved
    return made
