"""What numbers beside a half make of a quantized graph's outputs.

A number within its layer's slack of a half may be rounded either way by a runtime that is right. How far that goes in
the outputs depends on the network: the graph is computed again with every number moved by about its slack.

QuantizeLinear(x) -> QuantizeLinear(x + a sin(w x + p)), with a the slack times the scale.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mgeconvert import registry
from mgeconvert.ir import Graph, Node, Value

from .asking import IR_RUNTIME
from .quantized_layers import layers_of, scale_behind

MOVES = ((0.3, 1.0), (2.1, 1.0), (4.0, 4.0))
"""The phase of each run, and how many times the slack a number is moved in it."""
FREQUENCY = 977.0
"""In radians for a step: neighbours are moved independently of each other."""
ROOM = 2.0
"""How many times the largest effect of three runs an output may be off."""


def allowances(graph: Graph, feeds: Mapping[str, np.ndarray]) -> dict[str, float]:
    """How far each output may be off: one step of its scale, and ROOM times what numbers beside halves make of it.

    MgeconvertError where onnxruntime cannot compute it.
    """
    (plain, *moved) = (_outputs(graph, feeds, phase, factor) for phase, factor in ((0.0, 0.0), *MOVES))
    steps = _steps(graph)
    return {
        name: steps[name] + ROOM * max(_largest(other[name] - array) for other in moved)
        for name, array in plain.items()
    }


def _largest(difference: np.ndarray) -> float:
    finite = np.abs(difference[np.isfinite(difference)])
    return float(finite.max(initial=0.0))


def _steps(graph: Graph) -> dict[str, float]:
    """The scale of each output; 0 of one that is on no grid."""
    producers = graph.producers()
    return {name: scale_behind(value, producers) for name, value in graph.outputs.items()}


def _outputs(graph: Graph, feeds: Mapping[str, np.ndarray], phase: float, factor: float) -> dict[str, np.ndarray]:
    """The outputs with every number moved, as float64."""
    copy = graph.copy()
    before: dict[Node, list[Node]] = {}
    for number, layer in enumerate(layers_of(copy) if factor else ()):
        before[layer.quantize] = _moved(layer.quantize, number, float(layer.scale), layer.slack * factor, phase)
    copy.nodes = [each for node in copy.nodes for each in (*before.get(node, ()), node)]
    target = registry.backend(IR_RUNTIME)
    assert target.run is not None
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        files = target.save(copy, Path(folder) / f"moved{target.suffixes[0]}", exact_rounding=True)
        found = target.run(files[0], {name: feeds[name] for name in copy.inputs})
    return {name: array.astype(np.float64) for name, array in zip(graph.outputs, found.values(), strict=True)}


def _moved(quantize: Node, number: int, scale: float, slack: float, phase: float) -> list[Node]:
    """Nodes that make x + slack scale sin(FREQUENCY x / scale + phase) of what the QuantizeLinear reads."""
    value = quantize.inputs[0]
    assert value is not None
    made: list[Node] = []

    def node(op: str, *inputs: Value) -> Value:
        result = Value(f"moved_{number}/{len(made)}", value.dtype, value.shape)
        made.append(Node(op, list(inputs), [result], {}, result.name))
        return result

    def constant(factor: float, name: str) -> Value:
        return Value(f"moved_{number}/{name}", array=np.asarray(factor, np.float32))

    angle = node("Add", node("Mul", value, constant(FREQUENCY / scale, "frequency")), constant(phase, "phase"))
    quantize.inputs[0] = node("Add", value, node("Mul", node("Sin", angle), constant(slack * scale, "slack")))
    return made
