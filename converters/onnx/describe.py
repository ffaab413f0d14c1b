"""What an ONNX file says of itself; its weights stay on the disk."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from mgeconvert.ir import Value
from mgeconvert.registry import Description

from .read.declared import declared_type
from .read.file import ModelFile


def describe(path: Path) -> Description:
    """Inputs without a default, outputs, producer and opset, operator counts (subgraphs not entered).

    Raises BadInputError for a missing file and for one that is no ONNX model.
    """
    model = ModelFile(path).proto
    graph = model.graph
    defaults = {tensor.name for tensor in graph.initializer}
    return Description(
        {info.name: Value(info.name, *declared_type(info)) for info in graph.input if info.name not in defaults},
        {info.name: Value(info.name, *declared_type(info)) for info in graph.output},
        f"{model.producer_name} {model.producer_version}".strip() or "unknown",
        Counter(node.op_type for node in graph.node),
    )
