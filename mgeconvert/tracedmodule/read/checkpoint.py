"""Checkpoints of MegEngine: pickled state dicts, read by the reader of TracedModules; nothing in the file is run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import BadInputError

from .arrays import ArrayRecord
from .records import TracedModuleRecord
from .source import opened
from .unpickle import load
from .values import TensorRecord

HOLDERS = ("state_dict", "model", "net", "network", "module", "weights", "params")
"""Entries of a checkpoint that hold the state dict, in the order in which they are looked for."""
PARALLEL = "module."
"""What a wrapper for several devices puts before every name."""


def read(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a checkpoint by name: a state dict, an entry that is one, or the tensors of a TracedModule.

    Raises BadInputError for a file without any, UnsafePickleError for one that names what no state dict needs.
    """
    with opened(path) as (file, name):
        root = load(file, name)
    if isinstance(root, TracedModuleRecord):
        return _tensors(root.attributes, "")
    found = _state(root)
    if found is None:
        raise BadInputError(
            f"{path}: holds a {type(root).__name__} without a state dict, expected names with tensors",
            hint="in MegEngine: mge.save(net.state_dict(), PATH)",
        )
    arrays = {str(name): value.array for name, value in found.items() if _is_array(value)}
    if all(name.startswith(PARALLEL) for name in arrays):
        arrays = {name.removeprefix(PARALLEL): array for name, array in arrays.items()}
    return arrays


def _is_array(value: Any) -> bool:
    return isinstance(value, TensorRecord | ArrayRecord)


def _state(root: Any) -> Mapping[Any, Any] | None:
    """The dict with tensors that the file is, or holds."""
    if not isinstance(root, dict):
        return None
    if any(map(_is_array, root.values())):
        return root
    inner = [*(root[name] for name in HOLDERS if name in root), *root.values()]
    return next((each for each in inner if isinstance(each, dict) and any(map(_is_array, each.values()))), None)


def _tensors(attributes: Mapping[str, Any], prefix: str) -> dict[str, np.ndarray[Any, Any]]:
    """All tensors below a module by their paths."""
    found: dict[str, np.ndarray[Any, Any]] = {}
    stack = [(prefix, attributes)]
    while stack:
        path, held = stack.pop()
        for name, value in held.items():
            if _is_array(value):
                found[f"{path}{name}"] = value.array
            elif isinstance(getattr(value, "attributes", None), dict):
                stack.append((f"{path}{name}.", value.attributes))
    return found
