"""The quantized graph: a QuantizeLinear and a DequantizeLinear behind each point, integers for weights and biases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.graph import Namer
from mgeconvert.ir.scopes import Scope
from mgeconvert.quantization.grids import DEQUANTIZE, QUANTIZE

from .forms import WEIGHTED, bias_of, weight_axis
from .plan import Plan
from .recipe import Recipe
from .scales import Scale, weight_scale

INT32 = np.dtype(np.int32)
NARROW = -127
"""The smallest integer of a weight: -128 * -128 + -128 * -128 would not fit 16 bits."""


@dataclass(slots=True)
class Quantized:
    """The quantized `graph`, which is a copy; what stands in it for the values and nodes of the float one; `pairs` are
    what its DequantizeLinears give, by the value of the float one; `weights` the floats of a weight, by what
    the DequantizeLinear of its integers gives."""

    graph: Graph
    values: dict[Value, Value]
    nodes: dict[Node, Node]
    pairs: dict[Value, Value] = field(default_factory=dict)
    weights: dict[Value, np.ndarray] = field(default_factory=dict)


@dataclass(slots=True)
class _Making:
    """A copy of the float graph that is being rewritten."""

    source: Graph
    recipe: Recipe
    scales: Mapping[Value, Scale]
    copy: Quantized
    names: Namer = field(default_factory=Namer)
    made: list[Node] = field(default_factory=list)
    pairs: dict[Value, Value] = field(default_factory=dict)
    """What a DequantizeLinear gives, by the value of the float graph."""
    weights: dict[tuple[Value, int | None, bytes], Value] = field(default_factory=dict)
    floats: dict[Value, np.ndarray] = field(default_factory=dict)
    """The floats of a weight, by what the DequantizeLinear of its integers gives."""
    constants: dict[tuple[str, bytes], Value] = field(default_factory=dict)
    biases: Mapping[Node, np.ndarray] = field(default_factory=dict)
    read: Mapping[Value, Scale] = field(default_factory=dict)
    """The grid of every quantized value, of those too that were moved since they were put on it."""

    def parameters(self, scale: Scale, name: str) -> list[Value]:
        """The constants of scale and zero point, once each."""
        found = []
        for kind, array in (("scale", scale.scale), ("zero_point", scale.zero_point)):
            key = (f"{kind}{array.dtype}{array.shape}", array.tobytes())
            if key not in self.constants:
                self.constants[key] = Value(self.names(f"{name}/{kind}"), array=array)
            found.append(self.constants[key])
        return found

    def pair(self, value: Value, scope: Scope | None) -> None:
        """Nodes that put a value, constant or computed, on its grid."""
        twin, scale = self.copy.values[value], self.scales[value]
        assert value.dtype is not None
        parameters = self.parameters(scale, value.name)
        if value.array is not None:
            whole = Value(self.names(f"{value.name}/integers"), array=scale.integers(value.array))
        else:
            whole = Value(self.names(f"{value.name}/{QUANTIZE}"), scale.dtype, value.shape)
            self.made.append(Node(QUANTIZE, [twin, *parameters], [whole], {}, whole.name, scope))
        real = Value(self.names(f"{value.name}/{DEQUANTIZE}"), value.dtype, value.shape)
        self.made.append(Node(DEQUANTIZE, [whole, *parameters], [real], {}, real.name, scope))
        self.pairs[value] = real

    def stored(self, value: Value, scale: Scale, whole: np.ndarray, scope: Scope | None) -> Value:
        """The floats of constant integers; those of one constant and one scale once."""
        key = (value, scale.axis, scale.scale.tobytes() + whole.tobytes())
        if key not in self.weights:
            integers = Value(self.names(value.name), array=whole)
            real = Value(self.names(f"{value.name}/{DEQUANTIZE}"), value.dtype, value.shape)
            attrs: dict[str, Any] = {} if scale.axis is None else {"axis": scale.axis}
            inputs: list[Value | None] = [integers, *self.parameters(scale, value.name)]
            self.made.append(Node(DEQUANTIZE, inputs, [real], attrs, real.name, scope))
            self.weights[key] = real
        return self.weights[key]

    def weighted(self, node: Node, twin: Node) -> None:
        """Integers for the weight of a node, and for its bias."""
        weight = node.inputs[1] if node.op in WEIGHTED else None
        if weight is None or weight.array is None:
            return
        bias, x = bias_of(node), node.inputs[0]
        x_scale = float(self.read[x].scale) if x in self.read else 0.0  # type: ignore[index]
        scale = weight_scale(
            weight.array, weight_axis(node), self.recipe, None if bias is None else bias.array, x_scale
        )
        narrow = NARROW if self.recipe.weight_bits == 8 else None
        twin.inputs[1] = real = self.stored(weight, scale, scale.integers(weight.array, narrow), twin.scope)
        self.floats[real] = weight.array
        if bias is None or bias.array is None or not x_scale:
            return
        product = (np.float32(x_scale) * scale.scale).astype(np.float32)
        own = Scale(INT32, product, np.zeros(product.shape, INT32), 0 if product.ndim else None)
        twin.inputs[2] = self.stored(bias, own, own.integers(self.biases.get(node, bias.array)), twin.scope)


def copied(graph: Graph) -> Quantized:
    """A copy, and what stands in it for what."""
    twin = graph.copy()
    values: dict[Value, Value] = {}
    for one, other in zip(graph.nodes, twin.nodes, strict=True):
        values.update(
            (a, b)
            for a, b in zip((*one.inputs, *one.outputs), (*other.inputs, *other.outputs), strict=True)
            if a is not None and b is not None
        )
    values.update((value, twin.inputs[name]) for name, value in graph.inputs.items())
    values.update((value, twin.outputs[name]) for name, value in graph.outputs.items())
    return Quantized(twin, values, dict(zip(graph.nodes, twin.nodes, strict=True)))


def insert(
    graph: Graph,
    plan: Plan,
    scales: Mapping[Value, Scale],
    recipe: Recipe,
    biases: Mapping[Node, np.ndarray] = MappingProxyType({}),
) -> Quantized:
    """Conv(x, w, c) -> DQ(Q(Conv(DQ(Q(x)), DQ(w'), DQ(c')))), with integers w', c' and the grids `scales` of the points
    of the plan; `biases` are others for some nodes."""
    copy = copied(graph)
    grids = {plan.groups[point]: scale for point, scale in scales.items()}
    read = {value: grids[first] for value, first in plan.groups.items() if first in grids}
    making = _Making(graph, recipe, scales, copy, biases=biases, read=read)
    for named in copy.graph.values():
        making.names(named.name)
    producers = graph.producers()
    for point in plan.points:
        if point not in producers:
            making.pair(point, None)
    for node in graph.nodes:
        twin = copy.nodes[node]
        for at, value in enumerate(node.inputs):
            if value is not None and value in making.pairs and (value in plan.whole or node in plan.points[value]):
                twin.inputs[at] = making.pairs[value]
        if node in plan.computing:
            making.weighted(node, twin)
        making.made.append(twin)
        for result in node.outputs:
            if result in plan.points:
                making.pair(result, twin.scope)
    copy.graph.nodes = making.made
    for name, end in graph.outputs.items():
        if end in making.pairs and end in plan.whole:
            copy.graph.outputs[name] = making.pairs[end]
    copy.pairs = making.pairs
    copy.weights = making.floats
    copy.graph.calls = []
    return copy
