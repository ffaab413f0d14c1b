"""Pickles that are no TracedModule: what they are, and how to go on."""

from __future__ import annotations

import mmap
from collections.abc import Collection
from typing import Any

from mgeconvert.errors import BadInputError
from mgeconvert.recognise import TRACE, shown

from .arrays import ArrayRecord
from .modules import ModuleRecord, TracedModuleRecord
from .scan import Audit
from .short import LONGEST, label, short
from .values import TensorRecord

TRACE_WITH_WEIGHTS = f"load it into its network with net.load_state_dict(mge.load(...)), then trace that; {TRACE}"


def check_root(audit: Audit, data: mmap.mmap | bytes, name: str, unlisted: Collection[str]) -> None:
    """BadInputError for a pickled network: its class is the user's own, but its state is a megengine Module's."""
    root = audit.root
    if root is not None and root.qualname in unlisted and data.find(b"_forward_pre_hooks") >= 0:
        raise _plain_module(name, root.qualname)


def not_traced(root: Any, name: str) -> BadInputError:
    """Why the records of a pickle are no TracedModule."""
    if isinstance(root, ModuleRecord):
        return _plain_module(name, root.qualname)
    if isinstance(root, TensorRecord | ArrayRecord):
        return BadInputError(f"{name}: holds one array, expected a TracedModule", hint=TRACE)
    if isinstance(root, dict):
        return _dictionary(root, name)
    return BadInputError(f"{name}: holds a {type(root).__name__}, expected a TracedModule", hint=TRACE)


def _plain_module(name: str, qualname: str) -> BadInputError:
    return BadInputError(
        f"{name}: is a pickled Module ({qualname}), whose forward() is Python code that the file does not hold; "
        "expected a TracedModule",
        hint=f"trace it where its code is; {TRACE}",
    )


def _dictionary(root: dict[Any, Any], name: str) -> BadInputError:
    for key, value in root.items():
        if isinstance(value, TracedModuleRecord):
            return BadInputError(
                f"{name}: is a dict with a TracedModule under {short(key)}, expected the TracedModule itself",
                hint=f'in MegEngine: mge.save(mge.load("{shown(name)}")[{short(key)}], "traced.pkl")',
            )
    tensors = [key for key, value in root.items() if isinstance(value, TensorRecord | ArrayRecord)]
    if tensors and len(tensors) == len(root):
        return BadInputError(
            f"{name}: is a state dict ({_some(tensors, 'tensor')}): weights without a graph, expected a TracedModule",
            hint=TRACE_WITH_WEIGHTS,
        )
    if _holds_tensors(root):
        return BadInputError(
            f"{name}: is a checkpoint ({_some(list(root), 'entry')}): weights without a graph, expected a TracedModule",
            hint=TRACE_WITH_WEIGHTS,
        )
    return BadInputError(f"{name}: is a dict ({_some(list(root), 'entry')}), expected a TracedModule", hint=TRACE)


def _holds_tensors(value: Any, depth: int = 0) -> bool:
    if isinstance(value, TensorRecord | ArrayRecord):
        return True
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return depth < 8 and any(_holds_tensors(part, depth + 1) for part in parts)


def _some(keys: list[Any], noun: str) -> str:
    nouns = noun if len(keys) == 1 else "entries" if noun == "entry" else f"{noun}s"
    shown = ", ".join(label(key)[:LONGEST] for key in keys[:3])
    return f"{len(keys)} {nouns}: {shown}{', ...' if len(keys) > 3 else ''}"
