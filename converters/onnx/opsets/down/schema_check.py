"""A node against its schema: operators, attributes, inputs and types that the target opset does not have.

Where only the type is missing and the operator gives the same result in a wider type, the node is computed in that.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import RefusedError, refuse
from mgeconvert.ir import Node, Value
from mgeconvert.ir.dtypes import type_name

from ..schema import OWN_DOMAINS, OpSchema, op_schema
from .replacement import Replacement

WIDENABLE = frozenset(
    {
        "Abs",
        "Neg",
        "Sign",
        "Relu",
        "Clip",
        "Max",
        "Min",
        "ReduceMax",
        "ReduceMin",
        "MaxPool",
        "ArgMax",
        "ArgMin",
        "TopK",
    }
    | {"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Where", "Pad", "Upsample", "TopK"}
    | {"Add", "Sub", "Mul", "Div", "Mod", "Pow", "CumSum"}
)
"""Operators whose result in a wider type, cast back, is the result: they choose among their inputs, compare them, or
compute one number that is then rounded (or wraps) as it would have (a CumSum of float16: once per element)."""

WIDER = ("int32", "int64", "float32", "float64")
"""The types to compute in, in order of preference."""


def append_checked(node: Node, opset: int, nodes: list[Node]) -> None:
    """Append the node, or its form in a wider type; raises RefusedError with what the opset does not have."""
    if node.domain in OWN_DOMAINS:
        refuse(f"operator set {node.domain} has no definition in ONNX")
    if node.domain:
        nodes.append(node)
        return
    schema = op_schema(node.op, opset)
    if schema is None or schema.deprecated:
        refuse("")
    for name in node.attrs:
        if name not in schema.attributes:
            refuse(f"attribute {name}")
    group = _group_of_wrong_type(node, schema)
    if group is None:
        nodes.append(_counted_from_the_front(node))
        return
    types, dtype = group
    wider = next((name for name in WIDER if name in types and _embeds(dtype, np.dtype(name))), None)
    if wider is None or node.op not in WIDENABLE:
        refuse(f"type {type_name(dtype)}")
    replacement = _widened(node, schema, dtype, np.dtype(wider))
    for new in replacement.nodes:
        append_checked(new, opset, nodes)


def is_in_schema(node: Node, opset: int) -> bool:
    """Whether the opset has the operator with these attributes, inputs and types, without any rule."""
    if node.domain:
        return True
    schema = op_schema(node.op, opset)
    if schema is None or schema.deprecated or not schema.attributes.keys() >= node.attrs.keys():
        return False
    try:
        return _group_of_wrong_type(node, schema) is None
    except RefusedError:
        return False


def _counted_from_the_front(node: Node) -> Node:
    """onnxruntime before 1.24 cannot load a Resize of negative axes."""
    axes = node.attrs.get("axes")
    rank = node.inputs[0].rank if node.op == "Resize" and node.inputs[0] is not None else None
    if rank is None or not isinstance(axes, tuple) or all(int(axis) >= 0 for axis in axes):
        return node
    attrs = {**node.attrs, "axes": tuple(int(axis) % rank for axis in axes)}
    return Node(node.op, node.inputs, node.outputs, attrs, node.name, node.scope)


def _group_of_wrong_type(node: Node, schema: OpSchema) -> tuple[frozenset[str], np.dtype] | None:
    """The types allowed where the first operand of a wrong type stands, and its type."""
    for index, value in enumerate(node.inputs):
        formal = schema.input(index)
        if formal is None:
            refuse(f"input {index + 1}")
        if value is None:
            continue
        if value.dtype is not None and type_name(value.dtype) not in formal.types:
            return formal.types, value.dtype
    for index, value in enumerate(node.outputs):
        formal = schema.output(index)
        if formal is None:
            refuse(f"output {index + 1}")
        if value.dtype is not None and type_name(value.dtype) not in formal.types:
            return formal.types, value.dtype
    return None


def _widened(node: Node, schema: OpSchema, dtype: np.dtype, wider: np.dtype) -> Replacement:
    """The node with every operand of `dtype` that shares the wrong type cast to `wider`, and its outputs cast back."""
    replacement = Replacement(node, schema.since)
    inputs: list[Value | None] = []
    for index, value in enumerate(node.inputs):
        formal = schema.input(index)
        wrong = (
            value is not None and formal is not None and value.dtype == dtype and type_name(dtype) not in formal.types
        )
        inputs.append(_cast(replacement, value, wider) if wrong and value is not None else value)
    outputs: list[Value] = []
    back: list[tuple[Value, Value]] = []
    for index, value in enumerate(node.outputs):
        formal = schema.output(index)
        wrong = formal is not None and value.dtype == dtype and type_name(dtype) not in formal.types
        outputs.append(Value(f"{value.name}/{type_name(wider)}", wider, value.shape) if wrong else value)
        if wrong:
            back.append((outputs[-1], value))
    replacement.nodes.append(Node(node.op, inputs, outputs, node.attrs, node.name, node.scope))
    for wide, value in back:
        cast = replacement.cast(wide, dtype)
        replacement.nodes[-1].outputs = [
            value if output is cast else output for output in replacement.nodes[-1].outputs
        ]
    return replacement


def _cast(replacement: Replacement, value: Value, dtype: np.dtype) -> Value:
    if value.array is not None:
        return Value(f"{value.name}/{type_name(dtype)}", array=value.array.astype(dtype))
    return replacement.cast(value, dtype)


def _embeds(dtype: np.dtype, wider: np.dtype) -> bool:
    """Whether every value of `dtype` is one of `wider`."""
    if dtype.kind in "iu" and dtype.itemsize == 8 and wider.kind == "f":
        return False  # numpy calls int64 to float64 safe; it rounds above 2**53
    return np.can_cast(dtype, wider, "safe")
