"""Elements chosen by value. Source: measured on dumps of MegEngine 1.13."""

from __future__ import annotations

from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.lower.operands import cast

from .layouts import StaticBuilder
from .table import call, lower, opdef

opdef("MaskedFill", "MaskedFill")

_COMPARED = {"LT": "Less", "LEQ": "LessOrEqual", "GT": "Greater", "GEQ": "GreaterOrEqual"}


@lower("CondTake")
def cond_take(b: Builder, inp: Value, mask: Value, *, mode: str, val: float, eps: float) -> tuple[Value, Value]:
    """The elements where the mask's is `val` up to `eps` (EQ, NEQ) or stands in that relation to it."""
    if mask.dtype == bool and mode == "EQ" and val == 1:
        chosen = mask
    elif mode in _COMPARED:
        chosen = b.op(_COMPARED[mode], cast(b, mask, "float32"), val)
    else:
        near = b.op("Less", b.op("Abs", b.op("Sub", cast(b, mask, "float32"), val)), eps)
        chosen = near if mode == "EQ" else b.op("Not", near)
    values, positions = call(b, "CondTake", inp, chosen)
    return values, positions


@lower("Argsort")
def argsort(b: Builder, inp: Value, **fields: Any) -> list[Value]:
    return _by_rows(b, "Argsort", inp, **fields)


@lower("TopK")
def topk(b: Builder, inp: Value, k: Value, **fields: Any) -> list[Value]:
    return _by_rows(b, "TopK", inp, k, **fields)


def _by_rows(b: Builder, name: str, inp: Value, *operands: Value, **fields: Any) -> list[Value]:
    """Rows are sorted; a vector, which MegEngine makes a matrix of one row for it, is sorted as a vector."""
    assert isinstance(b, StaticBuilder)
    vector = b.reshaped.get(inp)
    if vector is None or vector.rank != 1 or inp.shape != (1, *(vector.shape or ())):
        return _listed(call(b, name, inp, *operands, **fields))
    return [b.op("Unsqueeze", each, [0]) for each in _listed(call(b, name, vector, *operands, **fields))]


def _listed(found: Any) -> list[Value]:
    return list(found) if isinstance(found, tuple | list) else [found]
