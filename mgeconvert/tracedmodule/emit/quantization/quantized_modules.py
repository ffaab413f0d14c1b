"""QDQ graphs of foreign sources with MegEngine's quantized modules in place of the patterns that are such modules.

In a graph, a quantized value is the float behind its DequantizeLinear. In MegEngine it is a tensor of a quantized
dtype.

Rules:
* Where a module of `patterns` reads or gives a value on a grid, that value is held in the quantized dtype: in int8
  where all such values of the graph have zero point 0, else in uint8; MegEngine has no kernels for both together.
* Operators that only move elements on their way to such a module move the integers.
* A QuantStub makes a quantized value of a float one, a DequantStub a float one where anything else reads it.
* Where a QuantizeLinear makes integers of the floats of a weight, as in quantization-aware training, the modules are
  those of megengine.module.qat with these floats, and every value is one of floats.
* What is no such pattern stays as it was: QuantizeLinear and DequantizeLinear around float operators.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.scopes import Scope

from ..scopes import place
from ..table import DOMAIN
from .grids import Grid, grid_of, stored
from .modules import FILES
from .patterns import Match, Patterns, grids_of, moved

MOVES = frozenset([
    "Reshape", "Transpose", "Slice", "Squeeze", "Unsqueeze", "MaxPool", "Concat", "Split", "Flatten", "Pad",
])  # fmt: skip
"""Operators whose results are on the grid of their operand, and that MegEngine does to quantized tensors."""
RELU = {"Conv2d": "ConvRelu2d", "ConvBn2d": "ConvBnRelu2d", "Linear": "LinearRelu", "LinearBn1d": "LinearBnRelu1d"}


def with_quantized_modules(graph: Graph) -> Graph:
    """The graph, or one with quantized modules as nodes of the domain ``megengine``."""
    if not any(node.op == "QuantizeLinear" for node in graph.nodes):
        return graph
    users, outputs = graph.users(), set(graph.outputs.values())
    held = [
        node
        for node in graph.nodes
        if node.op == "QuantizeLinear" and node.output not in outputs and _is_held(node, users.get(node.output, []))
    ]
    grids = grids_of(graph, {node.output for node in held}, MOVES)
    patterns = Patterns(graph, grids)
    matches = {node: match for node in held if (match := patterns.match(node)) is not None}
    made = _Made(graph, grids, matches)
    matches = {node: match for node, match in matches.items() if made.is_taken(match)}
    return _Made(graph, grids, matches).graph() if matches else graph


def _is_held(quantize: Node, readers: list[Node]) -> bool:
    """Whether only DequantizeLinear of the same grid reads what a QuantizeLinear makes."""
    grid = grid_of(quantize)
    same = all(reader.op == "DequantizeLinear" and grid_of(reader) == grid for reader in readers)
    return grid is not None and same and bool(readers)


class _Made:
    """The graph in terms of its quantized modules."""

    def __init__(self, source: Graph, grids: dict[Value, Grid], matches: dict[Node, Match]) -> None:
        self.source = source
        self.grids = grids
        self.matches = matches
        self.users = source.users()
        self.producers = source.producers()
        self.inside = {node for match in matches.values() for node in match.inside}
        self.needed = self._needed()
        used = [grids[value] for value in self.needed] + [
            match.weight_grid for match in matches.values() if match.weight_grid is not None
        ]
        self.symmetric = all(grid.is_symmetric for grid in used)
        self.trained = any(match.weight is not None and match.weight.dtype == np.float32 for match in matches.values())
        """Whether modules are those of quantization-aware training."""
        self.nodes: list[Node] = []
        self.makers: dict[Value, Node] = {}
        self.held: dict[Value, Value] = {}
        """The tensor of a quantized dtype that holds a float value of the source."""
        self.floats: dict[Value, Value] = {}

    def is_taken(self, match: Match) -> bool:
        """Whether MegEngine has the module in these dtypes: it has no ReLU of uint8 behind a Linear."""
        return self.symmetric or match.kind != "LinearRelu"

    def _needed(self) -> set[Value]:
        """The values that modules read or make, and those that are moved on their way to one."""
        needed: set[Value] = set()
        stack = [value for match in self.matches.values() for value in match.x]
        while stack:
            value = stack.pop()
            if value in needed:
                continue
            needed.add(value)
            maker = self.producers[value]
            if maker.op != "DequantizeLinear":
                stack += [each for each in (*moved(maker), *maker.outputs) if each not in needed]
        for quantize in self.matches:
            needed.update(reader.output for reader in self.users[quantize.output])
        return needed

    def graph(self) -> Graph:
        for node in self.source.nodes:
            if node in self.matches:
                self._hold(node, self._module(self.matches[node]))
            elif node.op == "QuantizeLinear" and self._is_read(node):
                kind = _scope(node, "QuantStub", "quant")
                self._hold(
                    node, Node("QuantStub", [self._float(node.inputs[0], node)], [], {}, node.name, kind, DOMAIN)
                )
            elif node in self.inside or (node.op == "DequantizeLinear" and node.output in self.held):
                continue
            elif node.op in MOVES and node.outputs[0] in self.needed:
                self._move(node)
            else:
                inputs = [self._float(value, node) for value in node.inputs]
                self.nodes.append(replace_inputs(node, inputs))
        outputs = {name: self._float(value, None) or value for name, value in self.source.outputs.items()}
        made = replace(self.source, nodes=self.nodes, outputs=outputs, inputs=dict(self.source.inputs))
        made.remove_dead_nodes()
        return made

    def _is_read(self, quantize: Node) -> bool:
        return any(value in self.needed for reader in self.users.get(quantize.output, []) for value in reader.outputs)

    def _module(self, match: Match) -> Node:
        inputs: list[Value | None] = [self.held[value] for value in match.x]
        attrs = dict(match.attrs)
        if match.weight is not None and match.weight_grid is not None:
            inputs += [self._weight(match.weight, match.weight_grid), match.bias]
            attrs |= {"weight_scale": match.weight_grid.scale, "weight_zero_point": match.weight_grid.zero_point}
        scope = _scope(match.core, match.kind, match.core.op.lower())
        if self.trained:  # its batch normalization is in the weight, where a ConvBn2d would have it apart
            scope = Scope(scope.path, match.kind, None, scope.parent)
        return Node(match.op, inputs, [], attrs, match.core.name, scope, DOMAIN)

    def _weight(self, weight: Value, grid: Grid) -> Value:
        """Integers, or in training floats."""
        assert weight.array is not None
        if not self.trained or weight.dtype == np.float32:
            return weight
        steps = stored(weight, symmetric=False).astype(np.float32) - np.float32(grid.zero_point)
        return Value(weight.name, array=steps * np.float32(grid.scale))

    def _hold(self, quantize: Node, node: Node) -> None:
        """Let the node make the quantized tensor that a QuantizeLinear made."""
        grid = grid_of(quantize)
        assert grid is not None
        readers = self.users[quantize.output]
        first = readers[0].output
        value = Value(first.name, self._dtype(grid), first.shape)
        node.attrs |= {"scale": grid.scale, "zero_point": grid.zero_point, **self._said()}
        node.outputs = [value]
        self.nodes.append(node)
        self.makers[value] = node
        self.held.update({reader.output: value for reader in readers})

    def _dtype(self, grid: Grid) -> np.dtype[Any]:
        """Of what is held on a grid: a quantized dtype, in training floats."""
        return np.dtype(np.float32) if self.trained else grid.float_dtype(self.symmetric)

    def _said(self) -> dict[str, Any]:
        """What every module says of itself."""
        return {"symmetric": int(self.symmetric), **({"trained": 1} if self.trained else {})}

    def _move(self, node: Node) -> None:
        """Let an operator move integers."""
        dtype = self._dtype(self.grids[node.outputs[0]])
        twins = [Value(value.name, dtype, value.shape) for value in node.outputs]
        inputs = [value if value is None else self.held.get(value, value) for value in node.inputs]
        self.nodes.append(Node(node.op, inputs, list(twins), dict(node.attrs), node.name, node.scope, node.domain))
        self.makers.update(dict.fromkeys(twins, self.nodes[-1]))
        self.held.update(zip(node.outputs, twins, strict=True))

    def _float(self, value: Value | None, reader: Node | None) -> Value | None:
        """A float value for what is held in a quantized dtype; any other as it is."""
        held = self.held.get(value) if value is not None else None
        if value is None or held is None:
            return value
        if held not in self.floats:
            self.floats[held] = Value(value.name, value.dtype, value.shape)
            scope = _scope(reader or self.makers[held], "DequantStub", "dequant", top=reader is None)
            self.nodes.append(Node("DequantStub", [held], [self.floats[held]], self._said(), "", scope, DOMAIN))
        return self.floats[held]


def replace_inputs(node: Node, inputs: list[Value | None]) -> Node:
    """The node where its inputs stay, else one like it on others."""
    if inputs == node.inputs:
        return node
    return Node(node.op, inputs, list(node.outputs), dict(node.attrs), node.name, node.scope, node.domain)


ALIKE: dict[str, tuple[str, ...]] = {
    "Conv2d": ("Conv2d", "ConvBn2d"),
    "ConvRelu2d": ("ConvRelu2d", "ConvBnRelu2d"),
    "Linear": ("Linear", "LinearBn1d"),
    "LinearRelu": ("LinearRelu", "LinearBnRelu1d"),
}
"""Quantized modules that compute the same. A Conv2d whose ReLU came from elsewhere is quantized as a ConvRelu2d."""


def _scope(node: Node, kind: str, name: str, *, top: bool = False) -> Scope:
    """The scope of a quantized module in place of a node: that module where the source had one there."""
    scope = node.scope
    around = scope.parent if scope is not None else None
    if top:
        return Scope(name, kind, None, around.chain[0] if around is not None else None)
    if scope is not None and scope.kind in FILES and (kind in ALIKE or kind == scope.kind):
        return Scope(scope.path, scope.kind if scope.kind in ALIKE.get(kind, (kind,)) else kind, None, around)
    if around is not None and around.path and around.path != place(node):
        return Scope(f"{around.path}.{name}", kind, None, around)
    return Scope(place(node) or name, kind, None, around)
