"""The way into a file that is taken: which subgraph, and the public names of its inputs and outputs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mgeconvert.errors import BadInputError, UsageError

from ..model import Layout, Model, ModelFile, Tensor, identity
from ..names import ABOUT, DEFAULT_SIGNATURE

Layouts = dict[str, Layout]


@dataclass(frozen=True, slots=True)
class Entry:
    """`signature` is "" where the file has none; then the tensors' own names are the public ones.

    The layouts tell how a file that mgeconvert wrote stores inputs and outputs: axis i of the tensor is axis layout[i]
    of what the user gives or gets. Other files have none. `integers` are inputs and outputs of such a file that are
    floats in its source, and whose integers it takes and gives.
    """

    signature: str
    number: int
    subgraph: Model
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    input_layouts: Layouts
    output_layouts: Layouts
    integers: frozenset[str] = frozenset()


def entry(file: ModelFile, wanted: str = "") -> Entry:
    """The signature of that name; else ``serving_default``, the first one, or the first subgraph. UsageError for a name
    that the file does not have."""
    signatures = {signature.key: signature for signature in file.signatures}
    if wanted and wanted not in signatures:
        known = ", ".join(signatures) or "none"
        raise UsageError(f"{file.path}: no signature {wanted}; it has {known}")
    key = wanted or (DEFAULT_SIGNATURE if DEFAULT_SIGNATURE in signatures else next(iter(signatures), ""))
    notes = about(file)
    if not signatures:
        graph = file.subgraphs[0]
        return Entry("", 0, graph, graph.inputs, graph.outputs, *_layouts(file, notes, graph.inputs, graph.outputs))
    chosen = signatures[key]
    layouts = _layouts(file, notes, chosen.inputs, chosen.outputs)
    integers = notes.get("integers", ())
    noted = frozenset(map(str, integers)) if isinstance(integers, list) else frozenset()
    return Entry(key, chosen.subgraph, file.subgraphs[chosen.subgraph], chosen.inputs, chosen.outputs, *layouts, noted)


def about(file: ModelFile) -> dict[str, Any]:
    """What mgeconvert noted in a file's metadata; empty for files from elsewhere."""
    if ABOUT not in file.metadata:
        return {}
    try:
        notes = json.loads(file.metadata[ABOUT].tobytes())
    except ValueError as error:
        raise BadInputError(f"{file.path}: the metadata {ABOUT} is no JSON: {error}") from error
    return notes if isinstance(notes, dict) else {}


def _layouts(
    file: ModelFile, notes: Mapping[str, Any], inputs: Mapping[str, Tensor], outputs: Mapping[str, Tensor]
) -> tuple[Layouts, Layouts]:
    return _side(file, notes.get("inputs", ()), inputs), _side(file, notes.get("outputs", ()), outputs)


def _side(file: ModelFile, rows: Any, tensors: Mapping[str, Tensor]) -> Layouts:
    try:
        layouts = {str(name): tuple(int(axis) for axis in order) for name, order in rows}
    except (TypeError, ValueError) as error:
        raise BadInputError(f"{file.path}: the metadata {ABOUT} has layouts that are none: {error}") from error
    for name, layout in layouts.items():
        if name in tensors and sorted(layout) != list(identity(tensors[name].rank)):
            raise BadInputError(f"{file.path}: the metadata {ABOUT} says {list(layout)} of {name}, which is no layout")
    return {name: layout for name, layout in layouts.items() if name in tensors}
