"""How forward() arranges its outputs."""

from __future__ import annotations

import json
from typing import Any

from mgeconvert.ir import Graph

from ..read.model import output_structure
from ..read.pytree import TreeDef
from ..write import objects as written
from ..write.pickler import Instance

KEY = "megengine.outputs"
"""The metadata that says the structure, as JSON of the numbers of the outputs; absent: one after the other."""
CONTAINERS = {
    "tuple": "builtins.tuple", "list": "builtins.list", "dict": "builtins.dict",
    "collections.OrderedDict": "collections.OrderedDict",
}  # fmt: skip
"""Containers of outputs that MegEngine knows by itself."""


def is_as_read(graph: Graph, out_def: Any) -> bool:
    """Whether the outputs are arranged as the source's structure says."""
    found = output_structure(out_def) if isinstance(out_def, TreeDef) else 0
    stored = graph.metadata.get(KEY)
    return (None if isinstance(found, int) else found) == (None if stored is None else json.loads(stored))


def result_structure(graph: Graph) -> Instance:
    """How forward() arranges its outputs: as the source did where that is known, else one tensor or a tuple."""
    count = len(graph.outputs)
    stored = graph.metadata.get(KEY)
    if stored is not None:
        leaves: list[int] = []
        structure = _structure_of(json.loads(stored), leaves)
        if structure is not None and leaves == list(range(count)):
            return structure
    if count == 1:
        return written.tensor_leaf()
    return written.tree("builtins.tuple", None, [written.tensor_leaf() for _ in range(count)])


def _structure_of(tree: Any, leaves: list[int]) -> Instance | None:
    """None for a container that only the source's own code can make."""
    if isinstance(tree, int):
        leaves.append(tree)
        return written.tensor_leaf()
    kind = CONTAINERS.get(tree["type"])
    named = isinstance(tree["items"], dict)
    items = [_structure_of(item, leaves) for item in (tree["items"].values() if named else tree["items"])]
    if kind is None or None in items:
        return None
    return written.tree(
        kind, tuple(tree["items"]) if named else _no_keys(kind), [item for item in items if item is not None]
    )


def _no_keys(kind: str) -> Any:
    return () if kind.endswith("ict") else None
