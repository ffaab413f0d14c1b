"""Elements chosen by value."""

from __future__ import annotations

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.lower.operands import cast

from .table import call, lower, opdef

opdef("Argsort", "Argsort")
opdef("TopK", "TopK")
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
