"""Functions inlined: those a model brings, and operators after the IR's opset that onnx defines by older ones."""

from __future__ import annotations

import contextlib

import onnx

from mgeconvert.errors import ConversionError
from mgeconvert.ir import OPSET

from ..down.table import RULES
from ..schema import op_schema, versions


def without_functions(proto: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    """The model with its own functions inlined, and operators after the IR's opset that onnx defines by older ones."""
    from onnx import inliner

    newer = {node.op_type for node in proto.graph.node if not node.domain and is_function_after(node.op_type, opset)}
    if newer and hasattr(inliner, "inline_selected_functions"):
        names = [("", op) for op in sorted(newer)]
        with contextlib.suppress(RuntimeError):  # it stumbles over some left-out inputs; the operator is then refused
            proto = inliner.inline_selected_functions(proto, names, inline_schema_functions=True)
    if not proto.functions:
        return proto
    try:
        return inliner.inline_local_functions(proto)
    except RuntimeError as error:
        raise ConversionError(f"the model's functions cannot be inlined: {error}") from error


def is_function_after(op: str, opset: int) -> bool:
    """Whether an operator came after the IR's opset, no rule of ours takes it back, and onnx knows its definition."""
    schema = op_schema(op, opset)
    return (
        schema is not None
        and schema.is_function
        and versions(op)[0] > OPSET
        and versions(op)[0] not in RULES.get(op, ())
    )
