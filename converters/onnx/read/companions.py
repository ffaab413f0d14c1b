"""The files that an ONNX file keeps its weights in, without reading them.

Source of the form: onnx/docs/ExternalData.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx

from mgeconvert.errors import BadInputError

from .file import EXTERNAL, ModelFile


def companions(path: Path) -> list[Path]:
    """The data files that the tensors of a file name, those in the model's own folder; none for what is no model."""
    try:
        model = ModelFile(path)
    except BadInputError:
        return []
    locations = {
        entry.value
        for graph in _graphs(model.proto.graph)
        for tensor in _tensors(graph)
        if tensor.data_location == EXTERNAL
        for entry in tensor.external_data
        if entry.key == "location"
    }
    return [path.parent / location for location in sorted(locations) if _is_below(location)]


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph and those in the attributes of its nodes."""
    pending = [graph]
    while pending:
        found = pending.pop()
        yield found
        for node in found.node:
            for attribute in node.attribute:
                pending += [*([attribute.g] if attribute.HasField("g") else ()), *attribute.graphs]


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (*([attribute.t] if attribute.HasField("t") else ()), *attribute.tensors)


def _is_below(location: str) -> bool:
    """Whether reading would open it: a name without a way out of the folder."""
    path = Path(location)
    return bool(location) and not path.is_absolute() and ".." not in path.parts and "\0" not in location
