"""ReLU and Clip before a QuantizeLinear, expressed on its integers.

Quantizing is monotone: Q(Clip(x, a, b)) = Clip(Q(x), Q(a), Q(b)), to the last bit.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Graph, Node, Value

from .grids import COMPUTING, QUANTIZE, Grid, grid_of, scalar_of


def ranges_on_integers(graph: Graph) -> None:
    """Q(Relu(Conv(x))) -> Max(Q(Conv(x)), zero_point); Q(Clip(Conv(x), a, b)) -> Clip(Q(Conv(x)), Q(a), Q(b)).

    A range that the integers' own limits are stays: onnxruntime drops it itself.
    """
    producers, users = graph.producers(), graph.users()
    outputs = set(graph.outputs.values())
    nodes: list[Node] = []
    for node in graph.nodes:
        nodes.append(node)
        grid = grid_of(node) if node.op == QUANTIZE else None
        if grid is None:
            continue
        limits = grid.limits
        x, chain = node.inputs[0], []
        while x is not None and x not in outputs and len(users.get(x, ())) == 1:
            made = producers.get(x)
            if made is None or _bounds(made, grid) is None:
                break
            chain.append(made)
            x = made.inputs[0]
        made = None if x is None else producers.get(x)
        if not chain or made is None or made.op not in COMPUTING or made.domain:
            continue
        for step in reversed(chain):
            low, high = _bounds(step, grid) or grid.limits
            limits = (min(max(limits[0], low), high), min(max(limits[1], low), high))
        if limits == grid.limits:
            continue
        nodes.append(_limited(node, grid, limits))
        node.inputs[0] = x
    graph.nodes = nodes
    graph.remove_dead_nodes()


def _bounds(node: Node, grid: Grid) -> tuple[int, int] | None:
    """The integers that a ReLU or Clip lets through; None for other operators."""
    low, high = grid.limits
    if node.domain:
        return None
    if node.op == "Relu":
        return grid.integer(0), high
    if node.op != "Clip":
        return None
    ends = [scalar_of(value) for value in (*node.inputs[1:3], None, None)[:2]]
    given = [value is not None for value in (*node.inputs[1:3], None, None)[:2]]
    if any(end is None and there for end, there in zip(ends, given, strict=True)):
        return None
    low = low if ends[0] is None else grid.integer(ends[0])
    high = high if ends[1] is None else grid.integer(ends[1])
    return (low, high) if low <= high else None


def _limited(node: Node, grid: Grid, limits: tuple[int, int]) -> Node:
    """The Max, Min or Clip of integers that takes over the output of a QuantizeLinear."""
    stored = node.outputs[0]
    node.outputs = [Value(f"{stored.name}/whole", stored.dtype, stored.shape)]
    low, high = (
        Value(f"{stored.name}/{end}", array=np.array(limit, grid.dtype))
        for end, limit in zip(("low", "high"), limits, strict=True)
    )
    if limits[1] == grid.limits[1]:
        return Node("Max", [node.outputs[0], low], [stored], {}, f"{node.name}/Max", node.scope)
    if limits[0] == grid.limits[0]:
        return Node("Min", [node.outputs[0], high], [stored], {}, f"{node.name}/Min", node.scope)
    return Node("Clip", [node.outputs[0], low, high], [stored], {}, f"{node.name}/Clip", node.scope)


def ranges_on_floats(graph: Graph) -> None:
    """Max(Q(x), zero_point) -> Q(Relu(x)); Clip(Q(x), a, b) -> Q(Clip(x, (a - zero_point) scale, ...)).

    What `ranges_on_integers` made, as other targets and passes know it.
    """
    producers, users = graph.producers(), graph.users()
    outputs = set(graph.outputs.values())
    replaced: dict[int, Node] = {}
    before: dict[int, Node] = {}
    for node in graph.nodes:
        made = (
            producers.get(node.inputs[0]) if node.op in ("Max", "Min", "Clip") and node.inputs[0] is not None else None
        )
        grid = None if made is None or node.domain or made.op != QUANTIZE else grid_of(made)
        limits = None if grid is None else _integer_limits(node, grid)
        if made is None or grid is None or limits is None or made.outputs[0] in outputs:
            continue
        if len(users.get(made.outputs[0], ())) != 1:
            continue
        before[id(made)] = _float_limit(made, grid, limits)
        replaced[id(node)] = made
        made.inputs[0], made.outputs = before[id(made)].outputs[0], node.outputs
    nodes: list[Node] = []
    for node in graph.nodes:
        if id(node) in before:
            nodes.append(before[id(node)])
        if id(node) not in replaced:
            nodes.append(node)
    graph.nodes = nodes


def _integer_limits(node: Node, grid: Grid) -> tuple[int, int] | None:
    """What a Max, Min or Clip with constants lets through; None where it has others."""
    ends = [scalar_of(value) for value in node.inputs[1:]]
    if None in ends or len(ends) != (2 if node.op == "Clip" else 1):
        return None
    low, high = grid.limits
    numbers = [int(end) for end in ends if end is not None]
    if node.op == "Max":
        low = max(low, numbers[0])
    elif node.op == "Min":
        high = min(high, numbers[0])
    else:
        low, high = max(low, numbers[0]), min(high, numbers[1])
    return (low, high) if low <= high else None


def _float_limit(quantize: Node, grid: Grid, limits: tuple[int, int]) -> Node:
    """The ReLU or Clip of what a QuantizeLinear reads."""
    x = quantize.inputs[0]
    assert x is not None
    op = "Relu" if limits == (grid.zero_point, grid.limits[1]) else "Clip"
    value = Value(f"{quantize.outputs[0].name}/{op}", x.dtype, x.shape)
    ends = [
        Value(f"{value.name}/{name}", array=np.asarray((limit - grid.zero_point) * grid.scale, np.float32))
        for name, limit in zip(("low", "high"), limits, strict=True)
    ]
    return Node(op, [x, *(ends if op == "Clip" else [])], [value], {}, f"{quantize.name}/{op}", quantize.scope)
