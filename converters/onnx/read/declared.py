"""What a ModelProto declares: the types of its values, and every name in it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx

from mgeconvert.ir import Dim, Shape
from mgeconvert.ir.dtypes import dtype_of


def declared_type(info: onnx.ValueInfoProto) -> tuple[np.dtype | None, Shape | None]:
    """The type a file states for a value; a dimension without number and name is named after the value and its axis."""
    tensor = info.type.tensor_type
    if not info.type.HasField("tensor_type") or not tensor.elem_type:
        return None, None
    dtype = dtype_of(tensor.elem_type)
    if not tensor.HasField("shape"):
        return dtype, None
    dims: list[Dim] = []
    for axis, dim in enumerate(tensor.shape.dim):
        known = dim.HasField("dim_value") and dim.dim_value >= 0
        dims.append(dim.dim_value if known else dim.dim_param or f"{info.name}_{axis}")
    return dtype, tuple(dims)


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
