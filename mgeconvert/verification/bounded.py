"""Outputs of functions whose results lie between 0 and 1: how exactly runtimes compute them.

onnxruntime's Sigmoid takes numbers below -18 for -18, others go on to 1e-38: what they give there differs by up to
1.5e-8, which is nothing beside 1 and everything beside an output whose largest number is 1e-9.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Graph

BOUNDED = frozenset(["Sigmoid", "Softmax"])
"""Functions with results from 0 to 1."""
MOVING = frozenset(["Concat", "Flatten", "Identity", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"])
"""Operators whose results are numbers of their inputs."""
ROUNDING = float(np.finfo(np.float32).eps)
"""The last place of 1 in float32."""


def roundings_of(graph: Graph) -> dict[str, float]:
    """The absolute error that each output of only such functions may have."""
    bounded = set()
    for node in graph.nodes:
        inputs = node.inputs if node.op == "Concat" else node.inputs[:1]
        is_moved = node.op in MOVING and all(value in bounded for value in inputs)
        if not node.domain and (node.op in BOUNDED or is_moved):
            bounded.update(node.outputs)
    return {name: ROUNDING for name, value in graph.outputs.items() if value in bounded}
