"""What a ModelProto declares: the types of its values, and every name in it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx

from mgeconvert.ir import Container, Shape, TensorType
from mgeconvert.ir.inference import type_from


def declared(info: onnx.ValueInfoProto) -> TensorType | Container:
    """The type a file states for a value; what it leaves open is None, and a size without a number gets a name."""
    return type_from(info.type, info.name)


def declared_type(info: onnx.ValueInfoProto) -> tuple[np.dtype | None, Shape | None]:
    """The same for a tensor; nothing is known of what is none."""
    of = declared(info)
    return (of.dtype, of.shape) if isinstance(of, TensorType) and of.dtype is not None else (None, None)


def names_of(graph: onnx.GraphProto) -> Iterator[str | bytes]:
    """Every name that something may be looked up by; protobuf gives what is no UTF-8 as bytes."""
    for node in graph.node:
        yield from (node.op_type, node.domain, node.name, *node.input, *node.output)
        for attribute in node.attribute:
            yield attribute.name
            if attribute.HasField("g"):
                yield from names_of(attribute.g)
    for info in (*graph.input, *graph.output, *graph.value_info):
        yield info.name
        yield from (dim.dim_param for dim in info.type.tensor_type.shape.dim)
    yield from (tensor.name for tensor in graph.initializer)
    yield graph.name
