"""What reading a written file gives: the rules between opsets make several nodes of one, which only then stand beside
those around it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from mgeconvert.errors import RefusedError
from mgeconvert.ir import OPSET, Graph, Namer, Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.evaluate import EvaluationError
from mgeconvert.ir.inference import InferenceError
from mgeconvert.passes.index import take_shape

from .down.driver import in_opset
from .down.driver import load_table as load_downgrades
from .down.table import RULES
from .up.driver import load_table as load_upgrades
from .up.table import Form, upgraded

CHANGED_OTHERWISE = frozenset(["QuantizeLinear", "DequantizeLinear"])
"""Graphs with these are written in the form of onnxruntime's integer kernels before any rule sees them."""


def rewritten(graph: Graph, opset: int) -> Graph | None:
    """The graph, in the IR's form, that a file of `opset` holds; the inputs are the same values, arrays are shared.

    None where no rule makes several nodes of one or one has no form, and for graphs that are quantized or hold bodies.
    """
    load_downgrades()
    ops = {node.op for node in graph.nodes if not node.domain}
    has_rules = any(opset < since <= OPSET for op in ops for since in RULES.get(op, ()))
    if not has_rules or not ops.isdisjoint(CHANGED_OTHERWISE):
        return None
    if any(isinstance(attribute, Graph) for node in graph.nodes for attribute in node.attrs.values()):
        return None
    form, problems = in_opset(graph, opset)
    if problems or Counter(node.op for node in form.nodes) == Counter(node.op for node in graph.nodes):
        return None
    try:
        return _lifted(form, opset, set(graph.values()))
    except (EvaluationError, InferenceError, RefusedError):  # what does not come back stays as it is
        return None


def _lifted(form: Graph, opset: int, old: set[Value]) -> Graph:
    """The nodes of an opset's form in the IR's; values that stood in the graph before keep their names."""
    load_upgrades()
    b = Builder(Graph(form.name, dict(form.inputs), metadata=form.metadata, domains=form.domains))
    b.name_value, b.name_node = Namer(value.name for value in old), Namer(node.name for node in form.nodes)
    now: dict[Value | None, Value | None] = {None: None, **{value: value for value in form.inputs.values()}}
    stands: set[Value | None] = set(now.values())

    def current(value: Value | None) -> Value | None:
        if value not in now and value is not None:
            now[value] = Value(_name(b, value, old), value.dtype, value.shape, value.array, value.container)
            stands.add(now[value])
        return now[value]

    for node in form.nodes:
        results = _values(b, node, [current(value) for value in node.inputs], opset)
        for value, result in zip(node.outputs, results, strict=True):
            if result not in stands:
                result.name, result.dtype = _name(b, value, old), result.dtype or value.dtype
                take_shape(result, value)
                stands.add(result)
            now[value] = result
    b.graph.outputs = {name: end for name, value in form.outputs.items() if (end := current(value)) is not None}
    return b.graph


def _name(b: Builder, value: Value, old: set[Value]) -> str:
    return value.name if value in old else b.name_value(value.name)


def _values(b: Builder, node: Node, inputs: list[Value | None], opset: int) -> Sequence[Value]:
    """The outputs of a node in the IR's form, whose nodes are appended."""
    b.enter(node.scope, node.name.rpartition("/")[0])
    before = len(b.graph.nodes)
    form = Form(node.op, inputs, dict(node.attrs), len(node.outputs))
    result = form if node.domain else upgraded(b, form, opset)
    if isinstance(result, Form):
        attributes: dict[str, Any] = result.attrs
        result = b.ops(result.op, result.outputs, *result.inputs, domain=node.domain, **attributes)
    if len(b.graph.nodes) > before:
        b.graph.nodes[-1].name = node.name
    return result
