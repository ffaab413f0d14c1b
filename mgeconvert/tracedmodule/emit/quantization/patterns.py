"""What stands between DequantizeLinear and QuantizeLinear and is one quantized module of MegEngine.

QuantizeLinear(Relu(Conv(DequantizeLinear(x), DequantizeLinear(w), DequantizeLinear(c))))   ->   ConvRelu2d
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mgeconvert.ir import Graph, Node, Value

from ..attributes import floats, numbers
from .grids import Grid, floats_of, grid_of

BINARY = {"Add": "qadd", "Sub": "qsub", "Mul": "qmul", "Div": "qtrue_div", "Max": "qmax", "Min": "qmin"}
UNARY = {"Relu": "qrelu", "Sigmoid": "qsigmoid", "Tanh": "qtanh", "HardSwish": "qh_swish", "Abs": "qabs", "Exp": "qexp"}
"""Operators of one and of two tensors with what MegEngine calls them on quantized tensors."""
GEOMETRY = ("strides", "pads", "dilations", "group", "output_padding")


@dataclass(frozen=True, slots=True)
class Match:
    """One quantized module: `core` is the operator, `inside` all of its nodes, `kind` its class. `x` are the values on
    a grid that it reads, `weight` the constant integers with `weight_grid`, or floats that are rounded to it, `bias`
    constant floats."""

    op: str
    kind: str
    core: Node
    inside: tuple[Node, ...]
    x: tuple[Value, ...]
    weight: Value | None = None
    weight_grid: Grid | None = None
    bias: Value | None = None
    attrs: Mapping[str, Any] = field(default_factory=dict)


class Patterns:
    """Finds the modules of one graph; `grids` are those of its float values."""

    def __init__(self, graph: Graph, grids: Mapping[Value, Grid]) -> None:
        self.grids = grids
        self.producers = graph.producers()
        self.uses = graph.use_counts()
        self.outputs = set(graph.outputs.values())

    def match(self, quantize: Node) -> Match | None:
        """The module that ends with this QuantizeLinear."""
        last = self._alone(quantize.inputs[0])
        if last is None:
            return None
        if last.op == "Relu":
            before = self._alone(last.inputs[0])
            found = None if before is None else self._weighted(before, (last,)) or self._sum(before, last)
            if found is not None:
                return found
        return self._weighted(last, ()) or self._elemwise(last) or self._concat(last)

    def _alone(self, value: Value | None) -> Node | None:
        """The node that makes the value, which has one reader."""
        if value is None or self.uses.get(value, 0) != 1 or value in self.outputs:
            return None
        node = self.producers.get(value)
        return node if node is not None and not node.domain else None

    def _weighted(self, core: Node, relu: tuple[Node, ...]) -> Match | None:
        if core.op in ("Conv", "ConvTranspose"):
            return self._conv(core, relu)
        if core.op == "Add":
            return self._product_and_sum(core, relu)
        return self._linear(core, relu) if core.op in ("Gemm", "MatMul") else None

    def _conv(self, core: Node, relu: tuple[Node, ...]) -> Match | None:
        x, kernel, bias = [*core.inputs, None][:3]
        weight, grid = self._weight(kernel)
        shift = self._bias(bias)
        pads = numbers(core, "pads", (0, 0, 0, 0))
        automatic = core.attrs.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID") or "output_shape" in core.attrs
        if weight is None or weight.rank != 4 or not self._on_grid(x) or automatic or pads[:2] != pads[2:]:
            return None
        if bias is not None and shift is None:
            return None
        if core.op == "ConvTranspose" and (relu or bias is not None or core.attrs.get("group", 1) != 1):
            return None  # MegEngine has no kernel
        if core.op == "Conv":
            assert weight.array is not None
            shift = shift or Value("bias", array=np.zeros(weight.array.shape[0], np.float32))
        kind = "ConvTranspose2d" if core.op == "ConvTranspose" else "ConvRelu2d" if relu else "Conv2d"
        attrs = {name: core.attrs[name] for name in GEOMETRY if name in core.attrs}
        assert x is not None
        return Match(f"Quantized{core.op}", kind, core, (core, *relu), (x,), weight, grid, shift, attrs)

    def _linear(self, core: Node, relu: tuple[Node, ...], total: Node | None = None) -> Match | None:
        """A Gemm, or a MatMul with the Add of its bias in `total`."""
        x, kernel, bias = [*core.inputs, None][:3]
        weight, grid = self._weight(kernel)
        plain = floats(core, "alpha", 1.0) == floats(core, "beta", 1.0) == 1.0 and not core.attrs.get("transA")
        if weight is None or weight.rank != 2 or not self._on_grid(x) or not plain:
            return None
        if total is not None:
            bias = next(value for value in total.inputs if value is not core.output)
        shift = self._bias(bias)
        assert weight.array is not None
        if not core.attrs.get("transB"):
            weight = Value(weight.name, array=weight.array.T)
        if bias is not None and (shift is None or shift.shape != weight.shape[:1]):  # type: ignore[index]
            return None
        inside = (core, *(() if total is None else (total,)), *relu)
        assert x is not None
        return Match("QuantizedLinear", "LinearRelu" if relu else "Linear", core, inside, (x,), weight, grid, shift)

    def _product_and_sum(self, total: Node, relu: tuple[Node, ...]) -> Match | None:
        for value in total.inputs:
            core = self._alone(value)
            if core is not None and core.op == "MatMul":
                return self._linear(core, relu, total)
        return None

    def _sum(self, core: Node, relu: Node) -> Match | None:
        if core.op != "Add" or not all(map(self._on_grid, core.inputs)):
            return None
        return self._of_grids("QuantizedElemwise", "Elemwise", core, (core, relu), method="qfuse_add_relu")

    def _elemwise(self, core: Node) -> Match | None:
        method = UNARY.get(core.op) or BINARY.get(core.op)
        count = 1 if core.op in UNARY else 2
        if method is None or len(core.inputs) != count or not all(map(self._on_grid, core.inputs)):
            return None
        return self._of_grids("QuantizedElemwise", "Elemwise", core, (core,), method=method)

    def _concat(self, core: Node) -> Match | None:
        if core.op != "Concat" or not all(map(self._on_grid, core.inputs)):
            return None
        return self._of_grids("QuantizedConcat", "Concat", core, (core,), axis=core.attrs["axis"])

    def _of_grids(self, op: str, kind: str, core: Node, inside: tuple[Node, ...], **attrs: Any) -> Match:
        return Match(op, kind, core, inside, tuple(value for value in core.inputs if value is not None), attrs=attrs)

    def _on_grid(self, value: Value | None) -> bool:
        return value in self.grids

    def _weight(self, value: Value | None) -> tuple[Value | None, Grid | None]:
        """The constant integers of a weight, or its floats where a QuantizeLinear makes them integers; their grid."""
        node = self.producers.get(value) if value is not None else None
        if node is None or node.op != "DequantizeLinear" or node.inputs[0] is None:
            return None, None
        grid, held = grid_of(node), node.inputs[0]
        quantize = self.producers.get(held)
        if quantize is not None and quantize.op == "QuantizeLinear" and grid_of(quantize) == grid:
            held = quantize.inputs[0] or held
        return (held, grid) if grid is not None and held.array is not None else (None, None)

    def _bias(self, value: Value | None) -> Value | None:
        """The constant floats of a bias."""
        if value is None or value.array is not None:
            return value if value is None or value.dtype == np.float32 else None
        node = self.producers.get(value)
        found = floats_of(node) if node is not None and node.op == "DequantizeLinear" else None
        return None if found is None else Value(value.name, array=found)


def grids_of(graph: Graph, held: Collection[Value], moves: Collection[str]) -> dict[Value, Grid]:
    """The grids of a graph's float values: those of a DequantizeLinear of the integers `held`, which operators that
    only move elements, `moves`, keep."""
    grids: dict[Value, Grid] = {}
    for node in graph.nodes:
        if node.op == "DequantizeLinear" and node.inputs[0] in held:
            grid = grid_of(node)
            if grid is not None:
                grids[node.output] = grid
        elif node.op in moves and not node.domain and keeps_grid(node):
            read = {grids.get(value) for value in moved(node)}
            if len(read) == 1 and (grid := read.pop()) is not None and (node.op != "Pad" or grid.is_symmetric):
                grids.update(dict.fromkeys(node.outputs, grid))
    return grids


def moved(node: Node) -> list[Value]:
    """The operands whose elements an operator moves; the others say where to."""
    values = [value for value in node.inputs if value is not None]
    return values if node.op == "Concat" else values[:1]


def keeps_grid(node: Node) -> bool:
    """Whether MegEngine does it to quantized tensors in one call."""
    if node.op == "MaxPool":
        pads = numbers(node, "pads", ())
        plain = not node.attrs.get("ceil_mode") and node.attrs.get("auto_pad", "NOTSET") == "NOTSET"
        return plain and len(node.outputs) == 1 and pads[: len(pads) // 2] == pads[len(pads) // 2 :]
    if node.op == "Pad" and not _is_pad_of_zeros(node):
        return False
    return all(value is None or value.array is not None for value in node.inputs if value not in moved(node))


def _is_pad_of_zeros(node: Node) -> bool:
    _, _, value, axes = [*node.inputs, None, None][:4]
    zero = value is None or (value.array is not None and not value.array.any())
    return zero and axes is None and node.attrs.get("mode", "constant") == "constant"
