"""The support tables of ONNX: what is written, and from which opset on, and what is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mgeconvert.ir import OPSET
from mgeconvert.registry import OpSupport

from .opsets.down.driver import load_table
from .opsets.down.table import RULES
from .opsets.schema import OLDEST, newest, op_schema, versions
from .opsets.up.driver import load_table as load_upgrades
from .opsets.up.functions import is_function_after
from .opsets.up.table import UPGRADES
from .write.save import DEFAULT_OPSET


def emitted() -> list[OpSupport]:
    """One row per operator of opset 21."""
    load_table()
    rows: list[OpSupport] = []
    for name in _names():
        schema = op_schema(name, OPSET)
        if schema is not None and not schema.deprecated:
            first = versions(name)[0]
            note = f"opset {first} or newer" if first > OLDEST else ""
            rows.append(OpSupport(name, note + (", rewritten for older ones" if first in RULES.get(name, ()) else "")))
    return rows


def introduced(opset: int | None = None, **_: object) -> frozenset[str]:
    """The operators that an opset has itself; a newer one would be written as several nodes."""
    import onnx.defs

    opset = DEFAULT_OPSET if opset is None else opset
    schemas = onnx.defs.get_all_schemas_with_history()
    return frozenset(schema.name for schema in schemas if not schema.domain and schema.since_version <= opset)


def lowered() -> list[OpSupport]:
    """One row per operator of the newest opset, and of older ones that are gone from it."""
    load_table()
    return [OpSupport(name, _note(name)) for name in _names()]


def _note(name: str) -> str:
    if name == "If":
        return "the branch of a constant condition; else it passes through to ONNX"
    first = versions(name)[0]
    is_kept = name in ("Loop", "Scan") or name.startswith(("Sequence", "Optional")) or name.endswith("Sequence")
    newer = first > OPSET and first not in RULES.get(name, ()) and not is_function_after(name, newest())
    return "passes through to ONNX" if newer or is_kept else ""


def upgrades() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every operator with each rule that brings an older form of it to the IR's opset."""
    load_upgrades()
    return ((op, rule) for op, rules in UPGRADES.items() for rule in rules.values())


def downgrades() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every operator with each rule that brings it to an older opset."""
    load_table()
    return ((op, rule) for op, rules in RULES.items() for rule in rules.values())


def _names() -> list[str]:
    import onnx.defs

    return sorted({schema.name for schema in onnx.defs.get_all_schemas_with_history() if schema.domain == ""})
