"""Some operators in float16: casts stand where values enter and leave them, none between two of them."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from mgeconvert.errors import ConversionError, UsageError
from mgeconvert.ir import OPSET, Graph, Namer, Node, Value
from mgeconvert.ir.dtypes import elem_type
from mgeconvert.ir.inference import infer

from .names import Names, copied, listed, place, unknown
from .select import nodes_in

HALF, SINGLE = np.dtype(np.float16), np.dtype(np.float32)
KEPT = frozenset(["Cast", "QuantizeLinear", "DequantizeLinear"])
"""Operators whose types are what they are for."""


def to_float16(graph: Graph, what: str | Sequence[str], within: str | Sequence[str] = ()) -> Graph:
    """The graph with these operators (``Conv``), modules (by path, glob or class) or nodes computing in float16, where
    they stand in the modules `within`; other values stay as they are.

    Raises UsageError for names that mean nothing, ConversionError for weights beyond float16's range.
    """
    graph = copied(graph)
    what, within = listed(what), listed(within)
    chosen = _chosen(graph, what)
    if within:
        chosen &= nodes_in(graph, within)
        if not chosen:
            raise UsageError(f"{', '.join(what)}: nothing to compute in float16 in {', '.join(within)}")
    namer, name_node = Namer(value.name for value in graph.values()), Namer(node.name for node in graph.nodes)
    halves: dict[Value, Value] = {}
    singles: dict[Value, Value] = {}
    nodes: list[Node] = []

    def cast(value: Value, dtype: np.dtype, node: Node) -> Value:
        made = Value(namer(f"{value.name}_{dtype.name}"), dtype, value.shape)
        nodes.append(
            Node("Cast", [value], [made], {"to": elem_type(dtype)}, name_node(f"{node.name}/Cast"), node.scope)
        )
        return made

    def as_float16(value: Value, node: Node) -> Value:
        if value not in halves:
            constant = value.array is not None
            halves[value] = (
                Value(namer(value.name), array=_rounded(value, node)) if constant else cast(value, HALF, node)
            )
        return halves[value]

    def single(value: Value, node: Node) -> Value:
        if value not in singles:
            singles[value] = cast(halves[value], SINGLE, node)
        return singles[value]

    lowered: set[Value] = set()
    for node in graph.nodes:
        takes = _positions(node) if node in chosen else ()
        ready = []
        for index, value in enumerate(node.inputs):
            if value is None or value.dtype != SINGLE:
                ready.append(value)
            elif index in takes:
                ready.append(as_float16(value, node))
            else:
                ready.append(single(value, node) if value in lowered else value)
        node.inputs = ready
        if takes:
            _narrow(node, namer, halves, lowered)
        nodes.append(node)
    for name, value in graph.outputs.items():
        if value in lowered:
            maker = next(node for node in reversed(nodes) if halves[value] in node.outputs)
            graph.outputs[name] = single(value, maker)
    graph.nodes = nodes
    return graph


def _narrow(node: Node, namer: Namer, halves: dict[Value, Value], lowered: set[Value]) -> None:
    """Infer the outputs anew; those that have become float16 stand for the old ones."""
    before = node.outputs
    node.outputs = [Value(namer(f"{value.name}_half")) for value in before]
    infer(node)
    for index, (old, new) in enumerate(zip(before, node.outputs, strict=True)):
        if new.dtype == HALF and old.dtype == SINGLE:
            new.shape = new.shape if new.shape is not None else old.shape
            halves[old] = new
            lowered.add(old)
        else:
            node.outputs[index] = old


def _chosen(graph: Graph, what: Sequence[str]) -> set[Node]:
    names, ops = Names(graph), {node.op for node in graph.nodes}
    chosen: set[Node] = set()
    for name in what:
        if name in ops:
            chosen.update(node for node in graph.nodes if node.op == name)
        elif name in names.modules or name in names.values:
            chosen.update(names.nodes(name))
        else:
            chosen.update(_selected(graph, name, [*ops, *names.modules, *names.values]))
    return {node for node in chosen if not node.domain and node.op not in KEPT}


def _selected(graph: Graph, name: str, known: Sequence[str]) -> set[Node]:
    try:
        return nodes_in(graph, [name])
    except UsageError as error:
        raise unknown("operator, module, node or value", name, known) from error


def _positions(node: Node) -> tuple[int, ...]:
    """The inputs that may be float16, by the operator's schema, and are float32 now."""
    kinds = _half_inputs(node.op)
    return tuple(
        index
        for index, value in enumerate(node.inputs)
        if value is not None and value.dtype == SINGLE and kinds[min(index, len(kinds) - 1)]
    )


@functools.cache
def _half_inputs(op: str) -> tuple[bool, ...]:
    import onnx

    schema = onnx.defs.get_schema(op, OPSET)
    allowed = {each.type_param_str: each.allowed_type_strs for each in schema.type_constraints}
    return tuple("tensor(float16)" in allowed.get(each.type_str, ()) for each in schema.inputs) or (False,)


def _rounded(value: Value, node: Node) -> np.ndarray:
    assert value.array is not None
    with np.errstate(over="ignore"):
        array = value.array.astype(HALF)
    if np.isfinite(value.array).all() and not np.isfinite(array).all():
        largest = float(np.abs(value.array).max())
        raise ConversionError(
            f"{place(node)}: {value.name} holds {largest:g}, float16 ends at {float(np.finfo(HALF).max):g}",
            hint="leave this operator in float32",
        )
    return array
