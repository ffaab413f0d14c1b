"""The support table of the ONNX backend: every operator of the IR's opset, and the oldest it can be written at."""

from __future__ import annotations

from mgeconvert.ir import OPSET
from mgeconvert.registry import OpSupport

from .rewrite import RULES
from .rules import load_rules
from .schema import OLDEST, op_schema, versions


def emitted() -> list[OpSupport]:
    """One row an operator of opset 21."""
    import onnx.defs

    load_rules()
    names = sorted({schema.name for schema in onnx.defs.get_all_schemas() if schema.domain == ""})
    rows: list[OpSupport] = []
    for name in names:
        schema = op_schema(name, OPSET)
        if schema is not None and not schema.deprecated:
            first = versions(name)[0]
            note = f"opset {first} or newer" if first > OLDEST else ""
            rows.append(OpSupport(name, note + (", rewritten for older ones" if first in RULES.get(name, ()) else "")))
    return rows
