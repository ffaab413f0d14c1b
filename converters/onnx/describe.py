"""What an ONNX file says of itself: read from its protobuf, weights left on disk where they are external."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx import helper

from mgeconvert.errors import BadInputError
from mgeconvert.ir import Value
from mgeconvert.registry import Description


def describe(path: Path) -> Description:
    """Inputs without a default, outputs, producer and opset, operator counts (subgraphs not entered).

    Raises BadInputError for a missing file and for one that is no ONNX model.
    """
    try:
        model = onnx.load(path, load_external_data=False)
    except OSError as error:
        raise BadInputError(f"{path}: {error.strerror or error}") from error
    except DecodeError as error:
        raise BadInputError(f"{path}: not an ONNX model: {error}") from error
    graph = model.graph
    defaults = {tensor.name for tensor in graph.initializer}
    return Description(
        {info.name: _value(info) for info in graph.input if info.name not in defaults},
        {info.name: _value(info) for info in graph.output},
        f"{model.producer_name} {model.producer_version}".strip() or "unknown",
        Counter(node.op_type for node in graph.node),
    )


def _value(info: onnx.ValueInfoProto) -> Value:
    tensor = info.type.tensor_type
    dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type) if tensor.elem_type else None
    if not tensor.HasField("shape"):
        return Value(info.name, dtype)
    dims = [dim.dim_value if dim.HasField("dim_value") else dim.dim_param or "?" for dim in tensor.shape.dim]
    return Value(info.name, dtype, tuple(dims))
