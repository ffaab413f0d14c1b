"""The types of values in and behind branches, loops and sequences, as onnx infers them for the whole model."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import onnx

CONTAINERS = frozenset({"If", "Loop", "Optional", "Scan", "SequenceConstruct", "SequenceEmpty", "SplitToSequence"})
"""Operators behind which our own inference, node by node, may not know a type."""


def inferred_types(proto: onnx.ModelProto) -> dict[str, onnx.ValueInfoProto]:
    """Values by name; empty for a model of tensors only, and where onnx cannot infer."""
    if not any(node.op_type in CONTAINERS for node in proto.graph.node):
        return {}
    with contextlib.suppress(RuntimeError, ValueError, onnx.shape_inference.InferenceError):
        inferred = onnx.shape_inference.infer_shapes(proto)
        return {info.name: info for info in _declared(inferred.graph)}
    return {}


def _declared(graph: onnx.GraphProto) -> Iterator[onnx.ValueInfoProto]:
    yield from (*graph.value_info, *graph.output)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _declared(attribute.g)
