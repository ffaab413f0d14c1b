"""How outputs are arranged: ``({"scores": fc_out}, layer4)``."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph

Structure: TypeAlias = Any
"""Names in tuples, lists and dicts."""
KEY = "megengine.outputs"
"""The metadata that says the structure of the outputs, as JSON of numbers of outputs."""
FORM = 'write it as ({"scores": fc_out}, "layer4.0"), with names that are no identifiers in quotes'


def structured_outputs(text: str) -> Structure:
    """The names of outputs in ``a,b`` or in a structure; UsageError."""
    if text.strip()[:1] not in ("(", "[", "{"):
        names = tuple(part.strip() for part in text.split(","))
        if not all(names):
            raise UsageError(f"{text}: an empty name", hint=FORM)
        return names
    try:
        return _structure(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UsageError(f"{text}: is no structure of names", hint=FORM) from error


def _structure(tree: ast.expr) -> Structure:
    if isinstance(tree, ast.Tuple):
        return tuple(map(_structure, tree.elts))
    if isinstance(tree, ast.List):
        return [_structure(item) for item in tree.elts]
    if isinstance(tree, ast.Dict):
        keys = [ast.literal_eval(key) for key in tree.keys if key is not None]
        if len(keys) == len(set(keys)) == len(tree.values) and all(isinstance(key, str) for key in keys):
            return dict(sorted(zip(keys, map(_structure, tree.values), strict=True)))
        raise ValueError(keys)
    name = tree.id if isinstance(tree, ast.Name) else ast.literal_eval(tree)
    if not isinstance(name, str) or not name:
        raise ValueError(name)
    return name


def names_in(structure: Structure) -> Iterator[str]:
    """The names, in order."""
    if isinstance(structure, str):
        yield structure
        return
    for item in structure.values() if isinstance(structure, Mapping) else structure:
        yield from names_in(item)


def is_nested(structure: Structure) -> bool:
    """Whether there is more to say than the order of the names."""
    return isinstance(structure, Mapping) or not all(isinstance(item, str) for item in structure)


def note(graph: Graph, structure: Structure | None) -> None:
    """Say in the graph how its outputs are arranged (None: one after the other)."""
    graph.metadata.pop(KEY, None)
    if structure is not None and is_nested(structure):
        numbers = iter(range(len(graph.outputs)))
        graph.metadata[KEY] = json.dumps(_numbered(structure, lambda: next(numbers)), separators=(",", ":"))


def _numbered(structure: Structure, number: Callable[[], int]) -> Any:
    if isinstance(structure, str):
        return number()
    items: Any = (
        {key: _numbered(item, number) for key, item in structure.items()}
        if isinstance(structure, Mapping)
        else [_numbered(item, number) for item in structure]
    )
    return {"type": type(structure).__name__, "items": items}
