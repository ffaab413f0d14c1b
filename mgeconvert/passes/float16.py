"""Float16 for weights and computation: a graph of float32 becomes one of float16 with casts where they are needed.

Integers and bools are untouched. Operators whose sums or ranges float16 does not hold stay in float32 between casts,
and so does one with a number that float16 would turn into infinity or zero, unless that number is only a limit.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Attribute, Graph, Namer, Node, Value
from mgeconvert.ir.inference import elem_type

FLOAT16, FLOAT32 = np.dtype(np.float16), np.dtype(np.float32)
LARGEST = np.finfo(np.float16).max

KEPT = {
    **dict.fromkeys(
        ["CumSum", "Exp", "Pow", "Range", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceProd"],
        "its results leave the range of float16",
    ),
    **dict.fromkeys(["ReduceSum", "ReduceSumSquare"], "its results leave the range of float16"),
    **dict.fromkeys(
        ["DeformConv", "GridSample", "MaxRoiPool", "NonMaxSuppression", "RoiAlign"],
        "positions in an image need more digits than float16 has",
    ),
    **dict.fromkeys(["DequantizeLinear", "DynamicQuantizeLinear", "QuantizeLinear"], "scales stay exact"),
    **dict.fromkeys(["GRU", "If", "LSTM", "Loop", "RNN", "Scan"], "it has a state or a graph of its own"),
}
"""Operators that stay in float32, and why."""
LIMITED = frozenset(["Add", "Clip", "Max", "Min", "Pad", "Sub", "Where"])
"""Operators for which the largest number does as well as one beyond it."""
ALWAYS_FLOAT32 = {"Resize": (1, 2)}
"""Inputs that ONNX has in float32 only."""


def to_float16(graph: Graph, keep_io: bool = True) -> Graph:
    """A graph that computes in float16; with `keep_io` inputs and outputs stay float32, else they change as well."""
    return _Conversion(graph.copy(), keep_io).run()


class _Conversion:
    def __init__(self, graph: Graph, keep_io: bool) -> None:
        self.graph, self.keep_io = graph, keep_io
        self.name = Namer(value.name for value in graph.values())
        self.nodes: list[Node] = []
        self.made: dict[tuple[Value, np.dtype], Value] = {}
        """A value of the graph in another type."""

    def run(self) -> Graph:
        nodes, self.graph.nodes = self.graph.nodes, self.nodes
        if not self.keep_io:
            for value in self.graph.inputs.values():
                value.dtype = FLOAT16 if value.dtype == FLOAT32 else value.dtype
        wanted = {name: value.dtype for name, value in self.graph.outputs.items()}
        for node in nodes:
            self._convert(node)
        for name, value in self.graph.outputs.items():
            dtype = FLOAT16 if wanted[name] == FLOAT32 and not self.keep_io else wanted[name]
            if dtype is not None and value.dtype in (FLOAT16, FLOAT32):
                self.graph.outputs[name] = self._in(value, dtype)
        return self.graph

    def _convert(self, node: Node) -> None:
        """The node in float16, or in float32 between casts."""
        dtype = FLOAT32 if node.domain or node.op in KEPT or self._loses_a_number(node) else FLOAT16
        fixed = ALWAYS_FLOAT32.get(node.op, ())
        node.inputs = [
            self._in(value, FLOAT32 if place in fixed else dtype) if value is not None and _is_float(value) else value
            for place, value in enumerate(node.inputs)
        ]
        for value in node.outputs:
            if value.dtype == FLOAT32:
                value.dtype = dtype
        node.attrs = {name: _attribute(name, item, dtype) for name, item in node.attrs.items()}
        self.nodes.append(node)

    def _in(self, value: Value, dtype: np.dtype) -> Value:
        """The value in that type: a constant at once, anything else through one Cast."""
        if value.dtype == dtype:
            return value
        if (value, dtype) not in self.made:
            self.made[value, dtype] = (
                self._constant(value, dtype) if value.array is not None else self._cast(value, dtype)
            )
        return self.made[value, dtype]

    def _constant(self, value: Value, dtype: np.dtype) -> Value:
        assert value.array is not None
        finite = np.clip(value.array, -LARGEST, LARGEST) if dtype == FLOAT16 else value.array
        array = np.where(np.isinf(value.array), value.array, finite).astype(dtype)
        return Value(self.name(f"{value.name}/{dtype.name}"), array=array)

    def _cast(self, value: Value, dtype: np.dtype) -> Value:
        output = Value(self.name(f"{value.name}/{dtype.name}"), dtype, value.shape)
        self.nodes.append(Node("Cast", [value], [output], {"to": elem_type(dtype)}, name=output.name))
        return output

    def _loses_a_number(self, node: Node) -> bool:
        """Whether a single number among the operands becomes infinity or zero, or a weight infinity."""
        for value in node.inputs:
            if value is None or value.array is None or value.dtype != FLOAT32 or not value.array.size:
                continue
            size = np.abs(value.array[np.isfinite(value.array)])
            if (size > LARGEST).any() and node.op not in LIMITED:
                return True
            if value.array.size == 1 and ((size > 0) & (size < np.finfo(np.float16).tiny)).any():
                return True
        return False


def _is_float(value: Value) -> bool:
    return value.dtype in (FLOAT16, FLOAT32)


def _attribute(name: str, item: Attribute, dtype: np.dtype) -> Attribute:
    """Types that a node names, and tensors it holds, follow the node."""
    if name in ("to", "dtype") and item == elem_type(FLOAT32):
        return elem_type(dtype)
    if isinstance(item, np.ndarray) and item.dtype == FLOAT32:
        return item.astype(dtype)
    return item
