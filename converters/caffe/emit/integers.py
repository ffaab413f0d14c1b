"""What quantization does besides rounding: it moves integers, and cuts off where an activation was fused into it."""

from __future__ import annotations

import numpy as np

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


LINEAR = frozenset(["Add", "BatchNormalization", "Conv", "ConvTranspose", "Gemm", "MatMul", "Mul", "Sub"])
"""Operators behind which a quantizer fuses a Relu, or a Relu6, into what the integers can hold."""


def cut_off_fused_activations(graph: Graph) -> None:
    """QuantizeLinear(Conv(x)) -> QuantizeLinear(Clip(Conv(x), 0, largest)), in place, where 0 is the least integer."""
    producers = graph.producers()
    nodes: list[Node] = []
    for node in graph.nodes:
        source = node.inputs[0] if node.op == "QuantizeLinear" else None
        made = None if source is None else producers.get(source)
        if source is not None and made is not None and made.op in LINEAR and (top := _top(node)) is not None:
            cut = Value(f"{source.name}/cut", source.dtype, source.shape)
            limits = [
                Value(f"{cut.name}/{name}", array=np.array(end, np.float32))
                for name, end in (("low", 0), ("high", top))
            ]
            nodes.append(Node("Clip", [source, *limits], [cut], {}, f"{node.name}/cut", made.scope))
            node.inputs[0] = cut
        nodes.append(node)
    graph.nodes = nodes


def _top(node: Node) -> float | None:
    """The largest number that the integers hold, where 0 is the least; None otherwise."""
    scale, zero = (value.array if value is not None else None for value in (*node.inputs[1:3], None)[:2])
    if scale is None or zero is None or scale.size != 1 or zero.size != 1 or zero.dtype.kind not in "iu":
        return None
    limits = np.iinfo(zero.dtype)
    return float(scale.item()) * (limits.max - limits.min) if zero.item() == limits.min else None
