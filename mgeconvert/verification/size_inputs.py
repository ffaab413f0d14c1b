"""Which inputs of a graph are sizes: random numbers for them would make tensors without elements, or none at all."""

from __future__ import annotations

from mgeconvert.ir import Graph, Value

SIZES = {
    "ConstantOfShape": 0, "Expand": 1, "OneHot": 1, "Range": 1, "Reshape": 1, "Resize": 3, "Tile": 1, "TopK": 1,
}  # fmt: skip
"""Operator to the operand that is a size, or several."""

CARRYING = frozenset(["Cast", "Concat", "Identity", "Reshape", "Squeeze", "Unsqueeze"])
"""Operators whose result are the sizes that they are given."""


def size_inputs(graph: Graph) -> set[str]:
    """The names of the inputs that are sizes of an operator's result, directly or joined with others."""
    producers = graph.producers()
    found: set[Value] = set()
    pending = [
        value
        for node in graph.nodes
        if not node.domain and node.op in SIZES and SIZES[node.op] < len(node.inputs)
        if (value := node.inputs[SIZES[node.op]]) is not None and value.array is None
    ]
    while pending:
        value = pending.pop()
        if value in found:
            continue
        found.add(value)
        made = producers.get(value)
        if made is not None and made.op in CARRYING:
            pending += [each for each in made.inputs if each is not None and each.array is None]
    return {name for name, value in graph.inputs.items() if value in found}
