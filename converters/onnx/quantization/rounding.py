"""Halves: MegEngine rounds them away from zero, QuantizeLinear to even.

A QuantizeLinear of MegEngine has the attribute `ROUNDING` in the IR, which no file has. Where what it reads is computed
in floats (an input of the network, an image of halves) the rounding is done before it; where a kernel of integers
computes it, that kernel rounds, and halves are rare.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.quantization import ROUNDING
from mgeconvert.quantization.grids import COMPUTING, DEQUANTIZE, QUANTIZE, grid_of

BELOW_HALF = np.nextafter(np.float32(0.5), np.float32(0))
"""floor(x + this) is the nearest integer of x > 0, halves up: with 0.5 it would not be for 0.49999997."""


def without_marks(graph: Graph) -> None:
    """Drop the attribute."""
    for node in graph.nodes:
        node.attrs.pop(ROUNDING, None)


def halves_by_arithmetic(graph: Graph, everywhere: bool) -> None:
    """Q(x, s) -> Q((Relu(Floor(x / s + h)) + Min(Ceil(x / s - h), 0)) s, s) for the marked ones, h = `BELOW_HALF`.

    The product is within one unit in the last place of the grid's number, which QuantizeLinear gives back.
    """
    producers = graph.producers()
    nodes: list[Node] = []
    for node in graph.nodes:
        grid = grid_of(node) if node.op == QUANTIZE and ROUNDING in node.attrs else None
        if grid is not None and (everywhere or not _in_kernel(node, producers)):
            _round(node, nodes)
        nodes.append(node)
    graph.nodes = nodes


def _in_kernel(node: Node, producers: dict[Value, Node]) -> bool:
    """Whether a kernel of integers rounds: of an operator whose inputs are all dequantized or constant."""
    x = node.inputs[0]
    made = None if x is None else producers.get(x)
    while made is not None and made.op in ("Relu", "Clip") and made.inputs[0] is not None:
        made = producers.get(made.inputs[0])
    if made is None or made.op not in COMPUTING:
        return False
    read = [value for value in made.inputs if value is not None and value.array is None]
    return all((source := producers.get(value)) is not None and source.op == DEQUANTIZE for value in read)


def _round(node: Node, nodes: list[Node]) -> None:
    """Append the nodes that round, and let the QuantizeLinear read what they give."""
    x, scale = node.inputs[0], node.inputs[1]
    assert x is not None
    assert scale is not None

    def step(op: str, *inputs: Value) -> Value:
        made = Value(f"{node.outputs[0].name}/{op}_{len(nodes)}", x.dtype, x.shape)
        nodes.append(Node(op, list(inputs), [made], {}, f"{node.name}/{op}", node.scope))
        return made

    half, zero = (
        Value(f"{node.outputs[0].name}/{name}", array=np.asarray(number, np.float32))
        for name, number in (("half", BELOW_HALF), ("zero", 0))
    )
    steps = step("Div", x, scale)
    up = step("Relu", step("Floor", step("Add", steps, half)))
    down = step("Min", step("Ceil", step("Sub", steps, half)), zero)
    node.inputs[0] = step("Mul", step("Add", up, down), scale)
